"""Pictures that we did not draw, as a small share of training: photographs and 3-D renderings.

Photographs are labelled only by the pose that was asked for. Smiling: one face, unit 12 (as level
C), smile and lip_corner_puller are known, all else is left out of the loss. Neutral: every unit is
taken to be absent, which is fair for most of them and is our decision.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from nesy.diagnostics import Diagnostic, NesyError

from .align import offsets
from .alter import bent, framed, lit, roughened, shifted, toned, varied, worn
from .data import COARSE, FINE, MOST, Pictures, pack, shrink
from .faces.labels import UNITS
from .faces.render import REGIONS

# Whose photographs are kept apart, for figures and demonstrations: these and all from 119 on.
KEPT_FACES, KEPT_FROM = ("087", "099"), "119"
PHOTOS, MESHES = "labels.csv", "labels.json"  # what the pictures of a folder show
FIRST_FACES = "082"  # the last one in the photographs of the coarse rounds
KEPT_MESH = "id4"  # the 3-D identity kept apart
# Where the eyes are in these sets, whose heads were cropped alike, and half a head. Of photographs
# this is off by up to half a face, and more where faces are neutral: the last leg looks (LEVEL).
_PHOTO_EYES, _MESH_EYES = (238.0, 345.0, 210.0), (199.0, 172.0, 255.0)
PHOTO_SIZE, MESH_SIZE = (480, 576), (400, 480)
LEVEL = (238.0, 311.0, 215.0)  # where they are on average, in truth
BELOW_MOUTH = 0.6  # in face coordinates: below the lower lip
ASIDE, ALONG = 12, 45  # so many pixels to each side, and up or down, a levelled face is put
FAINTEST = 0.4  # at most so much of the same person's neutral face is in a faint smile
CUT = (225, 255)  # so many pixels below the eyes a levelled picture ends; a chin is at 205


@dataclass(frozen=True)
class Copies:
    """How many copies of each picture a leg has, and which share of them is made how."""

    photo: int
    mesh: int
    framed: float = 0.0  # framed and lit about as it was
    blended: float = 0.0  # of the photographs: blended with another person's in the same pose
    worn: float = 0.0  # like an old print
    bent: float = 0.0  # of the photographs: bent, so that it is another head
    lit: float = 0.0  # of the photographs: lit unevenly; as many with another tone curve
    most: int = FINE  # most pixels of a copy
    broad: bool = False  # whether the whole face shows unit 12, and not the mouth alone
    levelled: bool = False  # of the photographs: at places that do not tell the pose; half mirrored
    faint: float = 0.0  # of the smiling ones: blended with the same person's neutral face


COPIES = (
    Copies(16, 16, most=COARSE),
    Copies(24, 10, framed=0.5, blended=0.6, worn=0.3),
    Copies(24, 6, framed=0.5, worn=0.2),
    Copies(
        48,
        10,
        framed=0.7,
        blended=0.6,
        worn=0.3,
        bent=0.8,
        lit=0.5,
        most=MOST,
        broad=True,
        levelled=True,
        faint=0.4,
    ),
)


class Source(NamedTuple):
    """A picture that we did not draw; all of its units are known, or only that it smiles."""

    image: Image.Image
    units: np.ndarray
    known: bool
    person: str


def _row(
    image: Image.Image, affine: np.ndarray, units: np.ndarray, known: bool, how: Copies
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    pixels = shrink(image, how.most)
    zoom = np.array([pixels.shape[1] / image.width, pixels.shape[0] / image.height])
    matrix, shift = affine[:4].reshape(2, 2) * zoom[:, None], affine[4:] * zoom
    boxes = np.zeros((len(UNITS), 2, 4), np.float32)
    for row, unit in enumerate(UNITS):
        for column, (left, top, right, bottom) in enumerate(REGIONS[unit]):
            corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
            spots = corners @ matrix.T + shift
            boxes[row, column] = *spots.min(0), *spots.max(0)
    if how.broad:
        seen = boxes[boxes.any(-1)]
        boxes[UNITS.index(12)] = *seen[:, :2].min(0), *seen[:, 2:].max(0)
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
    what, why = "there are no labels of pictures", f"{path} is not there"
    fix = "name the folder that holds labels.csv (--photos) or labels.json (--synthetic)"
    raise NesyError(Diagnostic("N186", what, why, fix))


def check_pictures(photos: Path | None, synthetic: Path | None, *, kept: bool = False) -> None:
    """Raise NesyError N186 where a folder cannot be learnt from, or those kept apart not read."""
    for folder, name, read, apart, size in (
        (photos, PHOTOS, photographs, kept_apart, PHOTO_SIZE),
        (synthetic, MESHES, meshes, kept_mesh, MESH_SIZE),
    ):
        if folder is None:
            continue
        path = _labels(folder, name)
        fix = "see the columns of labels and the crops that the model card names"
        try:
            wanted = partial(_is, apart, kept)
            sizes = {source.image.size for source in read(folder, wanted)}
        except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
            what = f"{path}, or a picture that it names, cannot be read"
            raise NesyError(
                Diagnostic("N186", what, f"{type(error).__name__}: {error}", fix)
            ) from error
        if not sizes:
            what = f"{path} names no picture {'that is kept apart' if kept else 'to learn from'}"
            why = "the people of photographs and the 3-D heads are parted by their names"
            raise NesyError(Diagnostic("N186", what, why, fix))
        if other := sizes - {size}:
            what = "pictures of {} × {} pixels are not those of this set".format(*min(other))
            why = "where the faces are is known of heads cropped to {} × {} pixels".format(*size)
            raise NesyError(Diagnostic("N186", what, why, fix))


def _is(apart: Callable[[str], bool], kept: bool, person: str) -> bool:
    return apart(person) == kept


def kept_apart(person: str) -> bool:
    """Tell whether a person's photographs are kept apart from training."""
    return person in KEPT_FACES or person >= KEPT_FROM


def kept_mesh(identity: str) -> bool:
    """Tell whether a 3-D head is kept apart from training."""
    return identity == KEPT_MESH


def photographs(folder: Path, wanted: Callable[[str], bool]) -> Iterator[Source]:
    """Yield the photographs of the people who are wanted; a smile's other units are not known."""
    with _labels(folder, PHOTOS).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not wanted(row["face_id"]):
                continue
            smiling = row["pose"] == "smiling"
            units = np.full(len(UNITS), np.nan) if smiling else np.zeros(len(UNITS))
            if smiling:
                units[UNITS.index(12)] = 0.55
            image = Image.open(folder / row["file"]).convert("RGB")
            yield Source(image, units, not smiling, row["face_id"])


def meshes(folder: Path, wanted: Callable[[str], bool]) -> Iterator[Source]:
    """Yield the 3-D renderings of the heads that are wanted; one-sided units count."""
    for row in json.loads(_labels(folder, MESHES).read_text(encoding="utf-8")):
        if not wanted(row["identity"]):
            continue
        units = np.zeros(len(UNITS))
        for name, weight in row["aus"].items():
            unit = int(name.strip("AULR"))
            if unit in UNITS:
                units[UNITS.index(unit)] = max(units[UNITS.index(unit)], float(weight))
        image = Image.open(folder / row["file"]).convert("RGB")
        yield Source(image, units, True, row["identity"])


def level(images: list[Image.Image]) -> list[Image.Image]:
    """Return photographs with the eyes of each where they are on average (LEVEL).

    In the set that we learn from, smiling faces stand 34 pixels lower: with this alone one tells
    83 of 100 poses, and nothing of that is a smile.
    """
    return [
        shifted(image, (-int(right), -int(down)), image.height)
        for image, (right, down) in zip(images, offsets(images), strict=True)
    ]


def _elsewhere(
    image: Image.Image, eyes: tuple[float, float, float], rng: np.random.Generator
) -> tuple[Image.Image, tuple[float, float, float]]:
    """Return the levelled picture mirrored or not, cut below the chin and moved; and its eyes."""
    x, y, unit = eyes
    if rng.random() < 0.5:
        image, x = ImageOps.mirror(image), image.width - 1 - x
    right, down = int(rng.integers(-ASIDE, ASIDE + 1)), int(rng.integers(-ALONG, ALONG + 1))
    lowest = int(y) + int(rng.integers(*CUT))
    return shifted(image, (right, down), lowest), (x + right, y + down, unit)


def _finer(
    image: Image.Image,
    alike: list[Image.Image],
    still: Image.Image | None,
    eyes: tuple[float, float, float],
    how: Copies,
    rng: np.random.Generator,
) -> tuple[Image.Image, np.ndarray] | None:
    """Return a copy of a finer leg; None where the strip or the frame may hide the mouth."""
    if how.faint and still and rng.random() < how.faint:
        image = Image.blend(image, still, rng.uniform(0.0, FAINTEST))
    if rng.random() < how.blended:
        image = Image.blend(image, alike[int(rng.integers(len(alike)))], rng.uniform(0.15, 0.5))
    if how.bent and rng.random() < how.bent:
        image = bent(image, rng)
    if how.levelled:
        image, eyes = _elsewhere(image, eyes, rng)
    image = roughened(image, rng)
    place = framed if rng.random() < how.framed else varied
    image, affine = place(image, eyes, rng)
    if how.lit and rng.random() < how.lit:
        image = lit(image, rng)
    if how.lit and rng.random() < how.lit:
        image = toned(image, rng)
    if affine[3] * BELOW_MOUTH + affine[5] > 0.86 * image.height:
        return None
    return (worn(image, rng) if rng.random() < how.worn else image), affine


def _taught(fine: bool, person: str) -> bool:
    return not kept_apart(person) and (fine or person <= FIRST_FACES)


def extra(photos: Path | None, synthetic: Path | None, leg: int) -> list[Pictures]:
    """Return varied copies of every training picture that we did not draw, grouped by shape."""
    rng, how = np.random.default_rng(3 + leg), COPIES[leg]
    plain = replace(how, blended=0.0, bent=0.0, lit=0.0, broad=False, levelled=False)
    groups: dict[tuple[int, ...], list[tuple[np.ndarray, dict[str, np.ndarray]]]] = {}
    people, heads = partial(_taught, leg > 0), partial(_is, kept_mesh, False)
    sources = [
        *([(photographs(photos, people), _PHOTO_EYES, how.photo, how)] if photos else []),
        *([(meshes(synthetic, heads), _MESH_EYES, how.mesh, plain)] if synthetic else []),
    ]
    for source, eyes, copies, made_of in sources:
        rows = list(source)
        if made_of.levelled:
            eyes, images = LEVEL, level([row.image for row in rows])
            rows = [row._replace(image=image) for image, row in zip(images, rows, strict=True)]
        stills = {row.person: row.image for row in rows if row.known}
        for image, units, known, person in rows:
            alike = [row.image for row in rows if row.known == known]
            still = None if known else stills.get(person)
            for _ in range(copies):
                if leg == 0:
                    made: tuple[Image.Image, np.ndarray] | None = varied(image, eyes, rng)
                else:
                    made = _finer(image, alike, still, eyes, made_of, rng)
                if made is not None:
                    row = _row(*made, units, known, made_of)
                    groups.setdefault(row[0].shape, []).append(row)
    return [pack(rows) for rows in groups.values()]
