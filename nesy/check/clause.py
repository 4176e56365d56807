"""A rule as its checks look at it: clingo's syntax tree, read once into plain terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal as OneOf

import clingo
from clingo import ast

from nesy.rule_file import Rule

Signature = tuple[str, int]
TermKind = OneOf["variable", "number", "word", "function", "operation", "pool", "interval"]
COMPARISONS = {0: ">", 1: "<", 2: "<=", 3: ">=", 4: "!=", 5: "="}
_OPERATORS = {0: "^", 1: "?", 2: "&", 3: "+", 4: "-", 5: "*", 6: "/", 7: "\\", 8: "**"}


@dataclass(frozen=True, slots=True)
class Term:
    """A term: a variable, a number, a word (quoted text included), or something built of terms."""

    kind: TermKind
    text: str
    arguments: tuple[Term, ...] = ()
    node: ast.AST | None = field(default=None, repr=False, compare=False)

    @property
    def number(self) -> int | None:
        """Return the value of a number."""
        return int(self.text) if self.kind == "number" else None

    def walk(self) -> Iterator[Term]:
        """Yield this term and every term in it."""
        yield self
        for argument in self.arguments:
            yield from argument.walk()

    def __str__(self) -> str:
        return str(self.node) if self.node is not None else self.text


@dataclass(frozen=True, slots=True)
class Literal:
    """A condition: an atom, a comparison of two terms, or one that holds others (``other``).

    ``sign`` counts the ``not`` before it. ``inner`` are the literals of an aggregate or a
    conditional literal, ``terms`` its other terms.
    """

    kind: OneOf["atom", "comparison", "other"]
    sign: int
    text: str
    terms: tuple[Term, ...]
    inner: tuple[Literal, ...] = ()
    node: ast.AST | None = field(default=None, repr=False, compare=False)
    negated: bool = False  # a classical negation, as in -smiles(Face)

    @property
    def signature(self) -> Signature:
        """Return the name and arity of an atom."""
        return self.text, len(self.terms)

    def every(self) -> Iterator[Literal]:
        """Yield this literal and those in it."""
        yield self
        for literal in self.inner:
            yield from literal.every()

    def walk(self) -> Iterator[Term]:
        """Yield every term, those of the literals in it included."""
        for literal in self.every():
            for term in literal.terms:
                yield from term.walk()

    def __str__(self) -> str:
        return str(self.node) if self.node is not None else self.text


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule read: the atoms of its head, the conditions on them, its body."""

    rule: Rule = field(repr=False)
    form: OneOf["rule", "constraint", "choice", "comparison"]
    heads: tuple[Literal, ...]
    conditions: tuple[Literal, ...]
    body: tuple[Literal, ...]

    def literals(self) -> Iterator[Literal]:
        """Yield every literal of the rule, the head's first."""
        for literal in (*self.heads, *self.conditions, *self.body):
            yield from literal.every()

    def conditioning(self) -> Iterator[Literal]:
        """Yield every literal outside the head's own atoms."""
        for literal in (*self.conditions, *self.body):
            yield from literal.every()

    def variables(self) -> list[Term]:
        """Return every occurrence of a named variable, in the order written."""
        every = (*self.heads, *self.conditions, *self.body)
        return [t for lit in every for t in lit.walk() if t.kind == "variable" and t.text != "_"]


def read(rule: Rule) -> Clause:
    """Read one rule."""
    statement = rule.statement
    head = statement.head
    kind = head.ast_type
    conditions: list[Literal] = []
    form: OneOf["rule", "constraint", "choice", "comparison"] = "rule"
    heads: list[Literal] = []
    if kind == ast.ASTType.Literal:
        only = _literal(head)
        if only.kind == "atom" and only.sign:
            form, conditions = "constraint", [only]  # `not a :- b.` is `:- b, not not a.`
        elif only.kind == "atom":
            heads = [only]
        elif only.text == "pool":
            heads = list(only.inner)
        else:
            form = "constraint" if only.kind == "other" else "comparison"
            conditions = [only] if form == "comparison" else []
    elif kind in (ast.ASTType.Aggregate, ast.ASTType.Disjunction, ast.ASTType.HeadAggregate):
        form = "choice"
        for element in head.elements:
            chosen = element.condition if kind == ast.ASTType.HeadAggregate else element
            atom = _literal(chosen.literal)
            heads += atom.inner if atom.text == "pool" else (atom,)
            conditions += map(_literal, chosen.condition)
            if kind == ast.ASTType.HeadAggregate:
                conditions.append(Literal("other", 0, "", tuple(map(_term, element.terms))))
        for name in ("left_guard", "right_guard"):
            if (guard := getattr(head, name, None)) is not None:
                conditions.append(Literal("other", 0, "", (_term(guard.term),)))
    body = tuple(part for literal in statement.body for part in _split(_literal(literal)))
    return Clause(rule, form, tuple(heads), tuple(conditions), body)


def _split(literal: Literal) -> Iterator[Literal]:
    """Yield a chain of comparisons as pairs: 0 < C < 500 is 0 < C and C < 500."""
    if literal.kind != "comparison" or len(literal.terms) == 2:
        yield literal
        return
    for at, sign in enumerate(literal.text.split()):
        yield Literal(
            "comparison", literal.sign, sign, literal.terms[at : at + 2], node=literal.node
        )


def _literal(node: ast.AST) -> Literal:
    kind = node.ast_type
    if kind == ast.ASTType.ConditionalLiteral:
        inner = (_literal(node.literal), *map(_literal, node.condition))
        return Literal("other", 0, "conditional", (), inner, node)
    if kind != ast.ASTType.Literal:
        return Literal("other", 0, str(kind.name), (), (), node)
    atom, sign = node.atom, int(node.sign)
    match atom.ast_type:
        case ast.ASTType.SymbolicAtom:
            return _atom(atom.symbol, sign, node)
        case ast.ASTType.Comparison:
            signs = " ".join(COMPARISONS[int(guard.comparison)] for guard in atom.guards)
            terms = (_term(atom.term), *(_term(guard.term) for guard in atom.guards))
            return Literal("comparison", sign, signs, terms, (), node)
        case ast.ASTType.BodyAggregate | ast.ASTType.Aggregate:
            return _aggregate(atom, sign, node)
        case _:
            return Literal("other", sign, "boolean", (), (), node)


def _aggregate(atom: ast.AST, sign: int, node: ast.AST) -> Literal:
    guards = (atom.left_guard, atom.right_guard)
    terms = [_term(guard.term) for guard in guards if guard is not None]
    inner: list[Literal] = []
    for element in atom.elements:
        if element.ast_type == ast.ASTType.BodyAggregateElement:
            terms += map(_term, element.terms)
        else:
            inner.append(_literal(element.literal))
        inner += map(_literal, element.condition)
    return Literal("other", sign, "aggregate", tuple(terms), tuple(inner), node)


def _atom(symbol: ast.AST, sign: int, node: ast.AST) -> Literal:
    """Read an atom; a pool of atoms, as in p(a; b, c), holds one for each alternative."""
    if symbol.ast_type == ast.ASTType.Pool:
        atoms = tuple(_atom(each, sign, each) for each in symbol.arguments)
        return Literal("other", sign, "pool", (), atoms, node)
    negated = symbol.ast_type == ast.ASTType.UnaryOperation
    named = symbol.argument if negated else symbol
    if named.ast_type == ast.ASTType.SymbolicTerm:
        found: clingo.Symbol = named.symbol
        return Literal("atom", sign, found.name, (), (), node, negated)
    terms = tuple(map(_term, named.arguments))
    return Literal("atom", sign, named.name, terms, (), node, negated)


def _term(node: ast.AST) -> Term:
    match node.ast_type:
        case ast.ASTType.Variable:
            return Term("variable", node.name, (), node)
        case ast.ASTType.SymbolicTerm:
            symbol: clingo.Symbol = node.symbol
            if symbol.type == clingo.SymbolType.Number:
                return Term("number", str(symbol.number), (), node)
            return Term("word", str(symbol), (), node)
        case ast.ASTType.Function:
            name = f"@{node.name}" if node.external else node.name
            return Term("function", name, tuple(map(_term, node.arguments)), node)
        case ast.ASTType.UnaryOperation:
            inner = _term(node.argument)
            if inner.number is not None and str(node).startswith("-"):
                return Term("number", str(-inner.number), (), node)
            return Term("operation", str(node)[:1], (inner,), node)
        case ast.ASTType.BinaryOperation:
            sign = _OPERATORS[int(node.operator_type)]
            return Term("operation", sign, (_term(node.left), _term(node.right)), node)
        case ast.ASTType.Interval:
            return Term("interval", "..", (_term(node.left), _term(node.right)), node)
        case _:
            return Term("pool", ";", tuple(map(_term, node.arguments)), node)
