"""``nesy check --engines``: whether clingo and Prolog derive the same from the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

CASES = 200


def check_engines(
    files: Sequence[Path] = (),
    *,
    packs: str | None = None,
    ontology: Sequence[Path] = (),
    cases: int = CASES,
    seed: int = 0,
    json_: bool = False,
) -> None:
    """Compare the engines over given Traces, or over generated cases where no file is one.

    Files that end in ``.lp`` are rules to add. Exit 1 where an atom differs, 3 without SWI-Prolog.
    """
    import sys

    from nesy import strict_json
    from nesy.cli import options
    from nesy.reason import agreement

    rules = [file for file in files if file.suffix == ".lp"]
    given = [file for file in files if file.suffix != ".lp"]
    engine = options.engine(packs, rules, None, list(ontology))
    if given:
        traces = [trace for file in given for trace in options.traces(file)]
        found = agreement.over_traces(engine, traces)
    else:
        found = agreement.over_generated(engine, cases, seed)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    faults = [difference.diagnostic for difference in found.differences]
    if json_:
        print(strict_json.dumps([fault.as_json() for fault in faults], indent=2))
    else:
        for fault in faults:
            print(fault)
        print(found)
    if faults:
        raise typer.Exit(1)
