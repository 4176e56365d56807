"""The paper's standard form of a picture: grey, 536 x 373, the line as its caption at the bottom.

Source: Hossain et al., who show every face in this form, as their paper says.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from nesy.diagnostics import Diagnostic, NesyError

SIZE = (536, 373)
STRIP = 41  # height of the caption, two rows
MARGIN, LARGEST, SMALLEST = 10, 24, 10  # of the caption's text, in pixels
PAPER, INK = 250, 10
# No font has a sign for this: what is drawn for it stands for what cannot be written.
_NO_SIGN = "\U0010ffff"


def paper(picture: Image.Image, line: str) -> Image.Image:
    """Return a picture in the paper's form, in RGB; without a line there is no caption.

    Raises NesyError N181 for a line that cannot be printed whole.
    """
    said = " ".join(line.split())
    if not said:
        return fitted(picture, SIZE).convert("L").convert("RGB")
    check_caption(said)
    return captioned(fitted(picture, (SIZE[0], SIZE[1] - STRIP)), said).convert("RGB")


def captioned(picture: Image.Image, line: str) -> Image.Image:
    """Return a grey page with the picture's upper left part and the line below it."""
    page = Image.new("L", SIZE, PAPER)
    page.paste(picture.convert("L").crop((0, 0, SIZE[0], SIZE[1] - STRIP)), (0, 0))
    caption(page, line)
    return page


def fitted(picture: Image.Image, room: tuple[int, int]) -> Image.Image:
    """Return a picture in the middle of this room, uncut, on the tone of its own border."""
    whole = ImageOps.contain(picture.convert("RGB"), room, Image.Resampling.LANCZOS)
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
    pen.multiline_text(middle, text, INK, font(points), "mm", spacing=2, align="center")


def check_caption(line: str) -> None:
    """Raise NesyError N181 where a line has signs that the font lacks, or does not fit."""
    fix = "leave the form plain: the line reaches the model as text all the same"
    letters = font(SMALLEST)
    blank = bytes(letters.getmask(_NO_SIGN))
    strange = [sign for sign in dict.fromkeys(line) if bytes(letters.getmask(sign)) == blank]
    if strange:
        what = f"the caption cannot show {', '.join(map(repr, strange[:5]))}"
        why = "its font has the signs of plain English"
        raise NesyError(Diagnostic("N181", what, why, fix))
    if not rows_of(line, SMALLEST, SIZE[0] - 2 * MARGIN):
        what = f"a line of {len(line)} characters does not fit the caption"
        why = f"it has two rows of {SIZE[0] - 2 * MARGIN} pixels"
        raise NesyError(Diagnostic("N181", what, why, fix))


def rows_of(line: str, points: int, width: int) -> list[str]:
    """Return the one or two rows of a line that fit at this size, none where none do."""
    for rows in ([line], halves(line)):
        if all(font(points).getlength(row) <= width for row in rows):
            return rows
    return []


def halves(line: str) -> list[str]:
    """Return a line broken at the blank nearest its middle, as it is where it has none."""
    blanks = [at for at, character in enumerate(line) if character == " "]
    if not blanks:
        return [line]
    middle = min(blanks, key=lambda at: abs(at - len(line) / 2))
    return [line[:middle], line[middle + 1 :]]


@lru_cache(maxsize=32)
def font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of captions, which comes with Pillow."""
    return ImageFont.load_default(points)
