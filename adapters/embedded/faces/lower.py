"""The lower face: lips, mouth, furrows, chin."""

import numpy as np

from .identity import Identity
from .pen import Pen, curve, joined, shade

Units = dict[int, float]
_T = np.linspace(-1, 1, 17)


def jaw_drop(a: Units) -> float:
    """Return how far the chin sinks."""
    dropped = 0.06 + 0.09 * a[26] if a[26] > 0.08 else 0.0
    return dropped + (0.18 + 0.10 * a[27] if a[27] > 0.08 else 0.0)


def opening(a: Units) -> float:
    """Return the height of the mouth's opening."""
    parted = 0.032 + 0.038 * a[25] if a[25] > 0.08 else 0.0
    dropped = 0.07 + 0.07 * a[26] if a[26] > 0.08 else 0.0
    return parted + dropped + (0.20 + 0.10 * a[27] if a[27] > 0.08 else 0.0)


def mouth(pen: Pen, who: Identity, a: Units) -> None:
    """Draw the furrows, the lips and what is between them."""
    half = who.mouth_w * (
        1
        + 0.26 * a[12]
        + 0.45 * a[20]
        - (0.25 + 0.30 * a[18]) * (a[18] > 0.08)
        - 0.14 * a[23]
        + 0.08 * a[14]
        - 0.15 * a[27]
    )
    half *= 1 + 0.04 * a[15] - 0.04 * a[17]
    corner = (
        who.mouth_y - who.corner - 0.120 * a[12] + 0.110 * a[15] + 0.015 * a[20] + 0.25 * opening(a)
    )
    middle = who.mouth_y - 0.050 * a[17] - 0.010 * a[15] + 0.02 * a[12]
    gap, bow = opening(a), 1 - _T * _T
    rise = 0.055 * a[10] * bow**0.4 if gap else 0.0
    line = corner + (middle - corner) * bow
    above, below = line - 0.15 * gap * bow**0.6 - rise, line + 0.85 * gap * bow**0.6
    upper = who.upper_lip * (
        1 + 0.5 * a[18] - 0.35 * a[20] - 0.55 * a[23] - 0.82 * a[24] - 0.15 * a[12] + 0.3 * a[10]
    )
    lower = who.lower_lip * (
        1 + 0.5 * a[18] - 0.35 * a[20] - 0.55 * a[23] - 0.82 * a[24] - 0.1 * a[12] + 0.3 * a[17]
    )
    if a[28] > 0.08:
        upper, lower = upper * 0.12, lower * 0.12
    cupid = 1 - 0.22 * np.exp(-((_T / 0.14) ** 2))
    top = (
        above - upper * (1 - np.abs(_T) ** 1.7) * cupid - (0.045 * a[10] * bow if not gap else 0.0)
    )
    bottom = below + lower * bow**0.7
    x = half * _T
    _furrows(pen, who, a, half, corner)
    outline = joined(np.stack([x, top], 1), np.stack([x, bottom], 1)[::-1])
    pen.fill(outline, shade(who.lip, 0.96 - 0.14 * a[23]))
    pen.fill(
        joined(np.stack([x, (above + top) / 2], 1), np.stack([x, above], 1)[::-1]),
        shade(who.lip, 0.86),
    )
    pen.fill(
        joined(
            np.stack([x * 0.6, below + lower * 0.25 * bow], 1),
            np.stack([x * 0.6, below + lower * 0.6 * bow], 1)[::-1],
        ),
        shade(who.lip, 1.2),
        0.6,
    )
    if gap:
        _inside(pen, a, x, above, below, gap)
    pen.line(
        np.stack([x, above], 1), shade(who.lip, 0.38), 0.018 + 0.016 * a[24] + 0.014 * a[28], 0.9
    )
    if gap:
        pen.line(np.stack([x, below], 1), shade(who.lip, 0.4), 0.012, 0.7)
    _lip_marks(pen, who, a, half, line, upper, lower)
    _sides(pen, who, a, half, corner)
    _chin(pen, who, a)


def _inside(
    pen: Pen, a: Units, x: np.ndarray, above: np.ndarray, below: np.ndarray, gap: float
) -> None:
    pen.fill(joined(np.stack([x, above], 1), np.stack([x, below], 1)[::-1]), (48, 18, 20))
    teeth = min(0.6 * gap, 0.055) if a[27] < 0.1 else 0.035
    edge = np.minimum(above + teeth, below)
    inner = slice(2, -2)
    pen.fill(
        joined(np.stack([x, above], 1)[inner], np.stack([x, edge], 1)[inner][::-1]), (238, 234, 224)
    )
    if gap > 0.12:
        y = float(below.max())
        pen.oval(0, y - 0.03, float(x.max()) * 0.55, min(0.05, gap / 3), (168, 78, 82))


def _lip_marks(
    pen: Pen, who: Identity, a: Units, half: float, line: np.ndarray, upper: float, lower: float
) -> None:
    y = float(line[8])
    if a[18] > 0.08:
        for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            dx, dy = np.cos(turn), np.sin(turn)
            ends = [(dx * half * 1.05, y + dy * 0.115), (dx * (half + 0.05), y + dy * 0.165)]
            pen.crease(ends, who.skin, 0.35 + 0.55 * a[18], 0.016)
    if a[23] > 0.08:
        for t in (-0.6, 0.0, 0.6):
            for sign, lip in ((-1, upper), (1, lower)):
                ends = [(t * half, y + sign * lip * 0.8), (t * half, y + sign * (lip + 0.065))]
                pen.crease(ends, who.skin, 0.4 + 0.55 * a[23], 0.022)
    if a[24] > 0.08:
        for sign in (-1, 1):
            pen.oval(
                0, y + sign * 0.055, half * 0.8, 0.022, shade(who.skin, 1.2), 0.3 + 0.5 * a[24]
            )
            bulge = curve(
                (-half * 0.9, y + sign * 0.05),
                (0, y + sign * 0.125),
                (half * 0.9, y + sign * 0.05),
            )
            pen.crease(bulge, who.skin, 0.25 + 0.6 * a[24], 0.018)
    if a[28] > 0.08:
        for sign in (-1, 1):
            pen.oval(
                0, y + sign * 0.03, half * 0.95, 0.035, shade(who.skin, 0.8), 0.3 + 0.5 * a[28]
            )
        for side in (-1, 1):
            for dy in (-0.05, 0.0, 0.05):
                ends = [(side * half * 0.98, y + dy * 0.5), (side * (half + 0.075), y + dy * 1.6)]
                pen.crease(ends, who.skin, 0.25 + 0.65 * a[28], 0.016)
    if a[32] > 0.08:
        wide, deep = half * 0.62, 0.035 + 0.045 * a[32]
        pen.fill(
            [
                (-wide, y - 0.012),
                (wide, y - 0.012),
                (wide * 0.9, y + deep),
                (-wide * 0.9, y + deep),
            ],
            (242, 238, 228),
        )
        for t in (-0.33, 0.0, 0.33):
            pen.line([(t * wide, y), (t * wide, y + deep)], (150, 140, 130), 0.010, 0.8)
        pen.line([(-wide * 0.9, y + deep), (wide * 0.9, y + deep)], shade(who.lip, 0.45), 0.016)


def _furrows(pen: Pen, who: Identity, a: Units, half: float, corner: float) -> None:
    base = 0.06 + 0.12 * who.crease * (0.4 + who.age)
    for side in (-1, 1):
        start = (side * (who.nose_w + 0.02), who.nose_y - 0.06)
        strength = base + (0.15 + 0.65 * a[12] if a[12] > 0.08 else 0.0) + 0.2 * a[9]
        end = (side * (half + 0.075), corner - 0.01 + 0.04 * a[12])
        middle = (side * (half + 0.06 + 0.07 * a[12] - 0.03), who.nose_y + 0.06)
        pen.crease(curve(start, middle, end), who.skin, strength, 0.018)
        if a[10] > 0.08:
            strength = 0.3 + 0.7 * a[10]
            bend = curve(
                (side * 0.13, who.nose_y - 0.03),
                (side * 0.30, who.nose_y - 0.03),
                (side * 0.29, who.nose_y + 0.17),
            )
            pen.crease(bend, who.skin, strength, 0.024)
            rim = who.mouth_y - 0.085 - 0.05 * a[10]
            pen.crease(
                [(side * 0.05, who.nose_y + 0.05), (side * 0.06, rim)],
                who.skin,
                0.7 * strength,
                0.016,
            )


def _sides(pen: Pen, who: Identity, a: Units, half: float, corner: float) -> None:
    for side in (-1, 1):
        pen.oval(side * half, corner, 0.016, 0.014, shade(who.lip, 0.4), 0.7)
        if a[14] > 0.08:
            strength, x = 0.35 + 0.65 * a[14], side * (half + 0.035)
            bend = curve(
                (x - side * 0.02, corner - 0.095),
                (x + side * 0.055, corner),
                (x - side * 0.02, corner + 0.08),
            )
            pen.crease(bend, who.skin, strength, 0.026)
            pen.oval(
                side * (half + 0.012),
                corner,
                0.024,
                0.022,
                shade(who.skin, 0.35),
                0.4 + 0.5 * a[14],
            )
        if a[15] > 0.08:
            bend = curve(
                (side * half, corner + 0.01),
                (side * (half + 0.05), corner + 0.04),
                (side * (half + 0.04), corner + 0.13),
            )
            pen.crease(bend, who.skin, 0.3 + 0.65 * a[15], 0.020)
        if a[20] > 0.08:
            for row in (-0.055, 0.0, 0.055):
                ends = [
                    (side * (half + 0.03), corner + row),
                    (side * (half + 0.03 + 0.09), corner + 1.5 * row),
                ]
                pen.crease(ends, who.skin, 0.25 + 0.6 * a[20], 0.016)


def _chin(pen: Pen, who: Identity, a: Units) -> None:
    drop = jaw_drop(a)
    y = who.mouth_y + 0.155 + drop * 0.9
    ends = (-0.11, y + 0.015), (0, y - 0.035 * a[17]), (0.11, y + 0.015)
    pen.crease(curve(*ends), who.skin, 0.25 + 0.6 * a[17], 0.022)
    if a[17] > 0.08:
        pen.oval(0, y + 0.12, 0.13, 0.085, shade(who.skin, 1.14), 0.4 + 0.3 * a[17])
        pen.crease(
            curve((-0.15, y + 0.16), (0, y - 0.06), (0.15, y + 0.16)),
            who.skin,
            0.25 + 0.6 * a[17],
            0.020,
        )
        for dx, dy in (
            (-0.06, 0.10),
            (0.0, 0.08),
            (0.06, 0.10),
            (-0.03, 0.15),
            (0.03, 0.15),
            (0.0, 0.12),
        ):
            pen.oval(dx, y + dy, 0.014, 0.012, shade(who.skin, 0.5), 0.3 + 0.6 * a[17])
