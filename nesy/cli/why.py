"""``nesy why``: the explanation of a response, or of an atom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli import options
from nesy.cli.options import Language, Ontology, Rules, Today, WeightsFile
from nesy.diagnostics import Diagnostic, NesyError, nearest

if TYPE_CHECKING:
    from nesy.explain.justify import Node
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
        int | None, typer.Option("--depth", help="How deep to go; all of it for an atom.", min=0)
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
    atom, file = _split(asked or [])
    trace = _one(options.on_day(options.traces(file), today), case)
    packs = _packs(trace)
    engine = options.engine(packs, rules, weights, ontology)
    _same_rules(trace, engine.versions)
    engine = language.speak(language_, engine, ontology or ())
    node = _answer(trace, atom, engine, not_=not_, rather_than=rather_than, every=every)
    if wanted in prov.FORMATS and (not_ or rather_than):
        what, why_ = f"no {wanted} of what does not hold", "PROV-O records what something came from"
        raise NesyError(Diagnostic("N504", what, why_, "use --format text, json, dot or html"))
    if wanted in prov.FORMATS:
        found = prov.checked(prov.graph(trace, node, engine))
        typer.echo(prov.FORMATS[wanted](found), nl=False)
        return
    told = tell.tell(node, engine)
    limit = depth
    if limit is None:
        limit = DENIAL_DEPTH if not_ or rather_than else render.DEEPEST
        if atom is None and not not_ and wanted in ("text", "svg"):
            told, limit = short.short(told), RESPONSE_DEPTH
    text = render.as_text(told, limit) if wanted == "text" else render.FORMATS[wanted](told)
    typer.echo(text, nl=False)


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
    from nesy.explain import otherwise, outcome

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


def _split(asked: list[str]) -> tuple[str | None, Path | None]:
    """Tell the atom from the file: an existing file is a file, `-` is standard input."""
    if len(asked) > 2:
        what = f"{len(asked)} arguments"
        raise NesyError(Diagnostic("N501", what, "the form is [ATOM] [TRACE]", "quote the atom"))
    if len(asked) == 2:
        return asked[0], Path(asked[1])
    if not asked:
        return None, None
    path = Path(asked[0])
    is_file = asked[0] == "-" or path.suffix in (".json", ".jsonl") or options.is_file(path)
    return (None, path) if is_file else (asked[0], None)


def _one(traces: list[Trace], case: str | None) -> Trace:
    if case is None and len(traces) == 1:
        return traces[0]
    known = {trace.case.id: trace for trace in traces}
    if case is None:
        what = f"the input holds {len(traces)} Traces"
        fix = f"choose one with --case: {', '.join(list(known)[:6])}"
        raise NesyError(Diagnostic("N505", what, "why is asked of one case", fix))
    if case not in known:
        what = f"no case is called {case}"
        raise NesyError(Diagnostic("N505", what, "it is not in the input", nearest(case, known)))
    return known[case]


def _packs(trace: Trace) -> str | None:
    """Return the interpret packs a Trace was made with."""
    from nesy.rulebook import selectable

    recorded = trace.versions.get("packs")
    if not isinstance(recorded, list):
        return None
    return ",".join(name for name in recorded if name in selectable())


def _same_rules(trace: Trace, versions: dict[str, object]) -> None:
    """Warn where the rules are not those the Trace was made with."""
    import sys

    for part in ("rules", "ontology", "weights"):
        recorded = trace.versions.get(part)
        if recorded and recorded != versions[part]:
            what = f"the {part} changed since this Trace was made"
            why_ = f"it records {recorded}, here is {versions[part]}"
            fix = "`nesy reason` it again, with the same --rules, --weights and --ontology"
            print(f"warning: {Diagnostic('N506', what, why_, fix)}", file=sys.stderr)
