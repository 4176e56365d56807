"""Conditions: the literals of a rule's body, each of which holds or not under given bindings."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import clingo
from clingo import ast

from nesy.explain.why_not.match import (
    NOTHING,
    Atoms,
    Constant,
    Env,
    Pattern,
    Term,
    Value,
    atom_of,
    match_all,
    symbol_of,
    term_of,
)

_COMPARE: dict[int, Callable[[Any, Any], bool]] = {
    ast.ComparisonOperator.Equal: operator.eq,
    ast.ComparisonOperator.NotEqual: operator.ne,
    ast.ComparisonOperator.LessThan: operator.lt,
    ast.ComparisonOperator.LessEqual: operator.le,
    ast.ComparisonOperator.GreaterThan: operator.gt,
    ast.ComparisonOperator.GreaterEqual: operator.ge,
}
SIGNS = {
    ast.ComparisonOperator.Equal: "=",
    ast.ComparisonOperator.NotEqual: "!=",
    ast.ComparisonOperator.LessThan: "<",
    ast.ComparisonOperator.LessEqual: "<=",
    ast.ComparisonOperator.GreaterThan: ">",
    ast.ComparisonOperator.GreaterEqual: ">=",
}


def compare(sign: int, left: Value, right: Value) -> bool:
    """Compare two values as clingo orders terms."""
    if isinstance(left, int) and isinstance(right, int):
        return _COMPARE[sign](left, right)
    return _COMPARE[sign](symbol_of(left), symbol_of(right))


@dataclass(frozen=True, eq=False)
class Condition:
    """One condition: ``names`` are its variables known outside it, ``binds`` those it can bind."""

    text: str
    sign: int
    names: frozenset[str]

    @property
    def binds(self) -> frozenset[str]:
        """Return the variables that a solution may bind."""
        return NOTHING

    def ready(self, env: Env) -> bool:
        """Tell whether enough is bound to decide the condition."""
        return self.names <= env.keys()

    def solutions(self, env: Env, atoms: Atoms) -> Iterator[Env]:
        """Yield the bindings under which the condition holds, as far as it binds any."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Truth(Condition):
    """``#true`` or ``#false``."""

    value: bool

    def solutions(self, env: Env, _atoms: Atoms) -> Iterator[Env]:
        """Yield the bindings where it is true."""
        if self.value != (self.sign == ast.Sign.Negation):
            yield env


@dataclass(frozen=True, eq=False)
class Atom(Condition):
    """An atom, its negation or its double negation."""

    pattern: Pattern

    @property
    def is_positive(self) -> bool:
        """Tell whether it is a plain atom."""
        return self.sign == ast.Sign.NoSign

    @property
    def binds(self) -> frozenset[str]:
        """Return the variables that a match binds; negation binds none."""
        return self.names if self.is_positive else NOTHING

    def ready(self, env: Env) -> bool:
        """Tell whether what cannot be matched is bound."""
        return (self.pattern.needs if self.is_positive else self.names) <= env.keys()

    def solutions(self, env: Env, atoms: Atoms) -> Iterator[Env]:
        """Yield a binding for each atom that matches; none where a negated one does."""
        if self.is_positive:
            yield from self.pattern.matches(env, atoms)
            return
        # An interval in a negated atom stands for one of its values, so each is tried apart.
        for terms in self._instances(env):
            pattern = Pattern(self.pattern.key, terms)
            found = next(pattern.matches(env, atoms), None) is not None
            if found != (self.sign == ast.Sign.Negation):
                yield env
                return

    def _instances(self, env: Env) -> Iterator[tuple[Term, ...]]:
        choices: list[Sequence[Term]] = [
            [t] if t.open else [Constant(v) for v in t.values(env)] for t in self.pattern.terms
        ]
        yield from product(*choices)

    def matching(self, env: Env, atoms: Atoms) -> Iterator[clingo.Symbol]:
        """Yield the atoms that match, as those which stand in the way of a negation."""
        for row in atoms.candidates(self.pattern.key, self.pattern.terms, env):
            if match_all(self.pattern.terms, row, env) is not None:
                yield atom_of(self.pattern.key, row)


@dataclass(frozen=True, eq=False)
class Comparison(Condition):
    """A chain of comparisons; one by ``=`` may bind a side from the other."""

    terms: tuple[Term, ...]
    signs: tuple[int, ...]

    @property
    def binds(self) -> frozenset[str]:
        """Return the variables of a plain equation."""
        plain = self.sign == ast.Sign.NoSign and ast.ComparisonOperator.Equal in self.signs
        return self.names if plain else NOTHING

    def ready(self, env: Env) -> bool:
        """Tell whether every side is known, or found from the one beside it."""
        if self.names <= env.keys():
            return True
        if not self.binds:
            return False
        bound = set(env)
        for at, sign in enumerate(self.signs):
            left, right = self.terms[at], self.terms[at + 1]
            if sign == ast.ComparisonOperator.Equal:
                if left.names <= bound and right.needs <= bound:
                    bound |= right.names
                elif right.names <= bound and left.needs <= bound:
                    bound |= left.names
            if not (left.names | right.names) <= bound:
                return False
        return True

    def solutions(self, env: Env, _atoms: Atoms) -> Iterator[Env]:
        """Yield the bindings under which every comparison of the chain holds."""
        if self.sign != ast.Sign.NoSign:
            held = any(self._holds(v) for v in product(*(t.values(env) for t in self.terms)))
            failed = any(not self._holds(v) for v in product(*(t.values(env) for t in self.terms)))
            if failed if self.sign == ast.Sign.Negation else held:
                yield env
            return
        if self.names <= env.keys():
            if any(self._holds(v) for v in product(*(t.values(env) for t in self.terms))):
                yield env
            return
        yield from self._bound(env, 0)

    def _holds(self, values: Sequence[Value]) -> bool:
        return all(compare(s, values[i], values[i + 1]) for i, s in enumerate(self.signs))

    def _bound(self, env: Env, at: int) -> Iterator[Env]:
        if at == len(self.signs):
            yield env
            return
        left, right = self.terms[at], self.terms[at + 1]
        if not left.names <= env.keys():
            left, right = right, left
        for value in left.values(env):
            if right.names <= env.keys():
                pairs = ((value, v) for v in right.values(env))
                turned = left is not self.terms[at]
                fits = any(compare(self.signs[at], *(p[::-1] if turned else p)) for p in pairs)
                found = env if fits else None
            else:
                found = right.match(value, env)
            if found is not None:
                yield from self._bound(found, at + 1)


@dataclass(frozen=True, eq=False)
class Conditional(Condition):
    """``literal : condition``: the literal holds wherever the condition does."""

    literal: Condition
    condition: tuple[Condition, ...]

    def solutions(self, env: Env, atoms: Atoms) -> Iterator[Env]:
        """Yield the bindings where nothing breaks it."""
        if next(self.breaking(env, atoms), None) is None:
            yield env

    def breaking(self, env: Env, atoms: Atoms) -> Iterator[Env]:
        """Yield where the condition holds and the literal does not."""
        for inner in join(self.condition, env, atoms):
            if next(self.literal.solutions(inner, atoms), None) is None:
                yield inner


@dataclass(frozen=True, eq=False)
class Element:
    """One element of an aggregate: the tuple it counts and the conditions under which."""

    terms: tuple[Term, ...]
    conditions: tuple[Condition, ...]
    literal: Atom | None = None


@dataclass(frozen=True, eq=False)
class Aggregate(Condition):
    """``#count``, ``#sum``, ``#sum+``, ``#min`` or ``#max`` with its bounds."""

    function: int
    elements: tuple[Element, ...]
    guards: tuple[tuple[int, Term], ...]
    counting: str

    @property
    def binds(self) -> frozenset[str]:
        """Return the variables to which the value is assigned."""
        if self.sign != ast.Sign.NoSign:
            return NOTHING
        equal = ast.ComparisonOperator.Equal
        return NOTHING.union(*(t.names - t.needs for s, t in self.guards if s == equal))

    def ready(self, env: Env) -> bool:
        """Tell whether all but an assigned variable is bound."""
        return self.names - self.binds <= env.keys()

    def solutions(self, env: Env, atoms: Atoms) -> Iterator[Env]:
        """Yield the bindings under which the value is within its bounds."""
        value, _ = self.reached(env, atoms)
        found: Env | None = env
        holds = True
        for sign, term in self.guards:
            if not term.names <= (found or env).keys():
                found = term.match(value, found or env)
                holds = holds and found is not None
            else:
                fits = any(compare(sign, v, value) for v in term.values(env))
                holds = holds and fits
        if holds != (self.sign == ast.Sign.Negation):
            yield found or env

    def reached(self, env: Env, atoms: Atoms) -> tuple[Value, list[tuple[Value, ...]]]:
        """Return the aggregate's value, and the tuples counted."""
        counted: dict[tuple[Value, ...], None] = {}
        for element in self.elements:
            for inner in join(element.conditions, env, atoms):
                counted.update(dict.fromkeys(_counted(element, inner)))
        return _value(self.function, list(counted)), list(counted)


def _counted(element: Element, env: Env) -> Iterable[tuple[Value, ...]]:
    if element.literal is not None:  # of a set, each literal counts once, by its sign
        of = element.literal.pattern.text(env)
        return [(int(element.literal.sign), of) if element.literal.sign else (of,)]
    return product(*(term.values(env) for term in element.terms))


def _value(function: int, counted: Sequence[tuple[Value, ...]]) -> Value:
    if function == ast.AggregateFunction.Count:
        return len(counted)
    first = [of[0] for of in counted if of]
    if function in (ast.AggregateFunction.Min, ast.AggregateFunction.Max):
        least = function == ast.AggregateFunction.Min
        symbols = sorted(map(symbol_of, first))
        if not symbols:
            return clingo.Supremum if least else clingo.Infimum
        found = symbols[0] if least else symbols[-1]
        return found.number if found.type == clingo.SymbolType.Number else found
    numbers = [v for v in first if isinstance(v, int)]
    if function == ast.AggregateFunction.SumPlus:
        numbers = [v for v in numbers if v > 0]
    return sum(numbers)


def join(conditions: Sequence[Condition], env: Env, atoms: Atoms) -> Iterator[Env]:
    """Yield every binding under which all conditions hold."""
    if not conditions:
        yield env
        return
    at = next((i for i, c in enumerate(conditions) if c.ready(env)), None)
    if at is None:  # clingo takes what is never bound where it can tell that it never holds
        return
    rest = [*conditions[:at], *conditions[at + 1 :]]
    for found in conditions[at].solutions(env, atoms):
        yield from join(rest, found, atoms)


def condition_of(node: ast.AST, scope: frozenset[str]) -> Condition:
    """Compile a literal of a body; ``scope`` are the rule's variables, which bind inside it."""
    text = str(node)
    if node.ast_type == ast.ASTType.ConditionalLiteral:
        inner = every_name([node.literal, *node.condition])
        literal = condition_of(node.literal, scope | inner)
        condition = tuple(condition_of(c, scope | inner) for c in node.condition)
        return Conditional(text, ast.Sign.NoSign, scope & inner, literal, condition)
    kind = node.atom.ast_type
    if kind == ast.ASTType.SymbolicAtom:
        pattern = Pattern.of(node.atom.symbol)
        return Atom(text, node.sign, pattern.names, pattern)
    if kind == ast.ASTType.BooleanConstant:
        return Truth(text, node.sign, NOTHING, bool(node.atom.value))
    if kind == ast.ASTType.Comparison:
        terms = [term_of(node.atom.term), *(term_of(g.term) for g in node.atom.guards)]
        signs = tuple(g.comparison for g in node.atom.guards)
        names = NOTHING.union(*(t.names for t in terms))
        return Comparison(text, node.sign, names, tuple(terms), signs)
    return _aggregate(node, scope, text)


def _aggregate(node: ast.AST, scope: frozenset[str], text: str) -> Aggregate:
    atom = node.atom
    is_set = atom.ast_type == ast.ASTType.Aggregate
    guards = []
    for guard, is_left in ((atom.left_guard, True), (atom.right_guard, False)):
        if guard is not None:
            sign = guard.comparison if is_left else _TURNED[guard.comparison]
            guards.append((sign, term_of(guard.term)))
    names = NOTHING.union(*(t.names for _, t in guards))
    elements = []
    for element in atom.elements:
        parts = [element.literal, *element.condition] if is_set else list(element.condition)
        inner = every_name([*([] if is_set else element.terms), *parts])
        conditions = tuple(condition_of(p, scope | inner) for p in parts)
        literal = conditions[0] if is_set else None
        of = () if is_set else tuple(term_of(t) for t in element.terms)
        elements.append(Element(of, conditions, literal if isinstance(literal, Atom) else None))
        names |= inner & scope
    function = ast.AggregateFunction.Count if is_set else atom.function
    counting = str(atom.update(left_guard=None, right_guard=None))
    kept = (names, function, tuple(elements), tuple(guards), counting)
    return Aggregate(text, node.sign, *kept)


_LESS, _MORE = ast.ComparisonOperator.LessThan, ast.ComparisonOperator.GreaterThan
_LEAST, _MOST = ast.ComparisonOperator.GreaterEqual, ast.ComparisonOperator.LessEqual
_TURNED: Mapping[int, int] = {
    _LESS: _MORE,
    _MORE: _LESS,
    _LEAST: _MOST,
    _MOST: _LEAST,
    ast.ComparisonOperator.Equal: ast.ComparisonOperator.Equal,
    ast.ComparisonOperator.NotEqual: ast.ComparisonOperator.NotEqual,
}


class _Names(ast.Transformer):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name != "_":
            self.found.add(node.name)
        return node


def every_name(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the variables of nodes, those of inner conditions included."""
    names = _Names()
    for node in nodes:
        names(node)
    return frozenset(names.found)
