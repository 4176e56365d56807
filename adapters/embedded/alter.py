"""What is done to a picture that we did not draw, so that each copy of it is another picture."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from .faces.backdrop import background, caption
from .faces.sample import sample_line

BEND = 48  # pixels of a picture between the places where it is bent
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


def _smooth(
    rng: np.random.Generator, nodes: tuple[int, int], size: tuple[int, int], spread: float
) -> np.ndarray:
    """Return a random field of this size (width, height) that is smooth between so many nodes."""
    few = Image.fromarray(rng.normal(0, spread, nodes).astype(np.float32))
    return np.asarray(few.resize(size, Image.Resampling.BICUBIC))


def bent(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture bent smoothly by a few pixels: a head of other proportions."""
    wide, high = (side // BEND for side in image.size)
    spread, last = float(rng.uniform(2, 9)), np.array(image.size) - 2
    moves = np.stack([_smooth(rng, (6, 5), (wide + 1, high + 1), spread) for _ in "xy"], -1)
    corners = BEND * np.stack(np.meshgrid(np.arange(wide + 1), np.arange(high + 1)), -1)
    spots = np.clip(corners + moves, 1, last)
    mesh = []
    for y in range(high):
        for x in range(wide):
            around = (spots[y, x], spots[y + 1, x], spots[y + 1, x + 1], spots[y, x + 1])
            box = (BEND * x, BEND * y, BEND * (x + 1), BEND * (y + 1))
            mesh.append((box, tuple(np.concatenate(around).tolist())))
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)


def shifted(image: Image.Image, move: tuple[int, int], lowest: int) -> Image.Image:
    """Return the picture moved (right, down); its edges and its row ``lowest`` go on outwards."""
    right, down = move
    across = np.clip(np.arange(image.width) - right, 0, image.width - 1)
    along = np.clip(np.arange(image.height) - down, 0, min(lowest, image.height - 1))
    return Image.fromarray(np.asarray(image)[along][:, across])


def lit(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture in an uneven light of another tint."""
    light = np.exp(_smooth(rng, (4, 3), image.size, 0.2))[..., None]
    gamma = np.exp(rng.normal(0, 0.3) + rng.normal(0, 0.1, 3))
    shown = 255 * np.clip(np.asarray(image, np.float32) / 255 * light, 0, 1) ** gamma
    return Image.fromarray(shown.astype(np.uint8))


def toned(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture with another tone curve, which rises everywhere."""
    tones = np.array([0, *np.sort(rng.uniform(0, 255, 5))])
    tones[-1] = max(tones[-1], 200.0)
    share, steps = rng.uniform(0, 0.6), np.array([0, 60, 110, 160, 210, 255])
    curve = np.interp(np.arange(256), steps, share * tones + (1 - share) * steps)
    return image.point([int(v) for v in curve] * 3)


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
