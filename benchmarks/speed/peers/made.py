"""Made-up items for the rules of this folder; no package but the standard library."""

from __future__ import annotations

from random import Random

EXPRESSIONS = ("eye_roll", "eyebrow_furrow", "frown", "smile")
CUES = ("hedge", "laughter", "loss")
CONTEXTS = ("workplace", "support", "therapy")
PURPOSES = ("medical", "service")
# What every tool is asked of an item; FORBIDDEN beside the readings where a face may not be read.
FORBIDDEN = "forbidden"


class Item:
    """One item; the same number gives the same. Confidences are tens, so no tool has to round."""

    def __init__(self, number: int) -> None:
        random = Random(number)
        self.number = number
        self.expressions = {
            name: 10 * random.randint(20, 100)
            for name in random.sample(EXPRESSIONS, random.randint(1, 3))
        }
        self.cues = {
            cue: 10 * random.randint(20, 100) for cue in random.sample(CUES, random.randint(0, 2))
        }
        self.context = random.choice(CONTEXTS)
        self.purpose = random.choice(PURPOSES)

    def facts(self) -> list[str]:
        """Return the facts, in the syntax that ASP and Prolog share."""
        number = self.number
        return [
            *(f"expression({number},{name},{c})" for name, c in self.expressions.items()),
            *(f"cue({number},{cue},{c})" for cue, c in self.cues.items()),
            f"context({number},{self.context})",
            f"purpose({number},{self.purpose})",
        ]
