"""The reader: MiniLM and the head for valence and emotions, lexemes for acts and cues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nesy import line
from nesy.diagnostics import NesyError
from nesy.trace import LineEmotion, LineReading, LineValence

from . import head, sentences

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

# An emotion or valence held less likely than this is not reported, in thousandths.
LEAST = 20


class MiniLMReader:
    """A Reader of lines; loads the models when it is made."""

    def __init__(self, model: str | None, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.head = head.load()
        self.sentences = sentences.Sentences(sentences.folder(model))

    def describe(self) -> dict[str, Any]:
        """Return what this reader is."""
        return {
            "name": "minilm",
            "model": sentences.NAME,
            "version": self.head.card["version"],
            "licence": "Apache-2.0 (MiniLM, GoEmotions), CC BY 4.0 (XED)",
            "needs": ["torch", "transformers", sentences.PACKAGE],
        }

    def read(self, lines: Sequence[str]) -> Iterator[LineReading | NesyError]:
        """Yield the reading of each line; N130 or N131 for one that cannot be read."""
        for text in lines:
            try:
                words = line.read(text, self.vocabulary)
            except NesyError as error:
                yield error
                continue
            yield self._read(line.check(text), words) if text.strip() else words

    def _read(self, text: str, words: LineReading) -> LineReading:
        (row,) = self.head.probabilities(self.sentences.embed((text,))).tolist()
        found = dict(zip(self.head.outputs, row, strict=True))
        emotions = _named(found, head.EMOTION, self.vocabulary.emotions)
        valences = _named(found, head.VALENCE, self.vocabulary.valences)
        total = sum(valences.values()) or 1.0
        shares = {name: share / total for name, share in valences.items()}
        return words.model_copy(
            update={
                "valence": tuple(
                    LineValence(valence=v, confidence=c) for v, c in _thousandths(shares)
                ),
                "emotions": tuple(
                    LineEmotion(emotion=e, confidence=c) for e, c in _thousandths(emotions)
                ),
            }
        )


def _named(found: dict[str, float], prefix: str, known: dict[str, Any]) -> dict[str, float]:
    """Return the outputs of one kind by term; a term that an ontology has dropped is left out."""
    named = ((name.removeprefix(prefix), p) for name, p in found.items() if name.startswith(prefix))
    return {name: p for name, p in named if name in known}


def _thousandths(found: dict[str, float]) -> list[tuple[str, int]]:
    """Return what is held at least ``LEAST`` likely, the surest first, ties by name."""
    rounded = [(name, round(1000 * p)) for name, p in found.items()]
    return sorted((pair for pair in rounded if pair[1] >= LEAST), key=lambda p: (-p[1], p[0]))
