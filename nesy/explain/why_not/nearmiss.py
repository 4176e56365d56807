"""Near misses: how close a rule came to concluding an atom, and the first condition that failed.

A rule's conditions are tried in an order in which each is decided by what was bound before; a
condition that fails is passed over, which leaves what it would have bound open. Of all bindings the
one is kept that fails the fewest conditions; what no case can change, an atom of the ontology,
weighs more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeGuard

from clingo import ast

from nesy.companions import heads, unpooled, variables
from nesy.explain.why_not.conditions import Atom, Comparison, Condition, condition_of
from nesy.explain.why_not.match import (
    NOTHING,
    Atoms,
    Computed,
    Constant,
    Env,
    Key,
    Pattern,
    Term,
    Value,
)
from nesy.rulebook import Rule

# A rule is tried with at most so many bindings; the best found until then counts.
MOST_TRIED = 4000
NO_HEAD = Pattern(("", 0, True), ())
# What a failing condition weighs: open ones, those that a case can change, those that none can.
OPEN, FAILS, FIXED = 1, 4, 16


@dataclass(frozen=True, eq=False)
class Way:
    """One way in which a rule concludes an atom: an alternative of its pools, an atom of its head.

    ``chosen`` marks a head that may, and need not, hold where the conditions do.
    """

    rule: Rule
    head: Pattern
    conditions: tuple[Condition, ...]
    chosen: bool = False
    names: frozenset[str] = NOTHING

    @cached_property
    def later(self) -> tuple[frozenset[str], ...]:
        """Return by condition what those after it can bind.

        Only then may a condition be passed over although atoms match it.
        """
        bound, found = NOTHING, []
        for condition in reversed(self.conditions):
            found.append(bound)
            bound |= condition.binds
        return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The bindings under which a way comes nearest.

    ``failing`` are the conditions that do not hold, in the order tried; ``undecided`` those that
    wait for what these would bind; ``supported`` how many atoms of the case hold for it; ``level``
    how many sets of missing atoms are as near.
    """

    way: Way
    env: Env
    failing: tuple[Condition, ...]
    undecided: tuple[Condition, ...]
    supported: int
    cost: int
    gap: float = 0.0
    level: int = 1

    @property
    def missing(self) -> tuple[tuple[int, tuple[Value | None, ...]], ...]:
        """Return what fails and under which values, to tell near misses apart."""
        return tuple((id(c), tuple(map(self.env.get, c.names))) for c in self.failing)

    @property
    def order(self) -> tuple[int, int, float]:
        """Return what sorts near misses, the nearest first."""
        return self.cost, -self.supported, self.gap


def ways(rule: Rule) -> tuple[Way, ...]:
    """Return the ways of a rule; a constraint has one, to an atom of no name."""
    found = []
    for statement in unpooled(rule.statement):
        chosen = statement.head.ast_type != ast.ASTType.Literal
        concluded: list[tuple[ast.AST | None, list[ast.AST]]] = [*heads(statement.head)]
        for head, condition in concluded or [(None, [])]:
            literals = [*statement.body, *condition]
            pattern = NO_HEAD if head is None else Pattern.of(head.symbol)
            names = frozenset(variables(literals))
            scope = names | pattern.names
            conditions = _safe([condition_of(node, scope) for node in literals])
            found.append(Way(rule, pattern, conditions, chosen, names))
    return tuple(found)


def _safe(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Order conditions so that each is decided by those before it; values given come first."""
    rest = sorted(conditions, key=lambda c: not _gives_value(c))
    found: list[Condition] = []
    bound: dict[str, int] = {}
    while rest:
        at = next((i for i, c in enumerate(rest) if c.ready(bound)), 0)
        condition = rest.pop(at)
        found.append(condition)
        bound |= dict.fromkeys(condition.binds, 0)
    return tuple(found)


def _gives_value(condition: Condition) -> bool:
    if not isinstance(condition, Comparison) or len(condition.terms) != 2 or not condition.binds:
        return False
    return any(isinstance(term, Constant) for term in condition.terms)


def nearest(
    way: Way, wanted: Sequence[Term], atoms: Atoms, fixed: Callable[[Key], bool]
) -> NearMiss | None:
    """Return the near miss of a way to an atom with the wanted arguments, None if it cannot be one.

    ``fixed`` tells the predicates that no case changes.
    """
    envs = list(_heads(way, wanted))
    if not envs:
        return None
    search = _Search(way, atoms, fixed)
    for env in envs:
        search.go(0, env, 0, (), ())
    best = search.best
    return best and replace(best, level=len(search.level))


def _heads(way: Way, wanted: Sequence[Term]) -> Iterator[Env]:
    """Yield the bindings that the wanted arguments give the head."""
    env: Env | None = {}
    for own, asked in zip(way.head.terms, wanted, strict=True):
        if asked.open or env is None:
            continue
        (value,) = asked.values({})
        if isinstance(own, Computed) and own.needs - env.keys():
            continue
        env = own.match(value, env)
    if env is not None:
        yield env


class _Search:
    def __init__(self, way: Way, atoms: Atoms, fixed: Callable[[Key], bool]) -> None:
        self.way, self.atoms, self.fixed = way, atoms, fixed
        self.best: NearMiss | None = None
        self.tried = 0
        self.level: set[object] = set()
        # The least that the conditions from one on will cost: those of which no atom holds at all.
        self.least = [0] * (len(way.conditions) + 1)
        for at in range(len(way.conditions) - 1, -1, -1):
            condition = way.conditions[at]
            lost = _is_positive(condition) and not atoms.has(condition.pattern.key)
            self.least[at] = self.least[at + 1] + (self._weight(condition) if lost else 0)

    def _weight(self, condition: Condition) -> int:
        return FIXED if isinstance(condition, Atom) and self.fixed(condition.pattern.key) else FAILS

    def go(
        self,
        at: int,
        env: Env,
        cost: int,
        failing: tuple[Condition, ...],
        undecided: tuple[Condition, ...],
    ) -> None:
        """Try the conditions from one on; keep the nearest that comes out."""
        self.tried += 1
        held = self.best
        if held and (cost + self.least[at] > held.cost or self.tried > MOST_TRIED):
            return
        if at == len(self.way.conditions):
            self._keep(env, cost, failing, undecided)
            return
        condition = self.way.conditions[at]
        if not condition.ready(env):
            self.go(at + 1, env, cost + OPEN, failing, (*undecided, condition))
            return
        found = False
        for bound in condition.solutions(env, self.atoms):
            found = True
            self.go(at + 1, bound, cost, failing, undecided)
        free = condition.binds - env.keys() if _is_positive(condition) else NOTHING
        if not found or free & self.way.later[at]:
            weight = self._weight(condition)
            self.go(at + 1, env, cost + weight, (*failing, condition), undecided)

    def _keep(
        self,
        env: Env,
        cost: int,
        failing: tuple[Condition, ...],
        undecided: tuple[Condition, ...],
    ) -> None:
        for condition in failing:
            if condition.ready(env) and any(True for _ in condition.solutions(env, self.atoms)):
                return  # it was passed over and yet holds: the binding that matches it is tried too
        supported = sum(
            _is_positive(c) and not self.fixed(c.pattern.key)
            for c in self.way.conditions
            if c not in failing and c not in undecided
        )
        gap = sum(_gap(c, env) for c in failing)
        found = NearMiss(self.way, env, failing, undecided, supported, cost, gap)
        if self.best is None or found.order < self.best.order:
            self.best, self.level = found, set()
        if found.order == self.best.order:
            self.level.add(found.missing)


def _is_positive(condition: Condition) -> TypeGuard[Atom]:
    return isinstance(condition, Atom) and condition.is_positive


def _gap(condition: Condition, env: Env) -> float:
    """Return by how much a comparison of two numbers fails, 0 for anything else."""
    if not isinstance(condition, Comparison) or len(condition.terms) != 2:
        return 0.0
    sides = [term.values(env) for term in condition.terms if term.names <= env.keys()]
    if len(sides) != 2 or not all(side and isinstance(side[0], int) for side in sides):
        return 0.0
    return abs(float(int(str(sides[0][0])) - int(str(sides[1][0]))))
