"""``nesy ask``: goals with variables over one Trace or many."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from nesy.cli import asked as given
from nesy.cli import options
from nesy.cli.options import Ontology, Quiet, Rules, Today, WeightsFile
from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.ask.session import Answers
    from nesy.reason.engine import Engine
    from nesy.trace import Trace

# Progress is shown of what takes longer.
PATIENCE = 1.0
PROOF_DEPTH = 99


class NoAnswer(NesyError):
    """The goal has no answer: a true negative, exit code 1."""

    exit_code = 1


def ask(
    asked: Annotated[
        list[str] | None,
        typer.Argument(
            help="[GOAL] [TRACES…]: a Prolog goal, and files or folders of Traces. Without a goal, "
            "goals are read from standard input, at a prompt where it is a terminal."
        ),
    ] = None,
    vocabulary: Annotated[
        Path | None, typer.Option("--vocabulary", help="A .pl file with predicates of yours.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="Show so many answers.", min=1, max=1_000_000)
    ] = 1000,
    count: Annotated[bool, typer.Option("--count", help="Only count the answers.")] = False,
    words: Annotated[
        bool, typer.Option("--words", help="Write terms as sentences do: AU12 (lip corner puller).")
    ] = False,
    depth: Annotated[
        int, typer.Option("--depth", help="How deep to show a proof.", min=0, max=99)
    ] = PROOF_DEPTH,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Stop a goal after so long.", min=0.1, max=3600)
    ] = 10.0,
    json_: Annotated[
        bool, typer.Option("--json", help="Write one JSON object: goal, variables, answers.")
    ] = False,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    today: Today = None,
    quiet: Quiet = False,
) -> None:
    """Ask with variables: which cases, how many, and why(Atom, Proof); exit 1 for no answer."""
    from nesy import strict_json
    from nesy.ask import show, toplevel
    from nesy.ask.archive import Archive
    from nesy.ask.session import Session

    goal, files = _split(asked or [])
    own = (strict_json.read_text(vocabulary), str(vocabulary)) if vocabulary else None
    if goal is None and not files:
        what, reason = "no Traces to ask about", "goals are read from standard input"
        raise NesyError(Diagnostic("N114", what, reason, "name a file or a folder of Traces"))
    traces = options.on_day(_traces(files), today)
    engine = options.engine(_packs(traces), rules, weights, ontology)
    _same_rules(traces, engine.versions)
    archive = Archive(traces, engine, _progress(quiet))
    session = Session(archive, vocabulary=own, seconds=seconds)
    try:
        session.start()
        if goal is None:
            if not toplevel.run(session, depth=depth, words=words, out=sys.stdout):
                raise typer.Exit(1)
            return
        found = session.ask(goal, limit=limit, count=count)
    finally:
        session.close()
    if json_:
        typer.echo(strict_json.dumps(show.as_json(goal, len(traces), found), indent=2))
    else:
        _shown(goal, found, engine, len(traces), Style(depth, words))
    if not found:
        raise typer.Exit(1)


class Style(NamedTuple):
    """How answers are shown."""

    depth: int
    words: bool


def _shown(goal: str, found: Answers, engine: Engine, cases: int, style: Style) -> None:
    """Write answers; raises NoAnswer N417 where there is none."""
    from nesy.ask import show

    typer.echo(found.printed, nl=False)
    for line in show.as_text(found, engine, cases=cases, depth=style.depth, words=style.words):
        typer.echo(line)
    if found.more:
        print("there are more: --limit shows more, --count counts them", file=sys.stderr)
    if not found and found.count is None:
        what = f"no answer to {goal[:80]}"
        where = "the case does" if cases == 1 else f"none of the {cases} cases does"
        why_ = f"{where} not make the goal true"
        fix = "ask for less of it: each condition alone, or with _ in place of a word"
        raise NoAnswer(Diagnostic("N417", what, why_, fix))


def _split(asked: list[str]) -> tuple[str | None, list[Path]]:
    """Tell the goal from the files: an existing file or folder is one, `-` is standard input."""
    if not asked:
        return None, []
    if not asked[0].strip():  # as a path it would be this folder
        return asked[0], [Path(each) for each in asked[1:]]
    path = Path(asked[0])
    is_path = asked[0] == "-" or path.suffix in (".json", ".jsonl")
    is_path = is_path or options.is_file(path) or options.is_folder(path)
    if is_path:
        return None, [Path(each) for each in asked]
    return asked[0], [Path(each) for each in asked[1:]]


def _traces(files: list[Path]) -> list[Trace]:
    """Return the Traces of files and folders, or of standard input where none is named."""
    found: list[Trace] = []
    for file in files:
        if not options.is_folder(file):
            found += options.traces(file)
            continue
        inside = sorted(p for p in file.rglob("*") if p.suffix in (".json", ".jsonl"))
        if not inside:
            what, why_ = "there is no Trace in the folder", "no file in it ends in .json or .jsonl"
            raise NesyError(Diagnostic("N114", what, why_, "name another folder", str(file)))
        found += [trace for each in inside for trace in options.traces(each)]
    return found if files else options.traces(None)


def _packs(traces: list[Trace]) -> str | None:
    """Return the interpret packs the Traces were made with, the default where they differ."""
    found = {given.packs(trace) for trace in traces}
    return found.pop() if len(found) == 1 else None


def _same_rules(traces: list[Trace], versions: dict[str, object]) -> None:
    """Warn where the rules are not those that Traces were made with."""
    parts = [
        (part, sum(t.versions.get(part) not in (None, versions[part]) for t in traces))
        for part in ("rules", "packs", "ontology", "weights")
    ]
    changed = {part: count for part, count in parts if count}
    if changed:
        since = "this Trace was made"
        if len(traces) > 1:
            since = f"{max(changed.values())} of {len(traces)} Traces were made"
        what = f"the {' and the '.join(changed)} changed since {since}"
        why_ = "answers are by those in force now"
        fix = "`nesy reason` them again, with the same --rules, --weights and --ontology"
        print(f"warning: {Diagnostic('N506', what, why_, fix)}", file=sys.stderr)


def _progress(quiet: bool) -> Callable[[int, int], None]:
    """Return what says how many cases are reasoned over, where that takes long."""
    since = time.monotonic()

    def tell(done: int, every: int) -> None:
        if not quiet and done < every and time.monotonic() - since > PATIENCE:
            print(f"reasoned over {done} of {every} cases", file=sys.stderr)

    return tell
