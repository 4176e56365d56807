"""Decide what each case is: a line, a face, and what is known of both.

Case ``i`` follows from the seed and ``i`` alone: a smaller set is the beginning of a larger one,
and a build that was stopped goes on as if it had not been.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

import numpy as np

from nesy.vocabulary import Vocabulary

from . import lines, photos
from .faces import Face, Repertoire, Strength, drawn, people
from .lines import LENGTHS, Line, Split

T = TypeVar("T")
Design = Literal["neutral", "single", "blend", "conflict"]
# Shares of drawn cases by what they are to show. A conflict is a face of one tone and a line of the
# opposite one; where nothing is said, line and face are drawn apart and may agree or not.
SHARES: dict[Design, float] = {"neutral": 0.1, "single": 0.45, "blend": 0.2, "conflict": 0.25}
OPPOSITE = {"positive": "negative", "negative": "positive"}
# Of every ten cases the last but one is for validation, the last for test.
ORDER: tuple[Split, ...] = (*("train",) * 8, "validation", "test")
PHOTOS = 0.02


@dataclass(frozen=True, slots=True)
class Pairing:
    """One case: its number, split, line and face, and the seed of its scene."""

    number: int
    split: Split
    line: Line
    face: Face
    scene: int

    @property
    def id(self) -> str:
        """Return the name of the case."""
        return f"c{self.number:05d}"


class Plan:
    """The cases of a seed; ``share`` of them show a photograph or another given picture."""

    def __init__(
        self, words: Vocabulary, seed: int, *, share: float = PHOTOS, faces: Path | None = None
    ) -> None:
        self.words = words
        self.repertoire = Repertoire(words)
        self.lines = lines.load(words)
        given = photos.folder(faces, words) if faces is not None else photos.shipped(words)
        self._seed, self._share = seed, share
        self._photos: dict[str, list[Face]] = defaultdict(list)
        for face in given:
            self._photos[face.split].append(face)
        self._pools: dict[tuple[str, ...], list[Line]] = defaultdict(list)
        for line in self.lines:
            for key in ((line.split,), (line.split, line.length)):
                self._pools[key].append(line)
                self._pools[(*key, line.tone)].append(line)
        known = self.repertoire
        self._choices = {1: known.singles, 2: tuple(known.blends)}

    def pairing(self, number: int) -> Pairing:
        """Return the case of this number."""
        rng = np.random.default_rng([self._seed, number])
        split = ORDER[number % len(ORDER)]
        length = tuple(LENGTHS)[int(rng.integers(len(LENGTHS)))]
        face, tone = self._face(split, rng)
        line = self._line(split, length, tone, rng)
        return Pairing(number, split, line, face, int(rng.integers(1 << 30)))

    def _face(self, split: Split, rng: np.random.Generator) -> tuple[Face, str]:
        """Return a face, and the tone its line must have (empty for any)."""
        if self._photos[split] and rng.random() < self._share:
            return _one(self._photos[split], rng), ""
        design = get_args(Design)[int(rng.choice(len(SHARES), p=list(SHARES.values())))]
        wanted: tuple[str, ...] = ()
        tone = ""
        if design == "conflict":
            face_tone = _one(tuple(OPPOSITE), rng)
            among = self._choices[1 if rng.random() < 0.7 else 2]
            wanted = _one(self.repertoire.of_tone(face_tone, among), rng)
            tone = OPPOSITE[face_tone]
        elif design != "neutral":
            wanted = _one(self._choices[1 if design == "single" else 2], rng)
        strength: Strength = "clear" if rng.random() < 0.75 else "faint"
        units = self.repertoire.units(wanted, strength, rng)
        return drawn(_one(people(split), rng), split, wanted, units, strength), tone

    def _line(self, split: Split, length: str, tone: str, rng: np.random.Generator) -> Line:
        asked = (split, length, tone) if tone else (split, length)
        return _one(self._pools[asked] or self._pools[split, tone], rng)


def _one(among: Sequence[T], rng: np.random.Generator) -> T:
    return among[int(rng.integers(len(among)))]
