"""Measure against people: ``python -m nesy.benchmarks.people BENCHMARK``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from nesy import vocabulary
from nesy.benchmarks.report.table import FORMATS, Table, printed
from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import read_traces

from . import ablation, crema_d, ferplus, mdns, table1, traces

Command = Callable[[argparse.Namespace], list[Table]]
Parser = argparse.ArgumentParser


def _crema_d(given: argparse.Namespace) -> list[Table]:
    if given.score:
        return traces.score(read_traces(given.score), vocabulary.load(), str(given.score))
    if given.traces:
        return _written(given.traces, crema_d.read(given.votes), given.half)
    return crema_d.measure(given.votes, given.folds, given.seed, given.packs.split(","))


def _ferplus(given: argparse.Namespace) -> list[Table]:
    return ferplus.measure(given.votes, given.seed, given.packs.split(","))


def _mdns(given: argparse.Namespace) -> list[Table]:
    return mdns.measure(given.votes, given.folds, given.seed, given.packs.split(","))


def _table1(_given: argparse.Namespace) -> list[Table]:
    return table1.measure()


def _ablation(given: argparse.Namespace) -> list[Table]:
    return ablation.measure(given.every, given.seed)


def _written(path: Path, votes: crema_d.Votes, half: str | None) -> list[Table]:
    """Write Traces for `nesy learn` and `nesy reason`; there is no table to print then."""
    made = zip(crema_d.traces(votes), votes.actor, strict=True)
    kept = [trace for trace, actor in made if half in (None, crema_d.split(actor))]
    text = "".join(f"{trace.as_json()}\n" for trace in kept)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        what, fix = "this file cannot be written", "name another file"
        why = error.strerror or str(error)
        raise NesyError(Diagnostic("N151", what, why, fix, str(path))) from error
    print(f"{len(kept)} Traces are in {path}", file=sys.stderr)
    return []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.people", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="BENCHMARK")
    common = argparse.ArgumentParser(add_help=False)
    form = common.add_mutually_exclusive_group()
    for name in FORMATS[1:]:
        form.add_argument(
            f"--{name}",
            dest="form",
            action="store_const",
            const=name,
            default=FORMATS[0],
            help=f"print tables as {name}",
        )
    common.add_argument("--seed", type=int, default=0, help="of folds and draws")
    voted = argparse.ArgumentParser(add_help=False)
    voted.add_argument("--votes", type=Path, help="another table; the shipped rows when left out")
    voted.add_argument("--packs", default="conflict", help="interpret packs, by commas")
    folded = argparse.ArgumentParser(add_help=False)
    folded.add_argument("--folds", type=_at_least_two, default=10, help="10 when left out")

    def add(
        of: ModuleType, run: Command, *more: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        name, about = of.__name__.rpartition(".")[2], (of.__doc__ or "").partition("\n")[0]
        found = commands.add_parser(name, parents=[common, *more], help=about, description=about)
        found.set_defaults(run=run)
        return found

    crema = add(crema_d, _crema_d, voted, folded)
    crema.add_argument("--traces", type=Path, help="write the rows as Traces, and stop")
    crema.add_argument("--half", choices=("train", "test"), help="with --traces: of these actors")
    crema.add_argument("--score", type=Path, help="score Traces that went through `nesy reason`")
    add(ferplus, _ferplus, voted)
    add(mdns, _mdns, voted, folded)
    off = add(ablation, _ablation)
    off.add_argument("--every", type=_count, default=8, help="read one case in so many")
    add(table1, _table1)
    return parser


def _at_least_two(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= 2):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of folds, 2 or more")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no count")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of a benchmark; 2 where an input is wrong, 3 where a package is missing."""
    given = _parser().parse_args(arguments)
    try:
        run: Command = given.run
        tables = run(given)
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    try:
        if tables:
            print(printed(tables, given.form), flush=True)
    except BrokenPipeError:
        # The reader of our output has gone (`… | head`): no fault of anybody's.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
