"""``nesy reason``: fill in what a Trace lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nesy.cli import options
from nesy.cli.options import Json, Ontology, Packs, Rules, WeightsFile
from nesy.cli.running import failure


def reason(
    file: Annotated[
        Path | None, typer.Argument(help="TRACES.jsonl; standard input if none.")
    ] = None,
    packs: Packs = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    json_: Json = False,
) -> None:
    """Fill in facts, reading, verdict and response."""
    import sys

    from nesy import pipeline
    from nesy.cli.summary import summary

    engine = options.engine(packs, rules, weights, ontology)
    failed = 0
    for trace in options.traces(file):
        found = pipeline.reason(trace, engine=engine)
        failed = max(failed, failure(found))
        if json_ or not sys.stdout.isatty():
            print(found.as_json())
        else:
            print(summary(found, engine.vocabulary))
    if failed:
        raise typer.Exit(failed)
