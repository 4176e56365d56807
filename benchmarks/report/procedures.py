"""The paper's procedures as a checklist: which command does each, and what this run says of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from .found import Found
from .section import Section
from .table import Table


def listed() -> list[dict[str, Any]]:
    """Return the procedures P1-P20, from procedures.toml."""
    path = Path(__file__).with_name("procedures.toml")
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["procedure"]
    return found


def section(found: Found) -> Section:
    """Return the checklist, with whether this run holds a figure of each."""
    rows = tuple(
        (each["name"], each["asks"], each["command"], _here(found, each)) for each in listed()
    )
    heads = ("", "the paper", "command", "in this run")
    table = Table("The paper's procedures", heads, rows)
    return Section("procedures", "Procedures of the paper", "", (table,))


def _here(found: Found, procedure: dict[str, Any]) -> str:
    wanted = procedure.get("tasks")
    if wanted is not None:
        held = [task.name for task in found.tasks if task.name in wanted]
        return ", ".join(held) or "no such task"
    if (measures := procedure.get("measures")) is not None:
        scored = sorted(
            {
                figure["task"]
                for figure in found.results["figures"]
                if figure["measure"] in measures and figure["value"] is not None
            }
        )
        return ", ".join(scored) or "nothing scored"
    return "told elsewhere"
