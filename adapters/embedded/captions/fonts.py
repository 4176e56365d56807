"""The fonts that training draws with: Pillow's own, and those of the system that are there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"))
LEARNT = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansCondensed.ttf", "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf", "DejaVuSans-Oblique.ttf", "LiberationSans-Regular.ttf",
    "LiberationSans-Bold.ttf", "LiberationSerif-Regular.ttf", "LiberationSerif-Italic.ttf",
    "LiberationMono-Regular.ttf",
)  # fmt: skip
HELD_OUT = ("LiberationSans-Italic.ttf", "LiberationSerif-Bold.ttf", "DejaVuSerifCondensed.ttf")
PILLOW = ""  # the name of Pillow's own

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=1)
def installed() -> dict[str, Path]:
    """Return the file of each of these fonts that this system has."""
    files = {path.name: path for folder in FOLDERS for path in sorted(folder.rglob("*.ttf"))}
    return {name: files[name] for name in (*LEARNT, *HELD_OUT) if name in files}


@lru_cache(maxsize=512)
def font(name: str, points: int) -> Font:
    """Return a font in a size in pixels; Pillow's own has no name."""
    if not name:
        return ImageFont.load_default(points)
    return ImageFont.truetype(installed()[name], points)


@lru_cache(maxsize=4096)
def lacks(name: str, sign: str) -> bool:
    """Tell whether a font has nothing to draw for a sign."""
    letters = font(name, 20)
    return bytes(letters.getmask(sign)) == bytes(letters.getmask("\U0010ffff"))
