"""The upper face: brows, forehead, eyes, nose."""

import numpy as np

from .identity import Identity
from .pen import Pen, curve, joined, shade

Units = dict[int, float]


def brows(pen: Pen, who: Identity, a: Units) -> None:
    """Draw forehead wrinkles, the furrow between the brows, and the brows."""
    _forehead(pen, who, a)
    t = np.linspace(0, 1, 10)
    for side in (-1, 1):
        lean = 1 + side * who.asymmetry
        inner = 0.125 - 0.055 * a[4] * lean
        outer = 0.475
        x = side * (inner + t * (outer - inner))
        y = who.brow_y - who.brow_arch * np.sin(np.pi * t * 0.8) + 0.03 * t
        y = y - 0.150 * a[1] * lean * (1 - t) ** 1.3 - 0.140 * a[2] * lean * t**1.1
        y = y + a[4] * lean * (0.10 * (1 - t) * (1 - 0.65 * a[1]) + 0.05 * t * (1 - 0.5 * a[2]))
        y = y + 0.035 * a[9] * (1 - t)
        thick = who.brow_thick * (1 - 0.62 * t)
        pen.fill(
            joined(np.stack([x, y - thick / 2], 1), np.stack([x, y + thick / 2], 1)[::-1]),
            who.hair,
            0.92,
        )
    frown = a[4]
    if frown > 0.08:
        for side in (-1, 1):
            beside = side * 0.045
            pen.crease(
                curve((beside, -0.30), (beside * 0.6, -0.2), (beside * 1.1, -0.08)),
                who.skin,
                0.25 + 0.8 * frown,
                0.022,
            )
        if a[1] > 0.3:
            pen.crease(
                curve((-0.13, -0.36), (0, -0.42), (0.13, -0.36)), who.skin, 0.3 + 0.5 * frown
            )


def _forehead(pen: Pen, who: Identity, a: Units) -> None:
    for row, y in enumerate((-0.39, -0.46, -0.53)):
        base = 0.15 * who.age
        inner, outer = a[1], a[2]
        if inner > 0.08 or outer > 0.08 or base > 0.1:
            strength = base + (0.25 + (0.65 - 0.15 * row) * inner if inner > 0.08 else 0.0)
            pen.crease(
                curve((-0.17, y + 0.015), (0, y - 0.03 * inner), (0.17, y + 0.015)),
                who.skin,
                strength,
                0.017,
            )
            strength = base + (0.25 + (0.65 - 0.15 * row) * outer if outer > 0.08 else 0.0)
            for side in (-1, 1):
                ends = (side * 0.2, y + 0.01), (side * 0.36, y - 0.05), (side * 0.50, y + 0.05)
                pen.crease(curve(*ends), who.skin, strength, 0.017)


def eyes(pen: Pen, who: Identity, a: Units) -> None:
    """Draw both eyes with lids, gaze, crow's feet, and lid lines."""
    for side in (-1, 1):
        _eye(pen, who, a, side)
        _around(pen, who, a, side)


def _eye(pen: Pen, who: Identity, a: Units, side: int) -> None:
    lean = 1 + side * who.asymmetry
    shut = 1.0 if a[43] > 0.08 else 0.0
    aside, above, below = (_turned(a[u]) for u in (61, 63, 64))
    aside -= _turned(a[62])
    up = (
        who.eye_h
        * (1 + 0.85 * a[5] * lean - 0.55 * a[7] - 0.08 * a[6] - 0.65 * below + 0.15 * above)
        * (1 - shut)
    )
    low = who.eye_h * 0.72 * (1 + 0.1 * a[5] - 0.75 * a[7] - 0.25 * a[6] + 0.2 * below)
    low = low if shut < 0.9 else who.eye_h * 0.45
    w, ex = who.eye_w, side * who.eye_x
    t = np.linspace(-1, 1, 13)
    tilt = -side * who.eye_tilt * t
    bow = 1 - t * t
    top = np.stack([ex + w * t, tilt - up * bow**0.75], 1)
    bottom = np.stack([ex + w * t, tilt + low * bow], 1)
    if shut < 0.9:
        pen.fill(joined(top, bottom[::-1]), (236, 232, 226))
        gx = ex + 0.105 * aside
        gy = -0.012 - 0.070 * above + 0.060 * below
        for radius, colour in ((who.iris, who.eye), (who.iris * 0.5, (14, 12, 12))):
            turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            x = np.clip(gx + radius * np.cos(turn), ex - w, ex + w)
            b = 1 - ((x - ex) / w) ** 2
            y = np.clip(gy + radius * np.sin(turn), -up * np.maximum(b, 0) ** 0.75, low * b)
            pen.fill(np.stack([x, y], 1), colour)
        if gy - 0.02 > -up:
            pen.oval(gx + 0.018, gy - 0.016, 0.011, 0.011, (250, 250, 250), 0.9)
        if below:
            roof = np.stack([ex + w * t, tilt - who.eye_h * bow**0.75], 1)
            pen.fill(joined(roof, top[::-1]), shade(who.skin, 0.62), 0.9)
        pen.line(top, shade(who.hair, 0.6), 0.026)
        pen.line(bottom, shade(who.skin, 0.55), 0.010, 0.7)
    else:
        pen.line(bottom, shade(who.hair, 0.6), 0.026 + 0.026 * a[43])
        for t0 in (-0.6, -0.2, 0.2, 0.6):
            root_x, root_y = ex + w * t0, low * (1 - t0 * t0)
            lash = [(root_x, root_y), (root_x + 0.02 * t0, root_y + 0.035)]
            pen.line(lash, shade(who.hair, 0.6), 0.012)
    fold = top if shut < 0.9 else np.stack([ex + w * t, -who.eye_h * 0.5 * bow], 1)
    lift = 0.040 - 0.028 * a[5] - 0.012 * a[4]
    pen.crease(fold - np.array([0, lift]), who.skin, 0.45, 0.010)


def _turned(gaze: float) -> float:
    """Return how far the eyes turn: a trace already shows."""
    return 0.4 + 0.6 * gaze if gaze > 0.08 else 0.0


def _around(pen: Pen, who: Identity, a: Units, side: int) -> None:
    ex, w = side * who.eye_x, who.eye_w
    bag = 0.10 + 0.12 * who.age
    if a[7] > 0.08:
        ends = (ex - w, 0.070), (ex, 0.085), (ex + w, 0.070)
        pen.crease(curve(*ends), who.skin, 0.3 + 0.6 * a[7], 0.024)
    pen.crease(curve((ex - w * 0.9, 0.10), (ex, 0.16), (ex + w * 0.9, 0.10)), who.skin, bag, 0.010)
    if a[6] > 0.08:
        feet = 0.35 + 0.55 * a[6]
        for rise in (-0.06, 0.0, 0.06):
            start = (ex + side * (w + 0.025), 0.01 + 0.4 * rise)
            end = (ex + side * (w + 0.035 + 0.08 * (0.6 + a[6])), 0.01 + 1.6 * rise)
            pen.crease([start, end], who.skin, feet, 0.016)
    if a[6] > 0.08:
        pen.oval(ex + side * 0.03, 0.22, 0.13, 0.065, shade(who.skin, 1.22), 0.3 + 0.4 * a[6])
        ends = (
            (ex - side * 0.13, 0.17),
            (ex + side * 0.02, 0.195 - 0.03 * a[6]),
            (ex + side * 0.18, 0.12),
        )
        pen.crease(curve(*ends), who.skin, 0.35 + 0.6 * a[6], 0.022)


def nose(pen: Pen, who: Identity, a: Units) -> None:
    """Draw the nose, its wings and, for unit 9, the wrinkles across its root."""
    lift = 0.035 * a[9] + 0.012 * a[10]
    ny, nw = who.nose_y - lift, who.nose_w * (1 + 0.18 * a[9])
    pen.crease(curve((0.055, -0.06), (0.06, 0.12), (0.095, ny - 0.08)), who.skin, 0.22, 0.016)
    pen.crease(curve((-0.055, -0.06), (-0.06, 0.12), (-0.095, ny - 0.08)), who.skin, 0.12, 0.016)
    pen.oval(0, ny - 0.05, 0.06, 0.05, shade(who.skin, 1.13), 0.5)
    for side in (-1, 1):
        ends = (side * nw * 0.9, ny - 0.09), (side * nw * 1.35, ny), (side * nw * 0.7, ny + 0.02)
        pen.crease(curve(*ends), who.skin, 0.6 + 0.35 * a[9], 0.017)
        pen.oval(side * nw * 0.45, ny + 0.012, 0.036, 0.019, shade(who.skin, 0.3), 0.85)
        if a[9] > 0.08:
            strength = 0.3 + 0.7 * a[9]
            for row in range(3):
                y = 0.01 + 0.075 * row
                pen.crease(
                    [(side * 0.012, y - 0.005), (side * 0.105, y + 0.05)], who.skin, strength, 0.019
                )
            pen.crease(
                curve((side * 0.1, ny - 0.16), (side * 0.2, ny - 0.13), (side * 0.22, ny)),
                who.skin,
                strength,
            )
    pen.crease(
        curve((-nw * 0.4, ny + 0.035), (0, ny + 0.055), (nw * 0.4, ny + 0.035)),
        who.skin,
        0.45,
        0.015,
    )
    if a[9] > 0.08:
        pen.crease([(-0.09, -0.055), (0.09, -0.055)], who.skin, 0.25 + 0.7 * a[9], 0.020)
