"""Companion rules: what is added beside a rule to see its instances, the rule itself untouched."""

from __future__ import annotations

from collections.abc import Sequence

from clingo import ast


class _Variables(ast.Transformer):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name != "_":
            self.names.add(node.name)
        return node

    def visit_ConditionalLiteral(self, node: ast.AST) -> ast.AST:
        return node

    def visit_BodyAggregateElement(self, node: ast.AST) -> ast.AST:
        return node


def variables(literals: Sequence[ast.AST]) -> list[str]:
    """Return the global variables of body literals, sorted; `_` and local variables are none."""
    found = _Variables()
    for literal in literals:
        found(literal)
    return sorted(found.names)


def heads(head: ast.AST) -> list[tuple[ast.AST, list[ast.AST]]]:
    """Return each atom a head can derive, with the literals under which it may."""
    kind = head.ast_type
    if kind == ast.ASTType.Literal:
        if head.atom.ast_type != ast.ASTType.SymbolicAtom or head.sign != ast.Sign.NoSign:
            return []
        return [(head.atom, [])]
    if kind in (ast.ASTType.Aggregate, ast.ASTType.Disjunction):
        elements = list(head.elements)
    elif kind == ast.ASTType.HeadAggregate:
        elements = [element.condition for element in head.elements]
    else:
        return []
    return [
        (element.literal.atom, list(element.condition))
        for element in elements
        if element.literal.atom.ast_type == ast.ASTType.SymbolicAtom
    ]


def binding_terms(literals: Sequence[ast.AST]) -> str:
    """Return the global variables of literals as the inside of a tuple: ``A,``; ``A,B``."""
    names = variables(literals)
    return ",".join(names) + ("," if len(names) == 1 else "")


def unpooled(statement: ast.AST) -> list[ast.AST]:
    """Return a rule with its pools written out: one statement an alternative."""
    return list(statement.unpool())
