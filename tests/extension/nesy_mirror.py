"""An adapter from outside: it sees a smile wherever a picture can be opened."""

from collections.abc import Iterator, Sequence
from typing import Any

from nesy.diagnostics import NesyError
from nesy.picture import open_picture
from nesy.trace import Case, Face, Observation, SeenExpression


class Mirror:
    """The smallest Perceiver."""

    def __init__(self, expression: str) -> None:
        self.expression = expression

    def describe(self) -> dict[str, Any]:
        return {
            "name": "mirror",
            "model": self.expression,
            "licence": "CC0-1.0",
            "needs": [],
            "reports": ["expressions"],
        }

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        for case in cases:
            try:
                open_picture(case.image or "")
            except NesyError as error:
                yield error
                continue
            seen = SeenExpression(expression=self.expression, confidence=900)
            yield Observation(perceiver="mirror", faces=(Face(id="f1", expressions=(seen,)),))


def create(model: str | None, vocabulary: object) -> Mirror:
    return Mirror(model or "smile")
