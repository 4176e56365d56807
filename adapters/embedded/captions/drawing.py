"""Draw what training reads: the bottom of a picture, with a caption of known rows or with none."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..faces import backdrop
from . import fonts
from .lines import sampled

WIDTHS = (536, 536, 536, 480, 448, 640, 322, 288)
SIZES, HELD_OUT_SIZES = tuple(s for s in range(9, 27) if s not in (13, 19)), (13, 19)
ABOVE = 26  # pixels of picture over the strip


class Drawn(NamedTuple):
    """The bottom of a picture and the rows of text printed on it, top first."""

    picture: Image.Image
    rows: list[str]


def drawn(rng: np.random.Generator) -> Drawn:
    """Return one picture to learn from; one in seven has no caption."""
    if rng.random() < 0.14:
        return Drawn(_worn(_nothing(rng), rng), [])
    name = str(rng.choice(_learnt())) if rng.random() < 0.45 else fonts.PILLOW
    points = 24 if rng.random() < 0.15 else int(rng.choice(SIZES))
    line = sampled(rng, learnt=True)
    printed = caption(line, name, points, int(rng.choice(WIDTHS)), rng)
    return Drawn(_worn(printed.picture, rng), printed.rows)


def caption(line: str, name: str, points: int, width: int, rng: np.random.Generator) -> Drawn:
    """Return a strip with as much of a line as fits into one or two rows."""
    said = "".join(sign for sign in line if sign == " " or not fonts.lacks(name, sign))
    font = fonts.font(name, points)
    words, rows = said.split(), [""]
    for word in words:
        longer = f"{rows[-1]} {word}".strip()
        if font.getlength(longer) <= width - 12:
            rows[-1] = longer
        elif len(rows) == 1 and rows[0] and font.getlength(word) <= width - 12:
            rows.append(word)
        else:
            break
    rows = [row for row in rows if row]
    lead = points + int(rng.integers(1, 6))
    strip = max(18, lead * max(1, len(rows)) + int(rng.integers(4, 16)))
    page = _ground(rng, (width, strip + ABOVE))
    paper = 250 if rng.random() < 0.5 else int(rng.integers(160, 256))
    ink = 10 if rng.random() < 0.5 else int(rng.integers(0, paper - 110))
    if rng.random() < 0.08:
        paper, ink = 255 - paper, 255 - ink
    pen = ImageDraw.Draw(page)
    pen.rectangle([0, ABOVE, width, strip + ABOVE], fill=paper)
    top = ABOVE + (strip - lead * len(rows)) / 2 + lead / 2
    centred = rng.random() < 0.8
    for at, row in enumerate(rows):
        if centred:
            pen.text((width / 2, top + at * lead), row, ink, font, "mm")
        else:
            pen.text((6, top + at * lead), row, ink, font, "lm")
    return Drawn(page, rows)


def _learnt() -> list[str]:
    return [name for name in fonts.LEARNT if name in fonts.installed()] or [fonts.PILLOW]


def _ground(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    kind, seed = rng.random(), int(rng.integers(10**9))
    if kind < 0.5:
        return Image.new("L", size, int(rng.integers(0, 256)))
    return (backdrop.background if kind < 0.8 else backdrop.no_face)(size, seed).convert("L")


def _nothing(rng: np.random.Generator) -> Image.Image:
    """Return a picture without text, most with something on light ground that might be taken so."""
    width, height = int(rng.choice(WIDTHS)), int(rng.integers(40, 120))
    if rng.random() < 0.2:
        return _ground(rng, (width, height))
    ground = int(rng.integers(130, 256))
    page = Image.new("L", (width, height), ground)
    pen = ImageDraw.Draw(page)
    ink = int(rng.integers(0, ground - 60))
    bottom = int(rng.integers(8, height - 4))
    for _ in range(int(rng.integers(0, 14))):
        x, y = rng.uniform(0, width), rng.uniform(4, bottom)
        dx, dy = rng.uniform(1, 60), rng.uniform(1, 20)
        kind = int(rng.integers(6))
        tone = ink if rng.random() < 0.5 else int(rng.integers(0, ground))
        thick = int(rng.integers(1, 5))
        if kind == 0:
            pen.line([x, y, x + rng.choice([-1, 1]) * dx, y + dy], tone, thick)
        elif kind == 1:
            pen.ellipse([x, y, x + dx, y + dy], tone if rng.random() < 0.5 else None, tone, thick)
        elif kind == 2:
            pen.rectangle([x, y, x + dx, y + dy], tone if rng.random() < 0.7 else None, tone, thick)
        elif kind == 3:
            start, end = rng.uniform(0, 360, 2).tolist()
            pen.arc([x, y, x + 3 * dx, y + 2 * dy], start, end, tone, thick)
        elif kind == 4:
            strokes = rng.uniform(0, 1, (int(rng.integers(3, 9)), 2)) * (dx, dy) + (x, y)
            pen.line([tuple(point) for point in strokes.tolist()], tone, thick, joint="curve")
        else:
            pen.line([0, y, width, y + rng.uniform(-3, 3)], tone, thick)
    return page


def _worn(page: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return a picture as a camera, a scaler and a file leave it; half of them almost as drawn."""
    if rng.random() < 0.35:
        return page
    if rng.random() < 0.3:
        page = page.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 0.9))))
    if rng.random() < 0.3:
        ratio = float(rng.uniform(0.75, 1.8))
        size = max(8, round(page.width * ratio)), max(8, round(page.height * ratio))
        way = Image.Resampling.BICUBIC if rng.random() < 0.5 else Image.Resampling.BILINEAR
        page = page.resize(size, way)
    pixels: np.ndarray = np.asarray(page, dtype=np.float32)
    if rng.random() < 0.3:
        pixels = 255 * (pixels / 255) ** float(rng.uniform(0.6, 1.6))
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0, 32))
        pixels = pixels + sigma * rng.standard_normal(pixels.shape, dtype=np.float32)
    page = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if rng.random() < 0.3:
        kept = io.BytesIO()
        page.save(kept, "JPEG", quality=int(rng.integers(35, 96)))
        page = Image.open(kept).convert("L")
    return page
