"""Solve one case after the other: of a stratified program, only what the case's facts can reach.

What holds of every case is derived once; what was solved for the same facts is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import clingo
from clingo import ast

from nesy.reason import asp
from nesy.reason.asp import AnswerSet, parsed, signature
from nesy.reason.lift import constants
from nesy.reason.parts import Part
from nesy.reason.relevance import Relevance
from nesy.rulebook import Signature

# How many solved sets of facts are remembered before all are forgotten.
MOST_KEPT = 1000

Facts = Sequence[clingo.Symbol]


class SlicedProgram:
    """A part of the rules over a fixed ontology, solved for case after case."""

    def __init__(self, part: Part, static: Facts) -> None:
        constant = constants(part.rules, part.given)
        common = [rule for rule in part.rules if rule.heads | rule.body <= constant]
        varying = [rule for rule in part.rules if not rule.heads | rule.body <= constant]
        read = frozenset[Signature]().union(*(rule.body for rule in part.rules))
        self._name, self._show, self.given = part.name, part.show, part.given
        (known,) = asp.solve(
            [rule.statement for rule in common],
            static,
            name=part.name,
            show=constant & (read | part.show),
        )
        always = [*known.atoms, *(a for a in static if signature(a) not in constant)]
        # As statements they are added in half the time.
        self._always: dict[Signature, list[ast.AST]] = defaultdict(list)
        for atom in always:
            self._always[signature(atom)].append(_fact(atom))
        self._shown_always = [atom for atom in always if signature(atom) in part.show]
        self._relevance = Relevance(varying, always)
        self._constant = constant
        self._asked = (read | part.show) - constant
        self._shows = {of: _show(of) for of in part.show}
        self._known: dict[frozenset[clingo.Symbol], AnswerSet | None] = {}

    def solve(self, facts: Facts) -> AnswerSet | None:
        """Return the answer set over the facts of a case.

        Returns None where there is not exactly one, and for a fact of what is the same in every
        case.
        """
        of = {fact: signature(fact) for fact in facts}
        if not self._constant.isdisjoint(of.values()):
            return None
        key = frozenset(fact for fact, name in of.items() if name in self._asked)
        if key not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = self._solved(key)
        return self._known[key]

    def _solved(self, facts: frozenset[clingo.Symbol]) -> AnswerSet | None:
        chosen = self._relevance.reached(facts)
        shown = (chosen.heads | {signature(fact) for fact in facts}) & self._show
        known = [fact for of in chosen.body & self._always.keys() for fact in self._always[of]]
        asked = [_NOTHING, *(self._shows[of] for of in shown)]
        found = asp.settled([*known, *chosen.statements, *asked], facts, name=self._name)
        return AnswerSet(found.atoms.union(self._shown_always)) if found is not None else None


(_NOTHING,) = parsed("#show.")
_HERE = _NOTHING.location


def _fact(atom: clingo.Symbol) -> ast.AST:
    symbol = ast.SymbolicTerm(_HERE, atom)
    if atom.arguments:
        terms = [ast.SymbolicTerm(_HERE, term) for term in atom.arguments]
        symbol = ast.Function(_HERE, atom.name, terms, 0)
    head = ast.Literal(_HERE, ast.Sign.NoSign, ast.SymbolicAtom(symbol))
    return ast.Rule(_HERE, head, [])


def _show(of: Signature) -> ast.AST:
    (statement,) = parsed(f"#show {of[0]}/{of[1]}.")
    return statement
