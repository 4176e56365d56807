"""List the minimal supports of an atom: sets of leaves that derive it, of which none can go.

The instances below the atom are handed to clingo as a program over numbered leaves, each of which
may be there or not. The smallest set that derives the atom is asked for, then the smallest that
holds none of those found, until there is none. Adding leaves never takes a derivation away, so each
set found is minimal, and at the end none is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import clingo
from clingo import ast

from nesy.explain.why.counted import Part
from nesy.explain.why.derivation import Derivation, Leaf, Leaves
from nesy.reason import asp

_ASKED = """
#minimize { 1,L : taken(L) }.
:- not derived(0).
#show taken/1.
"""


def minimal(derivation: Derivation, root: clingo.Symbol) -> Iterator[Leaves]:
    """Yield the minimal supports of an atom, the smallest first; a fact supports itself.

    They are found as they are asked for; an atom may have more than anybody waits for.
    """
    program = _Program(derivation, root)
    control = asp.ground(program.statements(), extra="", name="supports")
    control.configuration.solve.opt_mode = "opt"  # type: ignore[union-attr]
    taken = {
        atom.symbol.arguments[0].number: atom.literal
        for atom in control.symbolic_atoms.by_signature("taken", 1)
    }
    while True:
        found: list[int] | None = None
        with control.solve(yield_=True) as handle:
            for model in handle:
                found = [atom.arguments[0].number for atom in model.symbols(shown=True)]
        if found is None:
            return
        yield frozenset(program.leaves[number] for number in found)
        with control.backend() as backend:
            backend.add_rule([], [taken[number] for number in found])


class _Program:
    """The instances below an atom, in numbers: ``derived(0)`` is the atom itself."""

    def __init__(self, derivation: Derivation, root: clingo.Symbol) -> None:
        self.derivation = derivation
        self.leaves: list[Leaf] = []
        self._leaf: dict[Leaf, int] = {}
        self._atom = {root: 0}
        derivation.steps(root)
        self.below = derivation.below(root)
        self._atom |= {atom: n for n, atom in enumerate((a for a in self.below if a != root), 1)}

    def statements(self) -> list[ast.AST]:
        """Return the program."""
        lines = [line for atom in self._atom for line in self._rules(atom)]
        choice = f"{{ taken(0..{len(self.leaves) - 1}) }}." if self.leaves else ""
        found: list[ast.AST] = []
        ast.parse_string(f"{choice}\n{_ASKED}\n" + "\n".join(lines), found.append)
        return found

    def _rules(self, atom: clingo.Symbol) -> Iterator[str]:
        head = f"derived({self._atom[atom]})"
        if atom in self.derivation.facts or atom not in self.below:
            yield f"{head} :- {self._taken(('fact', atom))}."
        for instance in self.below.get(atom, ()):
            demand = self.derivation.demand(instance)
            body = [self._derived(a) for a in demand.positive]
            body += [self._taken(("absent", a)) for a in demand.absent]
            body += [self._taken(("assumed", a)) for a in demand.assumed]
            for need in demand.needs:
                counted = "; ".join(
                    f"{weight},{share} : {self._part(part)}"
                    for share, (weight, parts) in enumerate(need.shares)
                    for part in parts
                )
                body.append(f"{need.least} <= #sum {{ {counted} }}")
            yield f"{head} :- {'; '.join(dict.fromkeys(body))}." if body else f"{head}."

    def _part(self, part: Part) -> str:
        atoms = [self._derived(a) for a in part.positive]
        return ", ".join([*atoms, *(self._taken(("absent", a)) for a in part.negative)]) or "#true"

    def _derived(self, atom: clingo.Symbol) -> str:
        if atom in self._atom:
            return f"derived({self._atom[atom]})"
        return self._taken(("fact", atom))

    def _taken(self, leaf: Leaf) -> str:
        if leaf not in self._leaf:
            self._leaf[leaf] = len(self.leaves)
            self.leaves.append(leaf)
        return f"taken({self._leaf[leaf]})"
