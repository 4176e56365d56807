"""The core of a contrast: the fewest facts that keep an atom from holding, for any program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import clingo
from clingo import ast

from nesy.reason import asp

# Returns which of these facts, taken together, forbid the atom; None where they do not.
Forbids = Callable[[Sequence[int]], Sequence[int] | None]


def core(
    statements: Iterable[ast.AST],
    facts: Sequence[clingo.Symbol],
    other: clingo.Symbol,
    *,
    given: Sequence[clingo.Symbol] = (),
    guarded: str = "",
) -> tuple[clingo.Symbol, ...] | None:
    """Return a minimal set of facts that forbids an atom, None where the atom is possible.

    Over these facts and any others of ``facts`` no answer set holds the atom; over each smaller
    set one does. An empty core says that no choice among the facts lets it hold. ``given`` always
    hold; ``guarded`` names the files whose rules are not ours. Raises NesyError as ``asp.solve``
    does.
    """
    program = tuple(statements)
    pattern = str(other).replace('"_"', "_")
    choices = f"{{ _given(0..{len(facts) - 1}) }}. " if facts else ""
    rules = " ".join(f"{fact} :- _given({n})." for n, fact in enumerate(facts))
    extra = f"{asp.ALL_DEFINED} {choices}{rules} _foil :- {pattern}. :- not _foil. "
    if guarded:
        forbids = _elsewhere(program, given, extra, guarded)
    else:
        control = asp.ground(program, given, extra=extra, models=1, name="contrast")
        forbids = _assuming(control, len(facts))
    found = forbids(range(len(facts)))
    if found is None:
        return None
    for fact in tuple(found):
        fewer = forbids([each for each in found if each != fact])
        found = found if fewer is None else fewer
    return tuple(sorted(facts[n] for n in found))


def _assuming(control: clingo.Control, count: int) -> Forbids:
    """Return the test by assumptions over a program that is grounded once."""
    literals: dict[int, int] = {}
    for n in range(count):
        atom = control.symbolic_atoms[clingo.Function("_given", [clingo.Number(n)])]
        if atom is not None:
            literals[n] = atom.literal

    def forbids(assumed: Sequence[int]) -> Sequence[int] | None:
        known = [literals[n] for n in assumed if n in literals]
        with control.solve(assumptions=known, yield_=True) as handle:
            if handle.get().satisfiable:
                return None
            kept = set(handle.core())
        return [n for n in assumed if literals.get(n) in kept]

    return forbids


def _elsewhere(
    program: Sequence[ast.AST], given: Sequence[clingo.Symbol], extra: str, guarded: str
) -> Forbids:
    """Return the test for rules that are never grounded in this process."""

    def forbids(assumed: Sequence[int]) -> Sequence[int] | None:
        held = " ".join(f":- not _given({n})." for n in assumed)
        found = asp.solve(
            program,
            given,
            extra=extra + held,
            models=1,
            name="contrast",
            guarded=guarded,
            show=frozenset({("_foil", 0)}),
        )
        return None if found else assumed

    return forbids
