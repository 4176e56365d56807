"""Answers on a screen and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nesy.ask import proof
from nesy.ask.session import Answer, Answers
from nesy.diagnostics import visible
from nesy.explain import render, tell
from nesy.reason.engine import Engine
from nesy.vocabulary import Vocabulary

LONGEST = 60


def as_json(goal: str, cases: int, found: Answers) -> dict[str, Any]:
    """Return a goal, over how many cases it was asked, and its answers: values by variable."""
    if found.count is not None:
        return {"goal": goal, "cases": cases, "count": found.count}
    answers = [
        {
            **({"case": answer.case} if answer.case is not None else {}),
            "values": dict(zip(found.variables, map(proof.plain, answer.values), strict=True)),
        }
        for answer in found.answers
    ]
    told: dict[str, Any] = {"goal": goal, "cases": cases, "variables": list(found.variables)}
    told |= {"answers": answers, "more": found.more}
    return {**told, "printed": found.printed} if found.printed else told


def as_text(
    found: Answers, engine: Engine, *, cases: int, depth: int, words: bool = False
) -> Iterator[str]:
    """Yield the lines of answers: a table, or where one is a proof, each answer with its tree.

    The case is a column where there is more than one. ``words`` writes terms as sentences do.
    """
    if found.count is not None:
        yield str(found.count)
        return
    if not found.answers:
        return
    if any(proof.is_proof(value) for answer in found.answers for value in answer.values):
        for answer in found.answers:
            yield from _proved(found.variables, answer, engine, cases, depth)
        return
    named = cases > 1 and found.answers[0].case is not None
    if not named and not found.variables:
        yield "yes"
        return
    kinds = [found.kinds.get(v) if words else None for v in found.variables]
    head = (["case"] if named else []) + list(found.variables)
    rows = [
        ([answer.case or ""] if named else [])
        + [_cell(v, k, engine.vocabulary) for v, k in zip(answer.values, kinds, strict=True)]
        for answer in found.answers
    ]
    yield from _table([head, *rows])


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _cell(value: Any, kind: str | None, vocabulary: Vocabulary) -> str:
    shown = visible(word(value, kind, vocabulary) if kind else proof.text(value))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def word(value: Any, kind: str, vocabulary: Vocabulary) -> str:
    """Return how sentences name a term of a kind."""
    if kind == "unit" and value in vocabulary.units:
        return f"AU{value} ({vocabulary.units[value].label.lower()})"
    if kind == "norm" and value in vocabulary.norms:
        return f"{str(value).upper()} ({vocabulary.norms[value].label.lower()})"
    if kind == "permille" and isinstance(value, int):
        return f"{value / 10:g} %"
    return vocabulary.phrase(kind, value) if isinstance(value, str) else proof.text(value)


def _proved(
    variables: Sequence[str], answer: Answer, engine: Engine, cases: int, depth: int
) -> Iterator[str]:
    head = [f"case {answer.case}"] if cases > 1 and answer.case is not None else []
    trees = []
    for variable, value in zip(variables, answer.values, strict=True):
        if proof.is_proof(value):
            trees.append(proof.node(value, engine.rulebook))
        else:
            head.append(f"{variable} = {visible(proof.text(value))}")
    if head:
        yield ", ".join(head)
    for tree in trees:
        yield from render.as_text(tell.tell(tree, engine), depth).splitlines()
    yield ""
