"""``nesy what-if``: the smallest changes of facts that flip a reading, an atom, a verdict."""

from __future__ import annotations

import json
import sys
import time
from typing import Annotated

import typer

from nesy.cli import asked as given
from nesy.cli import options
from nesy.cli.options import Language, Ontology, Quiet, Rules, Today, WeightsFile

# Progress is shown of what takes longer.
PATIENCE = 1.0


def what_if(
    asked: Annotated[
        list[str] | None,
        typer.Argument(
            help="[ATOM] [TRACE]: what to flip: an atom, as 'reads(f1, joy)' for the most probable "
            "reading; release, block or hold; the reply if left out."
        ),
    ] = None,
    declared: Annotated[
        bool,
        typer.Option(
            "--declared",
            help="Also change context, purpose, notice, consent and jurisdiction.",
        ),
    ] = False,
    sure: Annotated[
        bool,
        typer.Option(
            "--sure", help="How much each number of the facts matters, and where it turns."
        ),
    ] = False,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            help="Try sets of up to so many changes; without it the first size that flips, 1 or 2.",
            min=1,
            max=6,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="Show so many alternatives.", min=1, max=1000)
    ] = 10,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Search so long.", min=0.1, max=3600)
    ] = 5.0,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    case: Annotated[
        str | None, typer.Option("--case", help="The case's id, where there are many.")
    ] = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    today: Today = None,
    language_: Language = "en",
    quiet: Quiet = False,
) -> None:
    """Say what would have to be otherwise; exit 1 where nothing that was tried flips it."""
    from nesy.explain import language
    from nesy.explain.what_if import conditional, release, sensitivity
    from nesy.explain.what_if.whatif import Bounds, what_if

    atom, file = given.split(asked or [])
    trace = given.one(options.on_day(options.traces(file), today), case)
    engine = options.engine(given.packs(trace), rules, weights, ontology)
    given.same_rules(trace, engine.versions)
    engine = language.speak(language_, engine, ontology or ())
    if sure:
        measured = sensitivity.measure(trace, engine, atom)
        told = sensitivity.as_json(measured) if json_ else sensitivity.as_text(measured)
        typer.echo(_dumped(told) if isinstance(told, dict) else told, nl=json_)
        return
    bounds = Bounds(size, limit, seconds)
    progress = _Progress()
    tell = None if quiet else progress
    found = what_if(trace, engine, atom, declared=declared, bounds=bounds, progress=tell)
    progress.end()
    reply = release.changes_of_the_reply(found, bounds)
    if json_:
        typer.echo(_dumped({**conditional.as_json(found), **release.as_json(reply)}))
    else:
        typer.echo(conditional.as_text(found, release.lines(reply)), nl=False)
    if not found.alternatives and not reply.sets:
        raise typer.Exit(1)


def _dumped(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Progress:
    """Tells on a terminal's stderr how far a search is that takes long."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._told = False

    def __call__(self, solved: int, size: int) -> None:
        if time.monotonic() - self._since > PATIENCE and sys.stderr.isatty():
            self._told = True
            print(f"\r{solved} sets of up to {size} solved", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line that was written on."""
        if self._told:
            print(file=sys.stderr)
