"""Ways to write one and the same report, as pieces of text: forced, or chosen by the model.

Keys and punctuation are forced. Of a value, what tells it from the other values is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Pieces = list[tuple[str, bool]]
Encoding = Callable[[Any], Pieces]


def verbose(report: Any) -> Pieces:
    """Write a report as the schema asks for it."""
    return _object(report, lambda key: key)


def short(report: Any) -> Pieces:
    """Write a report with keys of one or two characters, which say nothing of what they mean."""
    numbers: dict[str, str] = {}
    return _object(report, lambda key: numbers.setdefault(key, str(len(numbers))))


def dense(report: Any) -> Pieces:
    """Write the values of each list of like fields as one text, a letter each, without keys."""

    def packed(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if all(isinstance(inner, str) and inner in _LETTERS for inner in value.values()):
            return "".join(_LETTERS[inner] for inner in value.values())
        return {key: packed(inner) for key, inner in value.items()}

    return _object(packed(report), lambda key: key)


_LETTERS = MappingProxyType({letter: letter for letter in "0ABCDEx"} | {"no": "n", "yes": "y"})


def _object(value: Any, name: Callable[[str], str]) -> Pieces:
    if not isinstance(value, dict):
        return [('"', False), (str(value), True), ('"', False)]
    pieces: Pieces = []
    for at, (key, inner) in enumerate(value.items()):
        pieces.append((f'{"," if at else "{"}"{name(key)}":', False))
        pieces += _object(inner, name)
    return [*pieces, ("}", False)]


ENCODINGS: Mapping[str, Encoding] = MappingProxyType(
    {"verbose": verbose, "short keys": short, "dense": dense}
)
