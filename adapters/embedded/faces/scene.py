"""What changes from picture to picture of the same face: pose, light, background, camera."""

from dataclasses import dataclass

import numpy as np

NOISE = (0.2, 0.25, 0.2, 0.15, 0.12, 0.08)  # how often each strength of noise is drawn


@dataclass(frozen=True)
class Scene:
    """One photograph's circumstances; angles in degrees, scale is half a head in pixels."""

    scale: float
    x: float
    y: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    light: tuple[float, float] = (0.0, -0.5)
    contrast: float = 0.2
    gain: float = 1.0
    gamma: float = 1.0
    blur: float = 0.5
    noise: float = 3.0
    grey: bool = False
    ink: float = 1.0
    background: int = 0


def sample_scene(rng: np.random.Generator, size: tuple[int, int], captioned: bool) -> Scene:
    """Return a random scene for a picture of this size."""
    width, height = size
    room = height * (0.88 if captioned else 1.0)
    tall = height > width
    low, high = (0.30, 0.44) if tall else (85 / 373, 160 / 373)
    scale = float(rng.uniform(low, high)) * height
    scale = min(scale, width / 1.7)
    slack_x, slack_y = width / 2 - 0.72 * scale, room / 2 - 0.92 * scale
    return Scene(
        scale=scale,
        x=width / 2 + float(np.clip(rng.normal(0, 0.35), -0.9, 0.9)) * max(slack_x, 0.0),
        y=room / 2
        + float(np.clip(rng.normal(0, 0.4), -0.9, 0.9)) * max(slack_y, 0.0)
        + 0.04 * scale,
        yaw=float(np.clip(rng.normal(0, 9), -26, 26)),
        pitch=float(np.clip(rng.normal(0, 4), -10, 10)),
        roll=float(np.clip(rng.normal(0, 4), -12, 12)),
        light=(float(rng.normal(0, 0.6)), float(rng.uniform(-1, 0.2))),
        contrast=float(rng.uniform(0.08, 0.4)),
        gain=float(rng.uniform(0.75, 1.15)),
        gamma=float(np.exp(rng.normal(0, 0.15))),
        blur=float(rng.choice([0.0, 0.5, 0.8, 1.2])) * max(1.0, scale / 160),
        noise=float(rng.choice([0.0, 2.0, 5.0, 9.0, 16.0, 26.0], p=NOISE))
        * min(1.0, min(size) / 373),
        grey=bool(rng.random() < 0.5),
        ink=float(rng.uniform(0.75, 1.25)),
        background=int(rng.integers(1 << 30)),
    )
