"""What a command prints of a run: its figures as tables, or what each stage did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import typer

from nesy import strict_json

from ..report.table import Cell, Table, written
from .folder import Run


def tell(run: Run, results: dict[str, Any], as_json: bool) -> None:
    """Print the figures of a run."""
    if as_json:
        typer.echo(strict_json.dumps(results, indent=2))
        return
    for table in tables(run, results["figures"]):
        typer.echo(table.as_text().rstrip())
        typer.echo("")
    typer.echo(f"the run: {run.path}")


def tables(run: Run, figures: list[dict[str, Any]]) -> list[Table]:
    """Return a table a task, conditions in rows; a figure of few or none says so."""
    found = []
    for task in run.tasks:
        mine = [f for f in figures if f["task"] == task.name and "slice" not in f]
        conditions = list(dict.fromkeys(f["condition"] for f in mine))
        by = {(f["condition"], f["measure"]): f for f in mine}
        rows: list[tuple[Cell, ...]] = [
            (name, *(_cell(by.get((name, measure))) for measure in task.measures))
            for name in conditions
        ]
        lacking = _missing(f for f in mine if f["measure"] in task.measures)
        notes = (*lacking, *(f"note: {limit}" for limit in task.limits))
        columns = ("condition", *task.measures)
        found.append(Table(f"{task.name}: {task.title}", columns, tuple(rows), notes))
    return found


def _missing(figures: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield who was not scored, by reason: an `n` that is smaller says why."""
    by: dict[tuple[str, int], dict[str, None]] = {}
    for figure in figures:
        for reason, count in figure["not_scored"].items():
            by.setdefault((reason, count), {})[figure["condition"]] = None
    for (reason, count), conditions in sorted(by.items()):
        yield f"not scored: {count} by {', '.join(conditions)}: {reason}"


def _cell(figure: dict[str, Any] | None) -> str:
    """Write value, interval and n; without a value, that there is no result."""
    if figure is None:
        return ""
    if figure["value"] is None:
        return f"no result (n {figure['n']})"
    ends = (figure["low"], figure["high"])
    told = f" [{written(float(ends[0]))}, {written(float(ends[1]))}]" if None not in ends else ""
    return f"{written(float(figure['value']))}{told} (n {figure['n']})"


def tell_stages(run: Run, stages: dict[str, dict[str, Any]], as_json: bool) -> None:
    """Print what each stage found and did."""
    if as_json:
        typer.echo(strict_json.dumps(stages, indent=2))
        return
    columns = ("stage", "wanted", "kept", "cached", "made", "failed")
    rows: list[tuple[Cell, ...]] = [
        (name, *(stage.get(column) for column in columns[1:])) for name, stage in stages.items()
    ]
    typer.echo(Table(str(run.path), columns, tuple(rows)).as_text().rstrip())
