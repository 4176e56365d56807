"""Learning: the loss and its slope, what is recovered from votes, and what a weights file does."""

import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nesy import pipeline, rulebook, vocabulary, weights
from nesy.check import lint
from nesy.cli import _run
from nesy.diagnostics import NesyError
from nesy.ground import ground
from nesy.interpret import interpret
from nesy.learn import Example, examples, fit, predict, report
from nesy.learn.design import design
from nesy.pipeline import engine_for
from nesy.reason import asp
from nesy.trace import Case, Claim, Face, LineEmotion, LineReading, Observation, People, Trace
from nesy.weights import Weights, key

ENGINE = engine_for(["conflict"])
SIX = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
HOUSE = weights.load().house()


def shares(draw_from, most=3):
    """Shares of opinion: a few emotions whose confidences add up to 1000."""
    picked = st.lists(st.sampled_from(draw_from), min_size=1, max_size=most, unique=True)

    def spread(names):
        parts = st.lists(st.integers(1, 9), min_size=len(names), max_size=len(names))
        return parts.map(lambda p: dict(zip(names, [1000 * x // sum(p) for x in p], strict=True)))

    return picked.flatmap(spread)


def trace(name, seen, heard, votes=None, group=None):
    face = Face(id="f1", claims=tuple(Claim(emotion=e, confidence=c) for e, c in seen.items()))
    line = LineReading(
        emotions=tuple(LineEmotion(emotion=e, confidence=c) for e, c in heard.items())
    )
    observation = Observation(perceiver="votes", faces=(face,), line=line)
    people = People(votes=votes, group=group) if votes else None
    return Trace(case=Case(id=name, line="Oh."), observation=observation, people=people)


def study(count, seed=0, truth=(2.0, 1.0)):
    """Cases whose votes follow a known pool of face and words."""
    rng = random.Random(seed)
    face, words = truth
    for number in range(count):
        seen = {e: rng.randrange(1, 1000) for e in rng.sample(SIX, 2)}
        heard = {e: rng.randrange(1, 1000) for e in rng.sample(SIX, 2)}
        scores = {e: face * seen.get(e, 0) / 1000 + words * heard.get(e, 0) / 1000 for e in SIX}
        total = sum(math.exp(s) for s in scores.values())
        votes = {e: math.exp(s) / total for e, s in scores.items()}
        yield trace(f"c{number}", seen, heard, votes, f"g{number % 20}")


@pytest.fixture(scope="module")
def learned_from():
    found = list(examples(study(300), ENGINE))
    return found, fit(found, HOUSE, ridge=0.01)


def test_the_pool_behind_the_votes_is_recovered(learned_from):
    found, learned = learned_from
    for example in found[:50]:
        foretold = predict(example, learned.weights)
        for emotion, vote in example.votes.items():
            assert foretold[emotion] == pytest.approx(vote, abs=0.02)
    assert learned.after < learned.before
    floor = np.mean([-sum(v * math.log(v) for v in e.votes.values()) for e in found])
    assert learned.after == pytest.approx(floor, abs=0.01)


def test_learning_twice_in_any_order_gives_the_same_weights(learned_from):
    found, learned = learned_from
    mixed = random.Random(1).sample(found, len(found))
    assert fit(mixed, HOUSE, ridge=0.01).weights.rules == learned.weights.rules


def test_what_only_moves_together_is_not_called_known(learned_from):
    """One amount added to what a face supports everywhere changes no reading."""
    _, learned = learned_from
    for seen in SIX:
        of = [f for f in learned.fitted if f.key[1][:1] == (seen,) and "face" in f.key[0]]
        some = [f.told for f in of if f.key[0] == "conflict.face_some"]
        assert math.fsum(some) == pytest.approx(0, abs=0.05)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_slope_is_that_of_the_loss(learned_from, seed):
    found, _ = learned_from
    rng = np.random.default_rng(seed)
    data = design(found[:20], HOUSE, lambda _: True)
    at, along = rng.normal(size=len(data.keys)), rng.normal(size=len(data.keys))
    step = 1e-5
    rise = (data.loss(at + step * along)[0] - data.loss(at - step * along)[0]) / (2 * step)
    assert rise == pytest.approx(float(data.loss(at)[1] @ along), rel=1e-5, abs=1e-8)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_loss_is_convex_and_its_curvature_is_its_slope_s_slope(learned_from, seed):
    found, _ = learned_from
    rng = np.random.default_rng(seed)
    data = design(found[:20], HOUSE, lambda _: True)
    one, other = rng.normal(size=(2, len(data.keys)))
    middle = data.loss((one + other) / 2)[0]
    assert middle <= (data.loss(one)[0] + data.loss(other)[0]) / 2 + 1e-12
    step, along = 1e-5, rng.normal(size=len(data.keys))
    bend = (data.loss(one + step * along)[1] - data.loss(one - step * along)[1]) / (2 * step)
    assert np.allclose(data.curvature(one) @ along, bend, atol=1e-6)


def test_a_part_of_a_design_is_the_design_of_a_part(learned_from):
    found, _ = learned_from
    data, kept = design(found[:30], HOUSE, lambda _: True), np.arange(30) % 3 != 0
    at = np.linspace(-1, 1, len(data.keys))
    part = data.part(kept)
    assert part.losses(at) == pytest.approx(data.losses(at)[kept])
    assert part.loss(at)[0] == pytest.approx(float(np.mean(data.losses(at)[kept])))


@given(shares(SIX), shares((*SIX, "surprise")))
@settings(max_examples=30, deadline=None)
def test_what_is_foretold_is_what_reason_reads(learned_from, seen, heard):
    _, learned = learned_from
    case = trace("c", seen, heard, {"anger": 1})
    (example,) = examples([case], ENGINE)
    found = ground(case.case, case.observation, ENGINE.vocabulary)
    facts = asp.symbols([fact.atom for fact in found])
    read = interpret(ENGINE.rulebook, learned.weights, facts, ENGINE.static)
    assert predict(example, learned.weights) == pytest.approx(read.marginals["f1"], abs=1e-12)


@given(shares(SIX), shares(SIX), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_facts_in_any_order_give_the_same_reading(learned_from, seen, heard, rng):
    _, learned = learned_from
    case = trace("c", seen, heard)
    facts = asp.symbols([f.atom for f in ground(case.case, case.observation, ENGINE.vocabulary)])
    mixed = rng.sample(facts, len(facts))
    first = interpret(ENGINE.rulebook, learned.weights, facts, ENGINE.static)
    again = interpret(ENGINE.rulebook, learned.weights, mixed, ENGINE.static)
    assert first == again


IDLE = """
%! idle.never "{Face} is never so"
%  source: nobody
evidence(Face, joy, 1000) :- speaker(Face), claim(Face, pain, Confidence), Confidence > 1000.
"""


@given(shares(SIX), shares(SIX))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_rule_that_fires_on_nothing_changes_no_reading(tmp_path, seen, heard):
    file = tmp_path / "idle.lp"
    file.write_text(IDLE, encoding="utf-8")
    longer = engine_for(["conflict"], rules=(file,))
    case = trace("c", seen, heard)
    one, other = pipeline.reason(case, engine=ENGINE), pipeline.reason(case, engine=longer)
    assert one.reading == other.reading


def test_a_vote_for_a_kind_of_emotion_is_answered_by_its_kinds():
    votes = {"anger": 1.0}
    parts = {
        "annoyance": {("a", ()): 1.0},
        "frustration": {("b", ()): 1.0},
        "joy": {("c", ()): 1.0},
    }
    covers = {"anger": ("annoyance", "frustration")}
    example = Example("c", "g", votes, parts, covers)
    loss = design([example], Weights(0.0), lambda _: True).losses(np.zeros(3))
    assert loss == pytest.approx([math.log(3 / 2)])
    broader = vocabulary.load().broader("emotion", "annoyance")
    assert "anger" in broader


def test_cases_of_one_group_leave_nobody_to_check_on(learned_from):
    found, _ = learned_from
    alike = [replace(example, group="one") for example in found[:20]]
    learned = fit(alike, HOUSE, ridge=1)
    assert (learned.groups, learned.after) == (1, pytest.approx(learned.before))


def test_only_the_rules_asked_for_change(learned_from):
    found, _ = learned_from
    learned = fit(found[:60], HOUSE, ridge=1, learnable=lambda rule: rule == "conflict.start")
    changed = {k for k, w in learned.weights.rules.items() if HOUSE.rules.get(k) != w}
    assert changed == {key("conflict.start", [e]) for e in SIX}
    assert learned.before == pytest.approx(
        float(
            np.mean(
                [
                    -sum(v * math.log(predict(e, HOUSE)[k]) for k, v in e.votes.items())
                    for e in found[:60]
                ]
            )
        )
    )


def test_a_rule_that_opposes_people_is_named():
    """What the face is called, people vote against."""
    pooled = {"conflict.face", "conflict.words"}
    cases = examples(study(240, truth=(-4.0, 1.0)), ENGINE)
    learned = fit(cases, HOUSE, ridge=0.1, learnable=pooled.__contains__)
    against = {f.name for f in report.contradicting(learned)}
    assert against == {key("conflict.face", [e]) for e in SIX}
    assert "people contradict" in report.as_text(learned)


def test_nothing_to_learn_from_is_said(tmp_path):
    file = tmp_path / "t.jsonl"
    file.write_text(trace("c", {"anger": 1000}, {}).as_json() + "\n", encoding="utf-8")
    with pytest.raises(NesyError) as error:
        _run(["learn", str(file), "-o", str(tmp_path / "w.json"), "--quiet"])
    assert error.value.diagnostics[0].code == "N340"
    with pytest.raises(NesyError) as error:
        _run(["learn", str(file), "-o", str(tmp_path / "w.json"), "--only", "confict", "--quiet"])
    assert error.value.diagnostics[0].code == "N311"


def test_a_vote_for_what_the_ontology_has_no_word_for_is_refused():
    with pytest.raises(NesyError) as error:
        list(examples([trace("c", {"anger": 1000}, {}, {"angre": 3})], ENGINE))
    (fault,) = error.value.diagnostics
    assert (fault.code, fault.fix) == ("N201", "did you mean anger?")


def test_the_command_writes_the_same_file_twice_and_reason_uses_it(tmp_path, capsys):
    file = tmp_path / "t.jsonl"
    file.write_text("".join(t.as_json() + "\n" for t in study(60)), encoding="utf-8")
    written = []
    for name in ("a.json", "b.json"):
        arguments = ["learn", str(file), "--packs", "conflict", "-o", str(tmp_path / name)]
        assert _run([*arguments, "--ridge", "0.3", "--quiet"]) == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert "worth" in capsys.readouterr().out
    stored = json.loads(written[0])
    assert stored["learned"]["cases"] == 60
    assert stored["rules"]["words.stated"] == HOUSE.rules["words.stated"]
    options = ["--packs", "conflict", "--weights", str(tmp_path / "a.json"), "--json"]
    assert _run(["reason", str(file), *options]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first["reading"]["f1"]["distribution"] != {}
    assert first["people"]["group"] == "g0"


def test_a_weight_under_no_rule_is_refused(tmp_path):
    file = tmp_path / "w.json"
    value = {"schema": weights.SCHEMA, "default": 3.0, "rules": {"conflict.fase(anger)": 1.0}}
    file.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(NesyError) as error:
        engine_for(weights_file=file)
    (fault,) = error.value.diagnostics
    assert fault.code == "N331"
    assert "conflict.face" in fault.fix


@pytest.mark.parametrize(
    ("note", "rule"),
    [
        ("Sen", "evidence(Face, joy, C) :- claim(Face, Seen, C)."),
        ("Seen", "seen(Face, Seen) :- claim(Face, Seen, _)."),
    ],
)
def test_a_rule_weighed_by_what_it_does_not_bind_is_refused(tmp_path, note, rule):
    file = tmp_path / "mine.lp"
    file.write_text(f'%! mine.rule "it is so"\n%  weigh: {note}\n{rule}\n', encoding="utf-8")
    book = rulebook.load([], [file])
    assert [f.code for f in lint.check(book, ENGINE.vocabulary)] == ["N318"]


def test_weights_fall_back_from_terms_to_rule_to_default():
    held = Weights(3.0, {"a": 1.0, "a(joy)": 2.0})
    assert [held.of("a", ["joy"]), held.of("a", ["fear"]), held.of("b", ["joy"])] == [2.0, 1.0, 3.0]


def test_packs_are_added_to_and_taken_from_the_default():
    names = {p.name for p in rulebook.load().packs}
    assert "conflict" not in names
    changed = {p.name for p in rulebook.load(["+conflict", "-table1"]).packs}
    assert changed == names - {"table1"} | {"conflict"}
    for wrong in (["+conflit"], ["+conflict", "words"]):
        with pytest.raises(NesyError) as error:
            rulebook.load(wrong)
        assert error.value.diagnostics[0].code == "N311"
