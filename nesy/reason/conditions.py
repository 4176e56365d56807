"""Read a rule once, as plain data: what its head gives, what its body needs and looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import clingo
from clingo import ast

from nesy.companions import unpooled
from nesy.reason.lift import SILENT
from nesy.rulebook import Signature

LEAST, MOST = -(2**31), 2**31 - 1

# A variable by its name, a constant, or whatever else has to be computed.
Term = str | clingo.Symbol | None
Range = tuple[int, int]
# A constant, a number in a range, or anything.
Argument = clingo.Symbol | Range | None


class CannotSlice(ValueError):
    """A statement whose conditions cannot be told apart: all rules are grounded."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The atoms of one predicate; an argument is a constant, a number in a range, or anything."""

    name: str
    arguments: tuple[Argument, ...]

    @property
    def signature(self) -> Signature:
        """Return the name and arity."""
        return self.name, len(self.arguments)

    @property
    def constants(self) -> tuple[int, ...]:
        """Return the places of the constants."""
        found = (n for n, a in enumerate(self.arguments) if isinstance(a, clingo.Symbol))
        return tuple(found)

    def bounds(self, given: Sequence[clingo.Symbol]) -> bool:
        """Tell whether the arguments of an atom are in the ranges."""
        return all(
            _admits(wanted, given[n])
            for n, wanted in enumerate(self.arguments)
            if isinstance(wanted, tuple)
        )

    def meets(self, other: Pattern) -> bool:
        """Tell whether an atom may be among these and those; never wrongly no."""
        return self.signature == other.signature and all(
            map(_overlap, self.arguments, other.arguments)
        )


def _admits(wanted: Range, given: clingo.Symbol) -> bool:
    return given.type != clingo.SymbolType.Number or wanted[0] <= given.number <= wanted[1]


def _overlap(one: Argument, other: Argument) -> bool:
    if isinstance(one, clingo.Symbol) and isinstance(other, clingo.Symbol):
        return one == other
    if isinstance(one, tuple) and isinstance(other, clingo.Symbol):
        return _admits(one, other)
    if isinstance(other, tuple) and isinstance(one, clingo.Symbol):
        return _admits(other, one)
    return True


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom of a rule: its name and its terms."""

    name: str
    terms: tuple[Term, ...]

    @property
    def signature(self) -> Signature:
        """Return the name and arity."""
        return self.name, len(self.terms)

    def where(self, values: dict[str, Argument]) -> Pattern:
        """Return the pattern of the atom where variables have these values."""
        return Pattern(
            self.name, tuple(values.get(t) if isinstance(t, str) else t for t in self.terms)
        )


@dataclass(frozen=True, slots=True)
class Conditions:
    """A normal rule without pools.

    ``within`` are the signatures inside aggregates and conditional literals, ``limits`` what plain
    comparisons with a constant leave to variables.
    """

    statement: ast.AST
    head: Atom
    positive: tuple[Atom, ...]
    negative: tuple[Atom, ...]
    within: frozenset[Signature]
    limits: dict[str, Argument]
    heads: frozenset[Signature]
    body: frozenset[Signature]
    is_normal: bool = True

    @property
    def gives(self) -> Pattern:
        """Return what the head can be."""
        return self.head.where(self.limits)

    def needs(self, goal: Pattern | None = None) -> frozenset[Pattern]:
        """Return the positive conditions, where the head is to be what a goal's constants say."""
        values = dict(self.limits)
        if goal is not None:
            values |= {n: v for n, v in self._bound(goal).items() if isinstance(v, clingo.Symbol)}
        return frozenset(atom.where(values) for atom in self.positive)

    def behind(self, goal: Pattern) -> Iterator[Pattern]:
        """Yield what the body looks at where the head is a goal; inside aggregates, anything."""
        values = self._bound(goal)
        for atom in (*self.positive, *self.negative):
            yield atom.where(values)
        for name, arity in self.within:
            yield Pattern(name, (None,) * arity)

    def _bound(self, goal: Pattern) -> dict[str, Argument]:
        pairs = zip(self.head.terms, goal.arguments, strict=True)
        return {term: value for term, value in pairs if isinstance(term, str) and value is not None}


def conditions(statements: Iterable[ast.AST]) -> tuple[Conditions, ...]:
    """Return the rules of a program, each alternative of a pool as one.

    Raises CannotSlice for statements other than normal rules, and for classical negation.
    """
    kept = [statement for statement in statements if statement.ast_type not in SILENT]
    return tuple(_conditions(rule) for statement in kept for rule in _alternatives(statement))


def _alternatives(statement: ast.AST) -> list[ast.AST]:
    if statement.ast_type != ast.ASTType.Rule:
        raise CannotSlice(f"a {statement.ast_type.name} statement")
    return unpooled(statement)


def _conditions(rule: ast.AST) -> Conditions:
    head = rule.head
    if head.ast_type != ast.ASTType.Literal or head.atom.ast_type != ast.ASTType.SymbolicAtom:
        raise CannotSlice(f"the head {head}")
    positive: list[Atom] = []
    negative: list[Atom] = []
    within: set[Signature] = set()
    limits: dict[str, Argument] = {}
    for literal in rule.body:
        kind = literal.atom.ast_type if literal.ast_type == ast.ASTType.Literal else None
        if kind == ast.ASTType.SymbolicAtom:
            is_positive = literal.sign == ast.Sign.NoSign
            (positive if is_positive else negative).append(_atom(literal.atom.symbol))
        elif kind == ast.ASTType.Comparison:
            _limit(literal, limits)
        else:
            within |= _within(literal)
    atom = _atom(head.atom.symbol)
    body = within | {each.signature for each in (*positive, *negative)}
    return Conditions(
        rule,
        atom,
        tuple(positive),
        tuple(negative),
        frozenset(within),
        limits,
        frozenset([atom.signature]),
        frozenset(body),
    )


def _atom(term: ast.AST) -> Atom:
    if term.ast_type != ast.ASTType.Function:
        raise CannotSlice(f"the atom {term}")
    return Atom(term.name, tuple(map(_term, term.arguments)))


def _term(term: ast.AST) -> Term:
    kind = term.ast_type
    if kind == ast.ASTType.Variable:
        name: str = term.name
        return None if name == "_" else name
    if kind == ast.ASTType.SymbolicTerm:
        symbol: clingo.Symbol = term.symbol
        return symbol
    if kind == ast.ASTType.Function and not term.arguments and not term.external:
        return clingo.Function(term.name)
    return None


def _limit(literal: ast.AST, limits: dict[str, Argument]) -> None:
    """Add what a comparison of a variable with a constant leaves to the variable."""
    comparison = literal.atom
    if literal.sign != ast.Sign.NoSign or len(comparison.guards) != 1:
        return
    (guard,) = comparison.guards
    name, limit = _term(comparison.term), _term(guard.term)
    if not isinstance(name, str) or not isinstance(limit, clingo.Symbol):
        return
    held = limits.get(name)
    if guard.comparison == ast.ComparisonOperator.Equal:
        limits[name] = limit
    elif limit.type == clingo.SymbolType.Number and not isinstance(held, clingo.Symbol):
        least, most = _range(guard.comparison, limit.number)
        low, high = held or (LEAST, MOST)
        limits[name] = max(low, least), min(high, most)


def _range(comparison: int, limit: int) -> Range:
    """Return what `C < 500` and the like leave of the numbers to C, from and to."""
    return {
        ast.ComparisonOperator.LessThan: (LEAST, limit - 1),
        ast.ComparisonOperator.LessEqual: (LEAST, limit),
        ast.ComparisonOperator.GreaterThan: (limit + 1, MOST),
        ast.ComparisonOperator.GreaterEqual: (limit, MOST),
    }.get(ast.ComparisonOperator(comparison), (LEAST, MOST))


def _within(literal: ast.AST) -> set[Signature]:
    found = _Read()
    found(literal)
    return found.signatures


class _Read(ast.Transformer):
    """The signatures of the atoms below a node, whatever holds them."""

    def __init__(self) -> None:
        self.signatures: set[Signature] = set()

    def visit_SymbolicAtom(self, node: ast.AST) -> ast.AST:
        self.signatures.add(_atom(node.symbol).signature)
        return node

    def visit_TheoryAtom(self, node: ast.AST) -> ast.AST:
        raise CannotSlice(f"the theory atom {node}")
