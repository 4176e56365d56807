"""A statement whose syntax tree is read once: asking clingo for a part of it takes long."""

from __future__ import annotations

from typing import Any, cast

from clingo import ast


class _Node:
    """A node of a syntax tree that remembers what it was asked for; sequences are lists."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.node, name)
        if isinstance(found, ast.AST):
            found = _Node(found)
        elif isinstance(found, ast.ASTSequence):
            found = [_Node(each) for each in found]
        # From now on an attribute like any other.
        setattr(self, name, found)
        return found

    def __str__(self) -> str:
        return str(self.node)


def remembering(statement: ast.AST) -> ast.AST:
    """Return a statement to be read as often as one likes, but not to be solved or changed."""
    return cast(ast.AST, _Node(statement))
