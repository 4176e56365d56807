"""The process in which rules that are not ours are solved: ``python -m nesy.reason.guarded BYTES``.

It reads a request a line, and answers a line once the program is grounded and another with what
its answer sets hold. Time is the parent's to watch; the limits here outlive a parent that was
killed.
"""

from __future__ import annotations

import json
import math
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TextIO

import clingo
from clingo import ast

from nesy.diagnostics import NesyError
from nesy.reason import asp
from nesy.reason.terms_in_common import TermsInCommon
from nesy.rule_text import DEEPEST

MOST_ATOMS = 100_000
# clingo never forgets a symbol: a process that grew to this share of its memory is replaced.
SHARE = 4
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"')


class _ExcessError(Exception):
    """More was found than may be handed back: what, and how many of it may."""


class Solver:
    """Programs that were parsed, by their place, and the terms that both ends know."""

    def __init__(self) -> None:
        self._programs: dict[int, list[ast.AST]] = {}
        self._terms = TermsInCommon()

    def answer(self, request: list[Any], out: TextIO) -> dict[str, Any]:
        """Return the reply to a request; a line is written when the program is grounded."""
        place, text, told, numbers, _, extra, models, shown = request
        self._terms.learn(told)
        if text is not None:
            self._programs[place] = _parsed(f"{text}\n{extra}")
        facts = [self._terms.terms[number] for number in numbers]
        said = "grounded\n"
        try:
            control = asp.ground(
                self._programs[place], facts, extra="", models=max(models, 0), name="guarded"
            )
            out.write(said)
            out.flush()
            said = ""
            sets = list(self._sets(control, shown=shown)) if models >= 0 else []
            return {"added": self._terms.added(), "sets": sets}
        except NesyError as error:
            out.write(said)
            faults = [[d.code, d.what, d.why, d.fix] for d in error.diagnostics]
            return {"refused": faults}
        except _ExcessError as error:
            return {"excess": error.args, "end": True}

    def _sets(self, control: clingo.Control, *, shown: bool) -> Iterator[list[int]]:
        atoms, sets = 0, 0
        if len(control.symbolic_atoms) > 2 * MOST_ATOMS:
            raise _ExcessError("atoms", MOST_ATOMS)
        with control.solve(yield_=True) as handle:
            for model in handle:
                found = model.symbols(atoms=not shown, shown=shown)
                atoms, sets = max(atoms, len(found)), sets + 1
                if sets > asp.MOST_ANSWER_SETS:
                    raise _ExcessError("sets", asp.MOST_ANSWER_SETS)
                if atoms > MOST_ATOMS or len(self._terms.terms) > 4 * MOST_ATOMS:
                    raise _ExcessError("atoms", MOST_ATOMS)
                yield [self._number(atom) for atom in found]

    def _number(self, atom: clingo.Symbol) -> int:
        known = len(self._terms.terms)
        number = self._terms.number(atom)
        if number == known and _depth(str(atom)) > DEEPEST:
            raise _ExcessError("depth", DEEPEST)
        return number

    @property
    def is_full(self) -> bool:
        """Tell whether it holds so many terms that another process should go on."""
        return len(self._terms.terms) > MOST_ATOMS


def _parsed(text: str) -> list[ast.AST]:
    statements: list[ast.AST] = []
    ast.parse_string(text, statements.append)
    return statements


def _depth(text: str) -> int:
    """Return how deep the brackets of a term are nested, outside strings."""
    if text.count("(") <= DEEPEST:
        return 0
    level = deepest = 0
    for character in _STRINGS.sub("", text):
        level += (character == "(") - (character == ")")
        deepest = max(deepest, level)
    return deepest


def _limit(what: int, most: int, *, may_rise: bool = False) -> None:
    # Not every system has every limit.
    with suppress(OSError, ValueError):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1] if may_rise else most))


def serve(most: int) -> None:
    """Answer requests until there are no more; ``most`` is the bytes of memory it may take."""
    solver = Solver()
    out = sys.stdout
    # Everything that may be needed is loaded: from here on no file is opened or written.
    for what, limit in (
        (resource.RLIMIT_AS, most),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        _limit(what, limit)
    # Linux counts in what the process that started this one had taken.
    before = _taken()
    out.write("ready\n")
    out.flush()
    for line in sys.stdin:
        request = json.loads(line)
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = math.ceil(used.ru_utime + used.ru_stime + request[4]) + 1
        _limit(resource.RLIMIT_CPU, until, may_rise=True)
        reply = solver.answer(request, out)
        if solver.is_full or _taken() - before > most // SHARE:
            reply["end"] = True
        out.write(json.dumps(reply, separators=(",", ":")) + "\n")
        out.flush()


def _taken() -> int:
    """Return the most memory taken so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


if __name__ == "__main__":
    serve(int(sys.argv[1]))
