"""Time explanations beside other tools, on the same rules and items, by turns in one run.

What is timed here is everything from facts to told trees: grounding, solving, ordering, telling.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import clingo

from nesy.benchmarks.explain.constructs import CONSTRUCTS, is_explained
from nesy.benchmarks.explain.items import ASKED, facts
from nesy.explain.derivation import Steps
from nesy.explain.instances import instrumented
from nesy.explain.program import Justified, Program
from nesy.reason import asp

HERE = Path(__file__).parent
ONE, BATCH = 20, 100
HOW = """xclingo and clingexplaid are not installed; they belong into an environment of their own:
  python -m venv PEERS && PEERS/bin/pip install xclingo==2.0b19 clingexplaid==1.5.1 clingo==5.8.3
  python -m nesy.benchmarks.explain peers --python PEERS/bin/python"""


def compare(python: Path | None, rounds: int) -> None:
    """Print the comparison; without the other tools, our own times and how to get them."""
    program = Program.read((HERE / "kb.lp").read_text(encoding="utf-8"), "kb.lp")
    explain(program, [1])
    rows: dict[str, list[float]] = {}
    for turn in range(rounds):
        batch = list(range(turn * BATCH + 1, (turn + 1) * BATCH + 1))
        for name, times in {**_ours(program, batch), **_theirs(python, program, batch)}.items():
            rows.setdefault(name, []).append(times)
    print(
        f"CPU milliseconds an item, median [range] of {rounds} rounds; {len(program.rules)} rules"
    )
    for name, found in rows.items():
        print(f"{name:<34} {_spread(found)}")
    for mine, theirs in _RATIOS:
        if theirs in rows:
            ratios = [b / a for a, b in zip(rows[mine], rows[theirs], strict=True)]
            print(f"{f'{theirs} / {mine}':<34} {_spread(ratios)}")
    ratios = [b / a for a, b in zip(rows["plain"], rows["instrumented"], strict=True)]
    print(f"{'instrumented / plain':<34} {_spread(ratios)}")
    _constructs(python)
    if python is None:
        print(HOW)


_RATIOS = (
    ("one item", "xclingo one item"),
    ("batch", "xclingo one item"),
    ("batch", "xclingo batch"),
)


def explain(program: Program, items: Sequence[int]) -> list[str]:
    """Return the trees of what is asked of items, solved together."""
    given = asp.symbols([fact for item in items for fact in facts(item)])
    (one,) = program.answer_sets(given, limit=1)
    asked = sorted(atom for atom in one.instances if atom.name in ASKED)
    return [tree(one, atom, one.steps(atom)) for atom in asked]


def tree(one: Justified, atom: clingo.Symbol, steps: Steps, indent: str = "") -> str:
    """Return a justification as an indented tree: rule and place, absent atoms, comparisons."""
    step = steps.get(atom)
    if step is None:
        return f"{indent}{atom}"
    lines = [f"{indent}{atom}  ({step.instance.rule.place})"]
    lines += [tree(one, ground, steps, indent + "  ") for ground in step.grounds]
    lines += [f"{indent}  not {absent}" for absent in step.absent]
    lines += [f"{indent}  {text}" for text in step.instance.compared]
    return "\n".join(lines)


def _ours(program: Program, batch: list[int]) -> dict[str, float]:
    bare = (program.statements, ())
    beside = (program.statements, instrumented(program.rules).statements)
    given = asp.symbols([fact for item in batch for fact in facts(item)])
    alone = asp.symbols(facts(batch[0]))
    return {
        "one item": _timed(lambda: [explain(program, [item]) for item in batch[:ONE]], ONE),
        "one item, solved and not explained": _timed(
            lambda: [_solved(bare, alone) for _ in range(ONE)], ONE
        ),
        "batch": _timed(lambda: explain(program, batch), len(batch)),
        "plain": _timed(lambda: _solved(bare, given), len(batch)),
        "instrumented": _timed(lambda: _solved(beside, given), len(batch)),
    }


def _solved(statements: tuple[tuple[Any, ...], ...], given: list[clingo.Symbol]) -> bool | None:
    control = asp.ground([s for of in statements for s in of], given, extra="", name="kb.lp")
    return control.solve().satisfiable


def _timed(work: Callable[[], object], items: int) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began) / items


def _theirs(python: Path | None, program: Program, batch: list[int]) -> dict[str, float]:
    if python is None:
        return {}
    given = {"items": batch[:ONE], "batch": batch, "foils": _foils(program, batch)[:ONE]}
    found = _asked(python, given)
    return {
        "xclingo one item": _known(found["xclingo one"]),
        "xclingo batch": _known(found["xclingo batch"]),
        "clingexplaid, one MUS": _known(found["clingexplaid"]),
    }


def _foils(program: Program, batch: list[int]) -> list[tuple[int, str]]:
    """Return for each item an emotion that has evidence and is not what is read, where one is."""
    given = asp.symbols([fact for item in batch for fact in facts(item)])
    (one,) = program.answer_sets(given, limit=1)
    beaten = sorted(atom.arguments for atom in one.atoms if atom.match("beaten", 2))
    return list({item.number: (item.number, str(emotion)) for item, emotion in beaten}.values())


def _asked(python: Path, given: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [str(python), str(HERE / "foreign.py")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        found = {"error": done.stderr.strip().splitlines()[-1:] or ["it said nothing"]}
    return found


def _known(found: dict[str, Any]) -> float:
    return float(found.get("ms", float("nan")))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f}..{max(values):.2f}]"


def _constructs(python: Path | None) -> None:
    """Print which constructs each tool explains: run, not read."""
    print("\nconstruct                           ours   xclingo as it is   xclingo with our shim")
    for name, construct in CONSTRUCTS.items():
        ours = "yes" if is_explained(construct) else "no"
        plain, shimmed = "–", "–"
        if python is not None:
            facts_ = " ".join(f"{fact}." for fact in construct.facts)
            traced = f"\n%!show_trace {{{construct.atom}}}."
            text = f"{construct.text} {facts_}{traced}"
            plain = _outcome(_asked(python, {"plain": text}))
            shimmed = _outcome(_asked(python, {"construct": text}), construct.names)
        print(f"{name:<34}  {ours:<5}  {plain:<17}  {shimmed}")


def _outcome(found: dict[str, Any], names: Sequence[str] = ()) -> str:
    if "error" in found:
        return "breaks"
    trees = found["out"][0]
    if not trees:
        return "nothing"
    if names and isinstance(trees, list):
        lacking = [name for name in names if not any(name in each for each in trees)]
        return f"without {', '.join(lacking)}" if lacking else "yes"
    return "a tree"
