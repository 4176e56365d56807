"""Pictures of the suite: a face that is drawn, and what is done to it; kept in the user's cache."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nesy.benchmarks.records import content_key
from nesy.check.store import folder

if TYPE_CHECKING:
    from PIL.Image import Image

# Strong enough to be seen, weak enough that a person still reads the face.
BLUR_PIXELS, NOISE_LEVELS, SHARE_LEFT = 2.5, 24.0, 0.5
LETTERS, ROOM = 30, 12


def picture(person: int, units: Mapping[int, float], change: str = "clean", text: str = "") -> Path:
    """Return the picture of a face after a change; the same arguments give the same file.

    Changes: ``clean``, ``half_intensity``, ``blur``, ``noise``, ``written`` (``text`` is printed
    above the face).
    """
    from nesy.adapters.embedded.faces import DRAWING

    shown = {str(unit): value for unit, value in sorted(units.items())}
    key = content_key(person=person, units=shown, change=change, text=text, form=DRAWING)[:24]
    path: Path = folder() / "robustness" / f"{key}.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        _drawn(person, units, change, text).quantize(128).save(part, format="PNG")
        part.replace(path)
    return path


def _drawn(person: int, units: Mapping[int, float], change: str, text: str) -> Image:
    from PIL import ImageFilter

    from nesy.adapters.embedded.faces import render

    left = SHARE_LEFT if change == "half_intensity" else 1.0
    image: Image = render({u: left * v for u, v in units.items()}, person, seed=person)
    if change == "blur":
        return image.filter(ImageFilter.GaussianBlur(BLUR_PIXELS))
    if change == "noise":
        return _noisy(image, person)
    return _written(image, text) if change == "written" else image


def _noisy(image: Image, seed: int) -> Image:
    import numpy as np
    from PIL import Image as pictures

    pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    drawn = np.random.default_rng([61, seed]).normal(0.0, NOISE_LEVELS, pixels.shape)
    return pictures.fromarray(np.clip(pixels + drawn, 0, 255).astype(np.uint8))


def _written(image: Image, text: str) -> Image:
    """Return the picture with a text on a white strip at its top."""
    from PIL import ImageDraw, ImageFont

    found = image.convert("RGB")
    draw = ImageDraw.Draw(found)
    font = ImageFont.load_default(min(LETTERS, int(1.7 * found.width / max(1, len(text)))))
    box = draw.textbbox((found.width / 2, ROOM), text, font=font, anchor="mt")
    draw.rectangle([0, 0, found.width, box[3] + ROOM], fill=(250, 250, 250))
    draw.text((found.width / 2, ROOM), text, fill=(10, 10, 10), font=font, anchor="mt")
    return found
