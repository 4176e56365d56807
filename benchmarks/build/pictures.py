"""Make the picture of a case: as in the paper (grey, with the line as its caption), or plain."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from nesy.adapters.embedded.faces import render
from nesy.adapters.embedded.faces.scene import sample_scene

from .faces import Face

Form = Literal["paper", "plain"]
FORMS: tuple[Form, ...] = ("paper", "plain")
SIZE = (536, 373)  # of every picture in the paper, as it says
STRIP = 41  # height of the caption, two rows
MARGIN, LARGEST, SMALLEST = 10, 24, 10  # of the caption's text, in pixels
PAPER, INK = 250, 10
COMPRESSION = 6  # 9 is six times slower and saves 6 % of the bytes
COLOURS = 128  # of a plain picture, as the demo's


def draw(face: Face, seed: int, line: str, form: Form) -> Image.Image:
    """Return the picture of a face with a line; the same arguments draw the same pixels."""
    captioned = form == "paper"
    room = (SIZE[0], SIZE[1] - STRIP) if captioned else SIZE
    if face.photo is not None:
        picture = fitted(face.photo, room)
    else:
        # Grain of a camera would make each file ten times as large and tell nothing of the face.
        scene = sample_scene(np.random.default_rng([37, seed]), SIZE, captioned)
        scene = replace(scene, noise=0.0, grey=captioned)
        picture = render(face.units or {}, face.identity, size=SIZE, seed=seed, scene=scene)
    if not captioned:
        return picture.convert("RGB").quantize(COLOURS)
    page = Image.new("L", SIZE, PAPER)
    page.paste(picture.convert("L").crop((0, 0, *room)), (0, 0))
    caption(page, line)
    return page


def fitted(path: Path, room: tuple[int, int]) -> Image.Image:
    """Return a photograph in the middle of this room, uncut, on the tone of its own border."""
    with Image.open(path) as opened:
        whole = ImageOps.contain(opened.convert("RGB"), room, Image.Resampling.LANCZOS)
    border = np.asarray(whole)[:, [0, -1]].reshape(-1, 3)
    red, green, blue = (int(value) for value in np.median(border, axis=0))
    page = Image.new("RGB", room, (red, green, blue))
    page.paste(whole, ((room[0] - whole.width) // 2, (room[1] - whole.height) // 2))
    return page


def caption(page: Image.Image, line: str) -> None:
    """Print a line at the bottom of a grey picture, in one or two rows, as large as fits."""
    width, height = page.size
    for points in range(LARGEST, SMALLEST - 1, -1):
        rows = rows_of(line, points, width - 2 * MARGIN)
        if rows and len(rows) * (points + 3) <= STRIP - 2:
            break
    text = "\n".join(rows or halves(line))
    middle = (width / 2, height - STRIP / 2)
    pen = ImageDraw.Draw(page)
    pen.multiline_text(middle, text, INK, _font(points), "mm", spacing=2, align="center")


def rows_of(line: str, points: int, width: int) -> list[str]:
    """Return the one or two rows of a line that fit at this size, none where none do."""
    for rows in ([line], halves(line)):
        if all(_font(points).getlength(row) <= width for row in rows):
            return rows
    return []


def halves(line: str) -> list[str]:
    """Return a line broken at the blank nearest its middle, as it is where it has none."""
    blanks = [at for at, character in enumerate(line) if character == " "]
    if not blanks:
        return [line]
    middle = min(blanks, key=lambda at: abs(at - len(line) / 2))
    return [line[:middle], line[middle + 1 :]]


def write(picture: Image.Image, path: Path) -> int:
    """Write a PNG file, whole or not at all; return its bytes."""
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=COMPRESSION)
    part = path.with_suffix(".part")
    part.write_bytes(data.getvalue())
    part.replace(path)
    return len(data.getvalue())


@lru_cache(maxsize=32)
def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(points)
