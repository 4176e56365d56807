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


def binding_terms(statement: ast.AST) -> str:
    """Return the global variables of a rule as the inside of a tuple: ``A,B,``."""
    names = variables(statement.body)
    return ",".join(names) + ("," if len(names) == 1 else "")


def unpooled(statement: ast.AST) -> list[ast.AST]:
    """Return a rule with its pools written out: one statement an alternative."""
    return list(statement.unpool())
