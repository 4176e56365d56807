"""Time explanations beside other tools, on the same rules and items, by turns in one run.

What is timed here is everything from facts to told trees: grounding, solving, ordering, telling.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import clingo

from nesy.benchmarks.explain.constructs import CONSTRUCTS, is_explained
from nesy.benchmarks.explain.items import facts
from nesy.benchmarks.explain.questions import (
    WhyNot,
    changed,
    explain,
    goals,
    index,
    rather_than,
    solved,
    variants,
    what_if,
)
from nesy.benchmarks.explain.scasp import FORALL, SECONDS, Answers, ask, dialect, outcome, strongest
from nesy.explain.why.instances import instrumented
from nesy.explain.why.justify import Explainer
from nesy.explain.why.program import Program
from nesy.reason import asp
from nesy.reason.engine import Engine, run_stages
from nesy.trace import Fact, Origin

HERE = Path(__file__).parent
ONE, BATCH = 20, 100
# A smile beside a loss, at a company's support.
SMILE: tuple[tuple[str, Origin], ...] = (
    ("speaker(f1)", "declared"),
    ("expression(f1,smile,930)", "image"),
    ("au(f1,12,600,900)", "image"),
    ("observable(f1,6)", "image"),
    ("claim(f1,happiness,700)", "model"),
    ("line_valence(negative,900)", "line"),
    ("line_emotion(sadness,700)", "line"),
    ("cue(loss,900)", "line"),
    ("context(support)", "declared"),
    ("jurisdiction(eu)", "declared"),
)
HOW = """For all of it, xclingo and clingexplaid in an environment of their own, and s(CASP):
  python -m venv PEERS && PEERS/bin/pip install xclingo==2.0b19 clingexplaid==1.5.1 clingo==5.8.3
  git clone https://github.com/SWI-Prolog/sCASP SCASP
  python -m nesy.benchmarks.explain peers --python PEERS/bin/python --scasp SCASP"""


def compare(python: Path | None, rounds: int, folder: Path | None) -> None:
    """Print the comparison; without the other tools, our own times and how to get them.

    ``folder`` is a clone of s(CASP), for SWI-Prolog.
    """
    program = Program.read((HERE / "kb.lp").read_text(encoding="utf-8"), "kb.lp")
    explain(program, [1])
    rows: dict[str, list[float]] = {}
    verdicts: dict[str, list[Answers]] = {}
    left_out = dialect(program)[1]
    for turn in range(rounds):
        batch = list(range(turn * BATCH + 1, (turn + 1) * BATCH + 1))
        times = {**_ours(program, batch), **_theirs(python, program, batch)}
        for how in FORALL if folder is not None else ():
            of = ask(folder, program, {item: goals(item) for item in batch[:ONE]}, how)
            times[f"s(CASP) not query, forall={how}"] = of.not_ms
            verdicts.setdefault(f"{how}, kb.lp without {left_out} rules", []).append(of)
            of = strongest(folder, batch[:ONE], how)
            verdicts.setdefault(f"{how}, the strongest expression", []).append(of)
        for name, time_ in times.items():
            rows.setdefault(name, []).append(time_)
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
    _tell_verdicts(verdicts)
    _constructs(python, folder)
    if python is None or folder is None:
        print(HOW)


_RATIOS = (
    ("one item", "xclingo one item"),
    ("batch", "xclingo one item"),
    ("batch", "xclingo batch"),
    ("rather than", "clingexplaid, one MUS"),
    ("why not, of a solved item", "s(CASP) not query, forall=prev"),
    ("why not, from facts", "s(CASP) not query, forall=prev"),
)


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
        **_asked_of_ours(program, batch),
    }


def _asked_of_ours(program: Program, batch: list[int]) -> dict[str, float]:
    """Return the times of why not, rather than and what if, the last as a median."""
    items, found = batch[:ONE], index(program)
    ones = {item: solved(program, item) for item in items}
    absent = {i: [g for g in goals(i) if clingo.parse_term(g) not in ones[i].atoms] for i in items}
    count = sum(map(len, absent.values()))

    def why_not() -> None:
        for item, asked in absent.items():
            miss = WhyNot(ones[item], found)
            for atom in asked:
                miss.told(atom)

    def why_not_from_facts() -> None:
        for item, (atom, *_) in absent.items():
            WhyNot(solved(program, item), found).told(atom)

    over, cases = variants(program), {item: changed(item) for item in items}
    foils = _foils(program, batch)[:ONE]
    shipped = _shipped()
    return {
        "why not, of a solved item": _timed(why_not, count),
        "why not, from facts": _timed(why_not_from_facts, len(items)),
        "rather than": _timed(lambda: [rather_than(program, *foil) for foil in foils], len(foils)),
        "what if, every single change": statistics.median(
            _timed(partial(what_if, over, cases[item], item), 1) for item in items
        ),
        "shipped rules: what an explanation needs": _timed(lambda: [shipped() for _ in items], ONE),
    }


def _shipped() -> Callable[[], object]:
    """Return what solves a case of the shipped rules again, to be explained."""
    engine = Engine.load()
    known = [Fact(atom=atom, origin=origin) for atom, origin in SMILE]
    explained = partial(Explainer, run_stages(known, engine), engine)
    explained()
    return explained


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


def _tell_verdicts(verdicts: dict[str, list[Answers]]) -> None:
    """Print what s(CASP) answered otherwise than clingo does, all rounds together."""
    for what, of in verdicts.items():
        print(
            f"s(CASP) forall={what}: {sum(a.asked for a in of)} goals and their negations, "
            f"{sum(a.wrong for a in of)} wrong, {sum(a.both for a in of)} proved both, "
            f"{sum(a.timeouts for a in of)} without an answer in {SECONDS} s, "
            f"{sum(a.errors for a in of)} errors"
        )


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


def _constructs(python: Path | None, folder: Path | None) -> None:
    """Print which constructs each tool explains: run, not read."""
    heads = ("ours", "xclingo as it is", "xclingo with our shim", "s(CASP)")
    print(f"\n{'construct':<34}  {heads[0]:<5}  {heads[1]:<17}  {heads[2]:<26}  {heads[3]}")
    for name, construct in CONSTRUCTS.items():
        ours = "yes" if is_explained(construct) else "no"
        plain, shimmed, proved = "–", "–", "–"
        if python is not None:
            facts_ = " ".join(f"{fact}." for fact in construct.facts)
            traced = f"\n%!show_trace {{{construct.atom}}}."
            text = f"{construct.text} {facts_}{traced}"
            plain = _outcome(_asked(python, {"plain": text}))
            shimmed = _outcome(_asked(python, {"construct": text}), construct.names)
        if folder is not None:
            proved = outcome(folder, construct)
        print(f"{name:<34}  {ours:<5}  {plain:<17}  {shimmed:<26}  {proved}")


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
