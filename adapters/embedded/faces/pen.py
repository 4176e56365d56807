"""Draw in face coordinates: x right, y down, unit half a head, origin between the eyes."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from .scene import Scene

Points = Sequence[tuple[float, float]] | np.ndarray
Colour = tuple[int, int, int]


def shade(colour: Colour, factor: float) -> Colour:
    """Return the colour made darker (factor < 1) or lighter."""
    r, g, b = (max(0, min(255, int(c * factor))) for c in colour)
    return r, g, b


class Pose:
    """Face coordinates to pixels: a shallow ellipsoid, turned, then scaled and shifted."""

    def __init__(self, scene: Scene) -> None:
        yaw, pitch, roll = (math.radians(v) for v in (scene.yaw, scene.pitch, scene.roll))
        self._yaw = math.cos(yaw), math.sin(yaw)
        self._pitch = math.cos(pitch), math.sin(pitch)
        self._roll = math.cos(roll), math.sin(roll)
        self.scale, self._shift = scene.scale, (scene.x, scene.y)

    def __call__(self, points: Points) -> np.ndarray:
        """Return the pixels of face points, as an array of shape (n, 2)."""
        x, y = np.asarray(points, dtype=np.float64).reshape(-1, 2).T
        z = 0.62 * np.sqrt(np.maximum(0.02, 1 - 1.5 * x * x - 0.6 * y * y)) - 0.25
        x, z = x * self._yaw[0] + z * self._yaw[1], z * self._yaw[0] - x * self._yaw[1]
        y = y * self._pitch[0] - z * self._pitch[1]
        x, y = x * self._roll[0] - y * self._roll[1], x * self._roll[1] + y * self._roll[0]
        return np.stack([x * self.scale + self._shift[0], y * self.scale + self._shift[1]], axis=1)

    def affine(self) -> tuple[np.ndarray, np.ndarray]:
        """Return matrix and shift near the face's middle: pixel = matrix @ point + shift."""
        origin, right, down = self([(0, 0.2), (0.3, 0.2), (0, 0.5)])
        matrix = np.stack([(right - origin) / 0.3, (down - origin) / 0.3], axis=1)
        return matrix, origin - matrix @ np.array([0.0, 0.2])


class Pen:
    """A picture and the pose that face coordinates go through."""

    def __init__(self, image: Image.Image, pose: Pose, ink: float) -> None:
        self.image, self.pose, self.ink = image, pose, ink
        self._draw = ImageDraw.Draw(image, "RGBA")

    def fill(self, points: Points, colour: Colour, alpha: float = 1.0) -> None:
        """Fill a polygon."""
        pixels = self.pose(points)
        self._draw.polygon(
            pixels.ravel().tolist(), fill=(*colour, int(255 * max(0.0, min(1.0, alpha))))
        )

    def line(self, points: Points, colour: Colour, width: float, alpha: float = 1.0) -> None:
        """Draw an open line; width in face units."""
        if alpha <= 0.02:
            return
        pixels = max(1, round(width * self.pose.scale))
        fill = (*colour, int(255 * min(1.0, alpha)))
        self._draw.line(self.pose(points).ravel().tolist(), fill=fill, width=pixels, joint="curve")

    def crease(self, points: Points, skin: Colour, strength: float, width: float = 0.016) -> None:
        """Draw a wrinkle: a dark line whose darkness follows its strength."""
        self.line(points, shade(skin, 0.36), 1.5 * width, min(0.95, strength * self.ink))

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """Fill an ellipse."""
        self.fill(ellipse(x, y, rx, ry), colour, alpha)


def ellipse(x: float, y: float, rx: float, ry: float, count: int = 20) -> np.ndarray:
    """Return the points of an ellipse."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], axis=1)


def curve(
    start: tuple[float, float], control: tuple[float, float], end: tuple[float, float]
) -> np.ndarray:
    """Return the points of a quadratic Bezier curve."""
    t = np.linspace(0, 1, 9)[:, None]
    a, b, c = (np.array(p, dtype=np.float64)[None] for p in (start, control, end))
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c


def joined(*parts: Iterable[tuple[float, float]] | np.ndarray) -> np.ndarray:
    """Return the parts' points as one outline."""
    return np.concatenate([np.asarray(part, dtype=np.float64).reshape(-1, 2) for part in parts])
