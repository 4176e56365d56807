"""Blendshapes of MediaPipe's FaceLandmarker or of ARKit, as JSON: movements of 0-1, by side.

Read as well is the text form of MediaPipe's ClassificationList, which its C++ graphs write. What a
movement means for a unit is told in shapes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesy import strict_json
from nesy.trace import Observation

from .shapes import Found, faces_of, is_categories, known_shapes, spelt
from .tool_files import Shot, ToolFile, faces, files_of, not_of_tool

if TYPE_CHECKING:
    from nesy.trace import Case
    from nesy.vocabulary import Vocabulary

NAME = "blendshapes"
# Apps write times in thousandths of a second and finer beside the shapes; none becomes a fact.
LARGEST_INTEGER = 2**63 - 1


def create(model: str | None, vocabulary: Vocabulary) -> ToolFile:
    """Read a JSON (Lines) or pbtxt file of blendshapes, or a folder of JSON files.

    Raises NesyError N103 (no file named), N110-N112 (no JSON), N142 (no blendshapes).
    """
    files = files_of(NAME, model, ".json")
    known = known_shapes(vocabulary)
    shots = [shot for file in files for shot in _shots(file, known)]
    described = {
        "name": NAME,
        "model": str(model),
        "licence": "that of the tool (MediaPipe: Apache-2.0)",
        "needs": [],
        "reports": ["faces", "action_units"],
    }
    return ToolFile(described, shots, partial(_observe, vocabulary, known))


def cases(model: str | None, vocabulary: Vocabulary) -> Iterator[Case]:
    """Yield a case for each picture or frame of the file."""
    return create(model, vocabulary).cases()


# ── The forms that are written ──────────────────────────────────────────────────────────────────


def _shots(file: Path, known: frozenset[str]) -> list[Shot]:
    """Return the pictures or frames; of several without a number each gets its place, from 0."""
    shots: list[Shot] = []
    if file.suffix.lower() == ".pbtxt":
        return [_shot(_listed(file), 1, str(file), known)]
    for line, value in strict_json.lines(file, largest=LARGEST_INTEGER):
        listed = value.get("frames") if isinstance(value, dict) else value
        many = listed if isinstance(listed, list) and not is_categories(listed) else [value]
        shots += [_shot(record, line, str(file), known) for record in many]
    if len(shots) == 1:
        return shots
    return [
        replace(shot, frame=place) if shot.frame is None and not shot.is_named else shot
        for place, shot in enumerate(shots)
    ]


_CLASSIFICATION = re.compile(r"classification\s*\{([^{}]*)\}")
_FIELD = re.compile(r"(score|label)\s*:\s*(?:\"([^\"]*)\"|([^\s,;]+))")


def _listed(file: Path) -> list[dict[str, Any]]:
    """Return the categories of a ClassificationList in its text form; raises NesyError N142."""
    text = re.sub(r"#.*", "", strict_json.read_text(file))
    rest = _CLASSIFICATION.sub("", text).strip()
    found = [dict(_fields(body)) for body in _CLASSIFICATION.findall(text)]
    if rest or not found:
        why = f"there is {rest[:40]!r} in it" if rest else "it has no classification"
        raise not_of_tool(str(file), "this is no ClassificationList of MediaPipe", why)
    return [{"categoryName": str(f.get("label")), "score": f.get("score")} for f in found]


def _fields(body: str) -> Iterator[tuple[str, Any]]:
    for name, quoted, bare in _FIELD.findall(body):
        try:
            yield name, float(bare) if name == "score" else quoted
        except ValueError:
            yield name, bare


def _shot(record: Any, line: int, file: str, known: frozenset[str]) -> Shot:
    found = _faces_of(record, known)
    if found is None:
        why = "neither faceBlendshapes nor blendShapes nor a shape as jawOpen is in it"
        raise not_of_tool(file, "these are no blendshapes", why, line)
    fields = record if isinstance(record, dict) else {}
    image = _first(fields, ("image", "input", "file", "filename", "id"), str)
    frame = _first(fields, ("frame", "frameIndex", "frame_index"), int)
    records = tuple(Found(face, n, line) for n, face in enumerate(found, 1))
    return Shot(file, image or file, frame, records, image is not None)


def _first(fields: Mapping[str, Any], names: tuple[str, ...], kind: type) -> Any:
    return next((fields[n] for n in names if type(fields.get(n)) is kind), None)


def _faces_of(record: Any, known: frozenset[str]) -> list[Any] | None:
    """Return the faces of a record, each in one of the forms; None where it has no shapes."""
    if isinstance(record, list):
        return [record] if is_categories(record) else None
    if not isinstance(record, dict):
        return None
    for name in ("faceBlendshapes", "face_blendshapes"):
        if isinstance(record.get(name), list):
            given: list[Any] = record[name]
            return [given] if is_categories(given) else given
    for name in ("blendShapes", "blendshapes"):
        if isinstance(record.get(name), dict):
            return [record[name]]
    if "categories" in record:
        return [record]
    # Apps put a time beside the result of the task.
    for value in record.values():
        if isinstance(value, dict) and "faceBlendshapes" in value:
            return _faces_of(value, known)
    # Shapes beside other fields: what is not known may be anything.
    found = {name: value for name, value in record.items() if spelt(name) in known}
    return [found] if found else None


def _observe(words: Vocabulary, known: frozenset[str], shot: Shot) -> Observation:
    found = faces_of(words, known, shot.records, shot.file)
    return Observation(perceiver=NAME, faces=faces(found, shot))
