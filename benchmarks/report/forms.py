"""A table in the forms people publish in: HTML, LaTeX (booktabs), CSV with every digit."""

from __future__ import annotations

import csv
import io
import math
import re
from html import escape

from nesy.benchmarks.measures.intervals import Interval

from .table import Cell, Table, written

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: "\\" + sign for sign in "&%$#_{}"},
}
_SIGNS = re.compile("[" + re.escape("".join(_LATEX)) + "]")


def html(table: Table) -> str:
    """Return the table as HTML: headings with scope, numbers in columns that line up."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = "".join(f"<tr>{_html_row(row)}</tr>" for row in table.rows)
    notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
    below = f'<ul class="notes">{notes}</ul>' if notes else ""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(table.title)}">'
        f"<table><caption>{escape(table.title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{below}"
    )


def _html_row(row: tuple[Cell, ...]) -> str:
    first, *rest = row
    cells = "".join(
        f"<td{'' if isinstance(cell, str) else ' class=number'}>{escape(written(cell))}</td>"
        for cell in rest
    )
    return f'<th scope="row">{escape(written(first))}</th>{cells}'


def latex(table: Table) -> str:
    """Return the table as a LaTeX ``table`` for the package booktabs."""
    columns = "l" + "r" * (len(table.columns) - 1)
    rows = "\n".join(" & ".join(map(_tex, map(written, row))) + r" \\" for row in table.rows)
    head = " & ".join(map(_tex, table.columns)) + r" \\"
    notes = " ".join(map(_tex, table.notes))
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{'. '.join(filter(None, (_tex(table.title), notes)))}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            head,
            r"\midrule",
            rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _tex(text: str) -> str:
    return _SIGNS.sub(lambda found: _LATEX[found.group()], text)


def comma_separated(table: Table) -> str:
    """Return the table as CSV; an interval becomes three columns."""
    wide = [
        any(isinstance(row[at], Interval) for row in table.rows) for at in range(len(table.columns))
    ]
    heads: list[str] = []
    for name, is_wide in zip(table.columns, wide, strict=True):
        heads += [name, f"{name} low", f"{name} high"] if is_wide else [name]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    for row in table.rows:
        cells: list[object] = []
        for cell, is_wide in zip(row, wide, strict=True):
            cells += _spread(cell) if is_wide else [_digits(cell)]
        writer.writerow(cells)
    return out.getvalue()


def _spread(cell: Cell) -> list[object]:
    if isinstance(cell, Interval):
        return [_digits(cell.value), _digits(cell.low), _digits(cell.high)]
    return [_digits(cell), "", ""]


def _digits(cell: Cell) -> object:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else round(cell, 6)
    return "" if cell is None else cell
