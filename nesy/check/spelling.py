"""Which word was meant: sure where one alone is a single slip of the finger away."""

from __future__ import annotations

from collections.abc import Iterable


def one_edit(word: str, known: Iterable[str]) -> str | None:
    """Return the only known word that one letter more, less, other or swapped makes of this one.

    >>> one_edit("expresion", ["expression", "emotion"])
    'expression'
    >>> one_edit("faec", ["face", "joy"])
    'face'
    """
    found = {other for other in known if len(other) > 2 and _apart(word, other)}
    return found.pop() if len(found) == 1 else None


def _apart(one: str, other: str) -> bool:
    if one == other or len(one) < 3 or abs(len(one) - len(other)) > 1:
        return False
    begin = 0
    while begin < min(len(one), len(other)) and one[begin] == other[begin]:
        begin += 1
    rest, with_ = one[begin:], other[begin:]
    return (
        rest[1:] == with_[1:]
        or rest == with_[1:]
        or rest[1:] == with_
        or (rest[:2] == with_[1::-1] and rest[2:] == with_[2:])
    )
