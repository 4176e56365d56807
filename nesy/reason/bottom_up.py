"""Bottom-up evaluation: of a stratified program, the one answer set over the facts of a case.

Rules are evaluated once each, those that others look at first; what depends on itself is repeated
until nothing is added. No grounder runs, so a rule without an instance costs next to nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

import clingo

from nesy.components import components
from nesy.reason import asp, rows
from nesy.reason.asp import AnswerSet, Grouped, signature
from nesy.reason.conditions import CannotSlice, Conditions
from nesy.reason.lift import constants
from nesy.reason.nested_loops import Index, Indexed, Layout, function, loops
from nesy.reason.parts import Part
from nesy.reason.relevance import upon
from nesy.reason.rows import Row, atom_of
from nesy.rulebook import Signature

# How many sets of facts are remembered with their answers, and with all that follows but for late.
MOST_KEPT, MOST_SETTLED = 256, 16

Facts = Sequence[clingo.Symbol]
# An atom by its signature and arguments.
_Known = tuple[Signature, Row]
_Rules = Callable[
    [list[set[Row]], list[Indexed | None], Callable[[int], Indexed], Callable[[int], set[Row]]],
    None,
]
# What stands for relations without rows: most have none, and making sets takes time.
NONE: Any = frozenset()


@dataclass(slots=True)
class _Tables:
    """The rows of each relation, and each index once it is made."""

    rows: list[set[Row]]
    indexes: list[Indexed | None]
    laid_out: Sequence[Index]
    # What these are a copy of: what is made of rows in common is made once.
    below: _Tables | None = None

    def grow(self, n: int) -> set[Row]:
        """Return the rows of a relation that had none, to be added to."""
        self.rows[n] = set()
        return self.rows[n]

    def index(self, n: int) -> Indexed:
        """Return an index, from now on at hand."""
        of, below = self.laid_out[n], self.below
        if below is not None and below.rows[of.relation] is self.rows[of.relation]:
            made = below.indexes[n] or below.index(n)
        else:
            made = of.of(self.rows[of.relation])
        self.indexes[n] = made
        return made

    def copy(self, anew: Iterable[int]) -> _Tables:
        """Return tables to go on from; only the relations ``anew`` may be added to."""
        found = _Tables(list(self.rows), list(self.indexes), self.laid_out, self)
        for n in anew:
            found.rows[n] = set(self.rows[n]) if self.rows[n] else NONE
        return found


@dataclass(frozen=True, slots=True)
class _Step:
    """Rules to be evaluated once, or until relations no longer grow; these have ``indexes``."""

    rules: _Rules
    growing: tuple[int, ...] = ()
    indexes: tuple[int, ...] = ()

    def take(self, tables: _Tables) -> None:
        """Add what the rules derive."""
        found, indexes = tables.rows, tables.indexes
        size = -1
        while size != (size := sum(len(found[n]) for n in self.growing)):
            for n in self.indexes:
                indexes[n] = None
            self.rules(found, indexes, tables.index, tables.grow)


class _Found(AnswerSet):
    """An answer set of rows beside what is the same in every case.

    Rows are made into atoms once these are asked for: few are.
    """

    def __init__(self, always: AnswerSet, of: Mapping[Signature, Collection[Row]]) -> None:
        super().__init__(())
        self._always, self._of = always, of

    @property
    def signatures(self) -> Collection[Signature]:
        """Return those that there are atoms of."""
        return [*self._of, *self._always.grouped]

    @cached_property
    def grouped(self) -> Grouped:
        """Return the atoms by their signature, sorted."""
        return {of: self.named(*of) for of in self.signatures}

    def named(self, name: str, arity: int) -> Sequence[clingo.Symbol]:
        """Return the atoms of one predicate, sorted."""
        of = name, arity
        if of not in self._of:
            return self._always.named(name, arity)
        found = self._sorted.get(of)
        if found is None:
            found = self._sorted[of] = [atom_of(name, row) for row in rows.in_order(self._of[of])]
        return found

    def rows(self, name: str, arity: int) -> Collection[Row]:
        """Return the arguments of the atoms of one predicate as plain values, in no order."""
        found = self._of.get((name, arity))
        return self._always.rows(name, arity) if found is None else found


class BottomUp:
    """A part of the rules over a fixed ontology, evaluated for case after case.

    ``late`` are predicates whose facts change more often than others: what does not depend on them
    is remembered by itself. Raises CannotSlice where a rule has a construct that only clingo
    evaluates.
    """

    def __init__(self, part: Part, static: Facts, late: frozenset[Signature] = frozenset()) -> None:
        fixed = constants(part.rules, part.given)
        common = [rule for rule in part.rules if rule.body <= fixed]
        varying = [rule for rule in part.rules if not rule.body <= fixed]
        given = fixed.union(*(rule.heads for rule in common))
        read = frozenset[Signature]().union(*(rule.body for rule in varying))
        known = asp.solve(
            [rule.statement for rule in common],
            static,
            models=2,
            name=part.name,
            show=given & (read | part.show),
        )
        if len(known) != 1:
            raise CannotSlice("rules of the ontology that are not stratified")
        always = [*known[0].atoms, *(a for a in static if signature(a) not in fixed)]
        late = upon(part.rules, late)
        self._layout, self._fixed, self._late = Layout(fixed), fixed, late
        self._relations = self._layout.relations
        for of in sorted(part.show - fixed):
            self._layout.relation(of)
        self._steps = [
            self._compiled(rule for rule in varying if (rule.head.signature in late) is is_late)
            for is_late in (False, True)
        ]
        self._shown = [(of, n) for of, n in self._relations.items() if of in part.show - fixed]
        self._always = AnswerSet([a for a in always if signature(a) in part.show & fixed])
        self._start = self._laid(always)
        varies = [(of in late, n) for of, n in self._relations.items() if of not in fixed]
        self._anew = [[n for is_late, n in varies if is_late == at] for at in (False, True)]
        self._settled = lru_cache(MOST_SETTLED)(partial(self._taken, 0, self._start))
        self._answered = lru_cache(MOST_KEPT)(self._answer)

    def _compiled(self, rules: Iterable[Conditions]) -> list[_Step]:
        """Return the steps of the evaluation, in their order."""
        steps: list[tuple[list[str], list[int]]] = [([], [])]
        for of, own in _ordered(rules):
            growing = [self._layout.relation(each) for each in sorted(own)]
            if growing or steps[-1][1]:
                steps.append(([], growing))
            steps[-1][0].extend(loops(rule, self._layout, growing) for rule in of)
        namespace = {**vars(rows), "K": list(self._layout.constants)}
        text = "\n".join(function(f"step{n}", texts) for n, (texts, _) in enumerate(steps))
        try:
            exec(compile(text, "<rules>", "exec"), namespace)
        except (SyntaxError, RecursionError) as error:
            raise CannotSlice("rules nested too deep for Python") from error
        places = list(self._layout.indexes)
        return [
            _Step(
                namespace[f"step{number}"],
                tuple(growing),
                tuple(n for n, index in enumerate(places) if index.relation in growing),
            )
            for number, (_, growing) in enumerate(steps)
        ]

    def _laid(self, always: Iterable[clingo.Symbol]) -> _Tables:
        """Return the rows and indexes that are the same in every case."""
        laid_out = tuple(self._layout.indexes)
        tables = _Tables([set() for _ in self._relations], [None for _ in laid_out], laid_out)
        for of, row in map(rows.row, always):
            if of in self._relations:
                tables.rows[self._relations[of]].add(row)
        fixed = {n for of, n in self._relations.items() if of in self._fixed}
        for n, index in enumerate(laid_out):
            if index.relation in fixed:
                tables.index(n)
        return tables

    def solve(self, facts: Facts) -> AnswerSet | None:
        """Return the answer set over the facts of a case.

        Returns None where only clingo can tell what a term is worth, and for a fact of what is the
        same in every case.
        """
        known = list(map(rows.row, facts))
        if not self._fixed.isdisjoint(of for of, _ in known):
            return None
        return self._answered(frozenset(each for each in known if each[0] in self._relations))

    def _answer(self, facts: frozenset[_Known]) -> AnswerSet | None:
        found: _Tables | None
        if self._late:
            early = frozenset(fact for fact in facts if fact[0] not in self._late)
            start = self._settled(early)
            found = self._taken(1, start, facts - early) if start is not None else None
        else:
            found = self._taken(0, self._start, facts)
        if found is None:
            return None
        shown = {of: found.rows[n] for of, n in self._shown if found.rows[n]}
        return _Found(self._always, shown)

    def _taken(self, at: int, start: _Tables, facts: frozenset[_Known]) -> _Tables | None:
        """Return what the early (0) or the late (1) rules make of facts, None where undecided."""
        tables = start.copy(self._anew[at])
        for of, row in facts:
            (tables.rows[self._relations[of]] or tables.grow(self._relations[of])).add(row)
        try:
            for step in self._steps[at]:
                step.take(tables)
        except Exception:  # Whatever goes wrong here, clingo answers in its place.
            return None
        return tables


def _ordered(
    rules: Iterable[Conditions],
) -> Iterator[tuple[list[Conditions], frozenset[Signature]]]:
    """Yield rules whose heads depend on each other, those looked at before those that look.

    With them come their heads, none where these do not depend on themselves.
    """
    of: dict[Signature, list[Conditions]] = defaultdict(list)
    for rule in rules:
        of[rule.head.signature].append(rule)
    graph = {name: sorted({s for rule in some for s in rule.body}) for name, some in of.items()}
    for part in components(graph):
        members = frozenset(part)
        chosen = [rule for each in part for rule in of.get(each, ())]
        for rule in chosen:
            if members & rule.within.union(atom.signature for atom in rule.negative):
                raise CannotSlice(f"{rule.statement} depends on its own absence")
        if chosen:
            yield chosen, members if any(rule.body & members for rule in chosen) else frozenset()
