"""Explanations of random programs: the instrumentation changes nothing, and what it shows is so."""

from __future__ import annotations

from collections import Counter

import clingo

from nesy.benchmarks.explain import fuzz
from nesy.benchmarks.explain.programs import WAVERING, Made
from nesy.explain.why import counted, derivation, instrument
from nesy.explain.why.derivation import Derivation, Known

COUNT = 200
CONSTRUCTS = {
    *("_", "_ in a literal", "comparison", "pool", "interval", "not not", "conditional", "set"),
    *("#count", "#sum", "#sum+", "#min", "#max", "aggregate assigned", "aggregate in two bounds"),
    *("aggregate >=", "aggregate <=", "aggregate =", "aggregate !=", "negated aggregate"),
    *("choice", "disjunction", "classical negation", "constraint", "weak constraint", "recursion"),
    *("aggregate", "#sum of negative", "bound from above"),
}


def test_random_programs_are_explained_soundly_minimally_and_completely() -> None:
    report = fuzz.run(COUNT, seed=0)
    assert report.faults == []
    counts = report.counts
    assert counts["derived atoms"] == counts["well-founded justifications"] > COUNT
    by_steps = sum(n for what, n in counts.items() if what.startswith("replayed step by step"))
    assert counts["replayed from their leaves"] + by_steps == counts["derived atoms"]
    assert by_steps < counts["derived atoms"] / 20
    assert counts["of these minimal and complete"] > COUNT
    assert counts["minimal supports"] > counts["of these minimal and complete"] / 2
    assert counts["explained by a broken constraint"] > 0
    assert set(report.constructs) == CONSTRUCTS
    assert WAVERING <= CONSTRUCTS


# Each of these is explained wrongly by one of the broken instrumentations below.
BY_HAND = [
    "t :- f(1). s :- not t, f(2).",
    "s :- f(X), not h(X).",
    "s :- 1 <= #count { V : f(V) }. t :- 3 <= #sum { V : f(V) }.",
    "t :- not not t.",
    "p(1) :- f(1). q(1) :- f(2). q(1) :- f(1). s :- p(1), q(1).",
    ":- not t. t :- h(2).",
]


def _faults() -> set[str]:
    report = fuzz.Report()
    for text in BY_HAND:
        facts = tuple(clingo.Function("f", [clingo.Number(n)]) for n in (1, 2, 3))
        fuzz.check(Made(f"#defined h/1. {text}", facts, Counter()), report)
    return {what.removeprefix("fault: ") for what in report.counts if what.startswith("fault")}


def test_programs_by_hand_are_explained() -> None:
    assert _faults() == set()


def test_a_companion_that_derives_an_atom_of_the_program_is_noticed(monkeypatch) -> None:
    def leaking(head: str, body: list[str]) -> str:
        return f"s :- {'; '.join(body)}." if body else "s."

    monkeypatch.setattr(instrument, "_rule", leaking)
    assert "semantics" in _faults()


def test_forgotten_negation_is_noticed(monkeypatch) -> None:
    step = Derivation._step

    def forgetting(self: Derivation, instance, known: Known):
        found = step(self, instance, known)
        if found is None:
            return None
        leaves = frozenset(leaf for leaf in found[1] if leaf[0] != "absent")
        return found[0]._replace(absent=()), leaves

    monkeypatch.setattr(Derivation, "_step", forgetting)
    assert {"step", "replay"} & _faults()


def test_an_aggregate_that_asks_for_too_little_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(counted.Aggregate, "needs", lambda self: [])
    assert {"step", "replay", "completeness"} <= _faults()


def test_an_aggregate_that_asks_for_too_much_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(counted.Aggregate, "needs", lambda self: [counted._all_of(self.counted)])
    assert {"completeness"} <= _faults()


def test_an_order_without_assumptions_leaves_atoms_unfounded(monkeypatch) -> None:
    monkeypatch.setattr(Derivation, "_release", lambda self, stuck: False)
    assert "unfounded" in _faults()


def test_a_justification_with_an_idle_leaf_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(Derivation, "_needed", lambda self, below: dict(self._known))
    monkeypatch.setattr(derivation.Derivation, "derives", lambda self, root, leaves: None)
    assert "minimality" in _faults()


def test_a_fault_shows_the_program() -> None:
    report = fuzz.Report()
    report.fault("semantics: it differs", Made("p :- f(1).\n", (), Counter()))
    assert report.counts == {"fault: semantics": 1}
    assert report.faults == ["semantics: it differs\np :- f(1).\n"]
