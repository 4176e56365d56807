"""Find the caption's strip at the bottom of a picture, and cut it into its rows of text.

A strip is paper of one tone with ink on it; its rows are the bands of ink between bare paper (a
projection profile). What is found may still be no text: the network says so by reading nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

HEIGHT = 24  # of a row as the network sees it, in pixels
WIDEST = 1400  # of a row as the network sees it
LARGE = 1100  # a wider picture is made smaller first
PART, LEAST = 3, 120  # a strip is at most one part in so many of the picture, or so many pixels
MOST_ROWS = 3
TALLEST = 60  # of a row of text, in pixels of the picture
_PAPER = 80  # the percentile of a pixel row that is bare paper wherever there is text
_MIDDLE = 128


class Strip(NamedTuple):
    """The bottom of a picture as ink: 0 bare paper, 1 the darkest; and the noise on the paper."""

    ink: np.ndarray
    noise: float


def rows_in(picture: Image.Image) -> list[np.ndarray]:
    """Return the rows of the caption, top first, each HEIGHT x width in [0, 1]; may be none."""
    strip = strip_of(picture)
    if strip is None:
        return []
    bands = bands_of(strip)
    tallest = max((end - start for start, end in bands), default=0)
    return [row for band in bands if (row := _row(strip, band, tallest)) is not None]


def strip_of(picture: Image.Image) -> Strip | None:
    """Return the strip at the bottom that is paper all the way up, None where there is none."""
    grey = picture.convert("L")
    if grey.width > LARGE:
        ratio = LARGE / grey.width
        high = max(1, round(grey.height * ratio))
        grey = grey.resize((LARGE, high), Image.Resampling.BOX, reducing_gap=2.0)
    part = max(LEAST, grey.height // PART)
    cut = grey.crop((0, max(0, grey.height - part), *grey.size))
    pixels = np.asarray(cut, dtype=np.float32)
    ground = pixels[-2:]
    if np.median(ground) < _MIDDLE:
        pixels = 255 - pixels
        ground = pixels[-2:]
    paper = float(np.median(ground))
    noise = paper - float(np.percentile(ground, 16))  # one deviation; above, paper may be cut off
    level, bare = np.percentile(pixels, _PAPER, axis=1), np.percentile(ground, _PAPER)
    # Where there is much ink, the percentile lies lower among the paper's noisy pixels.
    like = np.abs(level - bare) <= 14 + noise
    other = np.flatnonzero(~like)
    top = int(other[-1]) + 1 if len(other) else 0
    if len(pixels) - top < 8:
        return None
    below = paper - pixels[top:]
    darkest = float(np.percentile(below, 99.7))
    if darkest < 40 + 2 * noise:
        return None
    return Strip(np.clip(below / darkest, 0, 1), noise / darkest)


def bands_of(strip: Strip) -> list[tuple[int, int]]:
    """Return where rows of text may be, top first: (start, end) in pixels of the strip."""
    level = max(0.35, min(0.6, 3.5 * strip.noise))
    inked = (strip.ink > level).sum(axis=1) >= (3 if strip.noise > 0.03 else 1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(np.int8)))
    runs = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    whole = _joined(runs)
    # What touches the upper edge hangs down from the picture.
    whole = [run for run in whole if run[0] > 0]
    bands: list[tuple[int, int]] = []
    for start, end in reversed(whole):
        high = end - start
        if bands:
            last = bands[-1][1] - bands[-1][0]
            if not 0.4 <= high / last <= 2.5 or bands[-1][0] - end > 1.5 * max(high, last):
                break
        if not 4 <= high <= TALLEST:
            if bands:
                break
            continue
        bands.append((start, end))
        if len(bands) == MOST_ROWS:
            break
    return bands[::-1]


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join the dots and accents of a row to it: thin bands to the nearest taller one."""
    found = list(runs)
    at = 0
    while at + 1 < len(found):
        (a, b), (c, d) = found[at], found[at + 1]
        thin, thick = sorted((b - a, d - c))
        if thick <= TALLEST and thin <= 0.34 * thick and c - b <= max(1.0, 0.25 * thick):
            found[at : at + 2] = [(a, d)]
        else:
            at += 1
    return found


def _row(strip: Strip, band: tuple[int, int], tallest: int) -> np.ndarray | None:
    start, end = band
    high = max(end - start, round(0.7 * tallest))
    lack = high - (end - start)
    margin = 1 + round(high / 12)
    top, bottom = start - margin - lack // 2, end + margin + (lack - lack // 2)
    ink = strip.ink[max(0, top) : bottom]
    over = max(0, -top), max(0, bottom - len(strip.ink))
    ink = np.pad(ink, (over, (0, 0)))
    dark = np.flatnonzero((ink > 0.35 + strip.noise).sum(axis=0) >= 1)
    if strip.noise > 0.03:  # a speck is no letter: ink has ink beside it
        near = np.convolve((ink > 0.35 + strip.noise).sum(axis=0), np.ones(3), "same")
        dark = np.flatnonzero(near >= 3)
    if not len(dark):
        return None
    left, right = max(0, int(dark[0]) - margin), min(ink.shape[1], int(dark[-1]) + 1 + margin)
    ink = ink[:, left:right]
    wide = round(ink.shape[1] * HEIGHT / ink.shape[0])
    if not 4 <= wide <= WIDEST:
        return None
    ink = np.clip(ink / max(0.3, float(np.percentile(ink, 98))), 0, 1)
    image = Image.fromarray((ink * 255).astype(np.uint8))
    scaled = image.resize((wide, HEIGHT), Image.Resampling.BILINEAR)
    return np.asarray(scaled, dtype=np.float32) / 255
