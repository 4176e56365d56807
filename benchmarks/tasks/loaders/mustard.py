"""MUStARD: whether a line of a sitcom is meant the other way round, with the turns before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy.benchmarks.people import words_data
from nesy.benchmarks.samples import Reference, Sample
from nesy.vocabulary import Vocabulary

FORMS = (("data/sarcasm_data.json",), ("items.jsonl",))


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample an utterance."""
    for line in words_data.mustard(files[0]):
        sarcastic = words_data.SARCASTIC in line.labels
        expected = {"sarcastic": "yes" if sarcastic else "no"}
        yield Sample(
            id=line.case.id,
            case=line.case,
            reference=Reference(origin="people", expected=expected),
            groups={"speaker": line.group, "show": line.split},
            slices={"show": line.split},
        )
