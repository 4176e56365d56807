"""The command line of the benchmarks: ``nesy bench VERB``; one file a verb beside what it runs."""

from __future__ import annotations

from typing import Any

import typer

from .build import cli as building
from .paper import paper
from .report import cli as reporting
from .running import cli as running
from .tasks import cli as asking

app = typer.Typer(
    name="bench",
    help="Compare a model alone with a model and rules, against what people said.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    cls=running.Verbs,
)


@app.callback()
def _root() -> None:
    """Compare a model alone with a model and rules, against what people said."""


app.command("run")(running.run)
app.command("paper")(paper)
app.command("generate")(running.generate)
app.command("answer")(running.answer)
app.command("judge")(running.judge)
app.command("score")(running.score)
app.command("report")(reporting.report)
app.command("compare")(reporting.compare)
app.command("show")(running.show)
app.command("list")(running.list_)
app.command("build")(building.build)
app.command("agreement")(building.agreement)
app.command("check")(asking.check)


def command() -> Any:
    """Return the group of verbs as a command to be called with arguments."""
    return typer.main.get_command(app)
