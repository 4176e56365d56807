"""The demo's cases: one line beside several faces, and faces with units known from drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy.benchmarks.samples import Reference, Sample
from nesy.trace import read_traces
from nesy.vocabulary import Vocabulary

FORMS = (("cases.jsonl",),)


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample a case; only drawn faces have a reference, their units."""
    for trace in read_traces(files[0]):
        case, more = trace.case, trace.case.model_extra or {}
        drawn = more.get("drawn")
        image = None if case.image is None else str((files[0].parent / case.image).resolve())
        yield Sample(
            id=case.id,
            case=case.model_copy(update={"image": image}),
            reference=None if drawn is None else Reference(origin="drawn", units=tuple(drawn)),
            groups={"face": Path(case.image or "none").stem, "line": case.line or "none"},
            slices={"group": str(more.get("group", "none"))},
        )
