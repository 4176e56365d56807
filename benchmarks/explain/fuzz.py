"""Check explanations of random programs: semantics, order, replay, minimality, completeness."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from random import Random

import clingo
from clingo import ast

from nesy.benchmarks.explain.programs import Made, program
from nesy.diagnostics import NesyError
from nesy.explain.why import supports
from nesy.explain.why.derivation import Leaf, Leaves, Step
from nesy.explain.why.program import Justified, Program
from nesy.explain.why.reduct import concluded, derived, given, reduced, solved
from nesy.reason import asp

MOST_ANSWER_SETS = 64
_LEAF = "_leaf"
# So many answer sets of a program are explained, so many atoms of each compared with brute force.
EXPLAINED, COMPARED = 2, 6
MOST_LEAVES, MOST_SUPPORTS = 9, 300


@dataclass
class Report:
    """What was tried and what failed."""

    counts: Counter[str] = field(default_factory=Counter)
    constructs: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, what: str, made: Made) -> None:
        """Record a failure with the program that shows it."""
        self.counts[f"fault: {what.split(':')[0]}"] += 1
        facts = " ".join(f"{atom}." for atom in made.facts)
        self.faults.append(f"{what}\n{made.text}{facts}")


def run(count: int, seed: int = 0) -> Report:
    """Check ``count`` random programs."""
    report = Report()
    number = 0
    while report.counts["programs"] < count:
        made = program(Random(f"{seed}/{number}"))
        number += 1
        check(made, report)
    return report


def check(made: Made, report: Report) -> None:
    """Check one program; one with too many answer sets is left out."""
    read = Program.read(made.text)
    plain = _answer_sets(read, made.facts)
    if len(plain) > MOST_ANSWER_SETS:
        report.counts["left out: too many answer sets"] += 1
        return
    report.counts["programs"] += 1
    report.constructs += Counter(dict.fromkeys(made.constructs, 1))
    found = list(read.answer_sets(made.facts))
    report.counts["answer sets"] += len(plain)
    if sorted(map(_key, plain)) != sorted(_key(one.atoms) for one in found):
        report.fault("semantics: instrumented and plain differ", made)
        return
    if not plain:
        _check_excluded(read, made, report)
    for one in found[:EXPLAINED]:
        _check_answer_set(read, one, made, report)
        if one.cost() and not _costs(read, made, one):
            report.fault("cost: what is paid is not what clingo says", made)


def _answer_sets(read: Program, facts: Iterable[clingo.Symbol]) -> list[frozenset[clingo.Symbol]]:
    """Return the answer sets by clingo alone, the optimal ones where there is something to pay."""
    optimal = any(s.ast_type == ast.ASTType.Minimize for s in read.statements)
    control = asp.ground(read.statements, facts, extra="", models=0, name="plain")
    if optimal:
        control.configuration.solve.opt_mode = "optN"  # type: ignore[union-attr]
    found = []
    with control.solve(yield_=True) as handle:
        for model in handle:
            if model.optimality_proven or not model.cost:
                found.append(frozenset(model.symbols(atoms=True)))
            if len(found) > MOST_ANSWER_SETS:
                break
    return found


def _key(atoms: Iterable[clingo.Symbol]) -> list[str]:
    return sorted(map(str, atoms))


def _costs(read: Program, made: Made, one: Justified) -> bool:
    """Tell whether clingo's cost of the optimum is what is told as paid."""
    control = asp.ground(read.statements, made.facts, extra="", models=0, name="plain")
    control.configuration.solve.opt_mode = "optN"  # type: ignore[union-attr]
    with control.solve(yield_=True) as handle:
        for model in handle:
            if model.optimality_proven and frozenset(model.symbols(atoms=True)) == one.atoms:
                told = one.cost()
                priced = dict(zip(model.priority, model.cost, strict=True))
                return {p: c for p, c in priced.items() if c} == {
                    p: c for p, c in told.items() if c
                }
    return False


def _check_excluded(read: Program, made: Made, report: Report) -> None:
    """Without an answer set: dropping the constraints told as broken has to give one."""
    report.counts["programs without an answer set"] += 1
    nearest = read.excluded(made.facts)
    if nearest is None:
        kept = tuple(r for r in read.rules if not str(r.statement).startswith("#false"))
        if _answer_sets(Program(kept, read.others), made.facts):
            report.fault("excluded: nothing is told where constraints forbid all", made)
        return
    told = {instance.rule.id for instance in nearest.broken()}
    report.counts["explained by a broken constraint"] += 1
    kept = tuple(rule for rule in read.rules if rule.id not in told)
    if not told or not _answer_sets(Program(kept, read.others), made.facts):
        report.fault("excluded: dropping the constraints told gives no answer set", made)


def _check_answer_set(read: Program, one: Justified, made: Made, report: Report) -> None:
    replayed: set[tuple[int, tuple[clingo.Symbol, ...]]] = set()
    for atom in sorted(one.atoms):
        if atom in one.facts:
            continue
        report.counts["derived atoms"] += 1
        try:
            steps = one.steps(atom)
        except (LookupError, NesyError) as error:
            report.fault(f"unfounded: {atom}: {error}", made)
            continue
        if atom not in steps or not _is_acyclic(steps):
            report.fault(f"unfounded: {atom} has no well-founded justification", made)
            continue
        report.counts["well-founded justifications"] += 1
        for head, step in steps.items():
            key = (id(step.instance), step.grounds)
            if key not in replayed:
                replayed.add(key)
                if not _is_step(head, step, read):
                    report.fault(f"step: {head} does not follow from its grounds", made)
        _check_replay(read, one, atom, made, report)
    _check_minimal(read, one, made, report)


def _is_acyclic(steps: dict[clingo.Symbol, Step]) -> bool:
    done: set[clingo.Symbol] = set()
    pending = dict(steps)
    while pending:
        ready = [
            a for a, s in pending.items() if all(g in done or g not in steps for g in s.grounds)
        ]
        if not ready:
            return False
        for atom in ready:
            done.add(atom)
            del pending[atom]
    return True


def _is_step(head: clingo.Symbol, step: Step, read: Program) -> bool:
    """Tell whether clingo derives the head from what a step rests on, by that rule alone."""
    if any(atom.type == clingo.SymbolType.String for atom in step.assumed):
        return True
    constants = [s for s in read.others if s.ast_type == ast.ASTType.Definition]
    statements = [*constants, step.instance.rule.statement]
    return head in concluded(
        statements, step.grounds, absent=step.absent, held=step.assumed, among=[head]
    )


def _check_replay(
    read: Program, one: Justified, atom: clingo.Symbol, made: Made, report: Report
) -> None:
    """Derive an atom by the whole program from its leaves alone."""
    steps = one.steps(atom)
    if any(one.demand(step.instance).early for step in steps.values()):
        report.counts["replayed step by step only: recursion through an aggregate"] += 1
        return
    try:
        follows = _derived(read, one, one.leaves(atom))
    except LookupError:
        report.counts["replayed step by step only: recursion through an aggregate"] += 1
        return
    if atom not in follows:
        report.fault(f"replay: {atom} does not follow from {_told(one.leaves(atom))}", made)
        return
    report.counts["replayed from their leaves"] += 1


def _derived(read: Program, one: Justified, leaves: Leaves) -> frozenset[clingo.Symbol]:
    of: dict[str, list[clingo.Symbol]] = defaultdict(list)
    for kind, atom in leaves:
        of[kind].append(atom)
    return derived(
        read.statements, of["fact"], absent=of["absent"], held=of["assumed"], among=one.atoms
    )


def _check_minimal(read: Program, one: Justified, made: Made, report: Report) -> None:
    """Compare minimal supports with those found by trying every set of leaves."""
    instances = [i for of in one.instances.values() for i in of]
    absent = {a for i in instances for a in i.negative}
    absent |= {
        a
        for i in instances
        for c in i.counting
        for _, ps in c.counted
        for p in ps
        for a in p.negative
    }
    if len(one.facts) + len(absent) > MOST_LEAVES or any(one.demand(i).early for i in instances):
        return
    tables = _every_set(read, one, sorted(absent))
    if tables is None:
        report.counts["not compared with brute force: recursion through an aggregate"] += 1
        return
    for atom in islice(sorted(one.atoms), COMPARED):
        found = list(islice(supports.minimal(one, atom), MOST_SUPPORTS + 1))
        brute = _robust(tables, atom)
        report.counts["atoms compared with brute force"] += 1
        sizes = [len(leaves) for leaves in found]
        if sizes != sorted(sizes):
            report.fault(f"order: {atom}: the smallest do not come first", made)
        shown = one.leaves(atom)
        if atom not in one.facts and shown not in found:
            report.fault(f"minimality: {atom}: the one shown is not among the minimal ones", made)
        if made.wavers:
            enough = [any(least <= leaves for least in brute) for leaves in found]
            if not all(enough):
                report.fault(f"soundness: {atom}: a support is not enough", made)
            continue
        report.counts["of these minimal and complete"] += 1
        report.counts["minimal supports"] += len(brute)
        if set(found) != set(brute) or len(found) != len(brute):
            told = f"{[_told(s) for s in found]} and not {[_told(s) for s in brute]}"
            report.fault(f"completeness: {atom}: {told}", made)


Table = tuple[Leaves, frozenset[clingo.Symbol]]


def _every_set(read: Program, one: Justified, absent: list[clingo.Symbol]) -> list[Table] | None:
    """Return every set of leaves with what it derives, None where a set leaves that open.

    Facts and absent atoms are leaves; clingo tries them all, as choices over the reduced rules.
    """
    facts = sorted(one.facts)
    leaves: list[Leaf] = [("fact", atom) for atom in facts]
    leaves += [("absent", atom) for atom in absent]
    statements, extra = reduced(read.statements)
    taken = [f"{atom} :- {_LEAF}({n})." for n, atom in enumerate(given(facts, absent=absent))]
    choice = f"{{ {_LEAF}(0..{len(leaves) - 1}) }}." if leaves else ""
    known = given([], among=one.atoms)
    found = solved(statements, known, " ".join([extra, choice, *taken]))
    tables: dict[Leaves, frozenset[clingo.Symbol]] = {}
    for answer in found:
        numbers = [atom.arguments[0].number for atom in answer if atom.match(_LEAF, 1)]
        tables[frozenset(leaves[number] for number in numbers)] = answer
    return list(tables.items()) if len(tables) == len(found) == 2 ** len(leaves) else None


def _robust(tables: list[Table], atom: clingo.Symbol) -> list[Leaves]:
    """Return the minimal sets that derive an atom whatever other leaves are added."""
    failing = [leaves for leaves, atoms in tables if atom not in atoms]
    enough = [leaves for leaves, _ in tables if not any(leaves <= less for less in failing)]
    enough.sort(key=len)
    found: list[Leaves] = []
    for leaves in enough:
        if not any(least <= leaves for least in found):
            found.append(leaves)
    return found


def _told(leaves: Leaves) -> str:
    return "{" + ", ".join(sorted(f"{kind} {atom}" for kind, atom in leaves)) + "}"
