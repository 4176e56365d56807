"""SWI-Prolog: the one place that owns pyswip. Queries are drained one at a time, behind one lock.

Facts are symbols, written with every name quoted that needs it and read back to prove it; no text
from outside becomes a goal. Generated rules live in a module of their own; a case's facts stand for
one call.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import clingo

from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.reason.clauses import goal_of
from nesy.reason.terms import atom_text, name_text
from nesy.reason.translate import Program
from nesy.rulebook import Rule, Signature

RUNTIME = Path(__file__).with_name("runtime.pl")
MOST_LOADED = 8
NO_THREAD = -1

_lock = threading.RLock()
_loaded: OrderedDict[tuple[str, tuple[clingo.Symbol, ...]], Loaded] = OrderedDict()
_abandoned: list[str] = []
_counted = iter(range(1, 1_000_000_000))


class Loaded:
    """A program in a Prolog module of its own, with facts that stand for every case."""

    def __init__(self, program: Program, static: Sequence[clingo.Symbol]) -> None:
        self.program = program
        self.static = _facts(program, static)
        self.module = f"nesy_program_{next(_counted)}"
        with tempfile.TemporaryDirectory(prefix="nesy-") as folder:
            file = Path(folder, f"{self.module}.pl")
            # Not unloaded at once: the collector may run inside a query.
            weakref.finalize(self, _abandoned.append, str(file)).atexit = False
            self._load(file)

    def _load(self, file: Path) -> None:
        head = (
            f":- module({self.module}, []). "
            f":- use_module({name_text(str(RUNTIME))}). "
            ":- style_check(-singleton). :- set_prolog_flag(unknown, fail).\n"
        )
        known = self.program.looked_at | self.program.derived
        background = [f for s, f in sorted(self.static) if s in known]
        text = head + self.program.text + "".join(f"{fact}.\n" for fact in background)
        file.write_text(text, encoding="utf-8")
        reply = _once(f"nesy_runtime:load({name_text(str(file))}, Text)")["Text"]
        if notes := reply.splitlines():
            raise NesyError([self._told(note) for note in notes])

    def _told(self, note: str) -> Diagnostic:
        """Turn a message of Prolog into a diagnostic at the rule its line stands for."""
        number, _, said = note.partition(" ")
        _, _, said = said.partition(" ")
        lines = self.program.lines
        at = int(number) - 2
        rule: Rule | None = lines[at][1] if 0 <= at < len(lines) else None
        why = "SWI-Prolog refuses the clause generated for this rule"
        fix = "report it with the rule; clingo's own answer is not affected"
        place = (rule.file, rule.line, rule.column) if rule else (None, None, None)
        return Diagnostic("N405", said, why, fix, *place)

    def solve(self, facts: Sequence[clingo.Symbol]) -> frozenset[str]:
        """Return every derived atom over static and given facts, as clingo writes them.

        Raises NesyError N406 (Prolog gives up or fails) or N407 (a fact that is none).
        """
        stated = _facts(self.program, facts)
        listed = ", ".join(text for _, text in stated)
        wanted = ", ".join(_indicator(s) for s in sorted(self.program.derived))
        query = f"nesy_runtime:solve({self.module}, [{listed}], [{wanted}], Status, Text)"
        lines = _answer(query).split("\n")
        end = lines.index("%")
        self._same([str(fact) for fact in facts], lines[:end])
        return frozenset(lines[end + 1 : -1])

    def _same(self, sent: Sequence[str], back: Sequence[str]) -> None:
        if sent != back:
            lost = sorted(set(sent) ^ set(back))[:3]
            what = f"Prolog holds other facts than it was given: {', '.join(lost)}"
            why = "a fact must come back from Prolog as it went in"
            raise NesyError(Diagnostic("N407", what, why, "report it with the fact"))

    def ask(self, goal: str, facts: Iterable[clingo.Symbol]) -> list[Mapping[str, clingo.Symbol]]:
        """Return the solutions of a goal in rule syntax: ``evidence(F, joy, S), S > 500``.

        Raises NesyError N300 (syntax), N402-N404 (no translation) or N406.
        """
        text, names = goal_of(goal)
        listed = ", ".join(text for _, text in _facts(self.program, facts))
        values = f"'#tuple'({', '.join(n for _, n in names)})" if names else "'#tuple'"
        query = f"nesy_runtime:ask({self.module}, [{listed}], ({text}), {values}, Status, Text)"
        found = [clingo.parse_term(line) for line in _answer(query).split("\n")[:-1]]
        keys = [name for name, _ in names]
        return [dict(zip(keys, each.arguments, strict=True)) for each in found]


def load(program: Program, static: Sequence[clingo.Symbol] = ()) -> Loaded:
    """Load a program once; the last few stay. Raises NesyError N405 or MissingError N910."""
    key = program.digest, tuple(static)
    with _lock:
        if key in _loaded:
            _loaded.move_to_end(key)
            return _loaded[key]
        while _abandoned:
            _once(f"nesy_runtime:unload({name_text(_abandoned.pop())})")
        found = _loaded[key] = Loaded(program, static)
        if len(_loaded) > MOST_LOADED:
            _loaded.popitem(last=False)
        return found


def _facts(program: Program, facts: Iterable[clingo.Symbol]) -> list[tuple[Signature, str]]:
    """Return facts as Prolog goals; raises NesyError N407 for what is no atom."""
    found = []
    for fact in facts:
        try:
            known = (fact.name, len(fact.arguments))
            prefix = "f_" if known in program.derived else "p_"
            found.append((known, atom_text(fact, prefix)))
        except (ValueError, RuntimeError) as error:
            what = f"{str(fact)[:80]} cannot be a fact"
            fix = "facts are atoms of vocabulary terms, integers and strings"
            raise NesyError(Diagnostic("N407", what, str(error), fix)) from error
    return found


def _indicator(of: Signature) -> str:
    return f"{name_text(f'p_{of[0]}')}/{of[1]}"


def _answer(query: str) -> str:
    found = _once(query)
    if found.get("Status") != "ok":
        raise _unfinished(found.get("Text") or "the query failed")
    return found["Text"]


def _unfinished(why: str) -> NesyError:
    fix = "make the rules terminate: recursion must not build larger and larger terms"
    return NesyError(Diagnostic("N406", "Prolog did not finish", why, fix))


def _once(query: str) -> dict[str, str]:
    """Run one deterministic goal to its end and return its text variables."""
    with _lock:
        engine = _swipl()
        visiting = engine.thread() == NO_THREAD
        try:
            solutions = list(engine.prolog.query(query, catcherrors=True))
        except engine.error as error:
            raise _unfinished(str(error)[:300]) from error
        finally:
            if visiting:
                engine.leave()
    if not solutions:
        return {}
    return {
        name: value.decode() if isinstance(value, bytes) else str(value)
        for name, value in solutions[0].items()
    }


class _Swipl(NamedTuple):
    """What is used of pyswip. A thread Prolog knows and nobody sends home would spoil its exit."""

    prolog: Any
    thread: Callable[[], int]
    leave: Callable[[], object]
    error: type[Exception]


@lru_cache(maxsize=1)
def _swipl() -> _Swipl:
    """Return pyswip's engine, started once; raises MissingError N910."""
    if not _is_there():
        raise MissingError(_missing("no swipl is on the PATH"))
    try:
        from pyswip import Prolog, core
        from pyswip.prolog import PrologError
    except (ImportError, OSError, LookupError, ValueError) as error:
        raise MissingError(_missing(f"{type(error).__name__}: {error}")) from error
    except Exception as error:
        # pyswip's own errors cannot be named before pyswip is imported.
        if type(error).__module__.partition(".")[0] != "pyswip":
            raise
        raise MissingError(_missing(str(error))) from error
    engine = Prolog()
    for goal in (
        "set_prolog_flag(debug_on_error, false)",
        f"use_module({name_text(str(RUNTIME))})",
    ):
        if not list(engine.query(goal, catcherrors=True)):
            raise MissingError(_missing(f"SWI-Prolog does not run {goal}"))
    return _Swipl(engine, core.PL_thread_self, core._lib.PL_thread_destroy_engine, PrologError)


def _is_there() -> bool:
    if shutil.which("swipl"):
        return True
    named = os.environ.get("LIBSWIPL_PATH"), os.environ.get("SWI_HOME_DIR")
    if all(named):
        return all(Path(str(path)).exists() for path in named)
    return sys.platform == "darwin" and Path("/Applications/SWI-Prolog.app").exists()


def _missing(why: str) -> Diagnostic:
    what = "SWI-Prolog is not installed, or cannot be loaded"
    fix = "sudo apt-get install swi-prolog-nox, or on macOS: brew install swi-prolog"
    return Diagnostic("N910", what, why, fix)
