"""What stays the same in every picture of one person."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

Colour = tuple[int, int, int]

_SKINS = (
    (240, 208, 184),
    (226, 184, 152),
    (202, 156, 122),
    (166, 120, 88),
    (122, 84, 60),
    (84, 58, 44),
)
_HAIRS = (
    (28, 24, 22),
    (58, 40, 28),
    (96, 66, 40),
    (160, 122, 70),
    (204, 176, 120),
    (120, 52, 30),
    (150, 150, 148),
)
_EYES = ((52, 34, 24), (88, 60, 36), (70, 96, 120), (92, 116, 80), (40, 36, 36))
STYLES = ("bald", "short", "short", "fringe", "long", "side", "curly", "bun")


@dataclass(frozen=True)
class Identity:
    """Colours, proportions and adornments of one person."""

    skin: Colour
    hair: Colour
    eye: Colour
    lip: Colour
    style: str
    width: float
    taper: float
    power: float
    eye_x: float
    eye_w: float
    eye_h: float
    eye_tilt: float
    iris: float
    brow_y: float
    brow_arch: float
    brow_thick: float
    nose_w: float
    nose_y: float
    mouth_y: float
    mouth_w: float
    upper_lip: float
    lower_lip: float
    corner: float
    hairline: float
    age: float
    crease: float
    beard: float
    moustache: float
    freckles: int
    glasses: str
    asymmetry: float
    freckle_seed: int


@lru_cache(maxsize=4096)
def person(identity: int) -> Identity:
    """Return the person of this number; each number is another person."""
    rng = np.random.default_rng([7919, identity])

    def about(middle: float, spread: float) -> float:
        return float(middle + spread * np.clip(rng.standard_normal(), -1.8, 1.8))

    t = rng.uniform(0, len(_SKINS) - 1)
    low, high = np.array(_SKINS[int(t)]), np.array(_SKINS[min(int(t) + 1, len(_SKINS) - 1)])
    skin = low + (t - int(t)) * (high - low) + rng.normal(0, 5, 3)
    pick = int(rng.integers(len(_HAIRS))) if t < 3 else int(rng.choice([0, 0, 0, 1, 6]))
    hair = np.array(_HAIRS[pick]) + rng.normal(0, 6, 3)
    eye = (
        np.array(_EYES[int(rng.integers(len(_EYES)))])
        if t < 3
        else np.array(_EYES[int(rng.choice([0, 4]))])
    )
    red = rng.uniform(0.15, 0.5)
    lip = skin * np.array([0.92, 0.70, 0.68]) * (1 - red) + red * np.array([176, 70, 74]) * (
        skin.mean() / 190
    )

    def rgb(values: np.ndarray) -> Colour:
        r, g, b = (int(v) for v in np.clip(values, 8, 250))
        return r, g, b

    hairy = bool(rng.random() < 0.3)
    return Identity(
        skin=rgb(skin),
        hair=rgb(hair),
        eye=rgb(eye),
        lip=rgb(lip),
        style=str(rng.choice(STYLES)),
        width=about(0.71, 0.035),
        taper=about(0.24, 0.07),
        power=about(2.3, 0.15),
        eye_x=about(0.295, 0.015),
        eye_w=about(0.175, 0.007),
        eye_h=about(0.082, 0.005),
        eye_tilt=about(0.0, 0.012),
        iris=about(0.066, 0.003),
        brow_y=about(-0.235, 0.012),
        brow_arch=about(0.03, 0.012),
        brow_thick=about(0.050, 0.012),
        nose_w=about(0.13, 0.015),
        nose_y=about(0.33, 0.018),
        mouth_y=about(0.58, 0.018),
        mouth_w=about(0.240, 0.012),
        upper_lip=about(0.045, 0.008),
        lower_lip=about(0.062, 0.010),
        corner=about(0.0, 0.006),
        hairline=about(-0.60, 0.06),
        age=float(rng.random() ** 2),
        crease=float(rng.uniform(0.0, 1.0)),
        beard=float(rng.uniform(0.15, 0.5)) if hairy else 0.0,
        moustache=float(rng.uniform(0.2, 0.7)) if hairy and rng.random() < 0.6 else 0.0,
        freckles=int(rng.integers(10, 40)) if rng.random() < 0.15 else 0,
        glasses=str(rng.choice(["round", "square", "thin"])) if rng.random() < 0.2 else "",
        asymmetry=about(0.0, 0.06),
        freckle_seed=int(rng.integers(1 << 30)),
    )
