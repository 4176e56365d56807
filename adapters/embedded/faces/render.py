"""Put a picture together, and tell where in it each unit shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image, ImageDraw

from . import backdrop, head, lower, upper
from .identity import person
from .labels import UNITS
from .pen import Pen, Pose
from .scene import Scene, sample_scene

Box = tuple[float, float, float, float]
SIZE = (536, 373)
_EYES: tuple[Box, ...] = ((0.10, -0.16, 0.50, 0.15), (-0.50, -0.16, -0.10, 0.15))
_MOUTH: tuple[Box, ...] = ((-0.30, 0.44, 0.30, 0.80),)
_CORNERS: tuple[Box, ...] = ((0.10, 0.40, 0.45, 0.76), (-0.45, 0.40, -0.10, 0.76))
_JAW: tuple[Box, ...] = ((-0.30, 0.48, 0.30, 1.08),)
_CHEEKS: tuple[Box, ...] = ((0.10, -0.06, 0.62, 0.32), (-0.62, -0.06, -0.10, 0.32))

# Where each unit shows, as boxes (left, top, right, bottom) in face coordinates.
REGIONS: dict[int, tuple[Box, ...]] = {
    1: ((-0.26, -0.55, 0.26, -0.08),),
    2: ((0.18, -0.52, 0.54, -0.10), (-0.54, -0.52, -0.18, -0.10)),
    4: ((-0.32, -0.40, 0.32, 0.0),),
    6: _CHEEKS,
    9: ((-0.24, -0.12, 0.24, 0.38),),
    10: ((-0.34, 0.24, 0.34, 0.64),),
    **dict.fromkeys((5, 7, 43, 61, 62, 63, 64), _EYES),
    **dict.fromkeys((12, 14, 15), _CORNERS),
    17: ((-0.24, 0.62, 0.24, 1.0),),
    20: ((-0.48, 0.44, 0.48, 0.76),),
    **dict.fromkeys((18, 23, 24, 25, 28, 32), _MOUTH),
    **dict.fromkeys((26, 27), _JAW),
}


@dataclass(frozen=True)
class Shot:
    """A picture with, for its one face, where things are (empty with no face or several)."""

    image: Image.Image
    regions: dict[int, list[Box]] = field(default_factory=dict)
    matrix: np.ndarray | None = None
    shift: np.ndarray | None = None
    scene: Scene | None = None


def render(
    units: Mapping[int, float],
    identity: int,
    *,
    size: tuple[int, int] = SIZE,
    seed: int = 0,
    scene: Scene | None = None,
    caption: str | None = None,
    faces: int = 1,
) -> Image.Image:
    """Return the picture of this person showing these units (intensities 0..1)."""
    return shoot(
        units, identity, size=size, seed=seed, scene=scene, caption=caption, faces=faces
    ).image


def shoot(
    units: Mapping[int, float],
    identity: int,
    *,
    size: tuple[int, int] = SIZE,
    seed: int = 0,
    scene: Scene | None = None,
    caption: str | None = None,
    faces: int = 1,
    sides: Mapping[int, int] | None = None,
) -> Shot:
    """Return the picture and where each unit shows; the same arguments draw the same pixels.

    ``sides`` names units of the one face that show on one side only: -1 left in the picture, 1
    right.
    """
    unknown = sorted(set(units) - set(UNITS))
    if unknown:
        raise ValueError(
            f"the renderer draws no unit {unknown[0]}; it draws {', '.join(map(str, UNITS))}"
        )
    rng = np.random.default_rng([23, seed])
    scene = scene or sample_scene(rng, size, caption is not None)
    picture = (
        backdrop.no_face(size, scene.background)
        if faces == 0
        else backdrop.background(size, scene.background)
    )
    poses: list[Pose] = []
    for index, place in enumerate(_places(scene, size, faces, rng)):
        shown = units if index == 0 else _other(rng)
        pose = Pose(place)
        other = picture.copy() if sides and faces == 1 else None
        halves = (shown, shown) if other is None else _halves(shown, sides or {})
        _face(picture, halves[0], identity + 1000003 * index, pose, place)
        if other is not None:
            _face(other, halves[1], identity, pose, place)
            picture.paste(other, mask=_right_half(pose, size))
        poses.append(pose)
    lit = backdrop.light(poses, scene, size) if poses else Image.new("L", size, backdrop.UNLIT)
    picture = backdrop.camera(picture, lit, scene, seed)
    if caption is not None:
        backdrop.caption(picture, caption)
    picture.format = "PNG"
    if faces != 1:
        return Shot(picture, scene=scene)
    matrix, shift = poses[0].affine()
    regions = {unit: [_span(poses[0], box) for box in boxes] for unit, boxes in REGIONS.items()}
    return Shot(picture, regions, matrix, shift, scene)


def _halves(
    units: Mapping[int, float], sides: Mapping[int, int]
) -> tuple[dict[int, float], dict[int, float]]:
    left, right = (
        {u: v for u, v in units.items() if sides.get(u, side) == side} for side in (-1, 1)
    )
    return left, right


def _right_half(pose: Pose, size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size, 0)
    corners = pose([(0, -6), (0, 6)])
    away = pose([(0.3, 0)]) - pose([(0, 0)])
    edge = [*corners, *(corners[::-1] + 30 * away)]
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in edge], fill=255)
    return mask


def _face(
    picture: Image.Image, units: Mapping[int, float], identity: int, pose: Pose, scene: Scene
) -> None:
    who = person(identity)
    a = {unit: min(1.0, max(0.0, float(units.get(unit, 0.0)))) ** 0.5 for unit in UNITS}
    pen, drop = Pen(picture, pose, scene.ink), lower.jaw_drop(a)
    tint = np.random.default_rng([29, identity, scene.background]).integers(20, 220, 3)
    head.behind(pen, who, (int(tint[0]), int(tint[1]), int(tint[2])), drop)
    head.skull(pen, who, drop)
    upper.nose(pen, who, a)
    lower.mouth(pen, who, a)
    upper.eyes(pen, who, a)
    head.hair(pen, who)
    upper.brows(pen, who, a)
    head.glasses(pen, who)


def _places(
    scene: Scene, size: tuple[int, int], faces: int, rng: np.random.Generator
) -> list[Scene]:
    if faces < 2:
        return [scene] * faces
    slot = size[0] / faces
    scale = min(scene.scale, slot / 1.65) * float(rng.uniform(0.8, 1.0))
    return [
        replace(
            scene,
            scale=scale * float(rng.uniform(0.85, 1.0)),
            x=slot * (i + 0.5) + float(rng.normal(0, 0.03)) * slot,
            y=size[1] * float(rng.uniform(0.42, 0.58)),
            yaw=float(np.clip(rng.normal(0, 8), -20, 20)),
            roll=float(np.clip(rng.normal(0, 5), -12, 12)),
        )
        for i in range(faces)
    ]


def _other(rng: np.random.Generator) -> dict[int, float]:
    count = int(rng.integers(0, 4))
    return {int(u): float(rng.uniform(0.3, 1)) for u in rng.choice(UNITS, count, replace=False)}


def _span(pose: Pose, box: Box) -> Box:
    left, top, right, bottom = box
    pixels = pose([(left, top), (right, top), (left, bottom), (right, bottom)])
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
