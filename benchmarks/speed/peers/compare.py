"""Time other tools on the rules of this folder, after checking that they answer the same."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import clingo
from clingo import ast

from nesy.benchmarks.explain import scasp
from nesy.benchmarks.speed.peers.made import FORBIDDEN, Item
from nesy.benchmarks.speed.rows import Row, missing, row
from nesy.explain.why.program import Program
from nesy.reason import asp

HERE = Path(__file__).parent
SECTION = "peers"
BATCH = 100
TOGETHER = f"to {BATCH} items a control"
# s(CASP) takes milliseconds a goal.
FEW = 10
# PyReason compiles itself for minutes when it is first imported.
SECONDS = 900


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool: how many items a round, whether they go together, what it does otherwise."""

    name: str
    count: int
    batch: int
    does: str
    candidates: bool = False


PEERS = {
    "xclingo": Peer("xclingo", BATCH, BATCH, "explains as well; by our shim, else it breaks"),
    "problog": Peer("ProbLog", 40, 1, "the same, an item at a time; no probabilities used"),
    "pyreason": Peer(
        "PyReason", BATCH, BATCH, "no sums: which emotions have a voice, and the norm", True
    ),
    "nemo": Peer("NeMo Guardrails", 40, 1, "the same as one Colang flow, an item a message"),
}

Answers = dict[int, list[str]]


@dataclass
class Seen:
    """What rounds of one tool gave."""

    ms: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    differing: int = 0
    fault: str = ""


def rows(python: Path | None, folder: Path | None, rounds: int) -> Iterator[Row]:
    """Yield CPU milliseconds an item of ours and of each tool, and how many times ours that is.

    ``python`` has the tools, ``folder`` is a clone of s(CASP). Ours is timed beside each round.
    """
    text = (HERE / "rules.lp").read_text(encoding="utf-8")
    statements = tuple(asp.parsed(text))
    ours: list[float] = []
    alone: list[float] = []
    seen: dict[str, Seen] = {name: Seen() for name in PEERS}
    proofs = Seen()
    for number in range(rounds + 1):
        items = [Item(1 + number * BATCH + n) for n in range(BATCH)]
        at_once, expected = _timed(statements, [items])
        one_by_one, again = _timed(statements, [[item] for item in items])
        if expected != again:
            raise AssertionError("both ways must give the same")
        if not number:
            continue
        ours.append(at_once)
        alone.append(one_by_one)
        for name, peer in PEERS.items() if python is not None else ():
            _ask(python, name, peer, items, expected, seen[name])
        if folder is not None:
            _prove(folder, text, items[:FEW], proofs)
    yield row(SECTION, f"clingo as nesy drives it, {BATCH} items a control", "ms", ours)
    yield row(SECTION, "clingo, a control an item", "ms", alone)
    does = "an item at a time; no sums: proves two voices and the norm"
    yield from _told("s(CASP)", proofs, "to a control an item", alone, does)
    for name, peer in PEERS.items():
        to, us = ("to a control an item", alone) if peer.batch == 1 else (TOGETHER, ours)
        yield from _told(peer.name, seen[name], to, us, peer.does)


def _timed(
    statements: Sequence[ast.AST], groups: Sequence[Sequence[Item]]
) -> tuple[float, Answers]:
    """Return CPU milliseconds an item, and the answers, each group solved in one control."""
    found: Answers = {}
    began = time.process_time()
    for items in groups:
        facts = [clingo.parse_term(fact) for item in items for fact in item.facts()]
        (answer,) = asp.solve(statements, facts, name="rules.lp", extra="")
        of: dict[int, list[str]] = defaultdict(list)
        for atom in answer.atoms:
            if atom.name == "reading":
                of[atom.arguments[0].number].append(atom.arguments[1].name)
            elif atom.name == FORBIDDEN:
                of[atom.arguments[0].number].append(FORBIDDEN)
        found |= {item.number: sorted(of[item.number]) for item in items}
    count = sum(map(len, groups))
    return 1000 * (time.process_time() - began) / count, found


def _ask(
    python: Path | None, name: str, peer: Peer, items: Sequence[Item], ours: Answers, seen: Seen
) -> None:
    """Run a tool over the first items of a round, and compare what it answers."""
    asked = items[: peer.count]
    command = [str(python), str(HERE / "foreign.py"), name, str(asked[0].number), str(len(asked))]
    command.append(str(peer.batch))
    found = _said(command)
    if "ms" not in found:
        missed = found.get("missing")
        seen.fault = f"not installed: {missed}" if missed else str(found["error"])
        return
    seen.ms.append(found["ms"])
    seen.start.append(1000 * found["start"])
    if peer.candidates:
        ours = {item.number: _candidates(item, ours) for item in asked}
    _compare(asked, found["answers"], ours, seen)


def _said(command: Sequence[str]) -> dict[str, Any]:
    """Return what another Python printed, or what went wrong."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {SECONDS} s"}
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:160]}
    return found


def _compare(
    asked: Sequence[Item], theirs: dict[str, list[str]], ours: Answers, seen: Seen
) -> None:
    """Count the items of which a tool answers otherwise, or nothing."""
    seen.differing += sum(theirs.get(str(item.number)) != ours[item.number] for item in asked)


def _candidates(item: Item, ours: Answers) -> list[str]:
    """Return the emotions that have a voice, and whether the norm holds."""
    facts = [clingo.parse_term(fact) for fact in item.facts()]
    text = (HERE / "rules.lp").read_text(encoding="utf-8")
    (answer,) = asp.solve(asp.parsed(text), facts, name="rules.lp", extra="")
    voices = {atom.arguments[1].name for atom in answer.atoms if atom.name == "evidence"}
    return sorted(voices | ({FORBIDDEN} & set(ours[item.number])))


def _prove(folder: Path, text: str, items: Sequence[Item], seen: Seen) -> None:
    """Ask s(CASP) of each item's emotions whether they have a voice, and of the norm."""
    rules, _ = scasp.dialect(Program.read(text))
    asked: list[str] = []
    for item in items:
        goals = [f"forbidden({item.number},infer_from_face)"]
        goals += _voices(item)
        asked.append(f"item([{','.join(item.facts())}],[{','.join(goals)}]).")
    told, errors = scasp.proved(folder, rules, asked, scasp.FORALL[0])
    if not told:
        seen.fault = errors.strip().splitlines()[-1][:160] if errors else "it said nothing"
        return
    facts = [clingo.parse_term(fact) for item in items for fact in item.facts()]
    (answer,) = asp.solve(asp.parsed(text), facts, name="rules.lp", extra="")
    holds = set(map(str, answer.atoms))
    seen.ms.append(sum(each["yes_ms"] for each in told) / len(items))
    seen.differing += sum((each["yes"] == "proved") != (each["goal"] in holds) for each in told)


def _voices(item: Item) -> list[str]:
    """Return two voices that s(CASP) is to prove, which do not hold where nothing was seen."""
    smile, frown = (item.expressions.get(name, 500) for name in ("smile", "frown"))
    voices = (f"joy,smile,{smile}", f"sadness,frown,{frown}")
    return [f"evidence({item.number},{voice})" for voice in voices]


def _told(name: str, seen: Seen, to: str, ours: Sequence[float], does: str) -> Iterator[Row]:
    if not seen.ms:
        yield missing(SECTION, name, seen.fault or "not asked for: --peers, --scasp")
        return
    yield row(SECTION, f"{name}, CPU an item", "ms", seen.ms, note=does)
    ratios = [theirs / statistics.median(ours) for theirs in seen.ms]
    yield row(SECTION, f"{name} {to}", "times", ratios)
    what = f"{name}: items or goals answered otherwise"
    yield row(SECTION, what, "", [float(seen.differing)], at_most=0)
    if seen.start:
        yield row(SECTION, f"{name}: until it is imported and set up, wall", "ms", seen.start)
