"""``nesy test``: the cases of rules, what they cover, and which changes nobody notices."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli import options
from nesy.cli.options import Ontology, Packs, Quiet, Rules, WeightsFile

if TYPE_CHECKING:
    from nesy.reason.engine import Engine
    from nesy.testing.mutants import Change
    from nesy.testing.survey import Progress, Survey

# Progress is told so often, in seconds: on a terminal, and in a log.
OFTEN, SELDOM = 0.5, 20.0


def test(
    given: Annotated[
        list[Path] | None,
        typer.Argument(help="Rule files, their cases, or folders; the shipped rules if none."),
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Which rules and conditions no case shows.")
    ] = False,
    mutate: Annotated[
        bool,
        typer.Option("--mutate", help="Drop each rule and each condition: does a case fail?"),
    ] = False,
    bounds: Annotated[
        bool, typer.Option("--bounds", help="Also move each bound of a comparison by one.")
    ] = False,
    packs: Packs = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run rule cases; exit 1 where a case fails or, if asked, where something goes unnoticed."""
    from nesy.testing import report
    from nesy.testing.suites import suites
    from nesy.testing.survey import mutate as try_changes
    from nesy.testing.survey import survey

    def loading(chosen: tuple[str, ...] | None, files: tuple[Path, ...]) -> Engine:
        named = packs if chosen is None else ",".join(chosen)
        return options.engine(named, [*files, *(rules or ())], weights, ontology)

    changes: list[Change] = ["rule"]
    changes += ["condition"] if coverage or mutate else []
    changes += ["bound"] if bounds else []
    mutate = mutate or (bounds and not coverage)
    found: list[Survey] = []
    stopped = False
    try:
        for suite in suites(given or (), loading):
            found.append(survey(suite, changes))
        if mutate:
            with _progress(found, quiet=quiet) as tell:
                for each in found:
                    try_changes(each, tell)
    except KeyboardInterrupt:
        stopped = True
    left = sum(bool(s.failed or s.refused) for s in found)
    for change in changes:
        left += sum(len(s.uncovered(change)) for s in found) if coverage else 0
        left += sum(len(s.survivors(change)) for s in found) if mutate else 0
    if json_:
        print(json.dumps(report.as_json(found, coverage=coverage, mutated=mutate), indent=1))
    else:
        _tell(found, changes, coverage=coverage, mutated=mutate)
    if stopped:
        raise KeyboardInterrupt
    if left:
        raise typer.Exit(1)


def _tell(found: list[Survey], changes: list[Change], *, coverage: bool, mutated: bool) -> None:
    from nesy.testing import report

    for each in found:
        for fault in report.failures(each):
            print(fault)
        for change in changes:
            for fault in report.uncovered(each.uncovered(change)) if coverage else ():
                print(fault)
            for fault in report.unnoticed(each.survivors(change)) if mutated else ():
                print(fault)
    for line in report.figures(found, coverage=coverage, mutated=mutated):
        print(line)


@contextmanager
def _progress(surveys: Sequence[Survey], *, quiet: bool) -> Iterator[Progress]:
    """Give what tells on stderr, now and then, how many changes to all the rules were tried."""
    terminal = sys.stderr.isatty()
    often = OFTEN if terminal else SELDOM
    every = sum(len(each.bench.mutants) for each in surveys)
    last = time.monotonic()
    told = False

    def tell(_tried: int, _total: int) -> None:
        nonlocal last, told
        if quiet or time.monotonic() - last < often:
            return
        last, told = time.monotonic(), True
        done = sum(len(each.tried) for each in surveys)
        text = f"{done} of {every} changes tried"
        print(f"\r{text}" if terminal else text, end="" if terminal else "\n", file=sys.stderr)
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if told and terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
