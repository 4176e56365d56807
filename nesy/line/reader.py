"""The seam to whatever reads words: a Reader turns lines into readings.

A reader is one module with ``create_reader(model, vocabulary)``, found by its name
(``nesy.registry``); a language model can be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from nesy.diagnostics import Diagnostic, NesyError
from nesy.line import lexical
from nesy.perceive import unknown_terms
from nesy.trace import LineReading, Observation

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary


@runtime_checkable
class Reader(Protocol):
    """What every reader of lines offers."""

    def describe(self) -> dict[str, Any]:
        """Return ``name``, ``model``, ``licence`` and ``needs`` (packages)."""

    def read(self, lines: Sequence[str]) -> Iterator[LineReading | NesyError]:
        """Yield, for each line in order, its reading or the error that kept it from one."""


class LexicalReader:
    """The reader that needs nothing but the ontology and VADER."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def describe(self) -> dict[str, Any]:
        """Return what this reader is."""
        return {"name": "lexical", "model": "VADER", "licence": "Apache-2.0 and MIT", "needs": []}

    def read(self, lines: Sequence[str]) -> Iterator[LineReading | NesyError]:
        """Yield the lexical reading of each line; N130 or N131 for one that cannot be read."""
        for line in lines:
            try:
                yield lexical.read(line, self.vocabulary)
            except NesyError as error:
                yield error


def read_line(reader: Reader, line: str, vocabulary: Vocabulary) -> LineReading:
    """Return what a reader says of a line, in the vocabulary.

    Raises NesyError N102 (the reader breaks its contract), N201 (a term of its own), or its error.
    """
    answers = list(reader.read((line,)))
    name = str(reader.describe().get("name", type(reader).__name__))
    if len(answers) != 1 or not isinstance(answers[0], LineReading | NesyError):
        what = f"the reader {name} breaks its contract"
        given = ", ".join(type(answer).__name__ for answer in answers) or "nothing"
        fix = "yield one LineReading or NesyError for each line, in order (adapters/README.md)"
        raise NesyError(Diagnostic("N102", what, f"for one line it yields {given}", fix))
    (found,) = answers
    if isinstance(found, NesyError):
        raise found
    if faults := unknown_terms(Observation(perceiver=name, line=found), vocabulary):
        raise NesyError(faults)
    return found
