"""One measured quantity a row: a median with its range, and the goal it is held against."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured: ``median`` of ``count`` values within ``low`` and ``high``, or why not.

    ``goal`` is text such as ``at least 15``; ``met`` is None where there is none.
    """

    section: str
    what: str
    unit: str
    median: float | None
    low: float | None = None
    high: float | None = None
    count: int = 0
    goal: str = ""
    met: bool | None = None
    note: str = ""

    def __str__(self) -> str:
        if self.median is None:
            return f"  {self.what:<46} {self.note}"
        value = f"{_short(self.median)} {self.unit}".rstrip()
        spread = f"[{_short(self.low)}..{_short(self.high)}]" if self.count > 1 else ""
        judged = {True: "met", False: "NOT met", None: ""}[self.met]
        goal = f"  {self.goal}: {judged}" if self.goal else ""
        note = f"  ({self.note})" if self.note else ""
        return f"  {self.what:<46} {value:>16} {spread:<20}{goal}{note}".rstrip()


def row(
    section: str,
    what: str,
    unit: str,
    values: Iterable[float],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    note: str = "",
) -> Row:
    """Return the row of some values, their median held against a goal where one is named."""
    seen = list(values)
    if not seen:
        return missing(section, what, "nothing was measured")
    middle, goal, met = statistics.median(seen), "", None
    if at_least is not None:
        goal, met = f"goal ≥ {at_least:g}", middle >= at_least
    elif at_most is not None:
        goal, met = f"goal ≤ {at_most:g}", middle <= at_most
    return Row(section, what, unit, middle, min(seen), max(seen), len(seen), goal, met, note)


def missing(section: str, what: str, why: str) -> Row:
    """Return the row of what could not be measured here."""
    return Row(section, what, "", None, note=why)


def table(rows: Sequence[Row]) -> str:
    """Return rows as text, a heading before each section."""
    lines: list[str] = []
    section = ""
    for each in rows:
        if each.section != section:
            section = each.section
            lines.append(section)
        lines.append(str(each))
    return "\n".join(lines)


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
