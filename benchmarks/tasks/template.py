"""Sentences made from people's votes: a reference in words where nobody wrote one.

They are templates, and a report has to say so (`Reference.texts_origin`): a high overlap with them
says that a system names what people named, in plain words, and nothing of style.
"""

from __future__ import annotations

from collections.abc import Mapping

from nesy.benchmarks.samples import Reference
from nesy.vocabulary import Vocabulary

# Shares of votes: above MOST one emotion is what most see; below SOME it is not told.
ALL, MOST, SOME = 0.9, 0.5, 0.1


def in_words(votes: Mapping[str, float], words: Vocabulary) -> str:
    """Return votes as one sentence; raises ValueError where nobody voted.

    >>> from nesy import vocabulary
    >>> in_words({"anger": 7, "disgust": 2, "fear": 0.5}, vocabulary.load())
    'Most people see anger, some disgust.'
    """
    whole = sum(votes.values())
    if whole <= 0:
        raise ValueError("nobody voted")
    shares = {e: n / whole for e, n in votes.items()}
    told = sorted((e for e in shares if shares[e] >= SOME), key=lambda e: (-shares[e], e))
    if not told:
        return "People do not agree on what they see."
    first, *others = (words.phrase("emotion", e) for e in told)
    if shares[told[0]] >= ALL:
        return f"Nearly everybody sees {first}."
    if shares[told[0]] > MOST:
        return f"Most people see {first}" + (f", some {_joined(others)}." if others else ".")
    return "People do not agree: they see " + _joined([first, *others]) + "."


def _joined(names: list[str]) -> str:
    """Join names as a sentence does: ``a, b and c``."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def with_words(reference: Reference, words: Vocabulary) -> Reference:
    """Return a reference with a sentence made from its votes, marked as a template."""
    if not reference.votes or reference.texts is not None or not sum(reference.votes.values()):
        return reference
    text = in_words(reference.votes, words)
    return reference.model_copy(update={"texts": (text,), "texts_origin": "template"})
