"""The rules from FACS units to expressions and to an emotion, and the answer that states them.

A unit is *present* when its intensity is at least PRESENT. The formulas follow the expression
table of the paper's labels:

| expression | formula |
|---|---|
| eye_roll | 63 (a still picture shows eyes up, not the roll; 61 or 62 may join) |
| eyebrow_furrow | 4, not with 1 |
| frown | 15, not with 12 (also with 17, with 4, with 1+4) |
| inner_brow_raiser | 1, not with 2 |
| lip_bite | 32 |
| lip_corner_depressor | 15, not with 12 |
| lip_corner_puller | 12 |
| lip_corner_roller | 14 (the label is no FACS name; AU14 is the candidate we draw) |
| nose_wrinkle | 9 |
| pursed_lips | 18, or 23, or 24; none of them with 25 |
| raised_eyebrows | 1 and 2, not with 4 |
| smile | 12, not with 14 (12 with 14 is the contempt pattern) |
| upper_lip_raiser | 10 |
"""

import json
from collections.abc import Mapping
from typing import Any

UNITS = (
    *(1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 18, 20, 23, 24),
    *(25, 26, 27, 28, 32, 43, 61, 62, 63, 64),
)
EXPRESSIONS = (
    "eye_roll",
    "eyebrow_furrow",
    "frown",
    "inner_brow_raiser",
    "lip_bite",
    "lip_corner_depressor",
    "lip_corner_puller",
    "lip_corner_roller",
    "nose_wrinkle",
    "pursed_lips",
    "raised_eyebrows",
    "smile",
    "upper_lip_raiser",
)
EMOTIONS = (
    "anger",
    "confusion",
    "contempt",
    "disgust",
    "fear",
    "happiness",
    "neutral",
    "sadness",
    "surprise",
)
LEVELS = ("0", "A", "B", "C", "D", "E")
PRESENT = 0.1
_BOUNDS = (0.1, 0.25, 0.45, 0.65, 0.85)  # lowest intensity of A, B, C, D, E


def level(intensity: float) -> str:
    """Return the FACS letter of an intensity in 0..1, "0" when absent."""
    return LEVELS[sum(intensity >= bound for bound in _BOUNDS)]


def present(units: Mapping[int, float]) -> set[int]:
    """Return the units that a picture of these intensities shows."""
    return {unit for unit, value in units.items() if value >= PRESENT}


def expressions_of(units: Mapping[int, float]) -> set[str]:
    """Return the expressions that the units make."""
    on = present(units)
    made = {
        "eye_roll": 63 in on,
        "eyebrow_furrow": 4 in on and 1 not in on,
        "frown": 15 in on and 12 not in on,
        "inner_brow_raiser": 1 in on and 2 not in on,
        "lip_bite": 32 in on,
        "lip_corner_depressor": 15 in on and 12 not in on,
        "lip_corner_puller": 12 in on,
        "lip_corner_roller": 14 in on,
        "nose_wrinkle": 9 in on,
        "pursed_lips": bool(on & {18, 23, 24}) and 25 not in on,
        "raised_eyebrows": {1, 2} <= on and 4 not in on,
        "smile": 12 in on and 14 not in on,
        "upper_lip_raiser": 10 in on,
    }
    return {name for name, holds in made.items() if holds}


def emotion_of(units: Mapping[int, float]) -> str:
    """Return the emotion that the units claim: the first rule that holds, from top to bottom.

    contempt: 14 without 15 · fear: 20 with 1 or 5, or 1+2+4 · disgust: 9 or 10, without 12 ·
    happiness: 12 without 15 · surprise: 1+2 with 5, 26 or 27 · anger: 4 without 1, with 5, 23 or
    24, or 5+7 · sadness: 15, or 1+4, or 17 with 1 or 4 · confusion: 4 · else neutral.
    """
    on = present(units)
    rules = (
        ("contempt", 14 in on and 15 not in on),
        ("fear", (20 in on and bool(on & {1, 5})) or {1, 2, 4} <= on),
        ("disgust", bool(on & {9, 10}) and 12 not in on),
        ("happiness", 12 in on and 15 not in on),
        ("surprise", {1, 2} <= on and bool(on & {5, 26, 27})),
        ("anger", (4 in on and 1 not in on and bool(on & {5, 23, 24})) or {5, 7} <= on),
        ("sadness", 15 in on or {1, 4} <= on or (17 in on and bool(on & {1, 4}))),
        ("confusion", 4 in on),
    )
    return next((name for name, holds in rules if holds), "neutral")


def fields(units: Mapping[int, float], faces: str = "one") -> dict[str, Any]:
    """Return the answer as a dictionary; with no face or several, nothing is described."""
    seen = faces == "one"
    made = expressions_of(units) if seen else set()
    return {
        "faces": faces,
        "action_units": {f"au{u}": level(units.get(u, 0.0)) if seen else "x" for u in UNITS},
        "expressions": {name: "yes" if name in made else "no" for name in EXPRESSIONS},
        "emotion": emotion_of(units) if seen else "neutral",
    }


def answer(units: Mapping[int, float], faces: str = "one") -> str:
    """Return the answer as the compact JSON that the model writes."""
    return json.dumps(fields(units, faces), separators=(",", ":"))


def parse(text: str) -> dict[str, Any]:
    """Read an answer back, or raise ValueError when it is not exactly the answer format."""
    found = json.loads(text)
    blank = fields({})
    well = (
        isinstance(found, dict)
        and list(found) == list(blank)
        and found["faces"] in ("none", "one", "several")
        and list(found["action_units"]) == list(blank["action_units"])
        and all(v in (*LEVELS, "x") for v in found["action_units"].values())
        and list(found["expressions"]) == list(EXPRESSIONS)
        and all(v in ("no", "yes") for v in found["expressions"].values())
        and isinstance(found["emotion"], str)
    )
    if not well:
        raise ValueError("an answer has the keys of fields() in order, and only its values")
    return dict(found)
