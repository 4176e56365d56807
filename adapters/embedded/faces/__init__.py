"""Draw faces from FACS units, and say what the drawing shows.

`render` draws a picture, `shoot` draws it and also tells where each unit shows,
`labels` holds the rules from units to expressions and to an emotion, and the answer format.
"""

from .labels import EMOTIONS, EXPRESSIONS, UNITS, answer, emotion_of, expressions_of, parse
from .render import Shot, render, shoot
from .scene import Scene

# Whoever keeps drawings names them by it: another number wherever a pixel of them changes.
DRAWING = 2

__all__ = [
    "DRAWING",
    "EMOTIONS",
    "EXPRESSIONS",
    "UNITS",
    "Scene",
    "Shot",
    "answer",
    "emotion_of",
    "expressions_of",
    "parse",
    "render",
    "shoot",
]
