"""Questions typed one after the other, answers page by page, a history that stays."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from nesy.ask import show
from nesy.ask.archive import OF_TRACE
from nesy.ask.faults import form
from nesy.ask.session import BUILT_IN, Session
from nesy.diagnostics import NesyError
from nesy.predicates import PREDICATES

PROMPT = "?- "
PAGE = 20
LONGEST_HISTORY = 1000
MORE = "-- ; or Enter for more, anything else ends -- "
HELP = """\
A goal, as in        reads(F, joy, P), P > 600.
negation             \\+ mismatch(_, _)
over all cases       aggregate_all(count, in(_, reads(_, joy, _)), N)
a proof              mismatch(F, K), why(mismatch(F, K), Proof)
its rules            why(mismatch(F, K), rule(_, Id, Place, _, Because))
help(reads).         what a predicate means;  help(all). names all of them
Ctrl-C stops a goal, Ctrl-D ends."""


def history_file() -> Path:
    """Return where questions are remembered: the state folder of the XDG base directories."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home, "nesy", "ask_history")


def run(session: Session, *, depth: int, words: bool, out: TextIO) -> bool:
    """Read goals from standard input until it ends; tell whether the last one had an answer."""
    talks = sys.stdin.isatty()
    save = _remembering(session) if talks else None
    held = True
    if talks:
        cases = len(session.archive.traces)
        print(f"{cases} {'case' if cases == 1 else 'cases'}. help. for help", file=out)
    try:
        while True:
            try:
                line = input(PROMPT if talks else "")
            except EOFError:
                break
            except KeyboardInterrupt:
                print(file=out)
                continue
            if line.strip():
                held = _answer(line, session, depth=depth, words=words, out=out, pages=talks)
    finally:
        if save is not None:
            print(file=out)
            save()
    return held


def _answer(
    line: str, session: Session, *, depth: int, words: bool, out: TextIO, pages: bool
) -> bool:
    asked = line.strip().removesuffix(".").rstrip()
    if asked == "help" or asked.startswith("help("):
        print("\n".join(_help(asked, session)), file=out)
        return True
    if asked in ("halt", "quit", "exit"):
        raise EOFError
    skip = 0
    try:
        while True:
            found = session.ask(asked, limit=PAGE, skip=skip)
            out.write(found.printed)
            cases = len(session.archive.traces)
            lines = show.as_text(
                found, session.archive.engine, cases=cases, depth=depth, words=words
            )
            for shown in lines:
                print(shown, file=out)
            if not found.answers and skip == 0:
                print("no", file=out)
            out.flush()
            if not found.more or (pages and input(MORE).strip() not in ("", ";")):
                return bool(found) or skip > 0
            skip += PAGE
    except KeyboardInterrupt:
        print("stopped", file=out)
    except NesyError as error:
        print(error, file=sys.stderr)
    return False


def _help(asked: str, session: Session) -> Iterator[str]:
    if asked == "help":
        yield HELP
        return
    name = asked.removeprefix("help(").removesuffix(")").strip()
    told = 0
    for of in sorted(session.known):
        if name in ("all", of[0], f"{of[0]}/{of[1]}"):
            told += 1
            meaning = PREDICATES[of].meaning if of in PREDICATES else ""
            other = OF_TRACE.get(of) or BUILT_IN.get(of) or ""
            yield f"{form(of):<40} {meaning or other.partition(': ')[2]}".rstrip()
    if not told:
        yield f"nothing is called {name}; help(all). names everything"


def _remembering(session: Session) -> Callable[[], None] | None:
    """Load the history and complete names with Tab; return what saves it, None without readline."""
    try:
        import readline
    except ImportError:
        return None
    file = history_file()
    try:
        readline.read_history_file(file)
    except OSError:
        readline.clear_history()
    readline.set_history_length(LONGEST_HISTORY)
    names = sorted({f"{name}(" for name, _ in session.archive.signatures | set(BUILT_IN)})

    def complete(begun: str, number: int) -> str | None:
        fitting = [name for name in names if name.startswith(begun)]
        return fitting[number] if number < len(fitting) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" (),;\\+")
    readline.parse_and_bind("tab: complete")

    def save() -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(file)
        except OSError as error:
            print(f"the history is not kept: {error}", file=sys.stderr)

    return save
