"""Table 4 and Figure 6 of the paper in our numbers; no rating without its judge's agreement."""

from __future__ import annotations

from typing import Any

from nesy import strict_json
from nesy.benchmarks.measures.intervals import Interval

from . import plots
from .found import NO_RESULT, Found, cell, condition_title, counted
from .paper import printed_table, published
from .section import Plot, Section
from .table import Cell, Table

# What is kept of a judge's agreement with experts, and of the experts' with each other.
AGREEMENT = {
    "n": "dialogues",
    "failed": "failed",
    "kappa": "quadratic kappa",
    "alpha": "alpha",
    "experts_kappa": "experts' own kappa",
    "experts_alpha": "experts' own alpha",
}


def ratings(found: Found) -> Section:
    """Return Table 4 and Figure 6: ratings of 1-5, with how far the judge agrees with experts."""
    printed = published()["table4"]
    criteria: list[str] = printed["measures"]
    tables, drawn = [printed_table("table4")], []
    for task in found.tasks:
        rows, systems = [], {}
        for condition in found.conditions:
            figures = [found.figure(task.name, condition, m) for m in criteria]
            if any(f is not None and f["value"] is not None for f in figures):
                name = condition_title(condition)
                rows.append((name, *map(cell, figures), counted(figures)))
                systems[name] = [_point(f) for f in figures]
        if rows:
            heads = ("", *printed["columns"], "n")
            tables.append(Table(f"Table 4 in our numbers: {task.title}", heads, tuple(rows)))
            title = f"Figure 6 in our numbers: {task.title}"
            svg = plots.bars(title, printed["columns"], systems, "rating, 1 to 5")
            drawn.append(Plot(title, svg))
    intro = (
        "The scale is the paper's Table 2; it words three of the seven questions, we the others."
    )
    if not drawn:
        intro += " No judge rated the replies of this run (nesy bench judge RUN --with JUDGE)."
    tables += _judges(found)
    return Section("ratings", "Ratings from 1 to 5", intro, tuple(tables), tuple(drawn))


def _point(figure: dict[str, Any] | None) -> tuple[float, float, float] | None:
    told = cell(figure)
    if isinstance(told, Interval):
        return told.value, told.low, told.high
    return (told, told, told) if isinstance(told, float) else None


def _judges(found: Found) -> list[Table]:
    """Return how far each judge agrees with experts: no rating is shown without it."""
    path = found.run.path / "judges.json"
    if not path.is_file():
        return []
    told = strict_json.loads(strict_json.read_text(path), file=str(path))
    rows: list[tuple[Cell, ...]] = []
    for judge, of in told.items():
        for criterion, values in of.get("criteria", {}).items():
            rows.append((judge, criterion, *(_number(values.get(name)) for name in AGREEMENT)))
    heads = ("judge", "criterion", *AGREEMENT.values())
    title = "How far the judge agrees with experts"
    return [Table(title, heads, tuple(rows))] if rows else []


def _number(value: Any) -> Cell:
    if isinstance(value, dict):
        return cell(value)
    return value if isinstance(value, int | float) else NO_RESULT
