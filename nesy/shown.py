"""What a perceiver is shown of a case: the picture, a frame of it, a part of it, in which form."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nesy import picture
from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from PIL.Image import Image

    from nesy.observation import Box, Case

# Behind the name of a picture: which of its frames.
FRAME = "#frame="


def picture_of(case: Case) -> Image:
    """Return the picture of a case as it is to be looked at, upright and in RGB.

    Raises NesyError N120-N126 (the picture), N181 (its caption), N182 (its box).
    """
    if case.image is None:
        what, why = f"case {case.id} names no picture", "this perceiver looks at pictures"
        raise NesyError(Diagnostic("N120", what, why, 'give the case an "image"'))
    name, frame = frame_of(case)
    image = picture.open_picture(name, frame)
    if case.box is not None:
        image = cropped(image, case.box, name)
    if case.picture_form == "paper":
        from nesy.picture_form import paper

        image = paper(image, case.line)
    return image


def frame_of(case: Case) -> tuple[str, int | None]:
    """Return the picture's own name, and which of its frames the case means if it says so.

    Raises NesyError N125 where that is no number.
    """
    image = case.image or ""
    name, mark, told = image.rpartition(FRAME)
    if not mark or os.path.exists(image):  # noqa: PTH110 - a Path asks of too long a name and fails
        name, told = image, ""
    frame = (case.model_extra or {}).get("frame", told or None)
    if frame is None:
        return name, None
    if str(frame).isascii() and str(frame).isdigit():
        return name, min(int(str(frame)[:10]), 10**9)
    what, fix = f"{str(frame)[:40]!r} is no frame", "frames are numbered from 0"
    raise NesyError(Diagnostic("N125", what, "it must be a whole number", fix, file=name))


def cropped(image: Image, box: Box, name: str) -> Image:
    """Return the part of a picture in a box; raises NesyError N182 where it is not all there."""
    x, y, width, height = box
    if min(width, height) < picture.SMALLEST_SIDE:
        why = f"each side needs {picture.SMALLEST_SIDE} pixels"
    elif x + width > image.width or y + height > image.height:
        why = f"the picture is {image.width} x {image.height}, turned upright"
    else:
        return image.crop((x, y, x + width, y + height))
    what = f"the box [{x}, {y}, {width}, {height}] is no part of the picture"
    fix = "a box is [x, y, width, height] in pixels, x and y of its upper left corner"
    raise NesyError(Diagnostic("N182", what, why, fix, file=name))
