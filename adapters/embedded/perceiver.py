"""The embedded model, which looks at a picture and has its own reader read the caption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nesy.caption import TextReader
from nesy.diagnostics import NesyError
from nesy.trace import Case, Observation

from ..transformers.perceiver import TransformersPerceiver
from . import captions


class EmbeddedPerceiver(TransformersPerceiver):
    """A Perceiver over the weights that ship with nesy, and its reader's."""

    def describe(self) -> dict[str, Any]:
        """Return what this perceiver is, and by which weights it reads."""
        return super().describe() | {"caption_reader": f"{self.name} {captions.digest()}"}

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield an observation for each case, with its picture's caption if there is one."""
        reader = TextReader(self.name, captions.read, own=True)
        yield from reader.all_told(cases, super().perceive(cases, seed=seed))
