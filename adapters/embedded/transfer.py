"""Pictures that we did not draw, as a small share of training: photographs and 3-D renderings.

Photographs are labelled only by the pose that was asked for. Smiling: one face, unit 12 (as level
C), smile and lip_corner_puller are known, all else is left out of the loss. Neutral: every unit is
taken to be absent, which is fair for most of them and is our decision.
"""

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from nesy.diagnostics import Diagnostic, NesyError

from .data import COARSE, FINE, Pictures, pack, shrink
from .faces.backdrop import background, caption
from .faces.labels import UNITS
from .faces.render import REGIONS
from .faces.sample import sample_line

# Whose photographs are kept apart, for figures and demonstrations: these and all from 119 on.
KEPT_FACES, KEPT_FROM = ("087", "099"), "119"
FIRST_FACES = "082"  # the last one in the photographs of the coarse rounds
KEPT_MESH = "id4"  # the 3-D identity kept apart
# About where the eyes are in these sets, whose heads were cropped alike, and half a head.
_PHOTO_EYES, _MESH_EYES = (238.0, 345.0, 210.0), (199.0, 172.0, 255.0)
BELOW_MOUTH = 0.6  # in face coordinates: below the lower lip


@dataclass(frozen=True)
class Copies:
    """How many copies of each picture a leg has, and which share of them is made how."""

    photo: int
    mesh: int
    framed: float = 0.0  # framed and lit about as it was
    blended: float = 0.0  # of the photographs: blended with another person's in the same pose
    worn: float = 0.0  # like an old print


COPIES = (
    Copies(16, 16),
    Copies(24, 10, framed=0.5, blended=0.6, worn=0.3),
    Copies(24, 6, framed=0.5, worn=0.2),
)
_SHAPES = ((288, 345), (288, 345), (288, 345), (322, 224), (322, 224), (268, 268))


class _Move:
    """A turn and a zoom about a point of a picture, which comes to stand at another."""

    def __init__(self, zoom: float, angle: float, middle: np.ndarray, target: np.ndarray) -> None:
        c, s = zoom * math.cos(angle), zoom * math.sin(angle)
        self.turn, self.middle, self.target = np.array([[c, -s], [s, c]]), middle, target

    def backwards(self) -> tuple[float, ...]:
        """Return the coefficients that Pillow takes: where each new pixel was."""
        back = np.linalg.inv(self.turn)
        shift = self.middle - back @ self.target
        return (*back[0], shift[0], *back[1], shift[1])

    def face(self, eyes: tuple[float, float, float]) -> np.ndarray:
        """Return the map (6,) from face coordinates to the new pixels."""
        origin = self.turn @ (np.array(eyes[:2]) - self.middle) + self.target
        return np.concatenate([(self.turn * eyes[2]).ravel(), origin])


def _moved(image: Image.Image, affine: tuple[float, ...]) -> Image.Image:
    kind, fill = Image.Resampling.BICUBIC, image.getpixel((3, 3))
    return image.transform(image.size, Image.Transform.AFFINE, affine, kind, fillcolor=fill)


def _recoloured(image: Image.Image, spread: float, rng: np.random.Generator) -> Image.Image:
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(float(rng.uniform(1 - spread, 1 + spread)))
    return image


def varied(
    image: Image.Image, eyes: tuple[float, float, float], rng: np.random.Generator
) -> tuple[Image.Image, np.ndarray]:
    """Return the picture turned, scaled, placed and recoloured, and face coordinates to pixels.

    ``eyes`` is the middle between the eyes and the length of a face coordinate, in pixels.
    """
    image = image.convert("RGB")
    shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
    angle = float(np.clip(rng.normal(0, 0.07), -0.2, 0.2))
    largest = max(0.42, 1.05 * eyes[2] / image.height)  # as large as it will be shown
    zoom = float(rng.uniform(0.21, largest)) * shape[1] / eyes[2]
    middle = np.array([image.width / 2, (eyes[1] + image.height / 2) / 2])
    room = np.maximum(0.0, np.array(shape) - 1.5 * zoom * eyes[2])
    target = np.array(shape) / 2 + np.clip(rng.normal(0, 0.25, 2), -0.5, 0.5) * room
    move = _Move(zoom, angle, middle, target)
    affine = move.backwards()
    fill = tuple(int(v) for v in np.asarray(image)[3, 3])
    mask = Image.new("L", image.size, 255)
    kind = Image.Resampling.BICUBIC
    small = image
    if zoom < 0.6:
        small = small.filter(ImageFilter.BoxBlur(0.35 / zoom))
    drawn = small.transform(shape, Image.Transform.AFFINE, affine, kind, fillcolor=fill)
    scene = Image.new("RGB", shape, fill)
    if rng.random() < 0.4:
        scene = background(shape, int(rng.integers(1 << 30)))
    scene.paste(drawn, mask=mask.transform(shape, Image.Transform.AFFINE, affine, kind))
    scene = _recoloured(scene, 0.3, rng)
    if rng.random() < 0.4:
        scene = scene.filter(ImageFilter.BoxBlur(float(rng.uniform(0.3, 1.0))))
    if rng.random() < 0.5:
        scene = scene.convert("L").convert("RGB")
    if rng.random() < 0.3:
        caption(scene, sample_line(rng))
    return scene, move.face(eyes)


def framed(
    image: Image.Image, eyes: tuple[float, float, float], rng: np.random.Generator
) -> tuple[Image.Image, np.ndarray]:
    """Return the picture about as it was framed and lit, and face coordinates to pixels."""
    zoom, angle = float(rng.uniform(0.93, 1.1)), float(rng.normal(0, 0.03))
    middle = np.array(image.size) / 2
    move = _Move(zoom, angle, middle, middle + rng.normal(0, 0.02, 2) * image.width)
    image = _recoloured(_moved(image, move.backwards()), 0.2, rng)
    if rng.random() < 0.25:
        image = image.convert("L").convert("RGB")
    return image, move.face(eyes)


def roughened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture with its middle wider or narrower, in another gamma."""
    middle, wide = image.width / 2, float(rng.uniform(0.9, 1.1))
    image = _moved(image, (1 / wide, 0, middle - middle / wide, 0, 1, 0))
    light = 255 * (np.asarray(image) / 255) ** float(np.exp(rng.normal(0, 0.35)))
    return Image.fromarray(light.astype(np.uint8))


def worn(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture like an old print: grey, faint or harsh, mottled, some in an oval."""
    grey = ImageEnhance.Contrast(image.convert("L")).enhance(float(rng.uniform(0.6, 1.8)))
    paper = int(rng.integers(190, 256))
    if rng.random() < 0.6:
        margin = rng.uniform(-0.06, 0.08, 4) * np.array([*image.size, *image.size])
        left, top, right, bottom = margin * (1, 1, -1, -1) + (0, 0, *image.size)
        frame = Image.new("L", image.size, 0)
        ImageDraw.Draw(frame).ellipse([left, top, right, bottom], fill=255)
        grey = Image.composite(grey, Image.new("L", image.size, paper), frame)
    grain = rng.normal(0, float(rng.uniform(2, 14)), (image.height, image.width))
    mottled = np.clip(np.asarray(grey, np.float64) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(mottled).convert("RGB")


def _row(
    image: Image.Image, affine: np.ndarray, units: np.ndarray, known: bool, most: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    pixels = shrink(image, most)
    zoom = np.array([pixels.shape[1] / image.width, pixels.shape[0] / image.height])
    matrix, shift = affine[:4].reshape(2, 2) * zoom[:, None], affine[4:] * zoom
    boxes = np.zeros((len(UNITS), 2, 4), np.float32)
    for row, unit in enumerate(UNITS):
        for column, (left, top, right, bottom) in enumerate(REGIONS[unit]):
            corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
            spots = corners @ matrix.T + shift
            boxes[row, column] = *spots.min(0), *spots.max(0)
    labels: dict[str, np.ndarray] = {
        "units": units.astype(np.float32),
        "faces": np.array(1, np.int64),
        "boxes": boxes,
        "affine": np.concatenate([matrix.ravel(), shift]).astype(np.float32),
        "known": np.array(known, np.float32),
    }
    return pixels, labels


def _labels(folder: Path, name: str) -> Path:
    path = folder / name
    if path.is_file():
        return path
    what, why = "there are no labels of pictures to train on", f"{path} is not there"
    fix = "name the folder that holds labels.csv (--photos) or labels.json (--synthetic)"
    raise NesyError(Diagnostic("N186", what, why, fix))


def kept_apart(person: str) -> bool:
    """Tell whether a person's photographs are kept apart from training."""
    return person in KEPT_FACES or person >= KEPT_FROM


def photographs(folder: Path, *, fine: bool) -> Iterator[tuple[Image.Image, np.ndarray, bool]]:
    """Yield (picture, units, known) of the photographs of people for training."""
    with _labels(folder, "labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if kept_apart(row["face_id"]) or (not fine and row["face_id"] > FIRST_FACES):
                continue
            smiling = row["pose"] == "smiling"
            units = np.full(len(UNITS), np.nan) if smiling else np.zeros(len(UNITS))
            if smiling:
                units[UNITS.index(12)] = 0.55
            yield Image.open(folder / row["file"]), units, not smiling


def meshes(folder: Path) -> Iterator[tuple[Image.Image, np.ndarray, bool]]:
    """Yield (picture, units, known) of the 3-D renderings for training; one-sided units count."""
    for row in json.loads(_labels(folder, "labels.json").read_text(encoding="utf-8")):
        if row["identity"] == KEPT_MESH:
            continue
        units = np.zeros(len(UNITS))
        for name, weight in row["aus"].items():
            unit = int(name.strip("AULR"))
            if unit in UNITS:
                units[UNITS.index(unit)] = max(units[UNITS.index(unit)], float(weight))
        yield Image.open(folder / row["file"]), units, True


def _finer(
    image: Image.Image,
    alike: list[Image.Image],
    eyes: tuple[float, float, float],
    how: Copies,
    rng: np.random.Generator,
) -> tuple[Image.Image, np.ndarray] | None:
    """Return a copy of a finer leg; None where the strip or the frame may hide the mouth."""
    if rng.random() < (how.blended if alike else 0.0):
        image = Image.blend(image, alike[int(rng.integers(len(alike)))], rng.uniform(0.15, 0.5))
    image = roughened(image, rng)
    place = framed if rng.random() < how.framed else varied
    image, affine = place(image, eyes, rng)
    if affine[3] * BELOW_MOUTH + affine[5] > 0.86 * image.height:
        return None
    return (worn(image, rng) if rng.random() < how.worn else image), affine


def extra(photos: Path | None, synthetic: Path | None, leg: int) -> list[Pictures]:
    """Return varied copies of every training picture that we did not draw, grouped by shape."""
    rng, how = np.random.default_rng(3 + leg), COPIES[leg]
    groups: dict[tuple[int, ...], list[tuple[np.ndarray, dict[str, np.ndarray]]]] = {}
    sources = [
        *([(photographs(photos, fine=leg > 0), _PHOTO_EYES, how.photo, True)] if photos else []),
        *([(meshes(synthetic), _MESH_EYES, how.mesh, False)] if synthetic else []),
    ]
    for source, eyes, copies, people in sources:
        rows = [(image.convert("RGB"), units, known) for image, units, known in source]
        for image, units, known in rows:
            alike = [other for other, _, pose in rows if people and pose == known]
            for _ in range(copies):
                if leg == 0:
                    made: tuple[Image.Image, np.ndarray] | None = varied(image, eyes, rng)
                else:
                    made = _finer(image, alike, eyes, how, rng)
                if made is not None:
                    row = _row(*made, units, known, FINE if leg else COARSE)
                    groups.setdefault(row[0].shape, []).append(row)
    return [pack(rows) for rows in groups.values()]
