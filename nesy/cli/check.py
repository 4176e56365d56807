"""``nesy check``: lint the rules and the ontology."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nesy.cli.options import Json, Ontology, Packs, Today
from nesy.diagnostics import Diagnostic, NesyError


def check(
    rules: Annotated[list[Path] | None, typer.Argument(help="Rule files of yours.")] = None,
    packs: Packs = None,
    ontology: Ontology = None,
    engines: Annotated[
        bool, typer.Option("--engines", help="Compare clingo with Prolog; Traces may be named.")
    ] = False,
    today: Today = None,
    json_: Json = False,
) -> None:
    """Check the shipped rules and ontology, and files of yours; exit 1 where faults are found."""
    if engines:
        from nesy.cli.engines import check_engines

        check_engines(rules or (), packs=packs, ontology=ontology or (), json_=json_)
        return
    from nesy import exemption, lint, rulebook, shapes, strict_json, vocabulary
    from nesy.cli.options import day

    held_against = day(today)
    named = packs.split(",") if packs is not None else None
    faults: list[Diagnostic] = shapes.check(tuple(ontology or ()))
    counted = 0
    try:
        words = vocabulary.load(tuple(ontology or ()))
        book = rulebook.load(named, tuple(rules or ()))
        counted = sum(len(pack.rules) for pack in book.packs)
        faults += lint.check(book, words)
        faults += exemption.ended((r for pack in book.packs for r in pack.rules), held_against)
    except NesyError as error:
        faults += error.diagnostics
    if json_:
        print(strict_json.dumps([fault.as_json() for fault in faults], indent=2))
    else:
        for fault in faults:
            print(fault)
        if not faults:
            print(f"{counted} rules and the ontology: no fault found")
    if faults:
        raise typer.Exit(1)
