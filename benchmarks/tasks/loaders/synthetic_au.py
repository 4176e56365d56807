"""Faces of a three-dimensional model with FACS units put in, each at half and at full strength."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nesy import strict_json
from nesy.adapters.embedded.faces.labels import expressions_of
from nesy.benchmarks.people import tables
from nesy.benchmarks.samples import Reference, Sample
from nesy.trace import Case
from nesy.vocabulary import Vocabulary

FORMS = (("labels.json",),)
_UNIT = re.compile(r"AU(\d{1,2})([LR]?)")


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample a picture of a list of objects; a unit of one side counts as that unit."""
    value = strict_json.loads(strict_json.read_text(files[0]), file=str(files[0]))
    for number, row in enumerate(value if isinstance(value, list) else [value], 1):
        try:
            yield _sample(row, files[0].parent)
        except (KeyError, TypeError, ValueError) as error:
            raise tables.refused(files[0], 1, f"object {number}: {error}") from error


def _sample(row: dict[str, Any], folder: Path) -> Sample:
    units: dict[int, float] = {}
    for name, weight in row["aus"].items():
        found = _UNIT.fullmatch(name)
        if found is None:
            raise ValueError(f"{name[:20]!r} is no unit")
        units[int(found[1])] = max(units.get(int(found[1]), 0.0), float(weight))
    name = Path(row["file"]).stem
    return Sample(
        id=name,
        case=Case(id=name, image=str((folder / row["file"]).resolve())),
        reference=Reference(
            origin="drawn",
            units=tuple(sorted(units)),
            expressions=tuple(sorted(expressions_of(units))),
        ),
        groups={"face": row["identity"]},
        slices={
            "kind": row["kind"],
            "strength": f"{row['intensity']:g}",
            "look": row["morph"],
            "shown": row["expression"],
        },
    )
