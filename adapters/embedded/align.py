"""Where each face of a set of photographs is, found by laying all of them on their mean."""

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.signal import correlate

STEP = 4  # a picture is looked at this many times smaller
FACE = (0.27, 0.42, 0.73, 0.79)  # where brows, eyes, nose and mouth are in their mean, in shares
MOST = (0.055, 0.11)  # how far a face may be from there, across and along
TIMES = 10  # the mean is sharp long before


def _lines(image: Image.Image) -> np.ndarray:
    """Return what goes up and down in the picture, as strong in dark faces as in light ones."""
    size = (image.width // STEP, image.height // STEP)
    grey = np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), float)
    along, across = np.gradient(gaussian_filter(grey, 1))
    lines: np.ndarray = along / (gaussian_filter(np.hypot(along, across), 6) + 2)
    return lines


def offsets(images: list[Image.Image]) -> np.ndarray:
    """Return how far each face (n, 2) is from where they are on average, in pixels: right, down.

    The pictures are of one size, their heads of about one scale and upright.
    """
    lines = [_lines(image) for image in images]
    high, wide = lines[0].shape
    left, top, right, bottom = (round(s * n) for s, n in zip(FACE, (wide, high) * 2, strict=True))
    x, y = (round(s * n) for s, n in zip(MOST, (wide, high), strict=True))
    moves = np.zeros((len(images), 2), int)
    for _ in range(TIMES):
        boxes = zip(lines, moves, strict=True)
        mean = np.mean([a[top + v : bottom + v, left + u : right + u] for a, (u, v) in boxes], 0)
        mean -= mean.mean()
        for a, move in zip(lines, moves, strict=True):
            window = a[top - y : bottom + y, left - x : right + x]
            fits = correlate(window, mean, "valid")
            best = np.unravel_index(fits.argmax(), fits.shape)
            move[:] = best[1] - x, best[0] - y
    found: np.ndarray = STEP * (moves - moves.mean(0))
    return found
