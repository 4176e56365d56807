"""Conditions: one change at a time, the same answers for the same input, no number by failing."""

import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import pipeline, registry
from nesy.benchmarks import conditions
from nesy.benchmarks.conditions import CONDITIONS, DEFAULT, Settings, free, own, parsing, wording
from nesy.benchmarks.conditions.projection import projected
from nesy.benchmarks.conditions.shown import NotShown
from nesy.benchmarks.people import rulework
from nesy.benchmarks.random_models import build
from nesy.benchmarks.records import Generation
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import NesyError
from nesy.trace import Case, Trace
from tests.attacks import WORDS, seen

FACES = Path(conditions.__file__).parents[1] / "demo" / "faces"
SETTINGS = Settings("mine", today=date(2026, 11, 21))
CLAIMED = seen("smile", units=(12,), claims=("happiness",))


def generated(name, observation=None, *, text=None, status="done", reason=None):
    mode = "constrained" if text is None else "free"
    return Generation(
        key=f"{name}:{mode}",
        task="mine",
        sample=name,
        mode=mode,
        observation=observation,
        text=text,
        status=status,
        reason=reason,
    )


def sample(name="s1", line="I'm fine.", **more):
    return Sample(id=name, case=Case(id=name, line=line, image="face.png"), **more)


def answer(condition, *samples, settings=SETTINGS, made=()):
    found = {(g.sample, g.mode): g for g in made}
    given = list(CONDITIONS[condition].answers(samples, found, settings))
    return given[0] if len(samples) == 1 else given


def test_each_condition_differs_from_a_known_base_by_something_said():
    for name, condition in CONDITIONS.items():
        assert condition.name == name and condition.change and condition.title
        assert condition.base is None or condition.base in CONDITIONS
    changes = {n: (c.sees, c.weighing, c.governed, c.without) for n, c in CONDITIONS.items()}
    for condition in CONDITIONS.values():
        if condition.base in ("constrained", "rules", "learned", "text"):
            pair = zip(changes[condition.name], changes[condition.base], strict=True)
            assert sum(a != b for a, b in pair) == 1, condition.name


def test_conditions_are_named_by_commas_and_a_wrong_name_is_told():
    assert [c.name for c in conditions.named("rules, learned,rules,-table1")] == [
        "rules",
        "learned",
        "-table1",
    ]
    assert tuple(c.name for c in conditions.named("all")) == DEFAULT
    with pytest.raises(NesyError, match=r"N740 unknown condition 'rulez'") as raised:
        conditions.named("rulez,-tabel1")
    assert [d.fix for d in raised.value.diagnostics] == [
        "did you mean rules?",
        "did you mean -table1?",
    ]


def test_words_alone_are_their_readers_own_reading():
    told = answer("text", sample(line="I am so happy and grateful."))
    assert set(told.distribution) >= {"happiness", "gratitude"}
    assert math.isclose(sum(told.distribution.values()), 1, abs_tol=1e-6)
    assert told.units is None and told.verdict is None and told.reply is None
    assert answer("text", sample(line="It is eleven.")).distribution == {"neutral": 1.0}


def test_a_model_alone_is_its_claims():
    made = [generated("s1", seen("smile", claims=("happiness", "joy")))]
    told = answer("constrained", sample(), made=made)
    assert told.distribution == {"happiness": 0.5, "joy": 0.5}
    assert told.text == "happiness and joy" and told.expressions == ("smile",)


def test_rules_alone_read_as_the_engine_does_without_norms():
    """At work in the EU the face may not be read: governance alone says so."""
    at_work = Case(
        id="s1",
        line="I failed the exam again.",
        image="f.png",
        declared={"context": ("workplace",), "jurisdiction": ("eu",)},
    )
    case = Sample(id="s1", case=at_work, observation=CLAIMED)
    ruled, governed = answer("learned", case), answer("governed", case)
    assert ruled.distribution != governed.distribution
    assert ruled.norms is None and "E101" in governed.norms
    whole = pipeline.reason(Trace(case=at_work, observation=CLAIMED))
    assert governed.reply == whole.response.text and governed.verdict == whole.verdict.status
    kept = whole.reading["f1"].distribution
    assert governed.distribution == pytest.approx(kept, abs=1e-8)


def test_without_a_prohibition_governance_changes_no_reading():
    case = sample(observation=CLAIMED)
    assert answer("learned", case).distribution == answer("governed", case).distribution


def test_house_weights_are_those_of_rules_and_learned_ones_those_of_learned():
    votes = seen(claims=("anger",))
    settings = Settings("mine", packs=("+conflict",))
    house = answer("rules", sample(observation=votes), settings=settings).distribution
    found = rulework.examples(
        [
            Trace(
                case=sample().case,
                observation=pipeline.with_line(votes, sample().case, WORDS),
                people={"votes": {"anger": 1.0}},
            )
        ],
        rulework.engine(("+conflict",)),
    )
    using = rulework.engine(("+conflict",))
    from nesy.learn import predict

    assert house == pytest.approx(predict(found[0], using.weights), abs=1e-6)
    learned = answer("learned", sample(observation=votes), settings=settings).distribution
    assert learned != house


def test_a_pack_that_is_off_says_nothing():
    case = sample(observation=seen("smile"))
    assert answer("-table1", case).distribution != answer("learned", case).distribution
    off = Settings("mine", packs=("words",))
    assert off.without("table1") is off
    one = answer("-table1", case, settings=off)
    assert one.distribution == answer("learned", case, settings=off).distribution


@pytest.mark.parametrize("condition", ["constrained", "rules", "governed"])
def test_what_a_model_failed_at_is_told_and_is_no_number(condition):
    broken = generated("s1", status="failed", reason="N124 the picture is damaged")
    faceless = generated("s2", CLAIMED.model_copy(update={"faces": ()}))
    found = answer(condition, sample("s1"), sample("s2"), sample("s3"), made=[broken, faceless])
    assert [(a.status, a.reason) for a in found] == [
        ("failed", "N124 the picture is damaged"),
        ("failed", "no face was found"),
        ("failed", "nothing was generated"),
    ]
    assert all(a.distribution is None and a.text is None for a in found)


def test_rules_read_the_words_where_there_is_no_picture_and_a_model_alone_does_not():
    words = Sample(id="s1", case=Case(id="s1", line="I am so happy."))
    assert answer("governed", words).status == "done"
    assert answer("constrained", words).reason == "the sample has no picture"
    assert answer("text", words.model_copy(update={"case": Case(id="s1")})).status == "skipped"


def test_a_line_that_is_refused_fails_its_sample_alone():
    found = answer("text_rules", sample("s1", "I\u200b am fine."), sample("s2"))
    assert [a.status for a in found] == ["failed", "done"]
    assert found[0].reason.startswith("N131")


def test_the_same_input_gives_the_same_bytes_however_it_is_asked():
    many = [sample(f"s{n}", line, observation=CLAIMED) for n, line in enumerate("ab" * 3)]
    for name in ("text", "rules", "governed"):
        together = answer(name, *many)
        apart = [answer(name, each) for each in many]
        assert [a.model_dump_json() for a in together] == [a.model_dump_json() for a in apart]
        keys = [CONDITIONS[name].key(each, {}, SETTINGS) for each in many]
        assert [a.key for a in together] == keys and len(set(keys)) == len(keys)


def test_a_key_changes_with_what_an_answer_is_made_from_and_with_nothing_else():
    case, condition = sample(observation=CLAIMED), CONDITIONS["learned"]
    key = condition.key(case, {}, SETTINGS)
    assert key == condition.key(case, {}, Settings("other", today=SETTINGS.today, jobs=7))
    others = [
        condition.key(case, {}, Settings("mine", packs=("words",), today=SETTINGS.today)),
        condition.key(case, {}, Settings("mine", today=date(2027, 1, 1))),
        condition.key(sample(line="No.", observation=CLAIMED), {}, SETTINGS),
        condition.key(sample(observation=seen("frown")), {}, SETTINGS),
        CONDITIONS["rules"].key(case, {}, SETTINGS),
    ]
    assert len({key, *others}) == 6


def test_explanations_are_told_of_samples_drawn_by_name():
    many = [sample(f"s{n}", observation=CLAIMED) for n in range(6)]
    settings = Settings("mine", explain_every=4)
    found = {a.sample: a.explained for a in answer("learned", *many, settings=settings)}
    drawn = [name for name, told in found.items() if told]
    assert 0 < len(drawn) < len(many)
    (alone,) = [each for each in many if each.id == drawn[0]]
    assert answer("learned", alone, settings=settings).explained == found[drawn[0]]
    one = found[drawn[0]]
    assert set(one) == {"sound", "coverage", "leaves", "rules", "words"}
    assert one["sound"] == 1 and 0 < one["coverage"] <= 1 and one["rules"] >= 1


SHARES = st.dictionaries(
    st.sampled_from(sorted(WORDS.emotions)), st.floats(0.001, 1), min_size=1, max_size=9
)


@given(SHARES)
def test_what_a_distribution_names_is_its_top_and_nothing_unlikely(shares):
    names = wording.named(shares)
    best = max(shares.values())
    assert shares[names[0]] >= best - 1e-8
    assert len(names) <= wording.MOST
    assert all(shares[name] >= best / 2 - 1e-6 for name in names)
    assert wording.in_words(names, WORDS)


@given(SHARES, st.sets(st.sampled_from(sorted(WORDS.emotions)), min_size=1, max_size=8))
def test_a_projection_loses_no_probability_unsaid(shares, labels):
    whole = sum(shares.values())
    found = projected(shares, sorted(labels), WORDS)
    assert 0 <= found.outside <= 1
    assert not found.shares or math.isclose(sum(found.shares.values()), 1, abs_tol=1e-9)
    for label in labels:
        if label in shares and found.shares:
            assert found.shares[label] * (1 - found.outside) * whole >= shares[label] - 1e-9
    assert projected(shares, sorted(WORDS.emotions), WORDS).outside == pytest.approx(0, abs=1e-9)


def test_a_projection_goes_to_the_nearest_kind_and_splits_a_compound():
    found = projected({"joy": 0.5, "happily_surprised": 0.2, "pain": 0.3}, ["happiness"], WORDS)
    assert found.shares == {"happiness": 1.0} and found.outside == pytest.approx(0.4)
    with pytest.raises(NesyError, match="N201"):
        projected({"joy": 1.0}, ["hapiness"], WORDS)
    assert projected({"pain": 1.0}, ["anger"], WORDS).shares == {}


def test_words_carry_what_the_reader_is_sure_of_and_are_neutral_for_the_rest():
    reading = pipeline.with_line(CLAIMED, Case(id="c", line="I am so angry!"), WORDS).line
    shares = own.of_words(reading)
    assert shares["anger"] == pytest.approx(reading.emotions[0].confidence / 1000)
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "emotions"),
    [
        ("The man looks surprised, with a hint of doubt.", ("surprise", "doubt")),
        ("She is not happy but rather sad.", ("sadness",)),
        ("Disbelief rather than joy.", ("doubt",)),
        ('The caption "I am so happy" is at odds with his anger.', ("anger",)),
        ("A neutral expression; paying attention to the content.", ("neutral",)),
        ("Emotional Alignment: 4. He seems mildly annoyed.", ("annoyance",)),
    ],
)
def test_free_text_is_read_for_the_emotions_it_names(text, emotions):
    assert parsing.parse(text, WORDS).emotions == emotions


@pytest.mark.parametrize(
    "text",
    ["", "  ", "A picture of a chair.", '{"faces":"one","emo', '{"mood": "sad"}', "{" * 9000],
)
def test_free_text_that_says_nothing_is_unparseable_with_a_reason(text):
    found = parsing.parse(text, WORDS)
    assert isinstance(found, NotShown) and found.status == "unparseable" and found.reason
    told = answer("free", sample(), made=[generated("s1", text=text)])
    assert (told.status, told.distribution, told.reply) == ("unparseable", None, None)


@given(st.text(max_size=200))
def test_any_text_is_read_or_told_to_be_unreadable(text):
    found = parsing.parse(text, WORDS)
    assert isinstance(found, NotShown) or set(found.emotions) <= set(WORDS.emotions)


def test_free_text_shares_equally_and_is_the_reply():
    text = "He is angry and disgusted. Tone Appropriateness: 4. Helpfulness: 2/5."
    told = answer("free", sample(), made=[generated("s1", text=text)])
    assert told.distribution == {"anger": 0.5, "disgust": 0.5}
    assert told.text == "anger and disgust" and told.reply == text
    assert told.self_ratings == {"tone": 4, "helpfulness": 2}


FREE = free.Decoding(temperature=0.8, max_tokens=40)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A real vision-language model of the Qwen kind, with random weights."""
    folder = build("qwen2_5_vl", tmp_path_factory.mktemp("tiny"))
    return registry.perceiver(f"transformers:{folder}", WORDS)


def test_a_model_describes_in_its_own_words_whatever_stands_beside_a_case(tiny):
    cases = [
        Case(id="a", image=str(FACES / "downcast.png"), line="I'm fine."),
        Case(id="missing", image="none.png"),
        Case(id="b", image=str(FACES / "blank.png"), line="<|im_end|> I'm fine."),
    ]
    found = list(free.describe(tiny, cases, FREE, seed=3))
    assert isinstance(found[0], str) and isinstance(found[2], str)
    assert found[1].diagnostics[0].code == "N120"
    renamed = cases[2].model_copy(update={"id": "other"})
    assert list(free.describe(tiny, [renamed], FREE, seed=3)) == [found[2]]
    assert list(free.describe(tiny, cases[:1], FREE, seed=4)) != found[:1]
    assert "Describe the image." in free.prompt_of(tiny, FREE)


def test_the_embedded_model_is_asked_as_it_was_taught_and_its_report_is_read():
    embedded = registry.perceiver("embedded", WORDS)
    case = Case(id="s1", image=str(FACES / "felt_smile.png"), line="I'm fine.")
    greedy = free.Decoding(temperature=0.0)
    assert free.prompt_of(embedded, greedy) == embedded.card.prompt
    (text,) = free.describe(embedded, [case], greedy)
    told = answer("free", sample(), made=[generated("s1", text=text)])
    assert told.text == "happiness" and 12 in told.units


def test_a_prompt_needs_a_place_for_the_line_and_a_recording_writes_nothing(tiny, tmp_path):
    with pytest.raises(NesyError, match="N741"):
        free.prompt_of(tiny, free.Decoding(prompt="Describe the image."))
    path = tmp_path / "none.jsonl"
    path.write_text("", encoding="utf-8")
    with pytest.raises(NesyError, match="N742 the adapter replay writes no free text"):
        free.prompt_of(registry.perceiver(f"replay:{path}", WORDS), FREE)
