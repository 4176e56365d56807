"""All verbs, joined."""

from __future__ import annotations

from typing import Annotated

import typer

from nesy import __version__
from nesy.cli import (
    ask,
    auditing,
    bench,
    calibrating,
    check,
    differing,
    editor,
    judging,
    learning,
    lists,
    new,
    reasoning,
    running,
    testing,
    what_if,
    why,
)

app = typer.Typer(
    name="nesy",
    help="Read a face beside a line of conversation, and say why.",
    add_completion=False,
    # Plain help needs no rich, which takes longer to import than everything else here.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"nesy {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Read a face beside a line of conversation, and say why."""


app.command("run")(running.run)
app.command("perceive")(running.perceive)
app.command("reason")(reasoning.reason)
app.command("why")(why.why)
app.command("what-if")(what_if.what_if)
app.command("ask")(ask.ask)
app.command("judge")(judging.judge)
app.command("learn")(learning.learn)
app.command("calibrate")(calibrating.calibrate)
app.command("bench", **bench.FORWARDED)(bench.bench)
app.command("check")(check.check)
app.add_typer(new.app, name="new")
app.command("test")(testing.test)
# So that -table1 names a pack and no option.
app.command("diff", context_settings={"ignore_unknown_options": True})(differing.diff)
app.command("editor")(editor.editor)
app.add_typer(auditing.app, name="audit")
app.command("list")(lists.list_)
app.command("show")(lists.show)
app.command("help")(lists.help_)
