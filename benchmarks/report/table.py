"""A table that prints itself as text, Markdown or JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from nesy import strict_json
from nesy.benchmarks.measures.intervals import Interval

Cell: TypeAlias = str | int | float | Interval | None
FORMATS = ("text", "markdown", "json")


@dataclass(frozen=True)
class Table:
    """Rows under headings; ``notes`` say how the figures are to be read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the table with every row as an object."""
        rows = [
            {name: _plain(cell) for name, cell in zip(self.columns, row, strict=True)}
            for row in self.rows
        ]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}

    def as_text(self) -> str:
        """Return the table with columns that line up."""
        shown = [self.columns, *(tuple(map(written, row)) for row in self.rows)]
        widths = [max(len(row[i]) for row in shown) for i in range(len(self.columns))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in shown]
        return "\n".join([self.title, "", *(line.rstrip() for line in lines), "", *self.notes])

    def as_markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.columns, ("---",) * len(self.columns)]
        lines += [tuple(written(cell).replace("|", "\\|") for cell in row) for row in self.rows]
        rows = ["| " + " | ".join(line) + " |" for line in lines]
        return "\n".join([f"**{self.title}**", "", *rows, "", *(f"{n}  " for n in self.notes)])


def written(cell: Cell) -> str:
    """Write a cell; a number with three decimals, an interval in brackets behind it."""
    if cell is None:
        return ""
    if isinstance(cell, Interval):
        return f"{_number(cell.value)} [{_number(cell.low)}, {_number(cell.high)}]"
    return _number(cell) if isinstance(cell, float) else str(cell)


def printed(tables: Sequence[Table], form: str) -> str:
    """Return tables in one of FORMATS."""
    if form == "json":
        return strict_json.dumps([table.as_json() for table in tables], indent=2)
    texts = [t.as_markdown() if form == "markdown" else t.as_text() for t in tables]
    return "\n\n".join(text.rstrip() for text in texts)


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Interval):
        return None if math.isnan(cell.value) else cell.as_json()
    if isinstance(cell, float):
        return None if math.isnan(cell) else round(cell, 6)
    return cell
