"""Tell whether rules are stratified: no choice, no constraint, no negation through a cycle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clingo import ast

from nesy.components import components
from nesy.rulebook import Rule, Signature, signature

Graph = dict[Signature, dict[Signature, bool]]


def dependencies(rules: Iterable[Rule]) -> Graph:
    """Return what each head looks at, and whether through ``not`` or an aggregate."""
    graph: Graph = {}
    for rule in rules:
        for head in rule.heads:
            edges = graph.setdefault(head, {})
            for target, negative in _body(rule.statement):
                edges[target] = negative or edges.get(target, False)
    return graph


def negative_cycles(rules: Iterable[Rule]) -> list[set[Signature]]:
    """Return the strongly connected parts in which something depends on its own absence."""
    graph = dependencies(rules)
    return [
        set(part)
        for part in components(graph)
        if any(graph.get(u, {}).get(v, False) for u in part for v in part)
    ]


def is_stratified(rules: Sequence[Rule]) -> bool:
    """Tell whether a program has exactly one answer set whatever the facts."""
    if any(not rule.is_normal for rule in rules):
        return False
    return not negative_cycles(rules)


def _body(statement: ast.AST) -> Iterable[tuple[Signature, bool]]:
    for literal in statement.body:
        yield from _literal(literal, negative=False)


def _literal(node: ast.AST, *, negative: bool) -> Iterable[tuple[Signature, bool]]:
    """Yield the signatures below a literal; inside an aggregate or condition all are negative."""
    if node.ast_type == ast.ASTType.ConditionalLiteral:
        for part in (node.literal, *node.condition):
            yield from _literal(part, negative=True)
        return
    if node.ast_type != ast.ASTType.Literal:
        return
    signed = negative or node.sign != ast.Sign.NoSign
    atom = node.atom
    if atom.ast_type == ast.ASTType.SymbolicAtom:
        yield signature(atom.symbol), signed
    elif atom.ast_type in (ast.ASTType.BodyAggregate, ast.ASTType.Aggregate):
        for element in atom.elements:
            parts = element.condition
            if atom.ast_type == ast.ASTType.Aggregate:
                parts = [element.literal, *element.condition]
            for part in parts:
                yield from _literal(part, negative=True)
