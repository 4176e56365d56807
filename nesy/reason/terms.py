"""Terms of rules as Prolog text: names quoted, arithmetic and intervals taken out as goals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import clingo
from clingo import ast

from nesy.reason.asp import FUNCTIONS

_PLAIN = re.compile(r"[a-z][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"[A-Z][A-Za-z0-9]*")
_IDENTIFIER = re.compile(r"_*[a-z][A-Za-z0-9_']*")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "'": "\\'", '"': '\\"'}
_UNDEFINED = "'#undefined'"

_BINARY = {
    ast.BinaryOperator.Plus: "+",
    ast.BinaryOperator.Minus: "-",
    ast.BinaryOperator.Multiplication: "*",
    ast.BinaryOperator.Division: "//",
    ast.BinaryOperator.Modulo: "rem",
    ast.BinaryOperator.Power: "**",
    ast.BinaryOperator.And: "/\\",
    ast.BinaryOperator.Or: "\\/",
    ast.BinaryOperator.XOr: "xor",
}
_UNARY = {
    ast.UnaryOperator.Minus: "'-'",
    ast.UnaryOperator.Negation: "\\",
    ast.UnaryOperator.Absolute: "'|'",
}


class Untranslatable(Exception):
    """A construct that has no translation: what it is, why, and what to write instead."""

    def __init__(self, code: str, what: str, why: str, fix: str, node: ast.AST | None) -> None:
        super().__init__(what)
        self.code, self.what, self.why, self.fix, self.node = code, what, why, fix, node


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a pattern to unify with, or an expression to compute."""

    text: str
    names: frozenset[str]
    expression: ast.AST | None = None


@dataclass(frozen=True, slots=True)
class Equation:
    """``left = right``: what is bound on one side binds the other."""

    left: Side
    right: Side


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal that can run once ``needs`` are bound and binds ``binds``; lower ranks go first."""

    text: str
    needs: frozenset[str]
    binds: frozenset[str]
    rank: int


Item = Goal | Equation


def name_text(name: str) -> str:
    """Return a name as a Prolog atom, quoted where it has to be."""
    return name if _PLAIN.fullmatch(name) else f"'{_escaped(name)}'"


def string_text(value: str) -> str:
    """Return a string as a Prolog string."""
    return f'"{_escaped(value)}"'


def _escaped(text: str) -> str:
    return "".join(
        _ESCAPES.get(c) or (c if c.isprintable() or ord(c) > 0x9F else f"\\x{ord(c):x}\\")
        for c in text
    )


def symbol_text(symbol: clingo.Symbol) -> str:
    """Return a ground term as Prolog reads it; raises ValueError for an impossible name."""
    kind = symbol.type
    if kind == clingo.SymbolType.Number:
        return str(symbol.number)
    if kind == clingo.SymbolType.String:
        return string_text(symbol.string)
    if kind == clingo.SymbolType.Infimum:
        return "'#inf'"
    if kind == clingo.SymbolType.Supremum:
        return "'#sup'"
    if symbol.name and not _IDENTIFIER.fullmatch(symbol.name):
        raise ValueError(f"{symbol.name!r} is no name of a term")
    name = symbol.name or "#tuple"
    return compound(
        name if symbol.positive else f"-{name}", [symbol_text(a) for a in symbol.arguments]
    )


def atom_text(symbol: clingo.Symbol, prefix: str) -> str:
    """Return a ground atom as a Prolog goal; raises ValueError where it is none."""
    if symbol.type != clingo.SymbolType.Function or not symbol.positive:
        raise ValueError(f"{symbol} is no atom")
    if not _IDENTIFIER.fullmatch(symbol.name):
        raise ValueError(f"{symbol.name!r} is no name of a predicate")
    return compound(prefix + symbol.name, [symbol_text(a) for a in symbol.arguments])


def compound(name: str, arguments: Iterable[str]) -> str:
    """Return a compound term, or an atom where there are no arguments."""
    inside = ", ".join(arguments)
    return f"{name_text(name)}({inside})" if inside else name_text(name)


def variable_text(name: str) -> str:
    """Return a variable's Prolog name; different names stay different, and #1 is a fresh one."""
    if name.startswith("#"):
        return f"N_{name[1:]}"
    if _VARIABLE.fullmatch(name):
        return name
    return "V_" + name.replace("_", "__").replace("'", "_q")


@dataclass(slots=True)
class Terms:
    """Turns terms into text; ``items`` collects what has to be computed beside them."""

    items: list[Item] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def nested(self) -> Terms:
        """Return a fresh collection that shares the numbering of new variables."""
        return Terms([], self.numbers)

    def fresh(self) -> str:
        """Return a variable that no rule can name."""
        return f"N_{next(self.numbers)}"

    def side(self, node: ast.AST) -> Side:
        """Return one side of an equation, its arithmetic kept where it is on top."""
        if _is_arithmetic(node):
            node = self._flat(node)
            return Side(self.expression(node), names_in([node]), node)
        return self.pattern(node)

    def pattern(self, node: ast.AST) -> Side:
        """Return a term without arithmetic inside."""
        names: set[str] = set()
        text = self._term(node, names)
        return Side(text, frozenset(names))

    def _term(self, node: ast.AST, names: set[str]) -> str:
        kind = node.ast_type
        if kind == ast.ASTType.Variable:
            if node.name == "_":
                return "_"
            names.add(variable_text(node.name))
            return variable_text(node.name)
        if kind == ast.ASTType.SymbolicTerm:
            return symbol_text(node.symbol)
        if kind == ast.ASTType.Function and not node.external:
            return compound(node.name or "#tuple", [self._term(a, names) for a in node.arguments])
        return self._computed(node, names)

    def _computed(self, node: ast.AST, names: set[str]) -> str:
        new = self.fresh()
        names.add(new)
        mine = frozenset([new])
        if node.ast_type == ast.ASTType.Interval:
            left, right = self._flat(node.left), self._flat(node.right)
            text = f"range({self.expression(left)}, {self.expression(right)}, {new})"
            self.items.append(Goal(text, names_in([left, right]), mine, 1))
        else:
            self.items.append(Equation(Side(new, mine), self.side(node)))
        return new

    def _flat(self, node: ast.AST) -> ast.AST:
        """Return arithmetic with what is no number in it taken out: intervals, computed terms."""
        if _is_arithmetic(node):
            return node.update(**_Flat(self).visit_children(node))
        return _Flat(self)(node)

    def expression(self, node: ast.AST) -> str:
        """Return an arithmetic expression as value/2 of runtime.pl reads it."""
        kind = node.ast_type
        if kind == ast.ASTType.Variable and node.name != "_":
            return variable_text(node.name)
        if kind == ast.ASTType.SymbolicTerm:
            if node.symbol.type != clingo.SymbolType.Number:
                return symbol_text(node.symbol)
            number = str(node.symbol.number)
            return number if node.symbol.number >= 0 else f"({number})"
        if kind == ast.ASTType.BinaryOperation:
            left, right = self.expression(node.left), self.expression(node.right)
            return f"({left} {_BINARY[node.operator_type]} {right})"
        if kind == ast.ASTType.UnaryOperation:
            return f"{_UNARY[node.operator_type]}({self.expression(node.argument)})"
        if kind == ast.ASTType.Function and node.external:
            if node.name not in FUNCTIONS or len(node.arguments) != 1:
                raise refused(node, f"the function @{node.name}", "Prolog knows @log_odds(C) only")
            return f"'@{node.name}'({self.expression(node.arguments[0])})"
        if kind == ast.ASTType.Function:
            return self._term(node, set())
        return _UNDEFINED


class _Flat(ast.Transformer):
    """Names each interval, and each computed argument of a term, by a fresh variable."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms

    def visit_Interval(self, node: ast.AST) -> ast.AST:
        return self._named(node)

    def visit_Function(self, node: ast.AST) -> ast.AST:
        if node.external:
            return node.update(**self.visit_children(node))
        arguments = [self._named(a) if _is_arithmetic(a) else self(a) for a in node.arguments]
        return node.update(arguments=arguments)

    def _named(self, node: ast.AST) -> ast.AST:
        new = self.terms._computed(node, set())
        return ast.Variable(node.location, f"#{new[2:]}")


def refused(node: ast.AST, what: str, fix: str) -> Untranslatable:
    """Return the fault of a construct outside the shared fragment."""
    why = "Prolog has no counterpart for it here, so the two engines cannot be compared on it"
    return Untranslatable("N402", f"{what} has no translation", why, fix, node)


def _is_arithmetic(node: ast.AST) -> bool:
    if node.ast_type == ast.ASTType.Function:
        return bool(node.external)
    return node.ast_type in (ast.ASTType.BinaryOperation, ast.ASTType.UnaryOperation)


class _Names(ast.Transformer):
    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name != "_":
            self.found.append(variable_text(node.name))
        return node


def occurrences(nodes: Iterable[ast.AST]) -> list[str]:
    """Return every occurrence of a named variable."""
    names = _Names()
    for node in nodes:
        names(node)
    return names.found


def names_in(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the named variables below nodes."""
    return frozenset(occurrences(nodes))
