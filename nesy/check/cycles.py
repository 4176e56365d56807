"""Checks of the whole: norms that are no rules, cycles through `not`, recursion without end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from nesy.check.clause import Clause, Literal, Signature
from nesy.check.program import Program, fault
from nesy.diagnostics import Diagnostic

Graph = dict[Signature, dict[Signature, tuple[bool, Clause, Literal]]]


def norms(program: Program) -> Iterator[Diagnostic]:
    """Yield an N308 for a norm that is no plain rule: a constraint, a choice."""
    checked = set(map(id, program.checked))
    for clause in program.of("govern"):
        if id(clause) in checked and not clause.rule.is_normal and clause.form != "comparison":
            what = "a norm must be a rule with one atom as its head"
            if clause.form == "constraint":
                what = "a norm is written as a constraint"
            why = "a constraint that fails drops every norm with it, a choice leaves all open"
            fix = "derive forbidden(Act, Norm), obligatory(Act, Norm) or hold(Norm)"
            yield fault("N308", (what, why, fix), clause)


def absent_norms(program: Program) -> Iterator[Diagnostic]:
    """Yield an N309 for norms that depend on their own absence, with the way round."""
    why = "such rules can have no verdict, or several"
    yield from _absent(program, program.of("govern"), "N309", why)


def absent_readings(program: Program) -> Iterator[Diagnostic]:
    """Yield an N355, a warning, for rules of readings that depend on their own absence."""
    why = "there can be several answers, or none; rules without such a cycle have exactly one"
    yield from _absent(program, program.of("interpret"), "N355", why)


def _absent(program: Program, clauses: list[Clause], code: str, why: str) -> Iterator[Diagnostic]:
    # A cycle that a user's file closes is that file's fault: the shipped rules alone have none.
    blamed = program.foreign or {id(clause.rule) for clause in program.checked}
    told = set()
    for way in sorted(negative_cycles(clauses), key=len):
        steps = " → ".join(f"{'not ' * no}{name}/{arity}" for no, (name, arity), *_ in way)
        first = f"{way[-1][1][0]}/{way[-1][1][1]}"
        ours = [step for step in way if id(step[2].rule) in blamed]
        at = next((step for step in ours if step[0]), ours[0]) if ours else None
        if at is not None and id(at[3]) not in told:
            told.add(id(at[3]))
            what = f"rules depend on their own absence: {first} → {steps}"
            places = ", ".join(dict.fromkeys(step[2].rule.place for step in way))
            fix = f"break the cycle through `not` at one of {places}"
            warning = code != "N309"
            yield fault(code, (what, why, fix), at[2], at[3], warning=warning)


Step = tuple[bool, Signature, Clause, Literal]


def negative_cycles(clauses: Iterable[Clause]) -> list[list[Step]]:
    """Return a shortest way round for each part in which something depends on its own absence."""
    graph = _core(_graph(clauses))
    found: list[list[Step]] = []
    told: set[Signature] = set()
    for begin in graph:
        for target, (negative, clause, literal) in graph[begin].items():
            if not negative or begin in told or target in told:
                continue
            if (way := _way(graph, target, begin)) is not None:
                found.append([(True, target, clause, literal), *way])
                told |= {signature for _, signature, *_ in found[-1]}
    return found


def _graph(clauses: Iterable[Clause]) -> Graph:
    """Return what each signature depends on; through an aggregate, everything is negative."""
    graph: Graph = {}
    for clause in clauses:
        for head in clause.heads:
            edges = graph.setdefault(head.signature, {})
            for outer in clause.body:
                for literal in outer.every():
                    if literal.kind != "atom":
                        continue
                    negative = literal.sign > 0 or (outer is not literal and outer.text != "pool")
                    before = edges.get(literal.signature)
                    if before is None or (negative and not before[0]):
                        edges[literal.signature] = (negative, clause, literal)
    return graph


def _core(graph: Graph) -> Graph:
    """Take away what lies on no cycle: what depends on nothing left, again and again."""
    dependent: dict[Signature, list[Signature]] = {}
    open_ = {s: {t for t in edges if t in graph} for s, edges in graph.items()}
    for signature, targets in open_.items():
        for target in targets:
            dependent.setdefault(target, []).append(signature)
    done = [signature for signature, targets in open_.items() if not targets]
    while done:
        gone = done.pop()
        del open_[gone]
        for signature in dependent.get(gone, ()):
            open_[signature].discard(gone)
            if not open_[signature]:
                done.append(signature)
    return {
        s: {t: edge for t, edge in graph[s].items() if t in targets} for s, targets in open_.items()
    }


def _way(graph: Graph, begin: Signature, end: Signature) -> list[Step] | None:
    """Return the steps of a shortest way from one signature to another."""
    if begin == end:
        return []
    before: dict[Signature, tuple[Signature, Step]] = {}
    queue = deque([begin])
    while queue:
        at = queue.popleft()
        for target, (negative, clause, literal) in graph.get(at, {}).items():
            if target in before or target == begin:
                continue
            before[target] = at, (negative, target, clause, literal)
            if target == end:
                steps: list[Step] = []
                while target != begin:
                    target, step = before[target]
                    steps.append(step)
                return steps[::-1]
            queue.append(target)
    return None


def endless(program: Program) -> Iterator[Diagnostic]:
    """Yield an N316 for recursion whose head wraps in a function what it takes from itself."""
    wrapping = [clause for clause in program.every if any(map(_wraps, clause.heads))]
    if not wrapping:
        return
    graph = _graph(program.every)
    checked = set(map(id, program.checked))
    for clause in wrapping:
        heads = {head.signature for head in clause.heads}
        bodies = {literal.signature for literal in clause.conditioning() if literal.kind == "atom"}
        loops = any(b in heads or _way(graph, b, h) is not None for h in heads for b in bodies)
        if loops and id(clause) in checked:
            what = "the recursion builds ever longer terms"
            why = "its head wraps in a function what it takes from itself, so grounding never ends"
            fix = "recurse over words or numbers, with a bound"
            yield fault("N316", (what, why, fix), clause)


def _wraps(head: Literal) -> bool:
    """Tell whether an atom holds a function of a variable, as in n(s(X))."""
    return any(
        inner.kind == "variable"
        for term in head.walk()
        if term.kind == "function"
        for inner in term.walk()
    )
