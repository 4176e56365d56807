"""Justifications: sound, replayable, and told in sentences."""

from __future__ import annotations

import math

import clingo
import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nesy import pipeline, rulebook
from nesy.diagnostics import NesyError
from nesy.explain import outcome, render, tell
from nesy.explain.why import replay
from nesy.explain.why.instances import solve_instrumented
from nesy.explain.why.justify import Explainer, Node
from nesy.pipeline import engine_for
from nesy.reason import asp
from nesy.reason.engine import run_stages
from nesy.trace import (
    ActionUnit,
    Case,
    Claim,
    Face,
    LineAct,
    LineCue,
    LineReading,
    LineValence,
    Observation,
    SeenExpression,
    Trace,
)

ENGINE = engine_for()
WORDS = ENGINE.vocabulary
CONFIDENCE = st.integers(500, 1000)


def _some(kind: list[str], most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(kind)), max_size=most, unique=True)


@st.composite
def observed(draw: st.DrawFn) -> Trace:
    """A case with an observation in the vocabulary, as a perceiver could report it."""
    units = tuple(
        ActionUnit(
            unit=u,
            intensity=draw(st.sampled_from([100, 300, 500, 900])),
            confidence=draw(CONFIDENCE),
        )
        for u in draw(st.lists(st.sampled_from(WORDS.reported_units), max_size=5, unique=True))
    )
    expressions = tuple(
        SeenExpression(expression=x, confidence=draw(CONFIDENCE))
        for x in draw(_some(list(WORDS.expressions), 3))
    )
    claims = tuple(
        Claim(emotion=e, confidence=draw(CONFIDENCE))
        for e in draw(_some(["joy", "anger", "sadness", "neutral"], 1))
    )
    face = Face(id="f1", action_units=units, expressions=expressions, claims=claims)
    line = LineReading(
        valence=(
            LineValence(
                valence=draw(st.sampled_from(["positive", "negative", "neutral"])),
                confidence=draw(CONFIDENCE),
            ),
        ),
        acts=tuple(LineAct(act=a, confidence=900) for a in draw(_some(list(WORDS.acts), 2))),
        cues=tuple(LineCue(cue=c, confidence=900) for c in draw(_some(list(WORDS.cues), 2))),
    )
    declared = {
        kind: tuple(draw(_some(list(WORDS.terms[kind]), 1)))
        for kind in ("context", "jurisdiction", "person", "notice", "purpose")
    }
    case = Case(id="c1", image="face.png", line="…", declared=declared)
    observation = Observation(
        perceiver="generated", faces=(face,) if draw(st.booleans()) or units else (), line=line
    )
    return Trace(case=case, observation=observation)


def _asked(trace: Trace, explainer: Explainer) -> list[clingo.Symbol]:
    """Every atom of a trace's reading and verdict, as an atom of the rules."""
    return [
        atom
        for atom in explainer.holding()
        if atom.name in ("reads", "mismatch", "crisis", "ambiguous", "forbidden", "obligatory")
        or atom.name in ("preferred", "warned", "hold", "evidence", "excluded")
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(observed())
def test_every_atom_of_reading_and_verdict_has_a_justification_that_replays(trace: Trace) -> None:
    done = pipeline.reason(trace, engine=ENGINE)
    assert done.error is None and done.facts is not None and done.reading is not None
    stages = run_stages(done.facts, ENGINE)
    explainer = Explainer(stages, ENGINE)
    asked = _asked(done, explainer)
    assert {"reads"} <= {atom.name for atom in asked}
    told_reads = {(str(a.arguments[0]), str(a.arguments[1])) for a in asked if a.name == "reads"}
    for face, reading in done.reading.items():
        for emotion, probability in reading.distribution.items():
            assert (face, emotion) in told_reads or probability < 0.0105
    forces = {
        (a.name, str(a.arguments[0]), str(a.arguments[1]).upper())
        for a in asked
        if a.name in ("forbidden", "obligatory", "preferred", "warned")
    }
    assert done.verdict is not None
    assert {(n.force, n.act, n.norm) for n in done.verdict.norms if n.act} <= forces
    for atom in asked:
        node = explainer.why(atom)
        assert node.kind != "fact", f"{atom} is told as a fact"
        assert replay.holds(node, ENGINE), f"{atom} does not replay"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(observed())
def test_the_response_replays_and_renders_in_every_format(trace: Trace) -> None:
    done = pipeline.reason(trace, engine=ENGINE)
    node = pipeline.why(done, engine=ENGINE)
    assert replay.holds(node, ENGINE)
    told = tell.tell(node, ENGINE)
    for name, form in render.FORMATS.items():
        assert done.response and form(told), name
    assert done.response.text.split("\n")[0][:20] in render.as_text(told)


def test_the_graph_is_acyclic_and_ends_in_what_was_asked() -> None:
    trace = pipeline.reason(_smile(), engine=ENGINE)
    told = tell.tell(pipeline.why(trace, engine=ENGINE), ENGINE)
    found = render.graph(told)
    assert nx.is_directed_acyclic_graph(found)
    assert [line for line in found if not found.out_degree(line)] == [told]
    dot = render.as_dot(told)
    assert dot.count(" -> ") == found.number_of_edges() and dot.count("[label=") == len(found)


def test_a_justification_with_a_leaf_taken_away_does_not_replay() -> None:
    trace = pipeline.reason(_smile(), engine=ENGINE)
    node = pipeline.why(trace, "reads(f1,joy,_)", engine=ENGINE)
    assert replay.holds(node, ENGINE)
    assert not replay.holds(_without(node, "expression(f1,smile,930)"), ENGINE)


def test_an_atom_that_does_not_hold_says_what_does() -> None:
    trace = pipeline.reason(_smile(), engine=ENGINE)
    with pytest.raises(outcome.DoesNotHold, match=r"reads\(f1,grief,_\) does not hold") as caught:
        pipeline.why(trace, "reads(f1,grief,_)", engine=ENGINE)
    assert caught.value.exit_code == 1
    assert "what holds of reads" in str(caught.value)


@pytest.mark.parametrize(
    ("atom", "said"),
    [
        ("reads(f1,joyy,_)", "did you mean joy"),
        ("reads", "write it as reads(Face, Emotion, Probability)"),
        ("emotion(joyy)", "did you mean joy"),
        ("reads(Face, joy, _)", "write _ for anything: 'reads(_, joy, _)'"),
    ],
)
def test_an_atom_written_wrong_is_mended_at_once(atom: str, said: str) -> None:
    trace = pipeline.reason(_smile(), engine=ENGINE)
    with pytest.raises(NesyError) as caught:
        pipeline.why(trace, atom, engine=ENGINE)
    assert said in str(caught.value)


def test_a_full_stop_ends_a_question_and_the_ontology_answers_as_well() -> None:
    trace = pipeline.reason(_smile(), engine=ENGINE)
    assert pipeline.why(trace, "reads(f1,joy,_).", engine=ENGINE).atom.startswith("reads(f1,joy,")
    node = pipeline.why(trace, "emotion(joy)", engine=ENGINE)
    assert (node.kind, node.atom) == ("ontology", "emotion(joy)")


@pytest.mark.parametrize(
    "rule",
    [
        "{ evidence(F, joy, 500) } :- face(F).",
        "1 { evidence(F, joy, 500); evidence(F, anger, 400..402) } 2 :- reading(F, joy).",
        "evidence(F, joy, 500) | evidence(F, anger, 900) :- face(F).",
    ],
)
def test_voices_of_a_choice_are_told_of_the_answer_set_they_come_from(rule, tmp_path) -> None:
    file = tmp_path / "chosen.lp"
    file.write_text(f'%! chosen.one "chosen for {{F}}"\n%  source: house\n{rule}\n', "utf-8")
    engine = engine_for(rules=(file,))
    trace = pipeline.reason(_smile(), engine=engine)
    (face,) = trace.reading.values()
    for emotion in (e for e, share in face.distribution.items() if share >= 0.01):
        node = pipeline.why(trace, f"reads(f1,{emotion})", engine=engine)
        assert node.kind == "marginal"


def test_a_prohibition_that_gives_way_keeps_nothing_out_of_the_reply(tmp_path) -> None:
    file = tmp_path / "norms.lp"
    asked = '%! norms.asked "asked"\n%  source: ours\nobligatory(question, e111) :- face(_).\n'
    barred = '%! norms.barred "barred"\n%  source: ours\nforbidden(question, e501) :- face(_).\n'
    file.write_text(asked + barred, encoding="utf-8")
    engine = engine_for(rules=(file,))
    trace = pipeline.reason(_smile(), engine=engine)
    assert "question" in trace.response.acts
    groups = {node.text: node for node in pipeline.why(trace, engine=engine).because}
    assert "overridden(question,e501,e111)" in {n.atom for n in groups["gave_way"].because}
    assert "forbidden(question,e501)" not in {
        n.atom for of in ("struck", "standing") if of in groups for n in groups[of].because
    }


def test_a_string_is_told_as_it_is(tmp_path) -> None:
    file = tmp_path / "strings.lp"
    rule = 'evidence(F, joy, 100) :- face(F), X = "a word".'
    file.write_text(f'%! strings.one "{{F}} has {{X}}"\n%  source: house\n{rule}\n', "utf-8")
    engine = engine_for(rules=(file,))
    trace = pipeline.reason(_smile(), engine=engine)
    told = tell.tell(pipeline.why(trace, "evidence(f1,joy,100)", engine=engine), engine)
    assert told.sentence == 'the face (f1) has "a word"'


@pytest.mark.parametrize("text", ["", "f(", "Joy", "f(x))", "#include", "f(" * 200, 'p("a,b")x'])
def test_garbage_is_no_atom(text: str) -> None:
    trace = pipeline.reason(_smile(), engine=ENGINE)
    with pytest.raises(Exception) as caught:
        pipeline.why(trace, text, engine=ENGINE)
    assert "N50" in str(caught.value)


def _smile() -> Trace:
    face = Face(
        id="f1",
        action_units=(ActionUnit(unit=12, intensity=700, confidence=910),),
        expressions=(SeenExpression(expression="smile", confidence=930),),
    )
    case = Case(id="c1", image="face.png", line="Thank you.", declared={"context": ("support",)})
    return Trace(case=case, observation=Observation(perceiver="hand", faces=(face,)))


def _without(node: Node, atom: str) -> Node:
    kept = tuple(_without(child, atom) for child in node.because if child.atom != atom)
    return Node(
        node.kind, node.atom, node.rule, node.bindings, node.origin, node.voice, node.text, kept
    )


def test_an_aggregate_is_told_with_its_value_and_what_counts(tmp_path) -> None:
    file = tmp_path / "counting.lp"
    file.write_text(
        '%! b.none "none"\n'
        "none :- 0 >= #count { F : p(F, _) }, M = #max { C : p(_, C) }, M < 0.\n"
        '%! b.set "set"\nset :- 1 <= { face(f1); face(f9); face(f2) }.\n'
        '%! b.empty "empty"\nempty :- #max { : face(_) } < 5, #sum { 2, F : face(F) } > 3.\n'
        '%! b.many "many"\nmany :- #count { N : N = 1..12, face(f1) } > 11.\n',
        encoding="utf-8",
    )
    facts = asp.symbols(["face(f1)", "face(f2)"])
    ((_, instances),) = solve_instrumented(rulebook.load([], [file]), "interpret", facts)
    told = {i.rule.id: i.compared for i in instances}
    assert told["b.none"] == (
        "0 >= #count { F: p(F,_) }: it is 0",
        "M = #max { C: p(_,C) }: it is #inf",
        "#inf < 0, from M < 0",
    )
    assert told["b.set"] == (
        "1 <= { face(f1); face(f9); face(f2) }: it is 2, from face(f1), face(f2)",
    )
    assert told["b.many"][0].endswith("it is 12, from 1, 2, 3, 4, 5, 6, 7, 8, …")
    assert told["b.empty"][0].endswith("it is #inf")
    assert told["b.empty"][1].endswith("it is 4, from 2/f1, 2/f2")


CONSTRUCTS = """
%! a.compared "compared {C}"
p(Face, C) :- expression(Face, smile, C), C >= 500, not stated(_).
%! a.counted "counted {N}"
n(N) :- N = #count { F : p(F, C), C > 3 }, #sum { V, F : p(F, V) } >= 10, p(F, _) : face(F).
%! a.pooled "pooled"
q(1; 2) :- p(_, (3; 930)), X = 1..2, X > 1.
%! a.recursive "recursive {X}"
r(X) :- q(X).
r(X + 1) :- r(X), X < 4.
%! a.doubly "doubly"
d :- not not n(_).
"""


def test_every_construct_of_a_rule_is_instanced_and_its_rules_left_as_they_are(tmp_path) -> None:
    file = tmp_path / "constructs.lp"
    file.write_text(CONSTRUCTS, encoding="utf-8")
    book = rulebook.load([], [file])
    facts = asp.symbols(
        ["face(f1)", "face(f2)", "expression(f1,smile,930)", "expression(f2,smile,830)"]
    )
    ((answer, instances),) = solve_instrumented(book, "interpret", facts)
    plain = asp.solve(book.statements("interpret"), facts, extra=asp.ALL_DEFINED)[0]
    own = {"p", "n", "q", "r", "d"}
    assert {a for a in answer.atoms if a.name in own} == {a for a in plain.atoms if a.name in own}
    fired = {(i.rule.id, str(i.head)): i for i in instances}
    heads = {head for _, head in fired}
    assert heads >= {"p(f1,930)", "n(2)", "q(1)", "q(2)", "r(1)", "r(4)", "d"}
    compared = fired["a.compared", "p(f1,930)"]
    assert compared.compared == ("930 >= 500, from C >= 500",)
    assert [str(a) for a in compared.negative] == ['stated("_")']
    counted = fired["a.counted", "n(2)"]
    assert counted.compared == (
        "N = #count { F: p(F,C), C > 3 }: it is 2, from f1, f2",
        "10 <= #sum { V,F: p(F,V) }: it is 1760, from 830/f2, 930/f1",
        "every p(F,_): face(F)",
    )
    # "every face": each is asked to be p; a face less would ask for less, so no face is a ground.
    assert {str(a) for a in counted.together} == {"p(f1,930)", "p(f2,830)"}


@given(observed())
@settings(max_examples=25, deadline=None)
def test_contributions_add_up_to_the_log_odds(trace: Trace) -> None:
    """A balance is the sum of the voices told for an emotion less those for its rival."""
    stages = run_stages(pipeline.reason(trace, engine=ENGINE).facts or (), ENGINE)
    explainer = Explainer(stages, ENGINE)
    for atom in stages.interpretation.reads():
        node = explainer.why(atom)
        marginals = stages.interpretation.marginals[str(atom.arguments[0])]
        voices = {n.voice for n in node.walk() if n.voice is not None}
        for balance in (n for n in node.walk() if n.kind == "balance"):
            (emotion, own), (rival, against) = balance.scores
            assert emotion == str(atom.arguments[1])
            for name, score in balance.scores:
                told = math.fsum(v.contribution for v in voices if v.emotion == name)
                assert told == pytest.approx(score, abs=1e-9)
            odds = math.log(marginals[emotion] / marginals[rival])
            assert own - against == pytest.approx(odds, abs=1e-6)
        assert any(n.kind == "balance" for n in node.walk()) == (len(marginals) > 1)
