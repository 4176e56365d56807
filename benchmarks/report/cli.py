"""``nesy bench report`` and ``nesy bench compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(help="The folder of a run.")]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON on stdout.")]


def report(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where; without it, RUN/report.")
    ] = None,
    json_: Json = False,
) -> None:
    """Write a run's report: a page, Markdown, LaTeX and CSV of the same tables."""
    from nesy import strict_json
    from nesy.benchmarks.running.folder import Run

    from .write import write

    page = write(Run(folder), out)
    typer.echo(strict_json.dumps({"page": str(page)}) if json_ else f"wrote {page}")


def compare(
    one: Annotated[Path, typer.Argument(metavar="A", help="The folder of a run.")],
    other: Annotated[Path, typer.Argument(metavar="B", help="The folder of another.")],
    json_: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write Markdown.")] = False,
) -> None:
    """Compare two runs of the same tasks: B minus A, paired by sample, with intervals."""
    from nesy.benchmarks.running.folder import Run

    from .compare import compared
    from .found import Found
    from .table import printed

    table = compared(Found(Run(one)), Found(Run(other)))
    form = "json" if json_ else "markdown" if markdown else "text"
    typer.echo(printed([table], form))
