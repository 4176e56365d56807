"""``nesy bench``: hand the command line on to the benchmarks, which the engine does not import."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer

# Named so that the engine depends on no benchmark: only this verb, when it is used, loads them.
BENCHMARKS = f"{__name__.partition('.')[0]}.benchmarks.cli"

FORWARDED: dict[str, Any] = {
    "add_help_option": False,
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
}


def bench(context: typer.Context) -> None:
    """Compare a model alone with a model and rules, against what people said."""
    command = import_module(BENCHMARKS).command()
    with command.make_context("nesy bench", list(context.args) or ["--help"]) as inner:
        command.invoke(inner)
