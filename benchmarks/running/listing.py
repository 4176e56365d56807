"""``nesy bench list``: tasks, conditions and measures, one a line."""

from __future__ import annotations

from typing import Any

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError, nearest

from ..report.table import Table

KINDS = ("tasks", "conditions", "measures")


def listed(kind: str, *, as_json: bool) -> str:
    """Return what there is of a kind; raises NesyError N726 for another kind."""
    if kind not in KINDS:
        what = f"there is no list of {kind!r}"
        raise NesyError(Diagnostic("N726", what, "it is no kind of thing", nearest(kind, KINDS)))
    rows = {"tasks": _tasks, "conditions": _conditions, "measures": _measures}[kind]()
    if as_json:
        return strict_json.dumps(rows, indent=2)
    columns = tuple(rows[0])
    lines = Table(kind, columns, tuple(tuple(map(_told, row.values())) for row in rows)).as_text()
    return lines.rstrip()


def _told(value: Any) -> str:
    return "" if value is None else str(value)


def _tasks() -> list[dict[str, Any]]:
    from .. import tasks

    found = [tasks.read(name) for name in tasks.names()]
    return [
        {
            "name": task.name,
            "version": task.version,
            "title": task.title,
            "data": f"--data ({task.needs.licence.partition(chr(59))[0]})"
            if task.needs
            else "shipped",
        }
        for task in found
    ]


def _conditions() -> list[dict[str, Any]]:
    from ..conditions import CONDITIONS

    return [
        {"name": each.name, "title": each.title, "base": each.base, "change": each.change}
        for each in CONDITIONS.values()
    ]


def _measures() -> list[dict[str, Any]]:
    from ..measures import MEASURES

    return [
        {
            "name": name,
            "title": each.title,
            "better": each.better,
            "signature": each.signature,
        }
        for name, each in MEASURES.items()
    ]
