"""s(CASP) on the part of kb.lp that it can say: times, and verdicts that are not clingo's.

s(CASP) has no aggregates, so what rests on a sum or a count is left out.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clingo import ast

from nesy.benchmarks.explain.constructs import Construct
from nesy.benchmarks.explain.items import EXPRESSIONS, facts
from nesy.benchmarks.explain.questions import solved
from nesy.explain.why.program import Program
from nesy.reason.conditions import conditions
from nesy.rulebook import Signature

HERE = Path(__file__).parent
# How it proves what is to hold of everything: a setting known to be right here, then its default.
FORALL = ("prev", "all")
SECONDS = 2


# Two rules more, for verdicts: one atom's number compared with another's, under a negation.
STRONGEST = """
seen(I, E, C) :- expression(I, E, C), C >= 500.
outdone(I, E) :- seen(I, E, C), seen(I, F, D), D > C.
strongest(I, E) :- seen(I, E, C), not outdone(I, E).
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What s(CASP) said of some goals: CPU milliseconds a ``not`` query that it proved."""

    asked: int
    not_ms: float
    wrong: int
    both: int
    timeouts: int
    errors: int


def dialect(program: Program) -> tuple[str, int]:
    """Return the rules that s(CASP) can say, in its syntax, and how many are left out."""
    rules = conditions(s for s in program.statements if s.ast_type == ast.ASTType.Rule)
    kept = [rule for rule in rules if not rule.within]
    beyond: frozenset[Signature] = frozenset()
    while True:
        known = frozenset(rule.head.signature for rule in kept)
        out = frozenset(rule.head.signature for rule in rules if rule not in kept)
        beyond |= out
        fewer = [r for r in kept if not (r.heads | r.body) & beyond]
        if len(fewer) == len(kept):
            break
        kept = fewer
    given = {name for rule in kept for name in rule.body if name not in known}
    lines = [f":- dynamic {name}/{arity}." for name, arity in sorted(given)]
    for rule in kept:
        lines.append(str(rule.statement).replace("; ", ", ").replace("!=", "\\="))
    return "\n".join(lines) + "\n", len(rules) - len(kept)


def ask(folder: Path, program: Program, goals: dict[int, list[str]], forall: str) -> Answers:
    """Ask the goals of items and their negations, and compare with what holds by clingo."""
    text, _ = dialect(program)
    asked = [f"item([{','.join(facts(i))}],[{','.join(of)}])." for i, of in goals.items()]
    told, errors = proved(folder, text, asked, forall)
    if not told:
        raise RuntimeError(f"s(CASP) said nothing: {errors[-400:]}")
    there = {str(atom) for item in goals for atom in solved(program, item).atoms}
    outcomes = [(each["goal"] in there, each["yes"], each["no"]) for each in told]
    return Answers(
        len(told),
        statistics.fmean(each["no_ms"] for each in told if each["no"] == "proved"),
        sum(_is_wrong(*outcome) for outcome in outcomes),
        sum(yes == no == "proved" for _, yes, no in outcomes),
        sum("timeout" in said for _, *said in outcomes),
        sum("error" in said for _, *said in outcomes),
    )


def strongest(folder: Path, items: Sequence[int], forall: str) -> Answers:
    """Ask which expression of an item is its strongest."""
    goals = {item: [f"strongest({item},{name})" for name in EXPRESSIONS] for item in items}
    return ask(folder, Program.read(STRONGEST), goals, forall)


def outcome(folder: Path, construct: Construct) -> str:
    """Tell whether a construct, as it is written for clingo, is proved: ``a tree`` or not."""
    text = construct.text.replace("!=", "\\=")
    asked = [f"item([{','.join(construct.facts)}],[{construct.atom}])."]
    told, errors = proved(folder, text + "\n", asked, FORALL[0])
    if not told or told[0]["yes"] in ("error", "timeout"):
        return "breaks"
    if told[0]["yes"] == "proved":
        return "a tree"
    return "breaks" if "rror" in errors else "nothing"


def proved(
    folder: Path, text: str, items: Sequence[str], forall: str
) -> tuple[list[dict[str, Any]], str]:
    """Return what s(CASP) said of the goals of items, and its messages."""
    with tempfile.TemporaryDirectory() as name:
        rules, given = Path(name, "rules.pl"), Path(name, "items.pl")
        rules.write_text(text, encoding="utf-8")
        given.write_text("\n".join(items) + "\n", encoding="utf-8")
        done = subprocess.run(
            ["swipl", HERE / "scasp.pl", folder.resolve(), rules, given, forall, str(SECONDS)],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines], done.stderr


def _is_wrong(holds: bool, yes: str, no: str) -> bool:
    """Tell whether what was proved is not so, or what is so was not proved."""
    decided = {("proved", True), ("unproved", False)}
    answers = ((yes, holds), (no, not holds))
    return any(said in ("proved", "unproved") and (said, so) not in decided for said, so in answers)
