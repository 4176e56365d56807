"""Measure governance: ``python -m nesy.benchmarks.governance boundary|empathy|cost``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nesy import pipeline, resources
from nesy.benchmarks.report.table import printed
from nesy.diagnostics import NesyError

from . import boundary, cost, empathy


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of a measurement; 2 where the input is wrong, 3 where something lacks."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.benchmarks.governance", description=__doc__
    )
    commands = parser.add_subparsers(required=True, dest="which", metavar="MEASUREMENT")
    common = argparse.ArgumentParser(add_help=False)
    form = common.add_mutually_exclusive_group()
    form.add_argument("--json", dest="form", action="store_const", const="json", default="text")
    form.add_argument("--markdown", dest="form", action="store_const", const="markdown")

    def add(of: object, name: str) -> argparse.ArgumentParser:
        about = (of.__doc__ or "").partition("\n")[0]
        return commands.add_parser(name, parents=[common], help=about, description=about)

    found = add(boundary, "boundary")
    found.add_argument("--data", type=Path, required=True, help="overshare.csv, or its folder")
    found.add_argument("--drafter", help="ADAPTER[:MODEL] that drafts replies as well")
    add(empathy, "empathy").add_argument(
        "--data",
        type=Path,
        default=resources.folder("benchmarks") / "tasks" / "empathy",
        help="the folder of the lend_an_ear tables (default: the shipped ones)",
    )
    cost_ = add(cost, "cost")
    cost_.add_argument("--count", type=int, default=200, help="replies to time")
    given = parser.parse_args(arguments)
    try:
        engine = pipeline.engine_for()
        if given.which == "boundary":
            tables = boundary.measure(given.data, engine, given.drafter)
        elif given.which == "empathy":
            tables = empathy.measure(given.data, engine)
        else:
            tables = cost.measure(engine, max(10, given.count))
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"rules {engine.versions['rules']}", file=sys.stderr)
    print(printed(tables, given.form))
    return 0


if __name__ == "__main__":
    sys.exit(main())
