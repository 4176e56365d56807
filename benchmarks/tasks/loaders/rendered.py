"""Faces that this project draws: units, strengths and person of each are in the rows.

The pictures are drawn when the task is loaded for the first time, and kept in the user's cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nesy import strict_json
from nesy.benchmarks.samples import Reference, Sample
from nesy.check.store import folder
from nesy.trace import Case
from nesy.vocabulary import Vocabulary

FORMS = (("rows.jsonl",),)
# People that the embedded model was neither trained nor tested on (its numbers: below 300,100).
FIRST, EACH, BLANK = 400_000, 14, 18
STRONG = 0.65  # FACS intensity D and E


def rows() -> Iterator[dict[str, Any]]:
    """Yield what ``rows.jsonl`` holds: 14 faces for each expression, 18 with none."""
    import numpy as np

    from nesy.adapters.embedded.faces.labels import EXPRESSIONS, expressions_of
    from nesy.adapters.embedded.faces.sample import sample_units

    wanted = [name for name in EXPRESSIONS for _ in range(EACH)] + ["none"] * BLANK
    for number, name in enumerate(wanted):
        rng = np.random.default_rng([47, number])
        units: dict[int, float] = {}
        while name != "none" and name not in expressions_of(units):
            units = sample_units(rng)
        shown = {str(unit): round(value, 2) for unit, value in units.items()}
        yield {"id": f"r{number:03d}", "person": FIRST + number, "shown": name, "units": shown}


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample a row, and draw its picture where it is not there yet."""
    from nesy.adapters.embedded.faces.labels import expressions_of

    pictures = folder() / "rendered"
    for line, row in strict_json.lines(files[0]):
        units = {int(unit): float(value) for unit, value in row["units"].items()}
        strong = bool(units) and sum(units.values()) / len(units) >= STRONG
        yield Sample(
            id=row["id"],
            case=Case(id=row["id"], image=str(_drawn(pictures, line, row["person"], units))),
            reference=Reference(
                origin="drawn",
                units=tuple(sorted(units)),
                expressions=tuple(sorted(expressions_of(units))),
            ),
            groups={"face": str(row["person"])},
            slices={"shown": row["shown"], "strength": "strong" if strong else "weak"},
        )


def _drawn(pictures: Path, line: int, person: int, units: dict[int, float]) -> Path:
    """Return the picture of a row; it is put in place whole, whoever else is drawing it."""
    from nesy.adapters.embedded.faces import DRAWING, render
    from nesy.benchmarks.records import content_key

    named = {str(unit): value for unit, value in units.items()}
    path = pictures / f"{content_key(person=person, units=named, form=DRAWING)[:24]}.png"
    if not path.exists():
        pictures.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.{line}.part")
        render(units, person, seed=person).quantize(128).save(part, format="PNG", optimize=True)
        part.replace(path)
    return path
