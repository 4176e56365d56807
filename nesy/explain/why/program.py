"""Explain any clingo program: its answer sets with the rule instances behind each atom.

A Trace's two strata are one use of it; here rules may also choose, forbid and cost, so it answers
two more questions: why there is no answer set (or none with an atom), and what an optimum costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import clingo
from clingo import ast

from nesy.explain.why.derivation import Derivation
from nesy.explain.why.instances import Instance, Instrumented, instrumented, read
from nesy.explain.why.instrument import COST, EXCLUDED, FIRED, is_constraint
from nesy.reason import asp
from nesy.reason.conditions import conditions_of_any
from nesy.reason.relevance import Relevance
from nesy.rulebook import Rule

# Before every priority that a program is likely to use.
_FIRST = 1_000_000_000
_PRICED = (ast.ASTType.Rule, ast.ASTType.Minimize)


@dataclass(frozen=True, eq=False)
class Program:
    """A program in clingo's full syntax; each rule is named by its line."""

    rules: tuple[Rule, ...]
    others: tuple[ast.AST, ...]

    @classmethod
    def read(cls, text: str, file: str = "program") -> Program:
        """Read a program; raises RuntimeError where clingo cannot."""
        statements: list[ast.AST] = []
        ast.parse_string(text, statements.append)
        rules: list[Rule] = []
        for statement in statements:
            if statement.ast_type in _PRICED:
                at = statement.location.begin
                place = f"{file}:{at.line}:{at.column}"
                rules.append(Rule(place, None, {}, file, at.line, at.column, statement))
        others = (s for s in statements if s.ast_type not in _PRICED)
        return cls(tuple(rules), tuple(others))

    @cached_property
    def _beside(self) -> Instrumented:
        kept = (rule for rule in self.rules if not _forbids(rule))
        return instrumented(kept, self._constants)

    @cached_property
    def _relaxed(self) -> Instrumented:
        return instrumented((rule for rule in self.rules if not _costs(rule)), self._constants)

    @cached_property
    def _told(self) -> Relevance:
        return Relevance(conditions_of_any([*self.statements, *self._beside.statements]))

    @cached_property
    def _told_relaxed(self) -> Relevance:
        kept = [rule.statement for rule in self.rules if not (_forbids(rule) or _costs(rule))]
        every = [*self.others, *kept, *self._relaxed.statements]
        return Relevance(conditions_of_any(every))

    @cached_property
    def _weighs(self) -> bool:
        return any(map(_costs, self.rules))

    @cached_property
    def _constants(self) -> frozenset[str]:
        return frozenset(s.name for s in self.others if s.ast_type == ast.ASTType.Definition)

    @property
    def statements(self) -> tuple[ast.AST, ...]:
        """Return the program as it was written."""
        return (*self.others, *(rule.statement for rule in self.rules))

    def answer_sets(
        self, facts: Sequence[clingo.Symbol] = (), *, limit: int = 0
    ) -> Iterator[Justified]:
        """Yield the answer sets, only optimal ones where the program weighs them.

        At most ``limit`` of them; 0 stands for all. Raises NesyError N303.
        """
        statements = self._told.reached(facts).statements
        for atoms in _solved(statements, facts, limit, optimal=self._weighs):
            yield Justified(atoms, self._beside, facts)

    def excluded(
        self, facts: Sequence[clingo.Symbol] = (), atom: clingo.Symbol | None = None
    ) -> Justified | None:
        """Return what is nearest to an answer set, with the constraints it breaks.

        With an atom, it holds there. None where even without constraints there is none: nothing
        derives the atom, or what a choice may hold or a cycle through ``not`` forbids it.
        """
        owners = self._relaxed.owners
        forbids = " ".join(f"_forbids({n})." for n, rule in enumerate(owners) if _forbids(rule))
        broken = f"{FIRED[0]}(N,V), _forbids(N)"
        extra = f"#defined _forbids/1. {forbids} #minimize {{ 1@{_FIRST},N,V : {broken} }}."
        if atom is not None:
            extra += f" :- not {atom}."
        statements = self._told_relaxed.reached(facts).statements
        ast.parse_string(extra, statements.append)
        for atoms in _solved(statements, facts, 1, optimal=True):
            return Justified(atoms, self._relaxed, facts)
        return None


class Justified(Derivation):
    """One answer set: its atoms, and how they are derived."""

    def __init__(
        self,
        atoms: frozenset[clingo.Symbol],
        beside: Instrumented,
        facts: Sequence[clingo.Symbol],
    ) -> None:
        super().__init__(read(atoms, beside), frozenset(facts))
        self._all = atoms

    @cached_property
    def atoms(self) -> frozenset[clingo.Symbol]:
        """Return the atoms of the program itself."""
        return frozenset(a for a in self._all if not a.name.startswith("_"))

    def broken(self) -> list[Instance]:
        """Return the instances of constraints that do not hold."""
        return list(self.instances.get(EXCLUDED, ()))

    def cost(self) -> dict[int, int]:
        """Return what is paid at each priority, the highest first."""
        found: dict[int, int] = {}
        for weight, priority, _ in {tuple(i.head.arguments) for i in self.paid()}:
            found[priority.number] = found.get(priority.number, 0) + weight.number
        return dict(sorted(found.items(), reverse=True))

    def paid(self) -> list[Instance]:
        """Return what is paid: instances whose head is ``_cost(weight, priority, tuple)``."""
        return [i for head, of in self.instances.items() if head.match(*COST) for i in of]


def _forbids(rule: Rule) -> bool:
    statement = rule.statement
    return statement.ast_type == ast.ASTType.Rule and is_constraint(statement)


def _costs(rule: Rule) -> bool:
    return bool(rule.statement.ast_type == ast.ASTType.Minimize)


def _solved(
    statements: Iterable[ast.AST], facts: Sequence[clingo.Symbol], limit: int, *, optimal: bool
) -> Iterator[frozenset[clingo.Symbol]]:
    control = asp.ground(statements, facts, extra="", models=limit, name="program")
    if optimal:
        control.configuration.solve.opt_mode = "optN"  # type: ignore[union-attr]
    found: list[frozenset[clingo.Symbol]] = []

    def keep(model: clingo.Model) -> None:
        if model.optimality_proven or not model.cost:
            found.append(frozenset(model.symbols(atoms=True)))

    control.solve(on_model=keep)
    yield from found
