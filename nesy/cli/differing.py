"""``nesy diff``: which readings and verdicts change from one set of rules to another, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli.options import Quiet

if TYPE_CHECKING:
    from nesy.diff import Change
    from nesy.trace import Trace

_SIDE = ". (what is shipped), packs as +conflict or -table1, rule files, or a nesy.toml; by commas."
# So many reasons are shown of a case; all with --json.
SHOWN = 6


def diff(
    a: Annotated[str, typer.Argument(help=f"One side: {_SIDE}")],
    b: Annotated[str, typer.Argument(help="The other side, named likewise.")],
    data: Annotated[
        Path, typer.Argument(help="TRACES.jsonl (`-`: standard input), or rule cases.")
    ],
    beyond: Annotated[
        float,
        typer.Option(
            "--beyond", help="A probability changed where it moves by more.", min=0, max=1
        ),
    ] = 0.05,
    json_: Annotated[
        bool, typer.Option("--json", help="JSON Lines: each change, then the counts.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Compare two sets of rules over the same cases; exit 1 where they differ."""
    from nesy import diff as differing

    sides = differing.side(a), differing.side(b)
    counts = dict.fromkeys(("cases", "changed", "tops", "readings", "verdicts", "norms"), 0)
    counts["failed"] = 0
    for trace, change in differing.changes(_cases(data), *sides, beyond=beyond):
        counts["cases"] += 1
        counts["failed"] += trace.error is not None
        if change is None:
            continue
        counts["changed"] += 1
        counts["tops"] += bool(change.tops)
        counts["readings"] += bool(change.moved)
        counts["verdicts"] += change.verdict is not None
        counts["norms"] += bool(change.norms)
        if json_:
            print(json.dumps(change.as_json(), ensure_ascii=False))
        elif not quiet:
            print("\n".join(_told(change)))
    if json_:
        print(json.dumps({"schema": "nesy.diff.v1", "a": a, "b": b, **counts}))
    else:
        points = f"{100 * beyond:g} points"
        print(
            f"{counts['changed']} of {counts['cases']} cases change: "
            f"{counts['tops']} another top, {counts['readings']} by more than {points}, "
            f"{counts['verdicts']} another verdict, {counts['norms']} other norms"
        )
    if counts["failed"]:
        print(f"{counts['failed']} cases could not be read", file=sys.stderr)
    if counts["changed"]:
        raise typer.Exit(1)


def _cases(data: Path) -> Iterator[Trace]:
    """Yield the Traces of a file; of rule cases, their facts as Traces."""
    from nesy.cli import options

    if data.suffix != ".txt" and not options.is_folder(data):
        yield from options.traces(data)
        return
    from nesy.testing.case import read_cases
    from nesy.testing.run import facts_of
    from nesy.trace import Case, Trace

    for path in [data] if data.suffix == ".txt" else sorted(data.rglob("*.txt")):
        for case in read_cases(path):
            yield Trace(case=Case(id=case.name[:64]), facts=facts_of(case))


def _told(change: Change) -> Iterator[str]:
    yield change.case
    for face, before, after in change.tops:
        yield f"  {face}: {before} → {after}"
    for m in sorted(change.moved, key=lambda m: -abs(m.after - m.before)):
        yield f"  {m.face} {m.emotion} {100 * m.before:.0f} % → {100 * m.after:.0f} %"
    if change.verdict:
        yield f"  verdict: {change.verdict[0]} → {change.verdict[1]}"
    for side, norm in change.norms:
        yield f"  {norm} only in {side}"
    for reason in change.because[:SHOWN]:
        said = f"{reason.about}: " if "(" not in reason.about else f"{reason.about} by "
        share = f" {reason.before:+.2f} → {reason.after:+.2f}" if "(" not in reason.about else ""
        only = f", only in {reason.only}" if reason.only else ""
        yield f"    {said}{reason.rule} ({reason.place}){share}{only}"
    if len(change.because) > SHOWN:
        yield f"    … and {len(change.because) - SHOWN} more (--json)"
