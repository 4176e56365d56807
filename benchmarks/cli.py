"""The command line of the benchmarks: ``nesy bench VERB``; one file a verb beside what it runs."""

from __future__ import annotations

from typing import Any

import typer

app = typer.Typer(
    name="bench",
    help="Compare a model alone with a model and rules, against what people said.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)


@app.callback()
def _root() -> None:
    """Compare a model alone with a model and rules, against what people said."""


def command() -> Any:
    """Return the group of verbs as a command to be called with arguments."""
    return typer.main.get_command(app)
