"""What faces show: units for expressions of Table 1, alone and in blends, on drawn people.

The units of an expression are its formulas in the ontology that the renderer can draw and its own
rules read back. Emotions are Table 1's for the expressions wanted: a template, and nobody's vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from nesy.adapters.embedded.faces import UNITS, expressions_of
from nesy.adapters.embedded.faces.identity import Identity, person
from nesy.vocabulary import Vocabulary

from .lines import Split, dealt

Formula = frozenset[int]
Strength = Literal["faint", "clear"]
# Drawn people of this set, five pictures each in 10,000 cases: none of those that the embedded
# model was trained or tuned on (below 300,000), nor of the demo or the task `rendered`.
PEOPLE = range(410_000, 412_000)
INTENSITY: dict[Strength, tuple[float, float]] = {"faint": (0.35, 0.55), "clear": (0.65, 1.0)}
SIGNS = {"1": "positive", "-1": "negative"}
# Parts of the face; two expressions in one part would hide each other.
PARTS = (range(1, 5), range(5, 8), range(9, 10), range(10, 33), range(43, 65))


@dataclass(frozen=True, slots=True)
class Face:
    """A face to be shown: its person, and the expressions meant, none where it is neutral.

    ``units`` are intensities 0-1 of a drawn face, None of a photograph, which lies at ``photo``.
    ``facts`` are what is known of the person, ``source`` says whose picture it is.
    """

    group: str
    split: Split
    wanted: tuple[str, ...]
    source: str
    units: dict[int, float] | None = None
    photo: Path | None = None
    drawn: bool = True
    pose: str = ""
    strength: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> int:
        """Return the number of a drawn person."""
        return int(self.group.rpartition("_")[2])

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the expressions in the picture: those its units make, or those posed."""
        return tuple(sorted(expressions_of(self.units))) if self.units is not None else self.wanted

    @property
    def kind(self) -> str:
        """Return neutral, single or blend."""
        return ("neutral", "single", "blend")[min(2, len(self.wanted))]


class Repertoire:
    """The formulas of each expression, and which blends can be drawn."""

    def __init__(self, words: Vocabulary) -> None:
        self.words = words
        self.formulas = {name: _formulas(words, name) for name in words.expressions}
        self.expressions = tuple(name for name, found in self.formulas.items() if found)
        self.blends = {
            (a, b): together
            for a, b in combinations(self.expressions, 2)
            if (together := tuple(self._together(a, b)))
        }
        self.singles = tuple((name,) for name in self.expressions)
        every: tuple[tuple[str, ...], ...] = (*self.singles, *self.blends)
        self._tones = {wanted: self._tone(wanted) for wanted in every}

    def _together(self, a: str, b: str) -> Sequence[Formula]:
        found = (x | y for x in self.formulas[a] for y in self.formulas[b] if _apart(x, y))
        return [both for both in found if {a, b} <= expressions_of(dict.fromkeys(both, 1.0))]

    def emotions(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return what Table 1 pairs with expressions, sorted; ``neutral`` for none."""
        known = {p.emotion for p in self.words.pairs if p.from_paper and p.expression in wanted}
        return tuple(sorted(known)) or ("neutral",)

    def tone(self, wanted: Sequence[str]) -> str:
        """Return the valence that most of what Table 1 pairs with expressions has.

        Mixed where some is positive and some negative; neutral where no valence has more than half.
        """
        return self._tones.get(tuple(wanted)) or self._tone(wanted)

    def _tone(self, wanted: Sequence[str]) -> str:
        signs = [self.words.emotions[e].one("valence") for e in self.emotions(wanted)]
        if {"1", "-1"} <= set(signs):
            return "mixed"
        most = [name for sign, name in SIGNS.items() if signs.count(sign) * 2 > len(signs)]
        return most[0] if most else "neutral"

    def of_tone(self, tone: str, among: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Return the expressions, alone or two, that have this tone."""
        return [wanted for wanted in among if self.tone(wanted) == tone]

    def units(
        self, wanted: tuple[str, ...], strength: Strength, rng: np.random.Generator
    ) -> dict[int, float]:
        """Draw units that make these expressions, at random intensities."""
        if not wanted:
            return {}
        known = self.formulas[wanted[0]] if len(wanted) == 1 else self.blends[_pair(wanted)]
        chosen = known[int(rng.integers(len(known)))]
        low, high = INTENSITY[strength]
        return {unit: round(float(rng.uniform(low, high)), 3) for unit in sorted(chosen)}


def meant(shown: Sequence[str], words: Vocabulary) -> tuple[str, ...]:
    """Return expressions without those that another of them makes superfluous."""
    covered = {x for name in shown for x in words.expressions[name].all("subsumes")}
    return tuple(name for name in shown if name not in covered)


def people(split: Split) -> tuple[int, ...]:
    """Return the drawn people of a split."""
    return _PEOPLE[split]


def drawn(
    identity: int,
    split: Split,
    wanted: tuple[str, ...],
    units: dict[int, float],
    strength: Strength,
) -> Face:
    """Return a drawn face."""
    told = strength if wanted else ""
    source = f"drawn by nesy, person {identity}"
    name = f"drawn_{identity}"
    return Face(name, split, wanted, source, units, strength=told, facts=facts(person(identity)))


def facts(who: Identity) -> dict[str, str]:
    """Return what a drawn person looks like, for figures told by it."""
    light = sum(who.skin) / 3
    return {
        "skin": "light" if light > 180 else "medium" if light > 115 else "dark",
        "wrinkles": "many" if who.age > 0.5 else "few",
        "glasses": "yes" if who.glasses else "no",
        "beard": "yes" if who.beard else "no",
        "hair": who.style,
    }


def _formulas(words: Vocabulary, name: str) -> tuple[Formula, ...]:
    term = words.expressions[name]
    texts = [t for p in ("formula", "stillFormula", "candidateFormula") for t in term.all(p)]
    sums = [part for text in texts for part in text.split("|")]
    found = [frozenset(int(unit) for unit in each.split("+")) for each in sums]
    drawable = [f for f in found if set(UNITS) >= f]
    return tuple(f for f in drawable if name in expressions_of(dict.fromkeys(f, 1.0)))


def _apart(a: Formula, b: Formula) -> bool:
    return not {_part(unit) for unit in a} & {_part(unit) for unit in b}


def _part(unit: int) -> int:
    return next(at for at, part in enumerate(PARTS) if unit in part)


def _pair(wanted: tuple[str, ...]) -> tuple[str, str]:
    first, second = sorted(wanted)
    return first, second


def _by_split() -> dict[Split, tuple[int, ...]]:
    splits = dealt(f"drawn_{number}" for number in PEOPLE)
    by: dict[Split, list[int]] = {"train": [], "validation": [], "test": []}
    for number in PEOPLE:
        by[splits[f"drawn_{number}"]].append(number)
    return {split: tuple(numbers) for split, numbers in by.items()}


_PEOPLE = _by_split()
