"""Read a statement once, as plain data: what it gives, what it needs and what it looks at.

Classical negation is part of a name: ``-p(X)`` is an atom of the predicate ``-p``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import clingo
from clingo import ast

from nesy.companions import heads, unpooled
from nesy.reason.lift import SILENT
from nesy.reason.syntax import remembering
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
    """A statement without pools.

    ``atoms`` are those of its head, ``within`` the signatures inside aggregates, conditional
    literals and the conditions of a head, ``limits`` what plain comparisons with a constant leave
    to variables. ``is_normal`` holds for a rule with one atom in the head and without classical
    negation and theory atoms. ``tree`` is the statement with what was read of it.
    """

    statement: ast.AST
    atoms: tuple[Atom, ...]
    positive: tuple[Atom, ...]
    negative: tuple[Atom, ...]
    within: frozenset[Signature]
    limits: dict[str, Argument]
    heads: frozenset[Signature]
    body: frozenset[Signature]
    is_normal: bool
    tree: ast.AST = field(repr=False, compare=False)

    @property
    def head(self) -> Atom:
        """Return the head of a normal rule."""
        return self.atoms[0]

    def gives(self, atom: Atom) -> Pattern:
        """Return what an atom of the head can be."""
        return atom.where(self.limits)

    def needs(self, atom: Atom | None = None, goal: Pattern | None = None) -> frozenset[Pattern]:
        """Return the positive conditions, where an atom is to be what a goal's constants say."""
        values = dict(self.limits)
        if atom is not None and goal is not None:
            bound = _bound(atom, goal).items()
            values |= {name: value for name, value in bound if isinstance(value, clingo.Symbol)}
        return frozenset(each.where(values) for each in self.positive)

    def behind(self, atom: Atom, goal: Pattern) -> Iterator[Pattern]:
        """Yield what is looked at where an atom is a goal; inside aggregates, anything."""
        values = _bound(atom, goal)
        for each in (*self.positive, *self.negative):
            yield each.where(values)
        for name, arity in self.within:
            yield Pattern(name, (None,) * arity)


def _bound(atom: Atom, goal: Pattern) -> dict[str, Argument]:
    pairs = zip(atom.terms, goal.arguments, strict=True)
    return {term: value for term, value in pairs if isinstance(term, str) and value is not None}


def conditions(statements: Iterable[ast.AST]) -> tuple[Conditions, ...]:
    """Return the rules of a program, each alternative of a pool as one.

    Raises CannotSlice for statements other than normal rules, and for classical negation.
    """
    found = conditions_of_any(s for s in statements if s.ast_type not in SILENT)
    for each in found:
        if not each.is_normal:
            raise CannotSlice(str(each.statement))
    return found


def conditions_of_any(statements: Iterable[ast.AST]) -> tuple[Conditions, ...]:
    """Return what any statements need, each alternative of a pool as one.

    What derives nothing, a constraint, is needed where its body can hold. A statement of which that
    cannot be told needs nothing, so it is always chosen.
    """
    every = tuple(statements)
    constants = {s.name for s in every if s.ast_type == ast.ASTType.Definition}
    return tuple(_conditions(each, constants) for of in every for each in _alternatives(of))


_WITH_BODY = (ast.ASTType.Rule, ast.ASTType.Minimize, ast.ASTType.External)


def _alternatives(statement: ast.AST) -> list[ast.AST]:
    return unpooled(statement) if statement.ast_type in _WITH_BODY else [statement]


def _conditions(statement: ast.AST, constants: Collection[str]) -> Conditions:
    kind = statement.ast_type
    tree = remembering(statement)
    of = _Unnamed(constants)(statement) if constants and kind in _WITH_BODY else tree
    positive: list[Atom] = []
    negative: list[Atom] = []
    looked = _Read()
    limits: dict[str, Argument] = {}
    for literal in of.body if kind in _WITH_BODY else ():
        inside = literal.atom.ast_type if literal.ast_type == ast.ASTType.Literal else None
        if inside == ast.ASTType.SymbolicAtom:
            is_positive = literal.sign == ast.Sign.NoSign
            (positive if is_positive else negative).append(_atom(literal.atom.symbol))
        elif inside == ast.ASTType.Comparison:
            _limit(literal, limits)
        else:
            looked(literal)
    atoms = _concluded(of, looked)
    given = frozenset(atom.signature for atom in atoms)
    body = looked.signatures.union(atom.signature for atom in (*positive, *negative))
    single = kind == ast.ASTType.Rule and of.head.ast_type == ast.ASTType.Literal
    return Conditions(
        statement,
        atoms,
        tuple(positive),
        tuple(negative),
        frozenset(looked.signatures),
        limits,
        given,
        frozenset(body),
        single
        and len(atoms) == 1
        and not looked.theory
        and not any(n.startswith("-") for n, _ in given | body),
        tree,
    )


def _concluded(statement: ast.AST, looked: _Read) -> tuple[Atom, ...]:
    """Return the atoms a statement can make true; what their conditions look at is noted."""
    if statement.ast_type == ast.ASTType.External:
        return (_atom(statement.atom.symbol),)
    if statement.ast_type != ast.ASTType.Rule:
        return ()
    if statement.head.ast_type == ast.ASTType.TheoryAtom:
        looked(statement.head)
    found = heads(statement.head)
    for _, condition in found:
        for literal in condition:
            looked(literal)
    return tuple(_atom(atom.symbol) for atom, _ in found)


class _Unnamed(ast.Transformer):
    """A statement to be read where ``#const`` gives a value to names: they can be anything."""

    def __init__(self, constants: Collection[str]) -> None:
        self._constants = constants

    def visit_SymbolicTerm(self, node: ast.AST) -> ast.AST:
        return ast.Variable(node.location, "_") if str(node) in self._constants else node


def _atom(term: ast.AST) -> Atom:
    if term.ast_type == ast.ASTType.UnaryOperation:
        opposite = _atom(term.argument)
        return Atom(f"-{opposite.name}", opposite.terms)
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


class _Read:
    """The signatures of the atoms below nodes, whatever holds them."""

    def __init__(self) -> None:
        self.signatures: set[Signature] = set()
        self.theory = False

    def __call__(self, node: ast.AST) -> None:
        """Note what stands below a node."""
        kind = node.ast_type
        if kind == ast.ASTType.SymbolicAtom:
            self.signatures.add(_atom(node.symbol).signature)
            return
        self.theory = self.theory or kind == ast.ASTType.TheoryAtom
        for key in node.child_keys:
            below = getattr(node, key)
            for each in below if isinstance(below, Sequence) else (below,):
                if each is not None:
                    self(each)
