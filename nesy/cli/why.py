"""``nesy why``: the explanation of a response, or of an atom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli import asked as given
from nesy.cli import options
from nesy.cli.options import Language, Ontology, Rules, Today, WeightsFile
from nesy.cli.running import warn
from nesy.diagnostics import Diagnostic, NesyError, nearest

if TYPE_CHECKING:
    from nesy.explain.why.justify import Node
    from nesy.reason.engine import Engine
    from nesy.trace import Trace

# Every rule might have held: what lies deeper is asked for by its atom.
DENIAL_DEPTH = 5
# The response rests on everything: it is told on one screen.
RESPONSE_DEPTH = 3


def why(
    asked: Annotated[
        list[str] | None,
        typer.Argument(
            help="[ATOM] [TRACE]: what to explain (the response if left out), and where."
        ),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="text, json, dot, svg, html, prov or prov-json.")
    ] = "text",
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    depth: Annotated[
        int | None,
        typer.Option(
            "--depth",
            help="How deep to go; a reply is told short without it, an atom whole.",
            min=0,
        ),
    ] = None,
    not_: Annotated[
        bool,
        typer.Option("--not", help="Why the atom does not hold (without one: why no release)."),
    ] = False,
    rather_than: Annotated[
        str | None,
        typer.Option("--rather-than", help="Another atom, or its last word: why not that one."),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Every way to the atom; with --not: every rule, not the nearest."
        ),
    ] = False,
    case: Annotated[
        str | None, typer.Option("--case", help="The case's id, where there are many.")
    ] = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    today: Today = None,
    language_: Language = "en",
) -> None:
    """Say why: the rules, their places and sources, and the facts with their origin."""
    from nesy.explain import language, render, short, tell
    from nesy.export import prov

    wanted = "json" if json_ else format_
    known = (*render.FORMATS, *prov.FORMATS)
    if wanted not in known:
        what = f"unknown format {wanted!r}"
        raise NesyError(Diagnostic("N504", what, "nothing renders it", nearest(wanted, known)))
    atom, file = given.split(asked or [])
    trace = given.one(options.on_day(options.traces(file), today), case)
    warn(trace)
    packs = given.packs(trace)
    engine = options.engine(packs, rules, weights, ontology)
    given.same_rules(trace, engine.versions)
    engine = language.speak(language_, engine, ontology or ())
    node = _answer(trace, atom, engine, not_=not_, rather_than=rather_than, every=every)
    if wanted in prov.FORMATS and (not_ or rather_than):
        what, why_ = f"no {wanted} of what does not hold", "PROV-O records what something came from"
        raise NesyError(Diagnostic("N504", what, why_, "use --format text, json, dot, svg or html"))
    if wanted in prov.FORMATS:
        found = prov.checked(prov.graph(trace, node, engine))
        typer.echo(prov.FORMATS[wanted](found), nl=False)
        return
    told = tell.tell(node, engine)
    of_reply = atom is None and not not_
    if depth is None and of_reply and wanted in ("text", "svg"):
        told, depth = short.short(told), RESPONSE_DEPTH
    if wanted == "text":
        limit = DENIAL_DEPTH if not_ or rather_than else render.DEEPEST
        typer.echo(render.as_text(told, limit if depth is None else depth), nl=False)
        return
    whole = told if depth is None else short.cut(told, depth)
    typer.echo(render.FORMATS[wanted](whole), nl=False)


def _answer(
    trace: Trace,
    atom: str | None,
    engine: Engine,
    *,
    not_: bool,
    rather_than: str | None,
    every: bool,
) -> Node:
    """Return the answer to the one question that the options ask."""
    from nesy.explain import outcome
    from nesy.explain.why_not import otherwise

    if rather_than is not None:
        if atom is None or not_:
            what = "--rather-than sets one atom against another"
            why_ = "no atom is named" if atom is None else "--not asks about one atom alone"
            fix = "nesy why 'reads(f1, joy)' --rather-than 'reads(f1, anger)'"
            raise NesyError(Diagnostic("N508", what, why_, fix))
        return otherwise.rather_than(trace, engine, atom, rather_than)
    if not_:
        return otherwise.why_not(trace, engine, atom, every=every)
    return outcome.why(trace, engine, atom, every=every)
