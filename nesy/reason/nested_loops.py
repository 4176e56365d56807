"""Rules as nested loops: what a rule derives, as Python that runs over rows of atoms.

``p(X,Z) :- q(X,Y), r(Y,Z), not s(X)`` becomes a loop over the rows of q, a test that s has no such
row, and within it a loop over the rows of r that begin with Y, found by an index. Of a rule only
numbers and names get into the text, and names are quoted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter

from nesy.reason import literals
from nesy.reason.conditions import CannotSlice, Conditions
from nesy.reason.literals import (
    GATHERED,
    Aggregate,
    Atom,
    Comparison,
    Constant,
    Literal,
    Term,
    Variable,
)
from nesy.reason.rows import Row, Value
from nesy.rulebook import Signature

_COMPARED = {
    "=": "{0} == {1}",
    "!=": "{0} != {1}",
    "<": "less({0}, {1})",
    ">": "less({1}, {0})",
    "<=": "not less({1}, {0})",
    ">=": "not less({0}, {1})",
}
# Of each key, what is kept of its rows.
Indexed = dict[Value, dict[Value, None]]
Making = Callable[[Iterable[Row]], Indexed]
_NOTHING: dict[Value, None] = {}
# Python nests no more than twenty loops.
MOST_LOOPS = 18


@dataclass(frozen=True, slots=True)
class Index:
    """Rows of a relation by the values at ``keys``; what is kept of each are those at ``kept``.

    One value stands by itself, no or several values are a tuple.
    """

    relation: int
    keys: tuple[int, ...]
    kept: tuple[int, ...]

    def making(self) -> Making:
        """Return what makes the index: what is kept of rows, each once, by their keys."""
        if not self.kept:
            key = itemgetter(*self.keys)
            return lambda rows: dict.fromkeys(map(key, rows), _NOTHING)
        kept = itemgetter(*self.kept)
        if not self.keys:
            return lambda rows: {(): dict.fromkeys(map(kept, rows))}
        return partial(_by_key, itemgetter(*self.keys), kept)


def _by_key(
    key: Callable[[Row], Value], kept: Callable[[Row], Value], rows: Iterable[Row]
) -> Indexed:
    found: Indexed = {}
    for row in rows:
        of = key(row)
        if of in found:
            found[of][kept(row)] = None
        else:
            found[of] = {kept(row): None}
    return found


@dataclass(slots=True)
class Layout:
    """Where rows, indexes and constants lie that the text refers to by number.

    ``fixed`` are predicates that are the same in every case, of many rows: looked at last.
    """

    fixed: frozenset[Signature]
    relations: dict[Signature, int] = field(default_factory=dict)
    indexes: dict[Index, int] = field(default_factory=dict)
    constants: dict[Value, int] = field(default_factory=dict)

    def relation(self, of: Signature) -> int:
        """Return the number of a predicate."""
        return self.relations.setdefault(of, len(self.relations))

    def index(self, of: Index) -> int:
        """Return the number of an index."""
        return self.indexes.setdefault(of, len(self.indexes))

    def constant(self, of: Value) -> str:
        """Return a constant as Python writes it."""
        if isinstance(of, int | str):
            return repr(of)
        return f"K[{self.constants.setdefault(of, len(self.constants))}]"


def function(name: str, bodies: Sequence[str]) -> str:
    """Return the text of a function ``name(S, X, index, grow)`` that adds what rules derive.

    ``S`` holds the rows of each relation, ``X`` each index or None. ``index(n)`` makes an index,
    ``grow(n)`` a set for the rows of a relation that had none.
    """
    return "\n".join([f"def {name}(S, X, index, grow):", *bodies, " pass"])


def loops(rule: Conditions, layout: Layout, growing: Sequence[int] = ()) -> str:
    """Return the text of one rule as the loops in such a function.

    ``growing`` are relations that rules still add to. Raises CannotSlice for what has no such form.
    """
    return _Writer(rule, layout, growing).written()


class _Writer:
    """Writes one rule: the literals that bind nothing new as early as can be, loops after them."""

    def __init__(self, rule: Conditions, layout: Layout, growing: Sequence[int]) -> None:
        self._head = literals.head(rule.tree)
        self._body = literals.body(rule.tree)
        self._layout, self._growing = layout, growing
        every = (self._head, *self._body)
        self._uses = Counter(name for each in every for name in literals.variables(each))
        outside = (each.guards if isinstance(each, Aggregate) else (each,) for each in every)
        self._global = {n for some in outside for each in some for n in literals.variables(each)}
        self._bound: dict[str, str] = {}
        self._lines: list[str] = []
        self._loops = self._names = 0
        self._depth = 1

    def written(self) -> str:
        """Return the loops that add the rows of the head."""
        n, terms = self._layout.relation(self._head.signature), self._head.terms
        self._each(self._body, lambda: f"(S[{n}] or grow({n})).add({self._tuple(terms)})")
        return "\n".join(self._lines)

    def _say(self, line: str) -> None:
        self._lines.append(" " * self._depth + line)

    def _open(self, line: str) -> None:
        self._say(line)
        self._depth += 1

    def _new(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _each(self, body: Sequence[Literal], then: Callable[[], str]) -> None:
        """Write what is done for each way in which literals hold."""
        pending = list(body)
        while pending:
            ready = [literal for literal in pending if self._is_ready(literal)]
            if not ready:
                raise CannotSlice(f"nothing binds what {pending[0]} needs")
            chosen = min(ready, key=self._cost)
            pending.remove(chosen)
            self._write(chosen)
        self._say(then())

    def _is_ready(self, literal: Literal) -> bool:
        """Tell whether enough variables are bound for a literal to be looked at."""
        if isinstance(literal, Comparison):
            return bool(self._assigned(literal)) or self._is_known(literal)
        if isinstance(literal, Atom):
            if literal.bound:
                return not self._fresh(literal)
            return all(isinstance(t, Variable) or self._is_known(t) for t in literal.terms)
        inside = set(literals.within(literal)) & self._global
        return inside <= self._bound.keys() and all(
            self._is_known(guard) or self._assigned(guard) for guard in literal.guards
        )

    def _is_known(self, of: Literal | Term) -> bool:
        return of not in (Variable(literals.ANONYMOUS),) and all(
            name in self._bound for name in literals.variables(of)
        )

    def _cost(self, literal: Literal) -> tuple[bool, ...]:
        """Return what orders literals: tests, then what is gathered, then loops, narrow first."""
        if isinstance(literal, Aggregate):
            return True, False
        if isinstance(literal, Comparison) or not self._fresh(literal):
            return (False,)
        is_narrow = any(map(self._is_known, literal.terms))
        return True, True, not is_narrow, literal.signature in self._layout.fixed

    def _fresh(self, atom: Atom) -> dict[int, str]:
        """Return the places of the variables that looking at an atom binds.

        One that is nowhere else in the rule is like ``_``.
        """
        return {
            place: name
            for place, term in enumerate(atom.terms)
            for name in literals.variables(term)
            if name not in self._bound and (self._uses[name] > 1 or not isinstance(term, Variable))
        }

    def _assigned(self, comparison: Comparison) -> tuple[str, str] | None:
        """Return the variable that ``X = term`` binds, and the term's value."""
        one, other = comparison.left, comparison.right
        for to, of in ((one, other), (other, one)):
            if comparison.operator != "=" or not isinstance(to, Variable):
                continue
            if to.name not in (*self._bound, literals.ANONYMOUS, GATHERED.name) and (
                of == GATHERED or self._is_known(of)
            ):
                return to.name, "" if of == GATHERED else self._value(of)
        return None

    def _write(self, literal: Literal) -> None:
        if isinstance(literal, Aggregate):
            self._gather(literal)
        elif isinstance(literal, Comparison):
            self._compare(literal)
        else:
            self._look(literal)

    def _compare(self, comparison: Comparison) -> None:
        assigned = self._assigned(comparison)
        if assigned is not None:
            name, given = assigned
            self._bound[name] = self._new()
            self._say(f"{self._bound[name]} = {given}")
            return
        sides = self._value(comparison.left), self._value(comparison.right)
        self._open(f"if {_COMPARED[comparison.operator].format(*sides)}:")

    def _look(self, atom: Atom) -> None:
        """Write the loop over the rows of an atom, or the test that there is such a row."""
        fresh = self._fresh(atom)
        keys = {n: self._value(t) for n, t in enumerate(atom.terms) if self._is_known(t)}
        relation = self._layout.relation(atom.signature)
        if not fresh:
            negated = "not " if atom.negated else ""
            self._open(f"if {negated}({self._found(relation, keys, len(atom.terms))}):")
            return
        self._loops += 1
        if self._loops > MOST_LOOPS:
            raise CannotSlice("a rule of too many loops")
        new = [self._new() for _ in fresh]
        rows = self._rows(relation, keys, tuple(fresh), len(atom.terms))
        comma = "," if len(fresh) == len(atom.terms) == 1 else ""
        self._open(f"for {', '.join(new)}{comma} in {rows}:")
        for name, variable in zip(fresh.values(), new, strict=True):
            if name in self._bound:
                self._open(f"if {self._bound[name]} == {variable}:")
            self._bound.setdefault(name, variable)

    def _found(self, relation: int, keys: dict[int, str], arity: int) -> str:
        if len(keys) == arity:
            return f"{_tuple(keys.values())} in S[{relation}]"
        if not keys:
            return f"S[{relation}]"
        return f"S[{relation}] and {_key(keys.values())} in {self._index(relation, keys, ())}"

    def _rows(self, relation: int, keys: dict[int, str], kept: tuple[int, ...], arity: int) -> str:
        if len(kept) == arity:
            # What grows while it is looked at is looked at as it was.
            return f"tuple(S[{relation}])" if relation in self._growing else f"S[{relation}]"
        index = self._index(relation, keys, kept)
        return f"S[{relation}] and {index}.get({_key(keys.values())}, ())"

    def _index(self, relation: int, keys: dict[int, str], kept: tuple[int, ...]) -> str:
        n = self._layout.index(Index(relation, tuple(keys), kept))
        return f"(X[{n}] or index({n}))"

    def _gather(self, of: Aggregate) -> None:
        gathered, found = self._new(), self._new()
        self._say(f"{gathered} = set()")
        for terms, condition in of.elements:
            held, depth, loops = dict(self._bound), self._depth, self._loops
            add = _adding(gathered, terms, self._tuple)
            self._each(condition, add)
            self._bound, self._depth, self._loops = held, depth, loops
        self._say(f"{found} = {of.function}({gathered})")
        self._bound[GATHERED.name] = found
        for guard in of.guards:
            assigned = self._assigned(guard)
            if assigned is not None:
                self._bound[assigned[0]] = found
            else:
                self._compare(guard)

    def _tuple(self, terms: Sequence[Term]) -> str:
        return _tuple(map(self._value, terms))

    def _value(self, term: Term) -> str:
        """Return a term as Python; raises CannotSlice where a variable of it is not bound."""
        if isinstance(term, Constant):
            return self._layout.constant(term.value)
        if isinstance(term, Variable):
            if term.name not in self._bound:
                raise CannotSlice(f"nothing binds {term.name}")
            return self._bound[term.name]
        parts = [self._value(part) for part in term.terms]
        return f"{term.function}({', '.join(parts)})" if term.function else _tuple(parts)


def _adding(
    gathered: str, terms: Sequence[Term], written: Callable[[Sequence[Term]], str]
) -> Callable[[], str]:
    return lambda: f"{gathered}.add({written(terms)})"


def _key(parts: Collection[str]) -> str:
    return next(iter(parts)) if len(parts) == 1 else _tuple(parts)


def _tuple(parts: Iterable[str]) -> str:
    return f"({''.join(f'{part}, ' for part in parts)})"
