"""A distribution in words, the same way for every condition: "surprise and doubt".

Named are the likeliest emotion and those at least half as likely, at most three. Neutral is named
where it is likeliest, and then alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nesy.interpret import NULL_HYPOTHESIS
from nesy.vocabulary import Vocabulary

MOST = 3
LEAST_OF_TOP = 0.5
# What is as likely but for the last digits of a sum is as likely.
SAME = 1e-9


def named(distribution: Mapping[str, float]) -> tuple[str, ...]:
    """Return the emotions that a distribution names, the likeliest first, ties by name.

    >>> named({"surprise": 0.4, "doubt": 0.35, "joy": 0.15, "neutral": 0.1})
    ('surprise', 'doubt')
    """
    ranked = sorted(distribution, key=lambda e: (-round(distribution[e], 9), e))
    if not ranked or distribution[ranked[0]] <= 0:
        return ()
    if ranked[0] == NULL_HYPOTHESIS:
        return (NULL_HYPOTHESIS,)
    least = LEAST_OF_TOP * distribution[ranked[0]] - SAME
    kept = [e for e in ranked if e != NULL_HYPOTHESIS and distribution[e] >= least]
    return tuple(kept[:MOST])


def in_words(emotions: Sequence[str], vocabulary: Vocabulary) -> str:
    """Return emotions as a phrase; empty where there is none."""
    phrases = [vocabulary.phrase("emotion", emotion) for emotion in emotions]
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"
