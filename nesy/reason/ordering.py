"""The order of a body: binders before tests and negation, equations solved for what is unbound."""

from __future__ import annotations

from collections.abc import Sequence

from clingo import ast

from nesy.reason.terms import (
    Goal,
    Item,
    Terms,
    Untranslatable,
    names_in,
    occurrences,
    variable_text,
)

NOTHING: frozenset[str] = frozenset()


def ordered(terms: Terms, known: frozenset[str], node: ast.AST | None) -> list[str]:
    """Return the goals in an order that binds before it tests; raises Untranslatable."""
    pending = list(terms.items)
    bound = known
    goals: list[str] = []
    while pending:
        best: tuple[int, int, str, frozenset[str]] | None = None
        for index, item in enumerate(pending):
            ready = _ready(item, bound, terms)
            if ready is not None and (best is None or ready[0] < best[0]):
                best = (ready[0], index, ready[1], ready[2])
        if best is None:
            raise _stuck(pending, bound, node)
        _, index, text, binds = best
        goals.append(text)
        bound |= binds
        del pending[index]
    return goals


def _stuck(pending: Sequence[Item], bound: frozenset[str], node: ast.AST | None) -> Untranslatable:
    names = NOTHING
    for item in pending:
        names |= item.needs if isinstance(item, Goal) else item.left.names | item.right.names
    what = f"no order of the literals binds {', '.join(sorted(names - bound)) or 'every variable'}"
    why = "Prolog needs each variable bound before it is compared, negated or computed with"
    fix = "bind the variable in a positive literal of the body"
    return Untranslatable("N404", what, why, fix, node)


def _ready(
    item: Item, bound: frozenset[str], terms: Terms
) -> tuple[int, str, frozenset[str]] | None:
    """Return rank, text and new bindings of an item that can run now."""
    if isinstance(item, Goal):
        return (item.rank, item.text, item.binds) if item.needs <= bound else None
    for side, other in ((item.left, item.right), (item.right, item.left)):
        if not side.names <= bound:
            continue
        rank = 0 if other.names <= bound else 1
        if side.expression is not None and other.expression is not None:
            if other.names <= bound:
                new = terms.fresh()
                text = f"value({side.text}, {new}), value({other.text}, {new})"
                return rank, text, NOTHING
            new = terms.fresh()
            if (solved := _solved(other.expression, new, bound, terms)) is not None:
                return rank, ", ".join([f"value({side.text}, {new})", *solved]), other.names
        elif side.expression is not None:
            return rank, f"value({side.text}, {other.text})", other.names
        elif other.expression is None:
            return rank, f"eq({side.text}, {other.text})", other.names
        elif other.names <= bound:
            return rank, f"value({other.text}, {side.text})", NOTHING
        elif (solved := _solved(other.expression, side.text, bound, terms)) is not None:
            return rank, ", ".join(solved), other.names
    return None


def _solved(node: ast.AST, value: str, bound: frozenset[str], terms: Terms) -> list[str] | None:
    """Return the goals that solve ``node = value`` for its one unbound variable, if linear."""
    kind = node.ast_type
    if kind == ast.ASTType.Variable:
        return [f"value({value}, {variable_text(node.name)})"]
    if kind == ast.ASTType.UnaryOperation and node.operator_type == ast.UnaryOperator.Minus:
        return _solved(node.argument, f"'-'({value})", bound, terms)
    if kind != ast.ASTType.BinaryOperation:
        return None
    free = [name for name in occurrences([node]) if name not in bound]
    if len(free) != 1:
        return None
    in_left = free[0] in names_in([node.left])
    inner, other = (node.left, node.right) if in_left else (node.right, node.left)
    known = terms.expression(other)
    operator = node.operator_type
    if operator == ast.BinaryOperator.Plus:
        return _solved(inner, f"({value} - {known})", bound, terms)
    if operator == ast.BinaryOperator.Minus:
        left = f"({value} + {known})" if in_left else f"({known} - {value})"
        return _solved(inner, left, bound, terms)
    if operator == ast.BinaryOperator.Multiplication:
        new = terms.fresh()
        rest = _solved(inner, new, bound, terms)
        return None if rest is None else [f"divide({value}, {known}, {new})", *rest]
    return None
