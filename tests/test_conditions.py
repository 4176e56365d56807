"""Every condition of every norm is needed: dropping one makes some case of the norms fail.

Left out are conditions that cannot be dropped alone, because they bind a variable of the rest, and
those that hold wherever the rest does: a norm of no place is in force anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import clingo
import pytest
from clingo import ast

from nesy import rulebook, vocabulary
from nesy.reason import asp
from tests.test_rules import Found, _static, cases, unmet

WEAK, NEW = "_weak", "_new"
# The share of conditions that some case has to miss; those left are printed.
LEAST = 0.85
NORMS = vocabulary.load().norms
CRISIS = ("e201", "e202", "e203", "e206", "e209")


@dataclass(frozen=True)
class Weakened:
    """A rule without one condition."""

    rule: str
    condition: str
    head: str
    body: str

    def __str__(self) -> str:
        return f"{self.rule} without {self.condition}"


def _weakened() -> Iterator[Weakened]:
    for rule in rulebook.load().rules("govern"):
        for statement in rule.statement.unpool():
            body = [str(literal) for literal in statement.body]
            for at, condition in enumerate(body):
                rest = "; ".join([*body[:at], *body[at + 1 :]]) or "#true"
                if not _always(condition, body) and _is_safe(f"{statement.head} :- {rest}."):
                    yield Weakened(rule.id, condition, str(statement.head), rest)


def _always(condition: str, body: list[str]) -> bool:
    """Tell whether a condition holds wherever the rest does: a norm that is in force anywhere."""
    norm = condition.removeprefix("in_force(").rstrip(")")
    anywhere = norm in NORMS and "any" in NORMS[norm].all("jurisdiction")
    in_crisis = norm in CRISIS and any(literal.startswith("danger(") for literal in body)
    return condition.startswith("in_force(") and (anywhere or in_crisis)


def _is_safe(rule: str) -> bool:
    control = clingo.Control(["--warn=none"], logger=lambda *_: None)
    try:
        control.add("base", [], rule)
        control.ground([("base", [])])
    except RuntimeError:
        return False
    return True


@lru_cache(maxsize=1)
def _missed() -> tuple[tuple[Weakened, ...], frozenset[int]]:
    """Return every weakened rule, and the numbers of those that make a case fail."""
    weak = tuple(_weakened())
    lines = [f"#external {WEAK}(0..{len(weak)})."]
    for number, one in enumerate(weak):
        lines.append(f"{one.head} :- {one.body}; {WEAK}({number}).")
        lines.append(f"{NEW}({number}) :- {one.body}; not {one.head}.")
    program = list(rulebook.load().statements("govern"))
    ast.parse_string("\n".join(lines), program.append)
    caught: set[int] = set()
    for case in cases():
        if case.stratum != "govern":
            continue
        control = asp.ground(program, [*case.facts, *_static()], name="conditions")
        (atoms,) = _solved(control)
        changed = {a.arguments[0].number for a in atoms if a.name == NEW}
        for number in sorted(changed - caught):
            external = clingo.Function(WEAK, [clingo.Number(number)])
            control.assign_external(external, True)
            found = _solved(control)
            control.assign_external(external, False)
            if len(found) != 1 or unmet(case, Found(found[0], {}, frozenset(), ())):
                caught.add(number)
    return weak, frozenset(caught)


def _solved(control: clingo.Control) -> list[frozenset[clingo.Symbol]]:
    with control.solve(yield_=True) as handle:
        return [frozenset(model.symbols(atoms=True)) for model in handle]


@pytest.mark.slow
def test_dropping_a_condition_breaks_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    weak, caught = _missed()
    left = [str(one) for number, one in enumerate(weak) if number not in caught]
    with capsys.disabled():
        print(f"\n{len(caught)} of {len(weak)} conditions of the norms are missed by a case")
        print(*left, sep="\n")
    assert len(caught) >= LEAST * len(weak)
