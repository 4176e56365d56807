"""Which facial units go with which emotion in people's eyes: the models of Snoek et al.

Observers in the West and in East Asia saw faces with random units and chose an emotion. A model
holds for each unit and emotion the share of the authors' runs (halves of observers and of faces)
in which showing the unit went with people's choosing the emotion, as their published code reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import tables

WEST, EAST, ALL = "WC", "EA", "all"
OBSERVERS = (WEST, EAST, ALL)
# The set's words for our emotions. `thinking` is nearest to concentration.
NAMES = {
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sadness": "sadness",
    "surprise": "surprise",
    "bored": "boredom",
    "confused": "confusion",
    "interested": "interest",
    "thinking": "concentration",
}
EMOTIONS = tuple(NAMES.values())


@dataclass(frozen=True)
class Models:
    """``shares`` of runs by observers, emotion and unit; the sides of a unit count as one."""

    shares: Mapping[tuple[str, str], Mapping[int, float]]

    @property
    def units(self) -> frozenset[int]:
        """Return the units that the faces could show."""
        return frozenset(unit for of in self.shares.values() for unit in of)


def read(path: Path | None = None) -> Models:
    """Read the models; of a unit's two sides the larger share counts. Raises NesyError N112."""
    given = path or tables.shipped("snoek/models.csv")
    shares: dict[tuple[str, str], dict[int, float]] = {}
    for line, row in tables.rows(given, ("observers", "emotion")):
        if row["emotion"] not in NAMES or row["observers"] not in OBSERVERS:
            raise tables.refused(given, line, "the row names no observers or no emotion")
        of = shares.setdefault((row["observers"], NAMES[row["emotion"]]), {})
        for name, text in row.items():
            if name.startswith("AU"):
                unit = int(name[2:4])
                of[unit] = max(of.get(unit, 0.0), tables.share(given, line, text))
    return Models(shares)
