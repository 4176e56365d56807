"""py-feat: the CSV file of a Fex, versions 1 and 2: action units, and its emotions as claims.

A unit's number is the probability that it is there (of the svm models 0 or 1), so it is the
confidence; py-feat measures no intensity, and a unit gets the middle one. The emotions are the
opinion of another model of py-feat's and come in the channel ``model``.

Source: py-feat, docs (Fex, au_reference) and feat.utils; Cheong et al. 2023.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nesy.trace import ActionUnit, Claim, Face, Observation

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
    permille,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nesy.trace import Case
    from nesy.vocabulary import Vocabulary

NAME = "pyfeat"
SCHEMES = ("pyfeat_v1", "pyfeat_v2")
RECTANGLE = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")


def create(model: str | None, vocabulary: Vocabulary) -> ToolFile:
    """Read a Fex file, or a folder of them.

    Raises NesyError N103 (no file named), N112 (unreadable), N142 (not py-feat's), N145 (a column
    for a unit that py-feat has not).
    """
    files = files_of(NAME, model, ".csv")
    units = {c: name for c, t in vocabulary.units.items() for name in t.all("pyfeat")}
    emotions = _emotions(vocabulary)
    shots = [shot for file in files for shot in _shots(file, units, emotions)]
    described = {
        "name": NAME,
        "model": str(model),
        "licence": "MIT for py-feat; its models have licences of their own",
        "needs": [],
        "reports": ["faces", "action_units", "emotion"],
    }
    return ToolFile(described, shots, partial(_observe, units, emotions, vocabulary))


def cases(model: str | None, vocabulary: Vocabulary) -> Iterator[Case]:
    """Yield a case for each picture or frame of the file."""
    return create(model, vocabulary).cases()


def _emotions(vocabulary: Vocabulary) -> dict[str, str]:
    """Return column → emotion, for the names of both versions."""
    found = {}
    for emotion in vocabulary.emotions.values():
        for alias in emotion.all("alias"):
            scheme, _, column = alias.partition(":")
            if scheme in SCHEMES:
                found[column] = emotion.id
    return found


def _shots(file: Path, units: dict[int, str], emotions: dict[str, str]) -> Iterator[Shot]:
    other = ("FaceScore", "frame", "input", *emotions)
    rows = table(file, Columns("py-feat", RECTANGLE, tuple(units.values()), other))
    shots: dict[tuple[str, int | None], list[Row]] = defaultdict(list)
    for row in rows:
        frame = row.whole("frame") if row.has("frame") else None
        shots[row.text("input"), frame].append(row)
    for (image, frame), seen in shots.items():
        yield Shot(str(file), image or str(file), frame, tuple(seen), bool(image))


def _observe(
    units: dict[int, str], emotions: dict[str, str], words: Vocabulary, shot: Shot
) -> Observation:
    found = collected(partial(_face, units, emotions, words, row) for row in shot.records)
    return Observation(perceiver=NAME, faces=faces([f for f in found if f is not None], shot))


def _face(
    units: dict[int, str], emotions: dict[str, str], words: Vocabulary, row: Row
) -> Face | None:
    """Return a face; None where py-feat found none, which it writes as a row without numbers."""
    if all(row.is_nan(name) for name in RECTANGLE):
        return None
    if row.has("FaceScore") and row.number("FaceScore", 0, 1) < LEAST_FACE:
        return None
    seen = {code: name for code, name in units.items() if row.has(name)}
    found = collected(partial(row.number, name, 0, 1) for name in seen.values())
    said = {column: emotion for column, emotion in emotions.items() if row.has(column)}
    shares = collected(partial(row.number, column, 0, 1) for column in said)
    return Face(
        id="f1",
        action_units=tuple(
            ActionUnit(unit=code, intensity=MIDDLE if share > 0 else 0, confidence=permille(share))
            for code, share in zip(seen, found, strict=True)
        ),
        unobservable=tuple(code for code in words.reported_units if code not in seen),
        claims=tuple(
            Claim(emotion=emotion, confidence=permille(share))
            for emotion, share in zip(said.values(), shares, strict=True)
        ),
        box=boxed(collected(partial(row.number, name, -1e5, 1e5) for name in RECTANGLE)),
    )
