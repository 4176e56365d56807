"""Training pictures: rendered in shards, shrunk as the image processor does, with labels."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .faces.labels import UNITS
from .faces.render import Shot, shoot
from .faces.sample import Case, sample_case

TRAIN, VALID, TEST = range(20_000), range(100_000, 101_000), range(200_000, 201_000)
# Test pictures are looked at once, when the weights are done.
VALID_SEED, TEST_SEED = 50_000_000, 653_000_000
PATCH, CELL = 14, 28  # patch and token edge in pixels
COARSE, FINE = 45_000, 60_000  # most pixels of a picture in the coarse rounds, and after them
MOST = 70_000  # in use, and of the last photographs: small faces are read better than at FINE
AHEAD = 4  # shards kept ready; each is 130 MB until its last use
FACES = ("none", "one", "several")


@dataclass
class Pictures:
    """Pictures of one shape with their labels; boxes and affine are in pixels of these pictures."""

    pixels: np.ndarray  # (n, h, w, 3) uint8
    units: np.ndarray  # (n, 26) intensities; NaN where unknown
    faces: np.ndarray  # (n,) index in FACES
    boxes: np.ndarray  # (n, 26, 2, 4)
    affine: np.ndarray  # (n, 6): matrix, shift; zeros with no face or several
    known: np.ndarray  # (n,) 1 where expressions and emotion follow from the units

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, index: np.ndarray) -> "Pictures":
        """Return these rows."""
        return Pictures(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def fit(width: int, height: int, most: int = FINE) -> tuple[int, int]:
    """Return the size that the image processor gives to a picture of this size."""
    w, h = (max(CELL, round(v / CELL) * CELL) for v in (width, height))
    if w * h > most:
        beta = (width * height / most) ** 0.5
        w, h = (max(CELL, int(v / beta / CELL) * CELL) for v in (width, height))
    return w, h


def shrink(image: Image.Image, most: int = FINE) -> np.ndarray:
    """Return the pixels as the image processor sees them."""
    return np.asarray(image.resize(fit(*image.size, most), Image.Resampling.BICUBIC))


def drawn(case: Case) -> Shot:
    """Return the drawing of a case."""
    return shoot(
        case.units,
        case.identity,
        size=case.size,
        seed=case.seed,
        caption=case.caption,
        faces=case.faces,
        sides=case.sides,
    )


def shot_row(case: Case, most: int = FINE) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Render one case; return its small pixels and its labels."""
    shot = drawn(case)
    pixels = shrink(shot.image, most)
    zoom = np.array([pixels.shape[1] / case.size[0], pixels.shape[0] / case.size[1]])
    boxes, affine = np.zeros((len(UNITS), 2, 4), np.float32), np.zeros(6, np.float32)
    if shot.matrix is not None and shot.shift is not None:
        affine = np.concatenate([(shot.matrix * zoom[:, None]).ravel(), shot.shift * zoom]).astype(
            np.float32
        )
        for row, unit in enumerate(UNITS):
            for column, box in enumerate(shot.regions[unit]):
                boxes[row, column] = np.array(box) * np.tile(zoom, 2)
    one = case.faces == 1
    units = np.array([case.units.get(u, 0.0) if one else 0.0 for u in UNITS], np.float32)
    return pixels, {
        "units": units,
        "faces": np.array(min(case.faces, 2), np.int64),
        "boxes": boxes,
        "affine": affine,
        "known": np.array(1, np.float32),
    }


def gather(cases: Iterator[Case] | list[Case], most: int = FINE) -> list[Pictures]:
    """Render cases and group them by shape."""
    groups: dict[tuple[int, ...], list[tuple[np.ndarray, dict[str, np.ndarray]]]] = {}
    for case in cases:
        row = shot_row(case, most)
        groups.setdefault(row[0].shape, []).append(row)
    return [pack(rows) for rows in groups.values()]


def pack(rows: list[tuple[np.ndarray, dict[str, np.ndarray]]]) -> Pictures:
    """Return rows of one shape as Pictures."""
    labels = {name: np.stack([row[1][name] for row in rows]) for name in rows[0][1]}
    return Pictures(np.stack([row[0] for row in rows]), **labels)


def save(path: Path, groups: list[Pictures]) -> None:
    """Write groups to one file, whole or not at all."""
    arrays = {
        f"{i}_{name}": getattr(g, name)
        for i, g in enumerate(groups)
        for name in g.__dataclass_fields__
    }
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    part.rename(path)


def load(path: Path) -> list[Pictures]:
    """Read groups back."""
    with np.load(path) as arrays:
        count = len({key.split("_")[0] for key in arrays})
        names = Pictures.__dataclass_fields__
        return [Pictures(**{name: arrays[f"{i}_{name}"] for name in names}) for i in range(count)]


def render_shards(
    folder: Path, numbers: Iterable[int], fine: int, wanted: Any = None, per_shard: int = 1000
) -> None:
    """Render the shards of these numbers that are not there yet, AHEAD of the wanted at most.

    Those before ``fine`` are COARSE.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        while wanted is not None and number > wanted.value + AHEAD:
            time.sleep(0.5)
        path = folder / f"shard{number:03d}.npz"
        if not path.exists():
            seeds = range(number * per_shard, (number + 1) * per_shard)
            cases = [sample_case(seed, TRAIN, taught=True) for seed in seeds]
            save(path, gather(cases, FINE if number >= fine else COARSE))
            sys.stderr.write(f"rendered {path.name}\n")


def held_out(count: int, first_seed: int, identities: range, most: int = FINE) -> list[Pictures]:
    """Render pictures of people that training never sees, at full size."""
    return gather([sample_case(first_seed + i, identities) for i in range(count)], most)


def cells(pictures: Pictures) -> tuple[np.ndarray, np.ndarray]:
    """Return per token the units' regions (n, t, 26), and face coordinates and inside (n, t, 3)."""
    n, h, w, _ = pictures.pixels.shape
    y, x = np.mgrid[0 : h // CELL, 0 : w // CELL].reshape(2, 1, -1) * CELL
    b = pictures.boxes[:, :, :, None, :]
    wide = np.minimum(b[..., 2], x + CELL) - np.maximum(b[..., 0], x)
    tall = np.minimum(b[..., 3], y + CELL) - np.maximum(b[..., 1], y)
    area = np.maximum(wide, 0) * np.maximum(tall, 0)
    region = (area > 0.25 * CELL * CELL) | (
        (area > 0) & (area >= 0.999 * area.max(-1, keepdims=True))
    )
    place = np.zeros((n, x.size, 3), np.float32)
    seen = np.abs(pictures.affine).sum(1) > 0
    if seen.any():
        matrix = np.linalg.inv(pictures.affine[seen, :4].reshape(-1, 2, 2))
        centre = np.stack([x.ravel(), y.ravel()], 1) + CELL / 2
        uv = np.einsum("nij,ntj->nti", matrix, centre[None] - pictures.affine[seen, None, 4:])
        inside = ((uv[..., 0] / 0.75) ** 2 + uv[..., 1] ** 2 < 1.1).astype(np.float32)
        place[seen] = np.concatenate([np.clip(uv, -1.5, 1.5), inside[..., None]], -1)
    return region.any(2).transpose(0, 2, 1), place
