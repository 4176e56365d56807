"""``nesy ask``: its answers are clingo's atoms, and its proofs hold."""

import json
from functools import cache

import clingo
import pytest

from nesy.ask import proof, show, stored
from nesy.ask.archive import Archive
from nesy.ask.session import Session
from nesy.explain import render, tell
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.cases import generated
from nesy.reason.engine import Engine, conclude, reason, stages_of
from nesy.trace import Case, Trace
from tests.asking import engine, is_here, rows, stated, trace

pytestmark = pytest.mark.skipif(not is_here(), reason="SWI-Prolog is not installed")


@cache
def bare(count=20, seed=4):
    """Return generated Traces with facts alone."""
    cases = generated(engine().vocabulary, count, seed)
    return tuple(
        Trace(case=Case(id=f"g{n}"), facts=stated(facts)) for n, facts in enumerate(cases, start=1)
    )


@cache
def reasoned():
    return tuple(reason(each, engine()) for each in bare())


@cache
def held():
    """Return what clingo derives of each case, solved one by one."""
    found = []
    for each in bare():
        stages = stages_of(each, engine().dated(each))
        atoms = {*stages.final_facts, *stages.interpretation.atoms}
        atoms |= stages.norms.atoms if stages.norms else set()
        found.append((stages, {a for a in atoms if not a.name.startswith("_")}))
    return tuple(found)


@pytest.fixture
def many(kept):
    return kept("bare", lambda: Archive(bare(), engine()))


# ── Answers are clingo's atoms ────────────────────────────────────────────────────────────────────


def answered(session, of):
    """Return the atoms of a predicate in each case, as ask answers them."""
    names = [f"V{n}" for n in range(of[1])]
    goal = f"{of[0]}({', '.join(names)})" if names else of[0]
    found = session.ask(f"case(Id), {goal}", limit=10**6)
    assert not found.more
    atoms = {}
    for answer in found.answers:
        case, *values = answer.values
        atom = clingo.Function(of[0], [proof.symbol(value) for value in values])
        atoms.setdefault(case, set()).add(atom)
    return atoms


def test_answers_are_what_clingo_derives(many):
    heads = engine().rulebook.heads("interpret") | engine().rulebook.heads("govern")
    asked = {s for s in heads | set(PREDICATES) if not s[0].startswith("_")}
    static = {asp.signature(atom) for atom in engine().static}
    told = 0
    for of in sorted(asked - static):
        found = answered(many, of)
        for number, (_, atoms) in enumerate(held(), start=1):
            expected = {a for a in atoms if asp.signature(a) == of}
            assert found.get(f"g{number}", set()) == expected, of
            told += len(expected)
    assert told > 2000


def test_the_ontology_is_the_same_in_every_case_and_asked_once(many):
    for of, atoms in Archive(bare(), engine()).static.items():
        names = [f"V{n}" for n in range(of[1])]
        found = many.ask(f"{of[0]}({', '.join(names)})", limit=10**6).answers
        assert {a.case for a in found} == {None}
        terms = {clingo.Function(of[0], [proof.symbol(v) for v in a.values]) for a in found}
        assert terms == set(atoms)


def test_what_a_trace_records_is_what_is_derived_again():
    again, recorded = Archive(bare(), engine()), Archive(reasoned(), engine())
    assert recorded._is_stored and not again._is_stored
    assert "_stages" not in vars(recorded)
    counted = 0
    for of in stored.SIGNATURES | {("verdict", 1), ("withheld", 2)}:
        ours, theirs = sorted(recorded.facts(of)), sorted(again.facts(of))
        assert ours == theirs
        counted += len(ours)
    assert counted > 300
    statuses = [conclude(stages).status for stages, _ in held()]
    assert [r.verdict.status for r in reasoned()] == statuses


def test_a_trace_made_with_other_rules_is_reasoned_over_again():
    first = reasoned()[3]
    for part in ("rules", "weights", "ontology", "packs"):
        changed = first.with_(versions={**first.versions, part: "other"})
        assert stored.is_current(first, engine())
        assert not stored.is_current(changed, engine())


# ── Proofs ────────────────────────────────────────────────────────────────────────────────────────


def test_every_atom_has_a_proof(many):
    assert rows(many, "holds(A), \\+ why(A, _)") == []
    assert rows(many, "holds(A), why(A, chosen(_))") == []
    atoms = sum(len(atoms) for _, atoms in held())
    derived = many.ask("holds(A), once(why(A, rule(_, _, _, _, _)))", count=True).count
    assert 1000 < derived < atoms + len(engine().static) * len(bare())


def test_a_proof_replays_in_clingo(many):
    checked = 0
    for goal in ("mismatch(F, K)", "forbidden(A, N)", "evidence(F, joy, S)", "obligatory(A, N)"):
        for answer in many.ask(f"{goal}, why({goal}, Proof)", limit=60).answers:
            node = proof.node(answer.values[-1], engine().rulebook)
            nodes = list(node.walk())
            owned = {n.rule.id: n.rule for n in nodes if n.rule is not None}
            leaves = [n.atom for n in nodes if n.kind in ("fact", "ontology")]
            leaves += [n.atom for n in nodes if n.kind == "marginal"]
            statements = [rule.statement for rule in owned.values()]
            (found,) = asp.solve(statements, asp.symbols(leaves), extra=asp.ALL_DEFINED)
            assert clingo.parse_term(node.atom) in found.atoms
            assert node.rule.id in [r.id for r in engine().rulebook.rules("interpret")] + [
                r.id for r in engine().rulebook.rules("govern")
            ]
            checked += 1
    assert checked > 60


def test_a_proof_names_each_rule_instance_that_could_derive(many):
    """As many proofs as evidence has voices, and at the places of their rules."""
    rules = engine().rulebook.rules("interpret")
    for number, (stages, _) in enumerate(held(), start=1):
        voices = {v.rule for v in stages.interpretation.voices if v.emotion == "sadness"}
        goal = f"in(g{number}, why(evidence(_, sadness, _), rule(_, Id, Place, _, _)))"
        found = {(row[0], row[1]) for row in rows(many, goal)}
        assert {name for name, _ in found} == voices
        assert found <= {(rule.id, rule.place) for rule in rules}


def test_proofs_leave_out_what_the_interpretation_did_not_see(few):
    hidden = [row[1:] for row in rows(few, "withheld(A, N)")]
    assert ("expression(f1, smile, 930)", "e101") in hidden
    assert rows(few, "in('glad~2', evidence(_, joy, _))") == []
    assert rows(few, "in(glad, evidence(_, joy, _))") != []


def test_what_a_choice_decides_is_told_so(tmp_path):
    file = tmp_path / "mine.lp"
    file.write_text("1 { told(F) ; told(F, no) } 1 :- face(F).\nheard(F) :- told(F).\n")
    mine = Engine.load(packs=["table1"], rules=[file])
    session = Session(Archive([trace("a", "face(f1)", "speaker(f1)")], mine))
    try:
        found = rows(session, "(told(f1) ; told(f1, no)), holds(A), why(A, chosen(A))")
        assert all(row[1].startswith("told(f1") for row in found)
        for _, told in rows(session, "heard(F)"):
            assert told == "f1"
    finally:
        session.close()


CONSTRUCTS = """\
many(N) :- N = #count { C : cue(C, _) }, face(_).
sum_of(N) :- N = #sum { P, C : cue(C, P) }, N > 0.
sure :- face(_), P > 500 : cue(_, P).
pair(A, B) :- cue(A, _), cue(B, _), A < B.
pair(B, A) :- pair(A, B).
reached(A) :- cue(A, P), P >= 900.
reached(B) :- reached(A), pair(A, B).
level(1..3) :- many(N), N > 1.
either(C) :- cue(C, _), C = (praise; minimiser).
found :- not not pair(praise, minimiser).
lonely(F) :- face(F), not pair(_, F), not F = f9.
named("a string", (1, C)) :- reached(C).
"""


def test_every_construct_of_a_rule_can_be_proved(tmp_path):
    file = tmp_path / "mine.lp"
    file.write_text(CONSTRUCTS)
    mine = Engine.load(packs=["table1"], rules=[file])
    atoms = ["face(f1)", "speaker(f1)", "cue(praise,600)", "cue(minimiser,900)", "cue(hedge,900)"]
    session = Session(Archive([trace("a", *atoms)], mine))
    try:
        assert rows(session, "holds(A), \\+ why(A, _)") == []
        assert rows(session, "why(A, chosen(_))") == []
        assert len(rows(session, "why(pair(A, B), rule(_, _, _, _, _))")) == 6
        ((_, _, three),) = rows(
            session, "why(many(N), rule(_, _, _, _, [_, aggregate(count, 3, L)]))"
        )
        assert three.count("fact(cue(") == 3
        ((_, value),) = rows(session, "named(V, _C)", limit=1)
        assert value == "a string"
        found = session.ask("why(reached(praise), P)").answers
        for answer in found:
            below = list(proof.node(answer.values[0], mine.rulebook).walk())[1:]
            assert "reached(praise)" not in [n.atom for n in below]
        assert found
    finally:
        session.close()


def test_a_proof_is_told_as_why_tells(few):
    found = few.ask("in(glad, why(forbidden(assert_mismatch, e111), Proof))")
    assert found.variables == ("Proof",)
    lines = list(show.as_text(found, engine(), cases=3, depth=9))
    (value,) = found.answers[0].values
    assert "rule wording.e111" in "\n".join(lines) or "rule" in "\n".join(lines)
    told = render.as_text(tell.tell(proof.node(value, engine().rulebook), engine()), 9)
    assert lines[:-1] == told.splitlines()
    data = show.as_json("g", 3, found)["answers"][0]["values"]["Proof"]
    assert data["atom"] == "forbidden(assert_mismatch, e111)"
    assert data["place"].startswith("rules/govern/") and data["because"]
    json.dumps(data)
