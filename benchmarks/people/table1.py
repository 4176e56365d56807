"""Table 1 before people: which of its 34 pairs do people's judgements bear out.

People's judgements of single units are in the models of `snoek`. A pair is looked up there by the
units of its expression and by its emotion, or by the emotion it is a kind of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nesy import vocabulary
from nesy.benchmarks.measures.intervals import Bootstrap, Interval
from nesy.benchmarks.report.table import Cell, Table
from nesy.vocabulary import Pair, Vocabulary

from . import snoek, tables

# A unit goes with an emotion where it does so in at least half of the runs.
HALF = 0.5
BORNE, PARTLY, NOT, NO_DATA = "borne out", "in part", "not borne out", "no data"
# What a name of an emoji says of the face drawn, where it says a word of Table 1.
DRAWN = {
    "smil": "smile",
    "frown": "frown",
    "rolling eyes": "eye_roll",
    "raised eyebrow": "raised_eyebrows",
}
EMOJI_SCORES = ("anger", "disgust", "fear", "joy", "sadness", "surprise")


def formulas(words: Vocabulary, expression: str) -> list[frozenset[int]]:
    """Return the least sets of units that make an expression; none where FACS has none."""
    text = words.expressions[expression].one("formula") or ""
    sets = [frozenset(map(int, part.split("+"))) for part in text.split("|") if part.strip()]
    return [s for s in sets if not any(other < s for other in sets)]


def excluded(words: Vocabulary, expression: str) -> frozenset[int]:
    """Return the units that must not be there, beside those of the expression."""
    text = words.expressions[expression].one("excludes") or ""
    own = frozenset().union(*formulas(words, expression))
    named = frozenset(int(u) for part in text.split("|") if part.strip() for u in part.split("+"))
    return named - own


def share(models: snoek.Models, observers: str, emotion: str, units: list[frozenset[int]]) -> float:
    """Return the share of runs of an expression and emotion: its best formula's worst unit."""
    of = models.shares[observers, emotion]
    return max(min(of.get(unit, 0.0) for unit in formula) for formula in units)


def finding(pair: Pair, models: snoek.Models, words: Vocabulary) -> tuple[Cell, ...]:
    """Return what people's judgements say of a pair: as which emotion, three shares, a finding."""
    shown = [f for f in formulas(words, pair.expression) if f <= models.units]
    kinds = words.broader("emotion", pair.emotion)
    asked = next((e for e in kinds if e in snoek.EMOTIONS), None)
    if not formulas(words, pair.expression):
        return asked or "", None, None, None, f"{NO_DATA}: no FACS unit"
    if not shown:
        return asked or "", None, None, None, f"{NO_DATA}: unit not shown"
    if asked is None:
        return "", None, None, None, f"{NO_DATA}: emotion not asked"
    west, east, both = (share(models, o, asked, shown) for o in snoek.OBSERVERS)
    against = sorted(
        unit
        for unit in excluded(words, pair.expression)
        if models.shares[snoek.ALL, asked].get(unit, 0.0) >= HALF
    )
    said = _finding(west, east, both)
    if said != NOT and against:
        said = f"{NOT} alone: with unit {', '.join(map(str, against))}"
    return asked, west, east, both, said


def _finding(west: float, east: float, both: float) -> str:
    if min(west, east) >= HALF:
        return BORNE
    return PARTLY if max(west, east, both) >= HALF else NOT


def measure(path: Path | None = None) -> list[Table]:
    """Return the table of the 34 pairs, its summary by the literature's grade, and the emoji."""
    words, models = vocabulary.load(), snoek.read(path)
    pairs = [p for p in words.pairs if p.from_paper]
    found = {pair: finding(pair, models, words) for pair in pairs}
    rows: list[tuple[Cell, ...]] = [
        (p.expression, p.emotion, p.support, *f) for p, f in found.items()
    ]
    notes = (
        "West, East Asia, all: in what share of the authors' runs the expression's units went with "
        "people's choosing the emotion (asked as: the emotion itself, or what it is a kind of).",
        "borne out: in half of the runs or more with observers of both places; in part: with some. "
        "alone: an expression that excludes a unit is borne out only where it goes without.",
        "The literature's grades rest partly on the same models (see rules/README.md), so that "
        "they agree is not news; where they do not, it is.",
    )
    columns = (
        "expression",
        "emotion",
        "literature",
        "asked as",
        "West",
        "East Asia",
        "all",
        "people",
    )
    whole = Table(
        f"Table 1: {len(pairs)} pairs before people's judgements of units",
        columns,
        tuple(rows),
        notes,
    )
    return [whole, _summary(found), _emoji(words)]


def _summary(found: Mapping[Pair, tuple[Cell, ...]]) -> Table:
    """Count the findings by the literature's grade."""
    kinds = (BORNE, PARTLY, NOT, NO_DATA)
    counted = Counter(
        (pair.support, next(k for k in kinds if str(of[-1]).startswith(k)))
        for pair, of in found.items()
    )
    grades = ("strong", "moderate", "weak", "none", "contradicted")
    rows: list[tuple[Cell, ...]] = [
        (grade, *(counted[grade, kind] for kind in kinds)) for grade in grades
    ]
    title = "Table 1: the literature's grade against people"
    return Table(title, ("literature", *kinds), tuple(rows))


def _emoji(words: Vocabulary) -> Table:
    """Return what people associate with emoji that are named after an expression."""
    path = tables.shipped("emotag/scores.csv")
    names: list[str] = []
    scores: list[list[float]] = []
    for line, row in tables.rows(path, ("name", *EMOJI_SCORES)):
        if "face" in row["name"].split():
            names.append(row["name"])
            scores.append([tables.share(path, line, row[e]) for e in EMOJI_SCORES])
    given = np.array(scores)
    rows: list[tuple[Cell, ...]] = []
    for word, expression in DRAWN.items():
        drawn = np.array([word in name for name in names])
        pairs = [p for p in words.pairs if p.from_paper and p.expression == expression]
        asked = {e for p in pairs for e in (p.emotion, *words.broader("emotion", p.emotion))}
        for emotion in sorted(asked & set(EMOJI_SCORES)) if drawn.any() else ():
            of = given[:, EMOJI_SCORES.index(emotion)]
            draws = Bootstrap(names)
            rows.append((expression, emotion, int(drawn.sum()), *_apart(of, drawn, draws)))
        if not drawn.any():
            rows.append((expression, "", 0, None, None, None))
    columns = ("expression", "emotion", "emoji", "with it", "other faces", "difference")
    notes = (
        f"EmoTag: people's association of {len(names)} face emoji with emotions, 0 to 1; an emoji "
        "has an expression where its Unicode name says so. Drawings, few, and of one style.",
    )
    return Table("Table 1: emoji", columns, tuple(rows), notes)


def _apart(of: np.ndarray, drawn: np.ndarray, draws: Bootstrap) -> tuple[Cell, ...]:
    def gap(cases: np.ndarray) -> float:
        inside = drawn[cases]
        if inside.all() or not inside.any():
            return 0.0
        return float(of[cases][inside].mean() - of[cases][~inside].mean())

    apart: Interval = draws.of(gap)
    return float(of[drawn].mean()), float(of[~drawn].mean()), apart
