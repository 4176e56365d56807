"""Backgrounds, pictures with no face, the caption strip, and the camera's light, blur and noise."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from .pen import Pose
from .scene import Scene

Size = tuple[int, int]
LONGEST = 90  # letters of a caption that are printed
UNLIT = 170  # the value in a field of light that leaves a pixel as it is; the camera restores it

# (x, y, radius x, radius y, depth) of the soft shadows on a head, in face coordinates.
_SHADOWS = (
    (-0.3, -0.06, 0.17, 0.1, 0.2),
    (0.3, -0.06, 0.17, 0.1, 0.2),
    (0, 0.42, 0.16, 0.05, 0.16),
    (0, 0.74, 0.15, 0.04, 0.12),
    (0, 0.1, 0.06, 0.22, -0.10),
    (-0.36, 0.3, 0.13, 0.12, -0.07),
    (0.36, 0.3, 0.13, 0.12, -0.07),
)


def background(size: Size, seed: int) -> Image.Image:
    """Return a soft background: a gradient, then shapes and clutter in some pictures."""
    rng = np.random.default_rng([11, seed])
    small = max(8, size[0] // 6), max(8, size[1] // 6)
    ends = rng.uniform(30, 235, (2, 3)) * np.array([0.6, 0.4]).mean() * 2
    ends = ends.mean(axis=1, keepdims=True) * 0.6 + ends * 0.4
    ramp = np.linspace(0, 1, small[1])[:, None, None] * np.ones((1, small[0], 1))
    if rng.random() < 0.5:
        ramp = np.linspace(0, 1, small[0])[None, :, None] * np.ones((small[1], 1, 1))
    pixels = ends[0] * (1 - ramp) + ends[1] * ramp
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        clutter(picture, rng, int(rng.integers(1, 12)))
    return picture.resize(size, Image.Resampling.BILINEAR)


def clutter(picture: Image.Image, rng: np.random.Generator, count: int) -> None:
    """Draw random shapes."""
    draw = ImageDraw.Draw(picture)
    w, h = picture.size
    for _ in range(count):
        x, y = rng.uniform(-0.1, 1.0) * w, rng.uniform(-0.1, 1.0) * h
        dx, dy = rng.uniform(0.03, 0.4) * w, rng.uniform(0.03, 0.5) * h
        r, g, b = (int(v) for v in rng.integers(20, 240, 3))
        kind = int(rng.integers(4))
        if kind == 0:
            draw.rectangle([x, y, x + dx, y + dy], fill=(r, g, b))
        elif kind == 1:
            draw.ellipse([x, y, x + dx, y + dy], fill=(r, g, b))
        elif kind == 2:
            draw.line(
                [x, y, x + dx, y + dy * rng.choice([-1, 1])],
                fill=(r, g, b),
                width=int(rng.integers(1, 8)),
            )
        else:
            corners = [
                (x + dx * u, y + dy * v) for u, v in rng.random((int(rng.integers(3, 6)), 2))
            ]
            draw.polygon(corners, fill=(r, g, b))


def no_face(size: Size, seed: int) -> Image.Image:
    """Return a picture without a face: backdrop, objects, stripes, or plain noise."""
    rng = np.random.default_rng([13, seed])
    kind = int(rng.integers(5))
    if kind == 0:
        noise = rng.integers(
            0, 255, (max(4, size[1] // 5), max(4, size[0] // 5), 3), dtype=np.uint8
        )
        return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    if kind == 1:
        return Image.new("RGB", size, tuple(int(v) for v in rng.integers(0, 255, 3)))
    picture = background(size, seed)
    clutter(picture, rng, int(rng.integers(0, 25)))
    return picture


@lru_cache(maxsize=32)
def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(points)


def caption(picture: Image.Image, text: str) -> None:
    """Print the line at the bottom: black on a white strip."""
    w, h = picture.size
    strip = _strip(h)
    draw = ImageDraw.Draw(picture)
    draw.rectangle([0, h - strip, w, h], fill=(250, 250, 250))
    font = _font(caption_points(picture.size, text))
    draw.text((w / 2, h - strip / 2), text[:LONGEST], fill=(10, 10, 10), font=font, anchor="mm")


def caption_points(size: Size, text: str) -> int:
    """Return the size of a caption's letters in a picture of this size, in pixels."""
    w, h = size
    return max(9, min(_strip(h) * 6 // 10, int(1.8 * w / max(1, len(text)))))


def _strip(height: int) -> int:
    return max(18, height // 9)


def light(poses: list[Pose], scene: Scene, size: Size) -> Image.Image:
    """Return the light on each pixel as a grey picture where UNLIT means unchanged.

    Each head is a lit ellipsoid, with shadows under brow, nose and lip.
    """
    w, h = size
    step = max(4, int(poses[0].scale / 16))
    gy, gx = np.mgrid[0 : h + step : step, 0 : w + step : step].astype(np.float32)
    factor = np.ones_like(gx)
    for pose in poses:
        matrix, shift = pose.affine()
        inverse = np.linalg.inv(matrix)
        x = inverse[0, 0] * (gx - shift[0]) + inverse[0, 1] * (gy - shift[1])
        y = inverse[1, 0] * (gx - shift[0]) + inverse[1, 1] * (gy - shift[1])
        inside = np.clip(1.25 - (x / 0.72) ** 2 - y**2, 0, 1)
        tone = scene.contrast * np.clip(
            scene.light[0] * x * 1.1 + scene.light[1] * y * 0.8, -1.2, 1.2
        )
        tone = tone - 0.22 * np.clip((x / 0.72) ** 2 + (y * 0.95) ** 2 - 0.45, 0, 0.6)
        for cx, cy, rx, ry, depth in _SHADOWS:
            tone = tone - depth * np.exp(-(((x - cx) / rx) ** 2) - ((y - cy) / ry) ** 2)
        factor = factor * (1 + tone * inside)
    field = Image.fromarray(np.clip(factor * UNLIT, 0, 255).astype(np.uint8))
    return field.resize(size, Image.Resampling.BILINEAR, box=(0, 0, w / step, h / step))


def camera(picture: Image.Image, lit: Image.Image, scene: Scene, seed: int) -> Image.Image:
    """Apply light, blur, grey or colour, gain, gamma and noise."""
    if scene.grey:
        picture = ImageChops.multiply(picture.convert("L"), lit)
    else:
        picture = ImageChops.multiply(picture, Image.merge("RGB", (lit, lit, lit)))
    if scene.blur:
        picture = picture.filter(ImageFilter.BoxBlur(scene.blur))
    steps = np.arange(256) / UNLIT
    curve = np.clip((steps * scene.gain) ** scene.gamma * 255, 0, 255).astype(np.uint8).tolist()
    picture = picture.point(curve * len(picture.getbands()))
    if scene.noise:
        x, y = (int(v) for v in np.random.default_rng([17, seed]).integers(0, 256, 2))
        w, h = picture.size
        grain = _grain(scene.noise).crop((x, y, x + w, y + h))
        layer = grain if scene.grey else Image.merge("RGB", (grain, grain, grain))
        picture = ImageChops.add(picture, layer, offset=-128)
    return picture.convert("RGB")


@lru_cache(maxsize=32)
def _grain(strength: float) -> Image.Image:
    field = np.random.default_rng(19).standard_normal((1100, 1100), dtype=np.float32)
    return Image.fromarray(np.clip(128 + strength * field, 0, 255).astype(np.uint8))
