"""``nesy audit verify``, and what ``--audit`` adds to the verbs that decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli import options
from nesy.cli.options import Json

if TYPE_CHECKING:
    from nesy.reason.engine import Engine
    from nesy.trace import Trace

Audit = Annotated[
    Path | None,
    typer.Option("--audit", help="Append one record a decision to this chained log."),
]
AuditLines = Annotated[
    bool, typer.Option("--audit-lines", help="Write the words and the reply into the log too.")
]
AuditAs = Annotated[
    str | None, typer.Option("--audit-as", help="Who answers for the decisions, for the log.")
]
# So many faults are told; a file that is no log at all has one on every line.
TOLD = 20

app = typer.Typer(help="Look after audit logs.", no_args_is_help=True, rich_markup_mode=None)


def audited(
    traces: Iterable[Trace],
    engine: Engine,
    log: Path | None,
    *,
    verb: str,
    lines: bool = False,
    operator: str | None = None,
) -> Iterator[Trace]:
    """Yield Traces, each once its record is on disk: what is not logged is not released."""
    if log is None:
        yield from traces
        return
    from nesy.audit import Log, decision, fired_in

    kept = Log(log)
    for trace in traces:
        rules = fired_in(trace, engine)
        kept.append(decision(trace, verb=verb, rules=rules, operator=operator, lines=lines))
        yield trace


@app.callback()
def _root() -> None:
    """Look after audit logs."""


@app.command("verify")
def verify(
    log: Annotated[Path, typer.Argument(help="The log, as given to --audit.")],
    head: Annotated[
        str | None, typer.Option("--head", help="A head hash that was kept elsewhere.")
    ] = None,
    traces: Annotated[
        Path | None, typer.Option("--traces", help="Traces that the log should hold records of.")
    ] = None,
    json_: Json = False,
) -> None:
    """Check that no line was changed, removed, moved or cut off; exit 1 where one was."""
    from dataclasses import replace

    from nesy import audit, strict_json

    report = audit.verify(log, head=head)
    if traces is not None:
        missing = audit.unrecorded(log, report, options.traces(traces))
        report = replace(report, faults=(*report.faults, *missing))
    if json_:
        print(strict_json.dumps(report.as_json(), indent=2))
    else:
        for fault in report.faults[:TOLD]:
            print(fault)
        if len(report.faults) > TOLD:
            print(f"and {len(report.faults) - TOLD} more")
        seals = "every seal checked" if report.sealed else "seals not checked: the key is not here"
        whole = "" if report.faults else ", each following the one before"
        print(f"{len(report.records)} records{whole}; {seals}")
        print(f"head {report.head.hash}")
    if report.faults:
        raise typer.Exit(1)
