"""Readings without rules: what a reader makes of words, what a model claims of a face."""

from __future__ import annotations

from nesy.interpret import NULL_HYPOTHESIS
from nesy.trace import LineReading, Observation

FULL = 1000


def of_words(line: LineReading | None) -> dict[str, float]:
    """Return the emotions that words carry, by the reader's confidence; the rest is neutral.

    Confidences above 1000 together are raised to a whole.
    """
    heard = {e.emotion: float(e.confidence) for e in line.emotions} if line else {}
    rest = max(0.0, FULL - sum(heard.values()))
    if rest > 0:
        heard[NULL_HYPOTHESIS] = heard.get(NULL_HYPOTHESIS, 0.0) + rest
    return _shares(heard)


def of_claims(seen: Observation) -> dict[str, float]:
    """Return what a model claims of the speaker's face; empty where it claims nothing.

    A model lists its likeliest emotions only; they are raised to a whole.
    """
    faces = [face for face in seen.faces if face.speaker] or list(seen.faces)
    if not faces:
        return {}
    first = min(faces, key=lambda face: face.id)
    return _shares({c.emotion: float(c.confidence) for c in first.claims})


def _shares(counts: dict[str, float]) -> dict[str, float]:
    whole = sum(counts.values())
    return {e: n / whole for e, n in counts.items()} if whole > 0 else {}
