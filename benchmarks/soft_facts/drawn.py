"""Labelled pictures for calibration: faces that the embedded model's own renderer draws."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nesy import strict_json
from nesy.adapters.embedded.data import FACES, drawn
from nesy.adapters.embedded.faces.labels import PRESENT, emotion_of, expressions_of
from nesy.adapters.embedded.faces.sample import sample_case

SHOWN = "I am fine."


def rows(count: int, first: int, people: range, folder: Path) -> Iterator[dict[str, Any]]:
    """Draw pictures of people in these seeds into a folder, and yield a labelled case for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        case = sample_case(seed, people)
        path = folder / f"{seed}.png"
        drawn(case).image.save(path)
        row = {"id": str(seed), "image": path.name, "line": case.caption or SHOWN}
        row |= {"group": f"person {case.identity}", "faces": FACES[min(2, case.faces)]}
        if case.faces == 1:
            present = sorted(unit for unit, value in case.units.items() if value >= PRESENT)
            expressions = sorted(expressions_of(case.units))
            said = [emotion_of(case.units)]
            row |= {"units": present, "expressions": expressions, "emotions": said}
        yield row


def write(count: int, first: int, people: range, folder: Path) -> Path:
    """Write ``labelled.jsonl`` and its pictures; return the file."""
    path = folder / "labelled.jsonl"
    kept = [strict_json.dumps(row) for row in rows(count, first, people, folder)]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return path
