"""The wording of a condition that fails: what it asks for and what it is, in words."""

from __future__ import annotations

from collections.abc import Sequence

from clingo import ast

from nesy.explain.english import WORDS
from nesy.explain.tell import Lexicon, role_of, value_of
from nesy.explain.why.counted import tuples
from nesy.explain.why_not.conditions import (
    SIGNS,
    Aggregate,
    Atom,
    Comparison,
    Condition,
    Conditional,
)
from nesy.explain.why_not.match import Atoms, Term, Value, Variable, symbol_of
from nesy.explain.why_not.nearmiss import NearMiss

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def is_negative(condition: Atom) -> bool:
    """Tell whether an atom stands under a single ``not``."""
    return bool(condition.sign == ast.Sign.Negation)


def counts(condition: Condition) -> bool:
    """Tell whether a condition looks at many atoms at once."""
    return isinstance(condition, (Aggregate, Conditional))


def lacking(near: NearMiss) -> str:
    """Return how many of a rule's conditions fail, and how many other bindings come as near."""
    failing, total = len(near.failing), len(near.way.conditions)
    key = "lacking" if failing == 1 else "lacking_many"
    if failing == total:
        key = "lacking_only" if total == 1 else "lacking_all"
    told = WORDS[key if failing else "lacking_none"].format(failing=failing, total=total)
    if near.level > 1:
        key = "level" if near.level > 2 else "level_one"
        return WORDS[key].format(lacking=told, others=near.level - 1)
    return told


def condition(condition: Condition, near: NearMiss, lexicon: Lexicon) -> str:
    """Return what a condition asks for that is not decided yet; "" where it only names a value."""
    if condition.binds:
        return ""
    if isinstance(condition, Comparison) and (asked := _asked(condition, near, lexicon)):
        name, demand, _ = asked
        return WORDS["asked"].format(name=name, demand=demand)
    return condition.text


def fails(condition: Condition, near: NearMiss, atoms: Atoms, lexicon: Lexicon) -> str:
    """Return what a condition asks for, and what is so instead."""
    if isinstance(condition, Comparison):
        asked = _asked(condition, near, lexicon)
        if asked and asked[2]:
            name, demand, is_ = asked
            return WORDS["compared"].format(name=name, demand=demand, value=is_)
        sides = [_all(term, near) for term in condition.terms]
        shown = " ".join(
            part
            for pair in zip(sides, [*map(_sign, condition.signs), ""], strict=True)
            for part in pair
        ).strip()
        return WORDS["not_so"].format(condition=condition.text, shown=shown)
    if isinstance(condition, Aggregate):
        value, counted = condition.reached(near.env, atoms)
        bounds = [_bound(sign, term, near) for sign, term in condition.guards]
        slots = {"counting": condition.counting, "demand": f" {WORDS['and']} ".join(bounds)}
        key = "reached_of" if counted else "reached"
        if condition.sign == ast.Sign.Negation or not bounds:
            return WORDS["not_so"].format(condition=condition.text, shown=value)
        return WORDS[key].format(**slots, value=value, counted=tuples(counted))
    if isinstance(condition, Conditional):
        inner = next(condition.breaking(near.env, atoms), near.env)
        new = {n: v for n, v in inner.items() if n not in near.env}
        shown = ", ".join(f"{name} = {value}" for name, value in sorted(new.items()))
        return WORDS["not_every"].format(condition=condition.text, shown=shown or WORDS["here"])
    return WORDS["not_so"].format(condition=condition.text, shown="#false")


def _bound(sign: int, term: Term, near: NearMiss) -> str:
    return WORDS[f"asked{_TURNED[_sign(sign)]}"].format(value=_all(term, near))


def _sign(sign: int) -> str:
    return SIGNS[ast.ComparisonOperator(sign)]


def _all(term: Term, near: NearMiss) -> str:
    values = term.values(near.env) if term.names <= near.env.keys() else ()
    return ";".join(map(str, values)) or "?"


def _asked(condition: Comparison, near: NearMiss, lexicon: Lexicon) -> tuple[str, str, str] | None:
    """Return the name of a variable, what is asked of it, and its value ("" where it has none)."""
    if len(condition.terms) != 2 or condition.sign != ast.Sign.NoSign:
        return None
    left, right = condition.terms
    sign = _sign(condition.signs[0])
    if not isinstance(left, Variable):
        left, right, sign = right, left, _TURNED[sign]
    if not isinstance(left, Variable) or not right.names <= near.env.keys():
        return None
    bounds: Sequence[Value] = right.values(near.env)
    if len(bounds) != 1:
        return None
    said = value_of(symbol_of(bounds[0]), left.name, near.way.rule, lexicon)
    value = near.env.get(left.name)
    is_ = value_of(symbol_of(value), left.name, near.way.rule, lexicon) if value is not None else ""
    name = role_of(left.name, near.way.rule, lexicon)
    return name, WORDS[f"asked{sign}"].format(value=said), is_
