"""Draw the demo's faces: ``python -m nesy.benchmarks.demo.render_faces`` repeats them exactly.

The people are none of those the embedded model was trained on (numbers below 20,000).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from PIL import Image

from nesy.adapters.embedded.faces import Scene, render

FACES = Path(__file__).parent / "faces"


class Drawn(NamedTuple):
    """One face: the person, a plain background, and the FACS units with intensities 0-1."""

    identity: int
    background: int
    units: dict[int, float]


DRAWN = {
    "felt_smile": Drawn(300_020, 87, {6: 0.8, 12: 0.85, 25: 0.6}),
    "polite_smile": Drawn(300_001, 335, {12: 0.65}),
    "troubled_smile": Drawn(300_026, 255, {1: 0.8, 12: 0.75}),
    "downcast": Drawn(300_022, 92, {1: 0.8, 4: 0.6, 15: 0.8}),
    "eye_roll": Drawn(300_003, 957, {62: 0.6, 63: 0.95}),
    "blank": Drawn(300_044, 500, {}),
    "furrowed_brows": Drawn(300_025, 1164, {4: 0.85}),
    "pressed_lips": Drawn(300_050, 1107, {4: 0.75, 24: 0.8}),
    "lip_bite": Drawn(300_047, 90, {32: 0.9}),
    "raised_brows": Drawn(300_028, 28, {1: 0.8, 2: 0.85, 5: 0.8, 25: 0.8, 26: 0.7}),
    "wrinkled_nose": Drawn(300_009, 1367, {9: 0.85, 10: 0.7}),
    "tight_corners": Drawn(300_031, 454, {14: 0.85}),
}


def draw(name: str) -> Image.Image:
    """Return one face as it is shipped."""
    identity, background, units = DRAWN[name]
    scene = Scene(scale=148.0, x=268.0, y=204.0, noise=0.0, blur=0.4, background=background)
    picture: Image.Image = render(units, identity, seed=identity, scene=scene)
    return picture.quantize(128)


def main() -> None:
    """Write one PNG a face."""
    for name in DRAWN:
        draw(name).save(FACES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
