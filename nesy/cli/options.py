"""Options that several verbs share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Trace, parse_trace, read_traces

if TYPE_CHECKING:
    from nesy.reason.engine import Engine

Packs = Annotated[
    str | None,
    typer.Option("--packs", help="Interpret packs to use, by commas; all when left out."),
]
Rules = Annotated[
    list[Path] | None, typer.Option("--rules", help="A rule file of yours; may be given again.")
]
WeightsFile = Annotated[Path | None, typer.Option("--weights", help="A weights file.")]
Ontology = Annotated[
    list[Path] | None, typer.Option("--ontology", help="Turtle with further terms; may repeat.")
]
With = Annotated[
    str, typer.Option("--with", help="ADAPTER[:MODEL] that perceives; see `nesy list adapters`.")
]
Declare = Annotated[
    list[str] | None,
    typer.Option("--declare", help="KEY=VALUE the caller vouches for; may be given again."),
]
Json = Annotated[bool, typer.Option("--json", help="Write Traces as JSON (Lines) on stdout.")]
Seed = Annotated[int, typer.Option("--seed", help="Recorded in the Trace.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def engine(
    packs: str | None,
    rules: list[Path] | None,
    weights: Path | None,
    ontology: list[Path] | None,
) -> Engine:
    """Load the engine that these options name."""
    from nesy.pipeline import engine_for

    named = [name.strip() for name in packs.split(",") if name.strip()] if packs is not None else None
    return engine_for(
        named, rules=tuple(rules or ()), weights_file=weights, ontology=tuple(ontology or ())
    )


def declared(pairs: list[str] | None) -> dict[str, tuple[str, ...]]:
    """Read ``KEY=VALUE`` pairs; raises NesyError N210."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs or ():
        key, separator, value = pair.partition("=")
        if not separator or not key or not value:
            what = f"{pair!r} is no declaration"
            fix = "write KEY=VALUE, for example context=support"
            raise NesyError(Diagnostic("N210", what, "the form is KEY=VALUE", fix))
        found[key.strip()] = (*found.get(key.strip(), ()), value.strip())
    return found


def traces(file: Path | None) -> list[Trace]:
    """Return the Traces of a file, or of standard input; raises NesyError N114 where there is none."""
    if file is not None and str(file) != "-":
        found = list(read_traces(file))
    else:
        if sys.stdin.isatty():
            what = "no Trace was given"
            fix = "name a file, or pipe one in: nesy run face.png --line … --json | nesy why"
            raise NesyError(Diagnostic("N114", what, "standard input is a terminal", fix))
        from nesy.strict_json import parse_many

        values = parse_many(sys.stdin.read(), file="<stdin>")
        found = [parse_trace(value, file="<stdin>", line=number) for number, value in values]
    if not found:
        what = "there is no Trace in the input"
        raise NesyError(Diagnostic("N114", what, "it is empty", "pipe in a Trace"))
    return found
