"""Head, neck, hair, ears, beard, glasses: everything that no unit moves but the jaw."""

import numpy as np

from .identity import Identity
from .pen import Colour, Pen, curve, joined, shade


def outline(who: Identity, drop: float) -> np.ndarray:
    """Return the head's outline, with the chin sunk by drop."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    y = np.sign(s) * np.abs(s) ** (2 / who.power)
    x = who.width * np.sign(c) * np.abs(c) ** (2 / who.power)
    x = x * np.where(y > 0, 1 - who.taper * y * y, 1.0)
    return np.stack([x, y + drop * np.clip((y - 0.2) / 0.8, 0, 1)], 1)


def behind(pen: Pen, who: Identity, clothes: Colour, drop: float) -> None:
    """Draw what lies behind the face: long hair, neck, shoulders, ears."""
    if who.style == "long":
        pen.fill(
            joined(
                [(-0.86, 1.35)],
                curve((-0.9, 0.3), (-0.85, -1.2), (0, -1.14)),
                curve((0, -1.14), (0.85, -1.2), (0.9, 0.3)),
                [(0.86, 1.35)],
            ),
            shade(who.hair, 0.85),
        )
    if who.style == "bun":
        pen.oval(0.0, -1.12, 0.26, 0.2, who.hair)
    bottom = 1.25 + drop
    pen.fill([(-0.36, 0.5), (0.36, 0.5), (0.42, bottom), (-0.42, bottom)], shade(who.skin, 0.78))
    pen.fill(
        [
            (-0.42, bottom - 0.06),
            (0.42, bottom - 0.06),
            (1.25, bottom + 0.2),
            (1.35, 3.2),
            (-1.35, 3.2),
            (-1.25, bottom + 0.2),
        ],
        clothes,
    )
    if who.style not in ("long",):
        for side in (-1, 1):
            pen.oval(side * who.width * 1.03, 0.08, 0.075, 0.17, shade(who.skin, 0.88))


def skull(pen: Pen, who: Identity, drop: float) -> None:
    """Draw the head itself with freckles and beard."""
    pen.fill(outline(who, drop), who.skin)
    rng = np.random.default_rng(who.freckle_seed)
    for _ in range(who.freckles):
        x, y = rng.uniform(-0.45, 0.45), rng.uniform(0.02, 0.45)
        pen.oval(x, y, 0.010, 0.009, shade(who.skin, 0.72), 0.7)
    if who.beard:
        rim = outline(who, drop)
        low = rim[rim[:, 1] > 0.25]
        low = low[np.argsort(-low[:, 0])]
        inner = [(-0.33, 0.5), (-0.24, 0.44), (0.0, 0.46), (0.24, 0.44), (0.33, 0.5)]
        pen.fill(joined(low, inner), who.hair, who.beard)
    if who.moustache:
        y = who.mouth_y - 0.12
        pen.fill(
            joined(
                curve((-0.26, y + 0.09), (-0.1, y - 0.05), (0, y)),
                curve((0, y), (0.1, y - 0.05), (0.26, y + 0.09)),
                [(0, y + 0.06)],
            ),
            who.hair,
            who.moustache,
        )


def hair(pen: Pen, who: Identity) -> None:
    """Draw the hair in front of the skull."""
    if who.style == "bald":
        return
    rim = outline(who, 0.0) * np.array([1.05, 1.07])
    top = rim[rim[:, 1] < (-0.18 if who.style != "long" else 0.1)]
    top = top[np.argsort(top[:, 0])]
    line = who.hairline
    w = who.width * 1.0
    if who.style == "fringe":
        hem = [
            (w, -0.3),
            (0.45, -0.44),
            (0.2, -0.38),
            (0.0, -0.45),
            (-0.25, -0.37),
            (-0.45, -0.45),
            (-w, -0.3),
        ]
    elif who.style == "side":
        hem = [
            (w, -0.25),
            (0.5, line + 0.1),
            (0.3, line - 0.12),
            (-0.15, line),
            (-0.5, line + 0.22),
            (-w, -0.2),
        ]
    else:
        hem = [
            (w, -0.25),
            (0.5, line + 0.1),
            (0.25, line),
            (0.0, line - 0.03),
            (-0.25, line),
            (-0.5, line + 0.1),
            (-w, -0.25),
        ]
    pen.fill(joined(top, hem), who.hair)
    rng = np.random.default_rng(who.freckle_seed + 1)
    if who.style == "curly":
        for x, y in top[::1]:
            pen.oval(
                x + rng.uniform(-0.03, 0.03), y, 0.11, 0.1, shade(who.hair, rng.uniform(0.8, 1.2))
            )
    for _ in range(6):
        x = rng.uniform(-0.5, 0.5)
        y0 = -np.sqrt(max(0.05, 1 - (x / who.width) ** 2)) * 1.0
        pen.line(
            curve((x, y0), (x * 1.1, y0 * 0.85), (x * 1.25, min(line, y0 * 0.75))),
            shade(who.hair, rng.choice([0.7, 1.35])),
            0.015,
            0.6,
        )


def glasses(pen: Pen, who: Identity) -> None:
    """Draw the glasses, if any."""
    if not who.glasses:
        return
    colour = (40, 36, 40) if who.glasses != "thin" else (150, 140, 120)
    width = 0.03 if who.glasses == "square" else 0.018
    for side in (-1, 1):
        x = side * who.eye_x
        if who.glasses == "round":
            turn = np.linspace(0, 2 * np.pi, 25)
            ring = np.stack([x + 0.215 * np.cos(turn), 0.02 + 0.165 * np.sin(turn)], 1)
        else:
            ring = np.array(
                [
                    (x - 0.22, -0.11),
                    (x + 0.22, -0.11),
                    (x + 0.2, 0.16),
                    (x - 0.2, 0.16),
                    (x - 0.22, -0.11),
                ]
            )
        pen.line(ring, colour, width)
        pen.line([(side * (who.eye_x + 0.215), 0.0), (side * who.width, -0.02)], colour, width)
    pen.line([(-who.eye_x + 0.215, 0.0), (who.eye_x - 0.215, 0.0)], colour, width)
