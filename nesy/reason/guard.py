"""Solve rules that are not ours in a process of their own, under limits of time and memory.

clingo cannot be stopped while it grounds, and `p(1..1000000000).` or `n(s(X)) :- n(X).` never end.
So such rules are never grounded here: what comes back are the atoms of their answer sets, as text
that is read as terms, and no more of them than there is room for.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import clingo

import nesy
from nesy.diagnostics import Diagnostic, NesyError
from nesy.reason.process import EndedError, Process
from nesy.reason.terms_in_common import TermsInCommon

if TYPE_CHECKING:
    from clingo import ast

SECONDS = 10.0
BYTES = 2 * 2**30
# Starting takes Python and clingo; a busy machine takes longer.
STARTING = 60.0
LARGEST_REPLY = 2**24
# Programs that the process keeps parsed.
MOST_PROGRAMS = 16
# In place of a number of answer sets: ground the program, solve nothing.
GROUNDED = -1


class RefusedError(Exception):
    """clingo refuses the program; ``faults`` are without a place of the rule file."""

    def __init__(self, faults: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(fault.what for fault in faults))
        self.faults = faults


class Asked(NamedTuple):
    """How a program is solved: see :func:`nesy.reason.asp.solve`; ``models`` may be GROUNDED."""

    extra: str
    models: int
    shown: bool


class Guard:
    """A process that solves programs one after the other; it is killed at its limits."""

    def __init__(self, *, seconds: float = SECONDS, most: int = BYTES) -> None:
        self._seconds, self._most = seconds, most
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._terms = TermsInCommon()
        # What the process has parsed: a program's place by its identity and by its text.
        self._held: dict[tuple[int, Asked], tuple[object, int]] = {}
        self._places: dict[tuple[str, Asked], int] = {}

    @property
    def pid(self) -> int | None:
        """Return the number of the process, None before it runs."""
        return self._process.pid if self._process is not None else None

    def solve(
        self, program: Sequence[ast.AST], facts: Iterable[clingo.Symbol], asked: Asked, name: str
    ) -> list[frozenset[clingo.Symbol]]:
        """Return the answer sets. ``name`` is what messages call the rules.

        Raises NesyError N320 (too many answer sets), N321 (grounding without end), N322 (no answer
        set in time) or N323 (too much to hand back), RefusedError where clingo refuses the program.
        """
        with self._lock:
            try:
                process = self._running()
                process.send(self._request(program, facts, asked))
                return self._reply(process, name)
            except BaseException as error:
                # Refused is an answer like any other; else nobody knows what comes next.
                if not isinstance(error, RefusedError):
                    self._end()
                raise

    def close(self) -> None:
        """End the process; the next program starts another."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _running(self) -> Process:
        if self._process is not None and self._process.alive:
            return self._process
        self._end()
        self._terms = TermsInCommon()
        self._held, self._places = {}, {}
        command = [sys.executable, "-P", "-s", "-m", "nesy.reason.guarded", str(self._most)]
        self._process = Process(command, _environment(), largest=LARGEST_REPLY)
        try:
            self._process.line(time.monotonic() + STARTING)
        except EndedError as error:
            what, why = "rules that are not ours cannot be solved", "their process did not start"
            fix = "run `python -m nesy.reason.guarded` to see why"
            raise NesyError(Diagnostic("N907", what, why, fix)) from error
        return self._process

    def _request(
        self, program: Sequence[ast.AST], facts: Iterable[clingo.Symbol], asked: Asked
    ) -> bytes:
        place, text = self._place(program, asked)
        numbers = [self._terms.number(fact) for fact in facts]
        sent = [place, text, self._terms.added(), numbers, self._seconds, *asked]
        return json.dumps(sent, separators=(",", ":")).encode() + b"\n"

    def _place(self, program: Sequence[ast.AST], asked: Asked) -> tuple[int, str | None]:
        """Return where the process keeps a program, and its text where it has not seen it."""
        known = self._held.get((id(program), asked))
        if known is not None and known[0] is program:
            return known[1], None
        text = "\n".join(map(str, program))
        place = self._places.get((text, asked))
        is_new = place is None
        if is_new and len(self._places) >= MOST_PROGRAMS:
            self._places.clear()
        if is_new or len(self._held) >= MOST_PROGRAMS:
            self._held.clear()
        if place is None:
            place = self._places[text, asked] = len(self._places)
        self._held[id(program), asked] = program, place
        return place, text if is_new else None

    def _reply(self, process: Process, name: str) -> list[frozenset[clingo.Symbol]]:
        until = time.monotonic() + self._seconds
        doing = "grounding"
        try:
            process.line(until)
            doing = "solving"
            reply: dict[str, Any] = json.loads(process.line(until))
        except EndedError as error:
            raise _ended(error.why, doing, self._seconds, self._most, name) from error
        if reply.get("end"):
            self._end()
        if refused := reply.get("refused"):
            raise RefusedError([Diagnostic(*fault) for fault in refused])
        if excess := reply.get("excess"):
            raise NesyError(_excess(excess, name))
        self._terms.learn(reply["added"])
        terms = self._terms.terms
        return [frozenset(map(terms.__getitem__, found)) for found in reply["sets"]]


def _environment() -> dict[str, str]:
    """Return a bare environment: what the interpreter needs, and no secret."""
    kept = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    folders = [str(Path(folder).resolve().parent) for folder in nesy.__path__]
    return {**found, "PYTHONPATH": os.pathsep.join(folders), "LC_ALL": "C.UTF-8"}


def _ended(why: str, doing: str, seconds: float, most: int, name: str) -> NesyError:
    limit = f"more than {seconds:g} s" if why == "time" else f"more than the {most >> 20} MB it may"
    reason = f"it took {limit}, and was stopped"
    if doing == "grounding":
        what = "grounding these rules does not end"
        fix = "bound every interval and recursion, and join fewer conditions"
        return NesyError(Diagnostic("N321", what, reason, fix, name))
    what = "these rules find no further answer set in time"
    if why != "time":
        what = "solving these rules takes too much memory"
    fix = "use fewer choices and constraints; what counts or sums over choices is the hardest"
    return NesyError(Diagnostic("N322", what, reason, fix, name))


def _excess(of: list[Any], name: str) -> Diagnostic:
    """Return what is said where the answer is more than may come back: what, and its limit."""
    kind, limit = of
    if kind == "sets":
        what = f"more than {limit} answer sets for one case"
        why = "choices of these rules multiply; each answer set has to be weighed"
        return Diagnostic("N320", what, why, "add constraints, or fewer choices", name)
    what = f"these rules derive more than {limit} atoms for one case"
    why = "each of them would be kept and looked at"
    fix = "join fewer conditions, narrow the intervals"
    if kind == "depth":
        what = f"these rules derive a term nested deeper than {limit}"
        why, fix = "such terms crash what reads them", "recurse over words or numbers"
    return Diagnostic("N323", what, why, fix, name)


_GUARD = Guard()


@atexit.register
def close() -> None:
    """End the process that solves what is not ours; the next program starts another."""
    _GUARD.close()


def solve(
    program: Sequence[ast.AST], facts: Iterable[clingo.Symbol], asked: Asked, name: str
) -> list[frozenset[clingo.Symbol]]:
    """Return the answer sets of rules that are not ours, as :meth:`Guard.solve` does."""
    return _GUARD.solve(program, facts, asked, name)
