"""``nesy why``: the explanation of a response, or of an atom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli import options
from nesy.cli.options import Ontology, Rules, Today, WeightsFile
from nesy.diagnostics import Diagnostic, NesyError, nearest

if TYPE_CHECKING:
    from nesy.trace import Trace

# The response rests on everything: what lies deeper is asked for by its atom.
RESPONSE_DEPTH = 5


def why(
    asked: Annotated[
        list[str] | None,
        typer.Argument(
            help="[ATOM] [TRACE]: what to explain (the response if left out), and where."
        ),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="text, json, dot, html, prov or prov-json.")
    ] = "text",
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    depth: Annotated[
        int | None, typer.Option("--depth", help="How deep to go; all of it for an atom.", min=0)
    ] = None,
    case: Annotated[
        str | None, typer.Option("--case", help="The case's id, where there are many.")
    ] = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    today: Today = None,
) -> None:
    """Say why: the rules, their places and sources, and the facts with their origin."""
    from nesy import pipeline
    from nesy.explain import render, tell
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
    node = pipeline.why(trace, atom, engine=engine)
    if wanted in prov.FORMATS:
        found = prov.checked(prov.graph(trace, node, engine))
        typer.echo(prov.FORMATS[wanted](found), nl=False)
        return
    told = tell.tell(node, engine)
    limit = depth if depth is not None else (render.DEEPEST if atom else RESPONSE_DEPTH)
    text = render.as_text(told, limit) if wanted == "text" else render.FORMATS[wanted](told)
    typer.echo(text, nl=False)


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
    from nesy.rulebook import shipped

    recorded = trace.versions.get("packs")
    if not isinstance(recorded, list):
        return None
    return ",".join(name for name in recorded if name in shipped("interpret"))


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
