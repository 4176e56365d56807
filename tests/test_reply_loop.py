"""The reply loop: hostile authors and texts, a second reader; every round is in the Trace."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import pipeline, registry
from nesy.diagnostics import NesyError
from nesy.explain import render, tell
from nesy.reason.engine import Engine
from nesy.reply.brief import in_words
from nesy.reply.draft import Draft, drafted_by
from nesy.reply.task import Desk
from nesy.trace import Asserted, Brief, Case, Trace, parse_trace

OUTSIDE = Path(__file__).parent / "extension"
GOOD = "Thank you for telling me. That sounds hard. What has been the hardest part?"


@pytest.fixture
def outside() -> Iterator[None]:
    sys.path.insert(0, str(OUTSIDE))
    yield
    sys.path.remove(str(OUTSIDE))


@pytest.fixture
def parrot(outside: None, tmp_path: Path) -> Any:
    """Make a drafter from outside that gives these drafts in turn."""
    import nesy_parrot

    def make(*drafts: dict[str, Any]) -> Any:
        file = tmp_path / "drafts.jsonl"
        file.write_text("\n".join(map(json.dumps, drafts)), encoding="utf-8")
        return nesy_parrot.create_drafter(str(file), None)

    return make


def _reasoned(
    engine: Engine, drafter: Any, line: str = "I failed my exam.", **declared: str
) -> Trace:
    said = {key: (value,) for key, value in declared.items()}
    case = Case(id="c", line=line, declared=said)
    return pipeline.reason(Trace(case=case), desk=Desk(drafter), engine=engine)


def _released(trace: Trace) -> str:
    assert trace.verdict and trace.response and trace.verdict.status == "release"
    return trace.response.text


def test_a_good_draft_is_released_as_it_is(shipped: Engine, parrot: Any) -> None:
    trace = _reasoned(shipped, parrot({"text": GOOD, "tone": "warm", "acts": ["acknowledge"]}))
    assert _released(trace) == GOOD
    assert trace.response and len(trace.response.rounds) == 1
    (round_,) = trace.response.rounds
    assert (round_.author, round_.acts, round_.tone) == ("parrot", ("acknowledge",), "warm")
    assert {"acknowledge", "ask_open_question"} <= set(round_.found[0].acts)
    assert trace.response.brief and "diagnose" in trace.response.brief.forbidden
    assert trace.response.acts[0] == "acknowledge"


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        ("You have depression.", "E401 diagnose"),
        ("I love you too.", "E303 disclose_own_feeling"),
        ("I'm a licensed therapist.", "E402 claim_licence"),
        ("This stays between us.", "E208 promise_confidentiality"),
        ("Ⅰ ⅼоvе уоu.", "E303 disclose_own_feeling"),
    ],
)
def test_a_text_that_says_otherwise_than_its_author_is_found_out(
    shipped: Engine, parrot: Any, text: str, violation: str
) -> None:
    trace = _reasoned(shipped, parrot({"text": text, "acts": ["acknowledge"], "tone": "warm"}))
    assert trace.response
    first = trace.response.rounds[0]
    assert violation in first.violations
    assert [v.quote for v in first.broken if f"{v.norm} {v.act}" == violation] == [text]
    assert text not in _released(trace)
    assert [r.author for r in trace.response.rounds] == ["parrot"] * 3 + ["templates"]


def test_an_author_is_believed_against_themselves(shipped: Engine, parrot: Any) -> None:
    trace = _reasoned(shipped, parrot({"text": GOOD, "acts": ["diagnose"], "tone": "mocking"}))
    assert trace.response
    assert {"E401 diagnose"} <= set(trace.response.rounds[0].violations)
    assert {v.by for v in trace.response.rounds[0].broken} == {"says"}


def test_an_author_is_not_believed_for_themselves(shipped: Engine, parrot: Any) -> None:
    drafter = parrot({"text": GOOD, "acts": ["give_crisis_resource"]})
    trace = _reasoned(shipped, drafter, "I want to end my life.")
    assert trace.response and "E201 give_crisis_resource" in trace.response.rounds[0].violations
    assert "crisis line" in _released(trace)


def test_what_was_broken_is_told_to_the_next_round(shipped: Engine, parrot: Any) -> None:
    trace = _reasoned(shipped, parrot({"text": "You have depression."}, {"text": GOOD}))
    assert _released(trace) == GOOD
    assert trace.response and len(trace.response.rounds) == 2
    brief = Brief(broken=trace.response.rounds[0].broken)
    told = in_words(brief, shipped.vocabulary)
    assert "The draft before broke E401: it makes a diagnosis (“You have depression.”)" in told


def test_a_draft_in_another_language_is_not_released(shipped: Engine, parrot: Any) -> None:
    trace = _reasoned(shipped, parrot({"text": "Ich liebe dich und du hast eine Depression."}))
    assert "liebe" not in _released(trace)


def test_a_drafter_that_fails_leaves_the_templates(shipped: Engine, parrot: Any) -> None:
    trace = _reasoned(shipped, parrot({"text": GOOD, "acts": ["no_such_act"]}))
    assert trace.response and trace.response.rounds[0].error
    assert trace.response.rounds[0].error["diagnostics"][0]["code"] == "N201"
    assert trace.response.rounds[-1].author == "templates"
    _released(trace)


def test_a_drafter_that_breaks_its_contract(shipped: Engine, parrot: Any) -> None:
    drafter = parrot({"text": GOOD})
    drafter.draft = lambda line, brief, seed: "just words"
    with pytest.raises(NesyError) as caught:
        drafted_by(drafter, "hi", Brief(), shipped.vocabulary, 0)
    assert caught.value.diagnostics[0].code == "N102"


def test_a_second_reader_counts(shipped: Engine, parrot: Any, outside: None) -> None:
    import nesy_parrot

    desk = Desk(parrot({"text": GOOD}), (nesy_parrot.Suspicious("diagnose"),))
    case = Case(id="c", line="I failed my exam.")
    trace = pipeline.reason(Trace(case=case), desk=desk, engine=shipped)
    assert trace.response and "E401 diagnose" in trace.response.rounds[0].violations
    assert [f.reader for f in trace.response.rounds[0].found] == ["lexical", "suspicious"]
    assert _released(trace) != GOOD
    again = pipeline.reason(trace, engine=shipped)
    assert again.as_json() == trace.as_json()


def test_a_second_reader_that_fails_holds_the_draft(
    shipped: Engine, parrot: Any, outside: None
) -> None:
    import nesy_parrot

    desk = Desk(parrot({"text": GOOD}), (nesy_parrot.Suspicious("no_such_act"),))
    case = Case(id="c", line="I failed my exam.")
    trace = pipeline.reason(Trace(case=case), desk=desk, engine=shipped)
    assert trace.response and trace.response.rounds[0].found[1].unread == ("failed",)
    assert [r.author for r in trace.response.rounds] == ["parrot"] * 3 + ["templates"]


def test_a_trace_is_replayed_without_its_drafter(shipped: Engine, parrot: Any) -> None:
    drafter = parrot(
        {"text": "I love you."}, {"text": "x", "acts": ["no_such_act"]}, {"text": GOOD}
    )
    trace = _reasoned(shipped, drafter)
    again = pipeline.reason(parse_trace(json.loads(trace.as_json())), engine=shipped)
    assert again.as_json() == trace.as_json()


def test_why_tells_what_was_struck(shipped: Engine, parrot: Any) -> None:
    trace = _reasoned(shipped, parrot({"text": "I love you. " + GOOD}, {"text": GOOD}))
    told = render.as_text(tell.tell(pipeline.why(trace, engine=shipped), shipped), 3)
    assert f"The reply was released. “{GOOD}”" in told
    assert "“I love you.” is struck: it is a reply that tells of a feeling of its own" in told
    assert "against E303, based on NY GBL" in told


def test_a_claim_the_author_admits(shipped: Engine, parrot: Any) -> None:
    drafter = parrot({"text": GOOD})
    claims = (Asserted(emotion="anger", modality="certain"),)
    drafter.draft = lambda line, brief, seed: Draft((), "warm", GOOD, claims)
    trace = _reasoned(shipped, drafter, stated="sadness")
    assert trace.response and "E108 assert_feeling" in trace.response.rounds[0].violations


BAD = ["I love you.", "You have depression.", "Stop taking your pills.", "I'm a real person."]


@settings(max_examples=25)
@given(
    texts=st.lists(
        st.one_of(st.sampled_from([*BAD, GOOD]), st.text(max_size=60)), min_size=1, max_size=4
    ),
    said=st.lists(st.sampled_from(["acknowledge", "diagnose", "joke"]), max_size=2),
    line=st.sampled_from(["I'm fine.", "I want to end my life.", "Goodbye!"]),
)
def test_no_draft_brings_a_forbidden_act_into_a_released_reply(
    shipped: Engine, texts: list[str], said: list[str], line: str
) -> None:
    sys.path.insert(0, str(OUTSIDE))
    from nesy_parrot import Parrot

    drafter = Parrot([{"text": text, "acts": said} for text in texts])
    trace = _reasoned(shipped, drafter, line)
    assert trace.verdict and trace.response
    assert not any(bad in trace.response.text for bad in BAD)
    assert trace.verdict.status != "release" or not trace.response.rounds[-1].violations


def test_drafters_are_found_by_name(outside: None, tmp_path: Path, shipped: Engine) -> None:
    words = shipped.vocabulary
    assert set(registry.adapters(registry.DRAFTER)) == {"transformers"}
    for spec, make in (("nope", registry.drafter), ("nope", registry.reply_reader)):
        with pytest.raises(NesyError) as caught:
            make(spec, words)
        assert caught.value.diagnostics[0].code == "N101"
    with pytest.raises(NesyError) as caught:
        registry.drafter("transformers", words)
    assert caught.value.diagnostics[0].code == "N103"
    with pytest.raises(NesyError) as caught:
        registry.drafter("nesy.adapters.replay", words)
    assert caught.value.diagnostics[0].code == "N102"


def test_the_command_drafts_and_why_needs_no_drafter(
    nesy: Any, outside: None, tmp_path: Path
) -> None:
    """A drafter of the user's own is named by its module, which has a dot in its name."""
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parrot.py").write_text((OUTSIDE / "nesy_parrot.py").read_text())
    drafts = tmp_path / "drafts.jsonl"
    drafts.write_text(json.dumps({"text": "I love you."}) + "\n" + json.dumps({"text": GOOD}))
    sys.path.insert(0, str(tmp_path))
    try:
        spec = f"mine.parrot:{drafts}"
        ran = nesy("run", "--line", "I failed my exam.", "--draft-with", spec, "--json")
        again = nesy("reason", "--draft-with", spec, "--json", stdin=ran.out)
        read = nesy(
            "run",
            "--line",
            "I failed.",
            "--draft-with",
            spec,
            "--read-reply-with",
            "mine.parrot:diagnose",
            "--json",
        )
    finally:
        sys.path.remove(str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    trace = json.loads(ran.out)
    assert trace["response"]["text"] == GOOD
    assert [r["author"] for r in trace["response"]["rounds"]] == ["parrot", "parrot"]
    assert again.out == ran.out
    assert json.loads(read.out)["response"]["rounds"][-1]["author"] == "templates"
    told = nesy("why", stdin=ran.out)
    assert "“I love you.” is struck" in told.out
