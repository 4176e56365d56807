"""Robustness: drawn faces with lines, each followed by twins in which one thing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy import strict_json
from nesy.benchmarks.robustness import suite
from nesy.benchmarks.samples import Sample
from nesy.vocabulary import Vocabulary

FORMS = (("rows.jsonl",),)


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:
    """Yield each clean case and its twins; pictures are drawn where they are not there yet."""
    rows = [
        suite.Drawn(
            id=row["id"],
            person=int(row["person"]),
            units={int(unit): float(value) for unit, value in row["units"].items()},
            line=row["line"],
            declared={key: tuple(values) for key, values in row["declared"].items()},
            attacked=bool(row.get("attacked", False)),
        )
        for _, row in strict_json.lines(files[0])
    ]
    yield from suite.samples(rows, words)
