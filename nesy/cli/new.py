"""``nesy new rule``: a first rule with its cases, to be changed into one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Begin a rule of your own.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _new() -> None:
    """Begin a rule of your own."""


@app.command("rule")
def rule(
    name: Annotated[str, typer.Argument(help="Its name: PACK.WORD, as in mine.unsure.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The rule file; PACK.lp without it.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write a labelled rule and its cases; nothing that is there is overwritten."""
    from nesy import scaffold

    written = scaffold.rule(name, out)
    if json_:
        print(json.dumps({"rules": str(written.rules), "cases": str(written.cases)}))
        return
    print(f"wrote {written.rules} and {written.cases}: change both, then")
    print(f"  nesy check {written.rules}")
    print(f"  nesy test {written.rules}")
