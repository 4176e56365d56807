"""The literals of a rule as plain data: reading clingo's syntax tree anew takes long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import clingo
from clingo import ast

from nesy.reason.conditions import CannotSlice
from nesy.reason.rows import Value, value
from nesy.rulebook import Signature

# Functions of `nesy.reason.rows`, by the operators they compute.
_OPERATORS = {
    ast.BinaryOperator.Plus: "plus",
    ast.BinaryOperator.Minus: "minus",
    ast.BinaryOperator.Multiplication: "times",
    ast.BinaryOperator.Division: "quotient",
}
_AGGREGATES = {
    ast.AggregateFunction.Count: "len",
    ast.AggregateFunction.Sum: "total",
    ast.AggregateFunction.Max: "largest",
    ast.AggregateFunction.Min: "smallest",
}
_COMPARISONS = {
    ast.ComparisonOperator.Equal: "=",
    ast.ComparisonOperator.NotEqual: "!=",
    ast.ComparisonOperator.LessThan: "<",
    ast.ComparisonOperator.GreaterThan: ">",
    ast.ComparisonOperator.LessEqual: "<=",
    ast.ComparisonOperator.GreaterEqual: ">=",
}
ANONYMOUS = "_"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable by its name, ``_`` included."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A term without variables."""

    value: Value


@dataclass(frozen=True, slots=True)
class Computed:
    """What a function of ``rows`` gives of terms; a tuple of them where it is named nothing."""

    function: str
    terms: tuple[Term, ...]


Term = Variable | Constant | Computed


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom, negated or not."""

    name: str
    terms: tuple[Term, ...]
    negated: bool = False
    # Looked for, and binding nothing: ``not not p(X)``.
    bound: bool = False

    @property
    def signature(self) -> Signature:
        """Return the name and arity."""
        return self.name, len(self.terms)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A term, an operator, a term."""

    left: Term
    operator: str
    right: Term


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What ``function`` gives of the tuples of its elements; ``guards`` are comparisons with it."""

    function: str
    elements: tuple[tuple[tuple[Term, ...], tuple[Literal, ...]], ...]
    guards: tuple[Comparison, ...]


Literal = Atom | Comparison | Aggregate

# What an aggregate's guards compare with: its value.
GATHERED = Variable("#")


def head(rule: ast.AST) -> Atom:
    """Return the head of a normal rule."""
    return _atom(rule.head)


def body(rule: ast.AST) -> tuple[Literal, ...]:
    """Return the body of a rule; raises CannotSlice for what is none of the literals above."""
    return tuple(each for literal in rule.body for each in _read(literal))


def variables(of: Literal | Term) -> Iterator[str]:
    """Yield the variables of a literal or a term, each as often as it is there, without ``_``."""
    if isinstance(of, Variable):
        if of.name != ANONYMOUS and of != GATHERED:
            yield of.name
    elif isinstance(of, Comparison):
        yield from (*variables(of.left), *variables(of.right))
    elif isinstance(of, Aggregate):
        for guard in of.guards:
            yield from variables(guard)
        yield from within(of)
    elif not isinstance(of, Constant):
        for term in of.terms:
            yield from variables(term)


def within(of: Aggregate) -> Iterator[str]:
    """Yield the variables of an aggregate's elements."""
    for terms, condition in of.elements:
        for each in (*terms, *condition):
            yield from variables(each)


def _read(literal: ast.AST) -> Iterator[Literal]:
    if literal.ast_type == ast.ASTType.ConditionalLiteral:
        yield _conditional(literal)
        return
    kind, is_plain = literal.atom.ast_type, literal.sign == ast.Sign.NoSign
    if kind == ast.ASTType.SymbolicAtom:
        yield _atom(literal)
    elif kind == ast.ASTType.Comparison and is_plain:
        left = literal.atom.term
        for guard in literal.atom.guards:
            yield _compared(left, guard.comparison, guard.term)
            left = guard.term
    elif kind == ast.ASTType.BodyAggregate and is_plain:
        yield _aggregate(literal.atom)
    elif not (kind == ast.ASTType.BooleanConstant and is_plain and literal.atom.value):
        raise CannotSlice(str(literal))


def _atom(literal: ast.AST) -> Atom:
    symbol, sign = literal.atom.symbol, literal.sign
    terms = tuple(map(_term, symbol.arguments))
    negated = sign == ast.Sign.Negation
    return Atom(symbol.name, terms, negated, negated or sign == ast.Sign.DoubleNegation)


def _conditional(of: ast.AST) -> Aggregate:
    """Return ``L : C`` as what it says: there is no way in which C holds and L does not."""
    if of.literal.atom.ast_type != ast.ASTType.SymbolicAtom:
        raise CannotSlice(str(of))
    held = _atom(of.literal)
    opposite = Atom(held.name, held.terms, not held.negated, bound=True)
    condition = (*(each for literal in of.condition for each in _read(literal)), opposite)
    return Aggregate("len", (((), condition),), (Comparison(GATHERED, "=", Constant(0)),))


def _aggregate(of: ast.AST) -> Aggregate:
    if of.function not in _AGGREGATES:
        raise CannotSlice(str(of))
    guards = []
    if of.left_guard is not None:
        guard = of.left_guard
        guards.append(Comparison(_term(guard.term), _operator(guard.comparison), GATHERED))
    if of.right_guard is not None:
        guard = of.right_guard
        guards.append(Comparison(GATHERED, _operator(guard.comparison), _term(guard.term)))
    return Aggregate(
        _AGGREGATES[ast.AggregateFunction(of.function)],
        tuple(
            (
                tuple(map(_term, element.terms)),
                tuple(each for literal in element.condition for each in _read(literal)),
            )
            for element in of.elements
        ),
        tuple(guards),
    )


def _compared(left: ast.AST, operator: int, right: ast.AST) -> Comparison:
    return Comparison(_term(left), _operator(operator), _term(right))


def _operator(of: int) -> str:
    return _COMPARISONS[ast.ComparisonOperator(of)]


def _term(term: ast.AST) -> Term:
    kind = term.ast_type
    if kind == ast.ASTType.Variable:
        return Variable(term.name)
    if kind == ast.ASTType.SymbolicTerm:
        return Constant(value(term.symbol))
    if kind == ast.ASTType.Function and not term.external:
        if term.name and not term.arguments:
            return Constant(value(clingo.Function(term.name)))
        if not term.name:
            return Computed("", tuple(map(_term, term.arguments)))
    if kind == ast.ASTType.BinaryOperation and term.operator_type in _OPERATORS:
        parts = (_term(term.left), _term(term.right))
        return Computed(_OPERATORS[ast.BinaryOperator(term.operator_type)], parts)
    if kind == ast.ASTType.UnaryOperation and term.operator_type == ast.UnaryOperator.Minus:
        return Computed("minus", (Constant(0), _term(term.argument)))
    raise CannotSlice(f"the term {term}")
