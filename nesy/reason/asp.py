"""Answer sets: the one place that runs clingo."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import chain

import clingo
from clingo import ast

from nesy.diagnostics import Diagnostic, NesyError
from nesy.predicates import PREDICATES
from nesy.reason import guard, rows
from nesy.reason.rows import Row
from nesy.rule_text import translate
from nesy.rulebook import Signature

# The part of a program that holds no rule.
NOTHING = "nothing"
MOST_ANSWER_SETS = 10_000
LONGEST_SOLVE = 30.0


# How many atoms are remembered with what was asked of them.
MOST_REMEMBERED = 2**16


class Functions:
    """The closed set of pure integer functions that rules may call with ``@``."""

    @staticmethod
    def log_odds(confidence: clingo.Symbol) -> clingo.Symbol:
        """Return the log-odds of a confidence as a strength 0-1000; below even odds it is 0.

        1000 stands for odds of 999 to 1, the most a confidence in 0-1000 can say.
        """
        held = min(max(confidence.number, 1), 999)
        odds = math.log(held / (1000 - held))
        return clingo.Number(max(0, round(1000 * odds / math.log(999))))


FUNCTIONS = tuple(name for name in vars(Functions) if not name.startswith("_"))


# Atoms by their signature.
Grouped = Mapping[Signature, Sequence[clingo.Symbol]]


class AnswerSet:
    """The atoms of one answer set, each given once."""

    def __init__(self, atoms: Collection[clingo.Symbol]) -> None:
        self._given = atoms
        self._sorted: dict[Signature, Sequence[clingo.Symbol]] = {}
        self._words: dict[Signature, Sequence[tuple[str, ...]]] = {}

    @cached_property
    def atoms(self) -> frozenset[clingo.Symbol]:
        """Return all of them."""
        return frozenset(chain.from_iterable(self.grouped.values()))

    def __iter__(self) -> Iterator[clingo.Symbol]:
        return chain.from_iterable(self.grouped.values())

    def named(self, name: str, arity: int) -> Sequence[clingo.Symbol]:
        """Return the atoms of one predicate, sorted."""
        found = self._sorted.get((name, arity))
        if found is None:
            found = self._sorted[name, arity] = sorted(self.grouped.get((name, arity), ()))
        return found

    def rows(self, name: str, arity: int) -> Collection[Row]:
        """Return the arguments of the atoms of one predicate as plain values, in no order."""
        return [rows.row(atom)[1] for atom in self.grouped.get((name, arity), ())]

    def words(self, name: str, arity: int) -> Sequence[tuple[str, ...]]:
        """Return the arguments of the atoms of one predicate as text, in the order of the atoms."""
        found = self._words.get((name, arity))
        if found is None:
            ordered = rows.in_order(self.rows(name, arity))
            found = self._words[name, arity] = [tuple(map(rows.text, row)) for row in ordered]
        return found

    @cached_property
    def grouped(self) -> Grouped:
        """Return them by their signature, in no order."""
        return grouped(self._given)

    @property
    def signatures(self) -> Collection[Signature]:
        """Return those that there are atoms of."""
        return self.grouped.keys()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnswerSet) and self.atoms == other.atoms

    def __hash__(self) -> int:
        return hash(self.atoms)


# Asking clingo for a name or for arguments takes ten times as long as finding them here; the facts
# of one case are largely those of the next.
@lru_cache(maxsize=MOST_REMEMBERED)
def signature(atom: clingo.Symbol) -> Signature:
    """Return the name and arity of an atom."""
    return atom.name, len(atom.arguments)


@lru_cache(maxsize=MOST_REMEMBERED)
def words(atom: clingo.Symbol) -> tuple[str, ...]:
    """Return the arguments of an atom as text."""
    return tuple(map(str, atom.arguments))


def named(atoms: Iterable[clingo.Symbol], name: str, arity: int) -> list[clingo.Symbol]:
    """Return the atoms of one predicate, in the order given."""
    return [atom for atom in atoms if signature(atom) == (name, arity)]


def defined(signatures: Iterable[tuple[str, int]]) -> str:
    """Return ``#defined`` declarations, so that a predicate without facts is no fault."""
    return " ".join(f"#defined {name}/{arity}." for name, arity in signatures)


ALL_DEFINED = defined(PREDICATES)


def solve(
    statements: Iterable[ast.AST],
    facts: Iterable[clingo.Symbol],
    *,
    extra: str = "",
    models: int = 0,
    name: str = "rules",
    guarded: str = "",
    show: frozenset[tuple[str, int]] | None = None,
) -> list[AnswerSet]:
    """Return the answer sets of a program over facts, at most ``models`` of them (0: all).

    Facts enter as symbols, never as text. ``guarded`` names the files whose rules are not ours:
    with them, the program is solved in a process of its own. ``show`` restricts what is returned to
    these signatures, which saves reading the facts back. Raises NesyError N303 (clingo refuses the
    program), N320 (more answer sets than can be weighed), N322 (no answer set in time), and where
    guarded also N321 (grounding without end) or N323 (too much is derived).
    """
    program, known = tuple(statements), tuple(facts)
    shown = "" if show is None else "#show. " + " ".join(f"#show {n}/{a}." for n, a in sorted(show))
    if guarded:
        asked = guard.Asked(extra + shown, models, show is not None)
        return [AnswerSet(found) for found in _elsewhere(program, known, asked, guarded)]
    control = ground(program, known, extra=extra + shown, models=models, name=name)
    found: list[AnswerSet] = []
    until = time.monotonic() + LONGEST_SOLVE
    with control.solve(yield_=True, async_=True) as handle:
        while True:
            handle.resume()
            if not handle.wait(max(0.0, until - time.monotonic())):
                handle.cancel()
                raise _too_long(name)
            model = handle.model()
            if model is None:
                return found
            if len(found) >= MOST_ANSWER_SETS:
                raise _too_many(name)
            found.append(
                AnswerSet(frozenset(model.symbols(atoms=show is None, shown=show is not None)))
            )


def require_end(
    statements: Iterable[ast.AST],
    facts: Iterable[clingo.Symbol] = (),
    *,
    extra: str = ALL_DEFINED,
    files: str,
) -> None:
    """Raise NesyError where rules that are not ours are not grounded in the end.

    N303 says that clingo refuses them, N321 that grounding takes too long or too much.
    """
    asked = guard.Asked(extra, guard.GROUNDED, shown=False)
    _elsewhere(tuple(statements), tuple(facts), asked, files)


def _elsewhere(
    program: Sequence[ast.AST], facts: Iterable[clingo.Symbol], asked: guard.Asked, files: str
) -> list[frozenset[clingo.Symbol]]:
    try:
        return guard.solve(program, facts, asked, files)
    except guard.RefusedError as error:
        # What is unsafe is found, with its place, before anything is grounded.
        ground(program, extra=asked.extra, part=NOTHING, name=files)
        raise NesyError(replace(fault, file=files) for fault in error.faults) from error


def settled(
    statements: Iterable[ast.AST], facts: Iterable[clingo.Symbol], *, name: str
) -> AnswerSet | None:
    """Return what a program shows in its answer set, None where it has none or more than one.

    For stratified programs: grounding settles every atom, so there is nothing to search or to stop.
    """
    control = ground(statements, facts, extra="", models=2, name=name)
    found: list[list[clingo.Symbol]] = []
    control.solve(on_model=lambda model: found.append(list(model.symbols(shown=True))))
    return AnswerSet(found[0]) if len(found) == 1 else None


def grouped(atoms: Iterable[clingo.Symbol]) -> dict[tuple[str, int], list[clingo.Symbol]]:
    """Return atoms by their signature, in the order given."""
    found: dict[tuple[str, int], list[clingo.Symbol]] = defaultdict(list)
    for atom in atoms:
        found[signature(atom)].append(atom)
    return found


def _too_long(name: str) -> NesyError:
    what = f"no further answer set within {LONGEST_SOLVE:.0f} s"
    why = "choices and constraints of a pack make the search too hard"
    return NesyError(Diagnostic("N322", what, why, "use fewer choices", name))


def _too_many(name: str) -> NesyError:
    what = f"more than {MOST_ANSWER_SETS} answer sets for one case"
    why = "choices of a pack multiply; each answer set has to be weighed"
    return NesyError(Diagnostic("N320", what, why, "add constraints, or fewer choices", name))


def ground(
    statements: Iterable[ast.AST],
    facts: Iterable[clingo.Symbol] = (),
    *,
    extra: str = ALL_DEFINED,
    models: int = 0,
    name: str,
    part: str = "base",
) -> clingo.Control:
    """Return a control with the program grounded; raises NesyError N303 where clingo refuses it.

    With ``NOTHING`` for the part, the program is only checked.
    """
    messages: list[str] = []
    control = clingo.Control(
        ["--warn=none", str(models)], logger=lambda _, text: messages.append(text)
    )
    try:
        with ast.ProgramBuilder(control) as builder:
            for statement in statements:
                builder.add(statement)
            if extra:
                ast.parse_string(extra, builder.add)
        with control.backend() as backend:
            for fact in facts:
                backend.add_rule([backend.add_atom(fact)])
        control.ground([(part, [])], context=Functions())
    except RuntimeError as error:
        found = [d for message in messages for d in translate(message, name)]
        if not found:
            why = "; ".join(messages) or str(error)
            found = [Diagnostic("N303", "clingo refuses these rules", why, "mend the rule", name)]
        raise NesyError(found) from error
    return control


def parsed(text: str) -> list[ast.AST]:
    """Return the statements of a program that this program itself wrote."""
    found: list[ast.AST] = []
    ast.parse_string(text, found.append)
    return found[1:]


def symbols(facts: Iterable[str]) -> list[clingo.Symbol]:
    """Parse ground atoms that this program itself wrote."""
    return list(rows.Atoms.of(map(rows.read, facts)))
