"""Made-up items for the rules of kb.lp, as lines of facts; no package but the standard library."""

from __future__ import annotations

from random import Random

EXPRESSIONS = ("smile", "furrowed_brows", "downcast", "eye_roll", "raised_brows")
CUES = ("loss", "joke", "laughter", "hedge")
ACTS = ("joke", "question", "diagnose", "reassure")
# What is explained of each item.
ASKED = ("blocked", "reading", "mismatch")


def facts(item: int) -> list[str]:
    """Return the facts of an item; the same number gives the same facts."""
    random = Random(item)
    found: list[str] = []
    for expression in random.sample(EXPRESSIONS, random.randint(1, 3)):
        found.append(f"expression({item},{expression},{random.randint(300, 990)})")
    for unit in random.sample((4, 6, 12), random.randint(1, 2)):
        found.append(f"unit({item},{unit},{random.randint(200, 900)})")
    valence = random.choice(("positive", "negative", "neutral"))
    found.append(f"words({item},{valence},{random.randint(500, 990)})")
    found += [f"cue({item},{cue})" for cue in random.sample(CUES, random.randint(0, 2))]
    found += [f"wants({item},{act})" for act in random.sample(ACTS, random.randint(1, 3))]
    found += [f"context({item},work)"] if random.random() < 0.3 else []
    return found
