"""The demo's cases, and the order in which its page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nesy
from nesy.reason.engine import Engine
from nesy.trace import Case, Trace, read_traces

FOLDER = Path(__file__).parent
CASES = FOLDER / "cases.jsonl"


def load() -> tuple[Case, ...]:
    """Return the shipped cases; a picture is named from the folder of the demo."""
    return tuple(trace.case for trace in read_traces(CASES))


def picture(case: Case) -> Path | None:
    """Return where the picture of a case lies."""
    return FOLDER / case.image if case.image else None


def read(
    cases: Iterable[Case], *, perceiver: str, engine: Engine, seed: int = 0
) -> Iterator[Trace]:
    """Yield the Trace of each case; it names no path of this machine."""
    asked = list(cases)
    found = [case.model_copy(update={"image": _path(case)}) for case in asked]
    traces = nesy.run(found, perceiver=perceiver, engine=engine, seed=seed)
    for case, trace in zip(asked, traces, strict=True):
        yield trace.with_(case=case, error=_relative(trace.error))


def _path(case: Case) -> str | None:
    path = picture(case)
    return str(path) if path else None


def _relative(error: dict[str, Any] | None) -> dict[str, Any] | None:
    """Name pictures in a diagnostic as the case does."""
    here = f"{FOLDER}/"
    if error is None:
        return None
    faults = [
        {key: text.replace(here, "") if isinstance(text, str) else text for key, text in f.items()}
        for f in error["diagnostics"]
    ]
    return {**error, "diagnostics": faults}


def extra(case: Case, name: str) -> object:
    """Return a field of the demo's own: group, title, pair, drawn, posed, human."""
    return (case.model_extra or {}).get(name)


def text(case: Case, name: str) -> str:
    """Return such a field as text, empty where the case has none."""
    value = extra(case, name)
    return value if isinstance(value, str) else ""
