"""OpenFace 2: the CSV files of FaceLandmarkImg, FeatureExtraction and FaceLandmarkVidMulti.

``AUxx_c`` says whether a unit is there, ``AUxx_r`` how strong it is (0-5); they come from separate
models and may disagree, so both are kept: the intensity as measured, and confidence 0 where the
unit is said to be absent. OpenFace gives no probability of a unit. The confidence of one that is
present is that of the landmarks of the face, which no unit can be surer than.

Source: OpenFace wiki, Output Format (2019), and its RecorderCSV; Baltrusaitis et al. 2018.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nesy.trace import ActionUnit, Face, Observation

from .tool_files import (
    LEAST_FACE,
    MIDDLE,
    Columns,
    Row,
    Shot,
    ToolFile,
    boxed,
    collected,
    faces,
    files_of,
    not_of_tool,
    permille,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nesy.observation import Box
    from nesy.trace import Case
    from nesy.vocabulary import Vocabulary

NAME = "openface"
STRONGEST = 5.0
# Landmarks where the face ends (-2Dfp): jaw at the left and right of the picture, brows, chin.
JAW = ("x_0", "x_16", "y_19", "y_24", "y_8")


def create(model: str | None, vocabulary: Vocabulary) -> ToolFile:
    """Read a CSV of OpenFace, or a folder of them: one a picture, as FaceLandmarkImg writes.

    Raises NesyError N103 (no file named), N112 (unreadable), N142 (not OpenFace's), N145 (a column
    for a unit that OpenFace has not).
    """
    files = files_of(NAME, model, ".csv")
    units = {c: t.all("openface") for c, t in vocabulary.units.items() if t.all("openface")}
    shots = [shot for file in files for shot in _shots(file, units)]
    described = {
        "name": NAME,
        "model": str(model),
        "licence": "that of OpenFace: for research without commerce",
        "needs": [],
        "reports": ["faces", "action_units"],
    }
    return ToolFile(described, shots, partial(_observe, units, vocabulary))


def cases(model: str | None, vocabulary: Vocabulary) -> Iterator[Case]:
    """Yield a case for each picture or frame of the file."""
    return create(model, vocabulary).cases()


def _shots(file: Path, units: dict[int, tuple[str, ...]]) -> Iterator[Shot]:
    """Yield the frames of a sequence, or the one picture that a file of FaceLandmarkImg is of."""
    named = tuple(name for names in units.values() for name in names)
    other = ("success", "frame", *JAW)
    rows = table(file, Columns("OpenFace with -aus", ("confidence",), named, other))
    if not any(name.endswith("_c") and rows[0].has(name) for name in named):
        why = "it has intensities and no column AUxx_c, which says whether a unit is there"
        raise not_of_tool(str(file), "this file does not say which units are there", why, 1)
    if not rows[0].has("frame"):
        yield Shot(str(file), str(file), None, tuple(rows))
        return
    frames: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        frames[row.whole("frame")].append(row)
    for frame, seen in frames.items():
        yield Shot(str(file), str(file), frame, tuple(seen))


def _observe(units: dict[int, tuple[str, ...]], words: Vocabulary, shot: Shot) -> Observation:
    found = collected(partial(_face, units, words, row) for row in shot.records)
    return Observation(perceiver=NAME, faces=faces([f for f in found if f is not None], shot))


def _face(units: dict[int, tuple[str, ...]], words: Vocabulary, row: Row) -> Face | None:
    """Return a face with every unit that OpenFace scored, present or not; None where it lost it."""
    sure = row.number("confidence", -1, 1)
    if sure < LEAST_FACE or (row.has("success") and row.number("success", 0, 1) < 1):
        return None
    seen = [u for u, names in units.items() if any(n.endswith("_c") and row.has(n) for n in names)]
    found = collected(partial(_unit, row, code, permille(sure)) for code in seen)
    unseen = tuple(code for code in words.reported_units if code not in seen)
    return Face(id="f1", action_units=tuple(found), unobservable=unseen, box=_box(row))


def _box(row: Row) -> Box | None:
    if not all(row.has(name) for name in JAW):
        return None
    left, right, *brows, chin = collected(partial(row.number, name, -1e5, 1e5) for name in JAW)
    top = min(brows)
    return boxed((min(left, right), top, abs(right - left), chin - top))


def _unit(row: Row, code: int, sure: int) -> ActionUnit:
    name = f"AU{code:02d}"
    present = row.number(f"{name}_c", 0, 1) == 1
    intensity = MIDDLE if present else 0
    # AU28 has no intensity.
    if row.has(f"{name}_r"):
        intensity = permille(row.number(f"{name}_r", 0, STRONGEST) / STRONGEST)
    return ActionUnit(unit=code, intensity=intensity, confidence=sure if present else 0)
