"""Bottom-up evaluation: of a stratified program, the one answer set over the facts of a case.

Rules are evaluated once each, those that others look at first; what depends on itself is repeated
until nothing is added. No grounder runs, so a rule without an instance costs next to nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

import clingo

from nesy.components import components
from nesy.reason import asp, rows
from nesy.reason.asp import AnswerSet, Grouped, signature
from nesy.reason.conditions import CannotSlice, Conditions
from nesy.reason.lift import constants
from nesy.reason.nested_loops import Indexed, Layout, Making, function, loops
from nesy.reason.parts import Part
from nesy.reason.relevance import upon
from nesy.reason.rows import Row, atom_of
from nesy.rulebook import Signature

# How many sets of facts are remembered with their answers, and with all that follows but for late.
MOST_KEPT, MOST_SETTLED = 256, 16

Facts = Sequence[clingo.Symbol]
_Rules = Callable[
    [
        list[AbstractSet[Row]],
        list[Indexed | None],
        Callable[[int], Indexed],
        Callable[[int], set[Row]],
    ],
    None,
]
# A relation by its number, with rows of a case.
_Given = tuple[int, frozenset[Row]]
# What stands for relations without rows: most have none, and making sets takes time.
NONE: frozenset[Row] = frozenset()


@dataclass(slots=True)
class _Tables:
    """The rows of each relation, and each index once it is made."""

    rows: list[AbstractSet[Row]]
    indexes: list[Indexed | None]
    laid_out: Sequence[tuple[int, Making]]
    # What these go on from or come close to: what is made of rows in common is made once.
    below: _Tables | None = None

    def grow(self, n: int) -> set[Row]:
        """Return the rows of a relation that had none, to be added to."""
        found = self.rows[n] = set[Row]()
        return found

    def index(self, n: int) -> Indexed:
        """Return an index, from now on at hand."""
        relation, making = self.laid_out[n]
        below = self.below
        if below is not None and below.rows[relation] is self.rows[relation]:
            made = below.indexes[n] or below.index(n)
        else:
            made = making(self.rows[relation])
        self.indexes[n] = made
        return made

    def with_(self, facts: Iterable[_Given], below: _Tables) -> _Tables:
        """Return tables of these rows and further ones, to go on from."""
        found = _Tables(list(self.rows), list(self.indexes), self.laid_out, below)
        for n, some in facts:
            found.rows[n] = some.union(self.rows[n]) if self.rows[n] else some
        return found


@dataclass(frozen=True, slots=True)
class _Step:
    """Rules to be evaluated once, or until relations no longer grow; these have ``indexes``.

    ``heads`` are the relations they add to, ``reads`` what else they look at.
    """

    rules: _Rules
    heads: tuple[int, ...]
    reads: tuple[int, ...]
    growing: tuple[int, ...]
    indexes: tuple[int, ...]

    def take(self, tables: _Tables) -> None:
        """Add what the rules derive."""
        found, indexes = tables.rows, tables.indexes
        for n in self.heads:
            found[n] = set(found[n]) if found[n] else NONE
        size = -1
        while size != (size := sum(len(found[n]) for n in self.growing)):
            for n in self.indexes:
                indexes[n] = None
            self.rules(found, indexes, tables.index, tables.grow)

    def follow(self, tables: _Tables, start: _Tables, known: _Tables) -> None:
        """Add what the rules derive, known where all they look at is the same.

        ``known`` is what came of ``start`` without what was added to it since.
        """
        found, same = tables.rows, known.rows
        if all(found[n] is same[n] for n in self.reads) and all(
            found[n] is start.rows[n] for n in self.heads
        ):
            for n in self.heads:
                found[n] = same[n]
            return
        self.take(tables)
        for n in self.heads:
            if found[n] == same[n]:
                found[n] = same[n]


class _Found(AnswerSet):
    """An answer set of rows beside what is the same in every case.

    Rows are made into atoms once these are asked for: few are.
    """

    def __init__(
        self, always: AnswerSet, shown: Mapping[Signature, int], of: Sequence[Collection[Row]]
    ) -> None:
        super().__init__(())
        self._always, self._shown, self._of = always, shown, of

    @property
    def signatures(self) -> Collection[Signature]:
        """Return those that there are atoms of."""
        return [*(of for of, n in self._shown.items() if self._of[n]), *self._always.grouped]

    @cached_property
    def grouped(self) -> Grouped:
        """Return the atoms by their signature, sorted."""
        return {of: self.named(*of) for of in self.signatures}

    def named(self, name: str, arity: int) -> Sequence[clingo.Symbol]:
        """Return the atoms of one predicate, sorted."""
        of = name, arity
        if of not in self._shown:
            return self._always.named(name, arity)
        found = self._sorted.get(of)
        if found is None:
            ordered = rows.in_order(self._of[self._shown[of]])
            found = self._sorted[of] = [atom_of(name, row) for row in ordered]
        return found

    def rows(self, name: str, arity: int) -> Collection[Row]:
        """Return the arguments of the atoms of one predicate as plain values, in no order."""
        n = self._shown.get((name, arity))
        return self._always.rows(name, arity) if n is None else self._of[n]


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
        self._layout = Layout(fixed)
        self._relations = self._layout.relations
        for of in sorted(part.show - fixed):
            self._layout.relation(of)
        self._early = self._compiled(rule for rule in varying if not rule.body & late)
        self._late = self._compiled((rule for rule in varying if rule.body & late), apart=True)
        self._shown = {of: n for of, n in self._relations.items() if of in part.show - fixed}
        self._always = AnswerSet([a for a in always if signature(a) in part.show & fixed])
        self._start = self._laid(always, fixed)
        self._fixed = fixed
        self._is_late = frozenset(n for of, n in self._relations.items() if of in late)
        self._settled = lru_cache(MOST_SETTLED)(self._settle)
        self._answered = lru_cache(MOST_KEPT)(self._answer)

    def _compiled(self, rules: Iterable[Conditions], *, apart: bool = False) -> list[_Step]:
        """Return the steps of the evaluation, in their order; few, or as many as can be."""
        steps: list[tuple[list[Conditions], list[str], list[int]]] = [([], [], [])]
        for of, own in _ordered(rules):
            growing = [self._layout.relation(each) for each in sorted(own)]
            if growing or steps[-1][2] or apart:
                steps.append(([], [], growing))
            steps[-1][0].extend(of)
            steps[-1][1].extend(loops(rule, self._layout, growing) for rule in of)
        namespace = {**vars(rows), "K": list(self._layout.constants)}
        text = "\n".join(function(f"step{n}", texts) for n, (_, texts, _) in enumerate(steps))
        try:
            exec(compile(text, "<rules>", "exec"), namespace)
        except (SyntaxError, RecursionError) as error:
            raise CannotSlice("rules nested too deep for Python") from error
        places = list(self._layout.indexes)
        found = []
        for number, (of, _, growing) in enumerate(steps):
            heads = {self._relations[rule.head.signature] for rule in of}
            reads = {self._relations[each] for rule in of for each in rule.body} - heads
            indexes = tuple(n for n, index in enumerate(places) if index.relation in growing)
            step = namespace[f"step{number}"]
            found.append(_Step(step, tuple(heads), tuple(reads), tuple(growing), indexes))
        return found

    def _laid(self, always: Iterable[clingo.Symbol], same: frozenset[Signature]) -> _Tables:
        """Return the rows and indexes that are the same in every case."""
        laid_out = tuple((index.relation, index.making()) for index in self._layout.indexes)
        tables = _Tables([NONE for _ in self._relations], [None for _ in laid_out], laid_out)
        for of, some in rows.groups(always).items():
            if of in self._relations:
                tables.rows[self._relations[of]] = some
        fixed = {n for of, n in self._relations.items() if of in same}
        for n, (relation, _) in enumerate(laid_out):
            if relation in fixed:
                tables.index(n)
        return tables

    def solve(self, facts: Facts) -> AnswerSet | None:
        """Return the answer set over the facts of a case.

        Returns None where only clingo can tell what a term is worth, and for a fact of what is the
        same in every case.
        """
        early: list[_Given] = []
        late: list[_Given] = []
        for of, some in rows.groups(facts).items():
            if of in self._fixed:
                return None
            n = self._relations.get(of)
            if n is not None:
                (late if n in self._is_late else early).append((n, some))
        return self._answered(frozenset(early), frozenset(late))

    def _answer(self, early: frozenset[_Given], late: frozenset[_Given]) -> AnswerSet | None:
        try:
            start, found = self._settled(early)
            if late:
                tables = start.with_(late, found)
                for step in self._late:
                    step.follow(tables, start, found)
                found = tables
        except Exception:  # Whatever goes wrong here, clingo answers in its place.
            return None
        return _Found(self._always, self._shown, found.rows)

    def _settle(self, facts: frozenset[_Given]) -> tuple[_Tables, _Tables]:
        """Return what the early rules make of facts, and what all rules do where none is late."""
        start = self._start.with_(facts, self._start)
        for step in self._early:
            step.take(start)
        if not self._late:
            return start, start
        found = start.with_((), start)
        for step in self._late:
            step.take(found)
        return start, found


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
