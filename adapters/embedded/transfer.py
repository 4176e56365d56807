"""Pictures that we did not draw, as a small share of training: photographs and 3-D renderings.

Photographs are labelled only by the pose that was asked for. Smiling: one face, unit 12 (as level
C), smile and lip_corner_puller are known, all else is left out of the loss. Neutral: every unit is
taken to be absent, which is fair for most of them and is our decision.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from .data import Pictures, pack, shrink
from .faces.backdrop import background, caption
from .faces.labels import UNITS
from .faces.sample import sample_line

LAST_TRAINING_FACE = (
    "082"  # photographs of later people are kept apart for figures and demonstrations
)
KEPT_MESH = "id4"  # the 3-D identity kept apart
_SHAPES = ((288, 345), (288, 345), (288, 345), (322, 224), (322, 224), (268, 268))


def varied(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture cropped, turned, scaled, placed and recoloured at random."""
    image = image.convert("RGB")
    corner = image.getpixel((3, 3))
    fill = corner if isinstance(corner, tuple) else (128, 128, 128)
    angle = float(np.clip(rng.normal(0, 4), -10, 10))
    image = image.rotate(
        angle, Image.Resampling.BILINEAR, fillcolor=tuple(int(v) for v in fill[:3])
    )
    w, h = image.size
    cut = rng.uniform(0, 0.10, 4)
    image = image.crop(
        (int(w * cut[0]), int(h * cut[1]), int(w * (1 - cut[2])), int(h * (1 - cut[3] * 0.4)))
    )
    shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
    zoom = min(shape[0] / image.width, shape[1] / image.height) * float(rng.uniform(0.72, 1.08))
    image = image.resize(
        (max(40, int(image.width * zoom)), max(40, int(image.height * zoom))),
        Image.Resampling.BICUBIC,
    )
    if rng.random() < 0.5:
        scene = Image.new("RGB", shape, tuple(int(v) for v in fill[:3]))
    else:
        scene = background(shape, int(rng.integers(1 << 30)))
    slack = shape[0] - image.width, shape[1] - image.height
    scene.paste(
        image, (int(slack[0] * rng.uniform(0.2, 0.8)), int(slack[1] * rng.uniform(0.2, 0.8)))
    )
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        scene = enhance(scene).enhance(float(rng.uniform(0.7, 1.3)))
    if rng.random() < 0.4:
        scene = scene.filter(ImageFilter.BoxBlur(float(rng.uniform(0.3, 1.0))))
    if rng.random() < 0.5:
        scene = scene.convert("L").convert("RGB")
    if rng.random() < 0.3:
        caption(scene, sample_line(rng))
    return scene


def _row(
    image: Image.Image, units: np.ndarray, known: bool
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    labels: dict[str, np.ndarray] = {
        "units": units.astype(np.float32),
        "faces": np.array(1, np.int64),
        "boxes": np.zeros((len(UNITS), 2, 4), np.float32),
        "affine": np.zeros(6, np.float32),
        "known": np.array(known, np.float32),
    }
    return shrink(image), labels


def photographs(folder: Path) -> Iterator[tuple[Image.Image, np.ndarray, bool]]:
    """Yield (picture, units, known) of the photographs of people for training."""
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["face_id"] > LAST_TRAINING_FACE:
                continue
            smiling = row["pose"] == "smiling"
            units = np.full(len(UNITS), np.nan) if smiling else np.zeros(len(UNITS))
            if smiling:
                units[UNITS.index(12)] = 0.55
            yield Image.open(folder / row["file"]), units, not smiling


def meshes(folder: Path) -> Iterator[tuple[Image.Image, np.ndarray, bool]]:
    """Yield (picture, units, known) of the 3-D renderings for training; one-sided units count."""
    for row in json.loads((folder / "labels.json").read_text(encoding="utf-8")):
        if row["identity"] == KEPT_MESH:
            continue
        units = np.zeros(len(UNITS))
        for name, weight in row["aus"].items():
            unit = int(name.strip("AULR"))
            if unit in UNITS:
                units[UNITS.index(unit)] = max(units[UNITS.index(unit)], float(weight))
        yield Image.open(folder / row["file"]), units, True


def extra(
    photos: Path | None, synthetic: Path | None, copies: int = 10, seed: int = 3
) -> list[Pictures]:
    """Return varied copies of every training picture that we did not draw, grouped by shape."""
    rng = np.random.default_rng(seed)
    groups: dict[tuple[int, ...], list[tuple[np.ndarray, dict[str, np.ndarray]]]] = {}
    sources = [
        *([photographs(photos)] if photos else []),
        *([meshes(synthetic)] if synthetic else []),
    ]
    for source in sources:
        for image, units, known in source:
            image.load()
            for _ in range(copies):
                row = _row(varied(image, rng), units, known)
                groups.setdefault(row[0].shape, []).append(row)
    return [pack(rows) for rows in groups.values()]
