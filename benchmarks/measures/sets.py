"""Emotions in open words against a set of emotions, grouped by five emotion wheels.

After the measure of MER-UniBench (Lian et al. 2025, AffectGPT): words that stand under the same
innermost part of a wheel count as the same, so "irritated" meets "anger". Where a wheel lacks a
word, its inflected forms, its synonyms and the ontology's other names and broader emotions are
tried; what it still lacks stands for itself alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from .labels import micro_f1, overlap
from .measure import Additive, NotScored, Pair, Scored
from .votes import words

FILE = Path(__file__).parent / "wheels" / "wheels.json"


@lru_cache(maxsize=1)
def wheels() -> dict[str, dict[str, str]]:
    """Return of each wheel the group of each word, in the wheels' order."""
    read = json.loads(FILE.read_text(encoding="utf-8"))["wheels"]
    return {
        wheel: {word: group for group, under in groups.items() for word in under}
        for wheel, groups in read.items()
    }


@lru_cache(maxsize=8192)
def groups(word: str) -> tuple[frozenset[str], ...]:
    """Return the groups a word stands under, of each wheel: one, or of a compound several.

    >>> [", ".join(sorted(group)) for group in groups("irritated")]
    ['mad', 'angry', 'mad', 'anger', 'mad']
    """
    return tuple(
        frozenset(_group(part, known) for part in _parts(_folded(word)))
        for known in wheels().values()
    )


def wheel_scores(named: Iterable[str], true: Iterable[str]) -> tuple[float, float, float]:
    """Return F1, precision and recall of sets of emotion words, means over the wheels.

    Neither set may be empty.
    """
    return _wheel_scores(tuple(named), tuple(true))


@lru_cache(maxsize=32768)
def _wheel_scores(named: tuple[str, ...], true: tuple[str, ...]) -> tuple[float, float, float]:
    sides = [[groups(word) for word in side] for side in (named, true)]
    rows = []
    for wheel in range(len(wheels())):
        one, other = (frozenset().union(*(g[wheel] for g in side)) for side in sides)
        hits, both = overlap(one, other)
        rows.append((micro_f1(hits, both) or 0.0, hits / len(one), hits / len(other)))
    f1, precision, recall = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    return f1, precision, recall


def _group(word: str, known: dict[str, str]) -> str:
    for names in _tiers(word):
        found = [known[name] for name in names if name in known]
        if found:
            return found[0]
    return f"={word}"


def _tiers(word: str) -> Iterator[tuple[str, ...]]:
    """Yield the names a word may stand under, the nearest first."""
    forms, synonyms = _others()
    for name in _names(word):
        yield (name,)
        yield (near := forms.get(name, ()))
        for form in (name, *near):
            yield synonyms.get(form, ())


@lru_cache(maxsize=8192)
def _names(word: str) -> tuple[str, ...]:
    """Return a word, the other names of the emotion it is, and those of broader emotions."""
    emotion = _emotions().get(word)
    if emotion is None:
        return (word,)
    terms = [words().emotions[name] for name in words().broader("emotion", emotion)]
    names = [name for t in terms for name in (t.id, t.label, *t.all("altLabel"))]
    return tuple(dict.fromkeys([word, *map(_folded, names)]))


def _parts(word: str) -> tuple[str, ...]:
    """Return the components of a compound emotion; any other word alone."""
    emotion = _emotions().get(word)
    parts = words().emotions[emotion].all("component") if emotion else ()
    # Two names of one emotion are one word, whatever the wheels know of them.
    return tuple(map(_folded, parts)) or (_folded(emotion) if emotion else word,)


@lru_cache(maxsize=1)
def _emotions() -> dict[str, str]:
    """Return the emotion of each name in the ontology; one that two share is its own emotion's."""
    found: dict[str, str] = {}
    for own in (True, False):
        for term in words().emotions.values():
            for name in (term.id, term.label) if own else term.all("altLabel"):
                found.setdefault(_folded(name), term.id)
    return found


@lru_cache(maxsize=1)
def _others() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return the words of wheels that a word is a form of, and those it is a synonym of."""
    read = json.loads(FILE.read_text(encoding="utf-8"))
    turned: list[dict[str, tuple[str, ...]]] = []
    for kind in ("forms", "synonyms"):
        of: dict[str, tuple[str, ...]] = {}
        for label, others in read[kind].items():
            for other in others:
                of[other] = (*of.get(other, ()), label)
        turned.append(of)
    return turned[0], turned[1]


def _folded(word: str) -> str:
    return " ".join(word.replace("_", " ").replace("-", " ").lower().split())


def _wheel(pair: Pair) -> Scored:
    true, named = pair.reference.emotions, pair.answer.emotions
    if not true:
        raise NotScored("the reference names no emotions")
    if named is None:
        raise NotScored("the answer has no emotions")
    if not named:
        return Scored(0.0, {"precision": 0.0, "recall": 0.0})
    f1, precision, recall = wheel_scores(named, true)
    return Scored(f1, {"precision": precision, "recall": recall})


MEASURES = (
    Additive(
        "wheel_f1",
        "emotion words, F1 by wheels",
        "higher",
        "five wheels of MERTools 89120b78, innermost part; F1 of sets, mean of wheels and samples",
        _wheel,
    ),
)
