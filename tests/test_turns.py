"""Earlier turns: whose they were, what they say, and what they never do."""

import clingo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import pipeline, turns, vocabulary
from nesy.diagnostics import NesyError
from nesy.explain.render import as_text
from nesy.explain.tell import tell
from nesy.ground import checked, ground
from nesy.predicates import PREDICATES
from nesy.reason.engine import Engine
from nesy.trace import Case, Fact, LineReading, Observation, Trace, Turn
from tests.strategies import HOSTILE, lines, observations

WORDS = vocabulary.load()
CRISES = sorted(cue for cue, term in WORDS.cues.items() if term.all("crisis"))
SAID = [
    "I lost my job today.",
    "I'm so worried about tomorrow!",
    "Haha, just kidding.",
    "You idiot!",
    "I'm sorry.",
    "Thank you, that is wonderful news.",
    "Could you help me?",
    "I'm fine.",
    "I messed up.",
    "",
]

spoken = st.sampled_from(SAID)
names = st.sampled_from(["user", "assistant", "Ana", "The Interviewer"])
dialogue = st.lists(st.builds(Turn, speaker=names, line=spoken), max_size=6).map(tuple)
handed_in = st.lists(st.builds(Turn, speaker=names, reading=lines), max_size=5).map(tuple)
strangers = st.sampled_from(["assistant", "Ana", "somebody"])


def case(earlier=(), said="Yes.", **more):
    return Case(id="c", line=said, turns=tuple(earlier), **more)


def read(one):
    return pipeline.with_line(Observation(perceiver="p"), one, WORDS)


def atoms(one, observation=None):
    return {fact.atom for fact in ground(one, observation or read(one), WORDS)}


def of_turn(found, back):
    return {a for a in found if a.startswith("turn") and a.split("(")[1].split(",")[0] == str(back)}


def reasoned(one, **engine):
    return pipeline.reason(Trace(case=one), engine=pipeline.engine_for(**engine))


# ── Whose it was ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("speaker", "name", "party"),
    [
        (None, "user", "same"),
        (None, "User", "same"),
        (None, "assistant", "assistant"),
        (None, "Ana", "other"),
        ("Ana", "ana ", "same"),
        ("Ana", "user", "other"),
        ("Ana", "Anna", "other"),
        ("assistant", "assistant", "same"),
        ("The Interviewer", "the  interviewer", "same"),
    ],
)
def test_a_name_says_whose_a_turn_was(speaker, name, party):
    assert turns.party(Turn(speaker=name), case(speaker=speaker)) == party
    assert party in WORDS.terms["party"]


# ── Facts ───────────────────────────────────────────────────────────────────────────────────────


@given(dialogue | handed_in)
@settings(max_examples=50)
def test_facts_of_turns_are_of_the_contract_and_taken_back(earlier):
    one = case(earlier)
    facts = ground(one, read(one), WORDS)
    assert checked(facts, WORDS) == facts
    for fact in facts:
        symbol = clingo.parse_term(fact.atom)
        assert PREDICATES[symbol.name, len(symbol.arguments)].origin == fact.origin


@given(dialogue)
@settings(max_examples=50)
def test_the_order_of_turns_matters_only_through_how_far_back_each_is(earlier):
    found = atoms(case(earlier))
    silence = Turn(speaker="Ben")
    for back in range(1, len(earlier) + 1):
        alone = case([earlier[-back], *[silence] * (back - 1)])
        assert of_turn(found, back) == of_turn(atoms(alone), back)
    assert {a for a in found if a.startswith("turn(")} == {
        f"turn({back},{turns.party(turn, case(earlier))})"
        for back, turn in enumerate(reversed(earlier), 1)
    }


@given(dialogue, spoken)
@settings(max_examples=50)
def test_turns_leave_the_facts_of_the_line_alone(earlier, said):
    said = said or "Yes."
    with_turns, without = atoms(case(earlier, said)), atoms(case((), said))
    assert {a for a in with_turns if not a.startswith("turn")} == without


@given(st.lists(st.tuples(st.sampled_from(HOSTILE) | st.text(max_size=40), st.text(max_size=40))))
@settings(max_examples=100)
def test_a_strangers_turn_never_becomes_program_text(said):
    try:
        one = case([Turn(speaker=name or "x", line=words) for name, words in said])
        found = ground(one, read(one), WORDS)
    except NesyError as error:
        assert {d.code for d in error.diagnostics} <= {"N130", "N131"}
        return
    assert checked(found, WORDS) == found
    assert [f for f in found if f.origin == "declared"] == [
        Fact(atom="speaker(f1)", origin="declared")
    ]


def test_a_turn_may_bring_its_reading_and_words_of_a_crisis_are_still_found():
    said = LineReading.model_validate({"emotions": [{"emotion": "joy", "confidence": 400}]})
    one = case([Turn(speaker="user", line="I want to die", reading=said)])
    found = of_turn(atoms(one), 1)
    assert found == {"turn(1,same)", "turn_emotion(1,joy,400)", "turn_cue(1,suicide,900)"}


def test_votes_of_people_stand_for_the_emotions_of_a_turn():
    one = case([Turn(speaker="user", line="I'm so sad.", votes={"anger": 3, "neutral": 1})])
    assert {a for a in atoms(one) if "emotion" in a} == {
        "turn_emotion(1,anger,750)",
        "turn_emotion(1,neutral,250)",
    }


def test_a_reader_of_ones_own_reads_the_turns():
    told = LineReading.model_validate({"acts": [{"act": "joke", "confidence": 800}]})
    one = case([Turn(speaker="user", line="Knock knock.")])
    assert turns.read(one, WORDS, reader=lambda _: told) == (told,)


def test_far_back_only_words_of_a_crisis_are_kept():
    chat = [Turn(speaker="user", line="I lost my job.")] * (turns.NEAREST + 1)
    one = case([Turn(speaker="user", line="I want to die. I lost my job."), *chat])
    found = atoms(one)
    furthest = turns.NEAREST + 2
    assert of_turn(found, furthest) == {
        f"turn({furthest},same)",
        f"turn_cue({furthest},suicide,900)",
    }
    assert not of_turn(found, turns.NEAREST + 1)
    assert f"turn_cue({turns.NEAREST},loss,900)" in found


def test_turns_beyond_the_furthest_are_left_out():
    one = case([Turn(speaker="user", line="I want to die")] * (turns.FURTHEST + 5))
    assert len(read(one).turns) == turns.FURTHEST
    assert max(int(a.split("(")[1].split(",")[0]) for a in atoms(one) if a[:5] == "turn(") == 1000


# ── What is wrong with a turn ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("words", "code"), [("a" * 4001, "N130"), ("a\u200bb", "N131")])
def test_a_turn_that_cannot_be_read_is_named(words, code):
    one = case([Turn(speaker="user", line=words), Turn(speaker="user", line="Hi.")])
    (fault,) = reasoned(one).failure.diagnostics
    assert (fault.code, fault.what[:15]) == (code, "2 turn(s) back:")


def test_a_reading_of_a_turn_the_case_lacks_is_refused():
    seen = Observation(perceiver="p", turns=(LineReading(),))
    with pytest.raises(NesyError) as caught:
        ground(case(), seen, WORDS)
    assert [d.code for d in caught.value.diagnostics] == ["N212"]


def test_an_unknown_word_in_a_turn_is_refused():
    said = LineReading.model_validate({"cues": [{"cue": "shout", "confidence": 900}]})
    failed = reasoned(case([Turn(speaker="user", reading=said)])).failure
    assert [d.code for d in failed.diagnostics] == ["N201"]


@pytest.mark.parametrize(
    ("atom", "code"),
    [
        ("turn(0,same)", "N211"),
        ("turn(1001,same)", "N211"),
        ("turn(01,same)", "N211"),
        ("turn(1,me)", "N201"),
        ("turn_cue(1,shout,900)", "N201"),
        ("turn_act(1,dance,900)", "N201"),
    ],
)
def test_a_fact_of_a_turn_in_a_strangers_trace_is_checked(atom, code):
    with pytest.raises(NesyError) as caught:
        checked([Fact(atom=atom, origin="line")], WORDS)
    assert {d.code for d in caught.value.diagnostics} == {code}


# ── Readings ────────────────────────────────────────────────────────────────────────────────────


@given(observations(), spoken)
@settings(max_examples=8, deadline=None)
def test_a_case_without_turns_reads_as_without_the_pack(seen, said):
    trace = Trace(case=case((), said), observation=seen)
    whole = pipeline.reason(trace, engine=pipeline.engine_for())
    less = pipeline.reason(trace, engine=pipeline.engine_for(("-context",)))
    assert (whole.facts, whole.reading, whole.verdict) == (less.facts, less.reading, less.verdict)


@given(
    st.lists(st.builds(Turn, speaker=strangers, line=spoken), max_size=4), st.sampled_from(CRISES)
)
@settings(max_examples=10, deadline=None)
def test_what_others_say_never_counts_as_the_speakers_own(others, cue):
    danger = LineReading.model_validate({"cues": [{"cue": cue, "confidence": 900}]})
    one = case([*others, Turn(speaker="Ana", reading=danger), Turn(speaker="assistant")])
    trace = reasoned(one)
    assert not trace.verdict.crisis
    own = {"told", "feared", "hoped", "distressed", "minimised", "complained", "crisis", "danger"}
    for name in ("interpret", "govern"):
        found = derived(trace, name)
        assert not {a for a in found if a.split("(")[0] in own}


def derived(trace, stratum):
    """Return what the rules of a stratum derive over the facts of a trace."""
    from nesy.reason import asp

    engine: Engine = pipeline.engine_for()
    facts = asp.symbols([fact.atom for fact in trace.facts])
    statements = engine.rulebook.statements(stratum)
    heads = engine.rulebook.heads(stratum)
    known = [*facts, *engine.static]
    (only,) = asp.solve(statements, known, extra=asp.ALL_DEFINED, name="rules", show=heads)
    return {str(atom) for atom in only.atoms}


@given(st.sampled_from(CRISES), st.integers(0, 30), spoken, st.sampled_from([None, ()]))
@settings(max_examples=10, deadline=None)
def test_a_crisis_told_before_stands_whatever_is_said_since(cue, since, said, packs):
    danger = LineReading.model_validate({"cues": [{"cue": cue, "confidence": 900}]})
    words = WORDS.cues[cue].all("lexeme")[0]
    first = Turn(speaker="user", line=words, reading=danger)
    one = case([first, *[Turn(speaker="assistant", line="Good news!")] * since], said or "Yes.")
    trace = reasoned(one, packs=packs)
    assert set(WORDS.cues[cue].all("crisis")) <= set(trace.verdict.crisis)
    assert {n.norm for n in trace.verdict.norms} & {"E201", "E206"}


def test_a_line_is_read_in_its_conversation():
    news = [Turn(speaker="user", line="I'm terrified of the result."), Turn(speaker="assistant")]
    alone = reasoned(case((), "It is gone, wonderful!")).reading["f1"].distribution
    after = reasoned(case(news, "It is gone, wonderful!")).reading["f1"].distribution
    assert "relief" not in alone
    assert after["relief"] > after["fear"] > 0


def test_a_reading_of_turns_that_was_recorded_is_used():
    told = LineReading.model_validate({"emotions": [{"emotion": "anger", "confidence": 900}]})
    one = case([Turn(speaker="user", line="I am happy.")])
    seen = Observation(perceiver="p", turns=(told,))
    again = pipeline.reason(Trace(case=one, observation=seen))
    assert "turn_emotion(1,anger,900)" in {f.atom for f in again.facts}
    (perceived,) = pipeline.perceive([one])
    assert pipeline.reason(perceived).facts == reasoned(one).facts


def test_an_explanation_tells_which_turn_and_whose():
    one = case([Turn(speaker="user", line="I'm so angry!"), Turn(speaker="assistant", line="Oh.")])
    trace = reasoned(one)
    told = as_text(tell(pipeline.why(trace, "reads(f1, anger, _)"), pipeline.engine_for()))
    assert "in the turn 2 back the person told of anger" in told
    assert "the turn 2 back was by the same person  — from the earlier dialogue" in told
