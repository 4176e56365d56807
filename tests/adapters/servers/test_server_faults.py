"""A server that fails: what passes is tried again, what stays is told, nothing is silently zero."""

import json
import threading
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nesy import perceive
from nesy.adapters.server import faults, wires
from nesy.adapters.server.faults import Patience, ServerFault
from nesy.trace import Case, Observation
from tests.serving import (
    QUICK,
    SCHEMA,
    VALID,
    WORDS,
    Server,
    cut,
    fault_of,
    look,
    made,
    raw,
    says,
    serving,
    slow,
    status,
    told_of,
)

FAULTS = {
    "429": status(429),
    "500": status(500),
    "503": status(503),
    "cut": cut,
    "empty": raw(b""),
    "not JSON": raw(b"<html>busy</html>"),
    "no choices": raw(b'{"choices": []}'),
    "deep": raw(b"[" * 100_000),
}


@pytest.mark.parametrize("kind", ["openai", "ollama"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_tried_again(chat: Server, face: str, name: str, kind: str) -> None:
    perceiver = made(chat, kind)
    chat.script.extend([FAULTS[name]] * 2)
    assert look(perceiver, face).faces
    assert len(chat.cases) == 3


@pytest.mark.parametrize(
    ("name", "code"),
    [("429", "N174"), ("500", "N173"), ("cut", "N173"), ("not JSON", "N173")],
)
def test_a_fault_that_stays_is_told_after_a_bounded_number_of_tries(
    chat: Server, face: str, name: str, code: str
) -> None:
    perceiver = made(chat)
    chat.script.extend([FAULTS[name]] * 50)
    found = fault_of(lambda: look(perceiver, face))
    assert (found[0], found[1]) == (code, 3)
    assert "asked 4 times" in found[2]
    assert len(chat.cases) == QUICK.tries


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_a_server_that_is_slow_is_not_waited_for(chat: Server, face: str, kind: str) -> None:
    perceiver = made(chat, kind, timeout=0.2)
    chat.script.extend([slow(0.6)])
    assert look(perceiver, face).faces
    chat.script.extend([slow(0.6)] * 4)
    assert fault_of(lambda: look(perceiver, face))[0] == "N173"


def test_retry_after_is_kept_and_too_long_a_wait_is_not(chat: Server, face: str) -> None:
    perceiver = made(chat)
    chat.script.append(status(429, Retry_After="1"))
    look(perceiver, face)
    first, second = chat.cases
    assert 1.0 <= second.at - first.at < 2.0
    chat.script.append(status(429, Retry_After="3600"))
    assert fault_of(lambda: look(perceiver, face))[0] == "N174"
    assert len(chat.cases) == 3


def test_retry_after_may_be_a_date() -> None:
    assert faults.status_fault(429, "", "Wed, 21 Oct 2015 07:28:00 GMT").wait == 0.0
    assert faults.status_fault(503, "", "soon").wait is None
    assert faults.status_fault(503, "", "2").wait == 2.0


@given(st.text(max_size=5), st.integers(2, 6), st.floats(0.001, 0.004))
def test_waits_double_are_bounded_and_depend_on_the_name_alone(
    name: str, tries: int, first: float
) -> None:
    class Watch(threading.Event):
        def __init__(self) -> None:
            super().__init__()
            self.waits: list[float] = []

        def wait(self, timeout: float | None = None) -> bool:
            self.waits.append(timeout or 0.0)
            return False

    def fails() -> None:
        raise ServerFault("down", "")

    patience = Patience(tries, first, longest=4 * first)
    runs = []
    for _ in range(2):
        watch = Watch()
        with pytest.raises(ServerFault):
            patience.ask(fails, name, watch)
        runs.append(watch.waits)
    assert runs[0] == runs[1]
    assert len(runs[0]) == tries - 1
    for number, wait in enumerate(runs[0]):
        usual = min(4 * first, first * 2**number)
        assert usual / 2 <= wait <= usual


def test_no_server_is_told_once_and_stops_the_run(chat: Server, face: str) -> None:
    perceiver = made(chat)
    cases = [Case(id=str(n), image=face) for n in range(3)]
    answers = perceiver.perceive(cases, seed=0)
    assert isinstance(next(answers), Observation)
    chat.go()
    again = perceiver.perceive(cases, seed=0)
    code, exit_code, _ = fault_of(lambda: list(again))
    assert (code, exit_code) == ("N172", 3)
    assert fault_of(lambda: made(chat))[0] == "N172"
    assert fault_of(lambda: made(chat, "ollama"))[0] == "N172"
    answers.close()


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (status(401), "N171"),
        (status(403), "N171"),
        (status(404), "N172"),
        (raw(b'{"error": {"code": "insufficient_quota"}}'), None),
        (status(429, "insufficient_quota"), "N171"),
    ],
)
def test_what_no_case_can_pass_stops_the_run(
    chat: Server, face: str, act: Any, code: str | None
) -> None:
    perceiver = made(chat)
    chat.script.append(act)
    if code is None:
        assert look(perceiver, face).faces  # an error under status 200 may pass
        return
    answers = perceiver.perceive([Case(id="c1", image=face)], seed=0)
    assert fault_of(lambda: list(answers))[:2] == (code, 3)
    assert len(chat.cases) == 1


def test_a_request_that_is_not_taken_is_an_error_of_its_case(chat: Server, face: str) -> None:
    perceiver = made(chat)
    chat.script.append(status(413, "the picture is too large"))
    assert fault_of(lambda: look(perceiver, face))[:2] == ("N179", 2)
    assert look(perceiver, face).faces


def test_no_redirect_is_followed(chat: Server, face: str) -> None:
    with serving() as other:
        for kind in ("openai", "ollama"):
            perceiver = made(chat, kind)
            chat.script.append(status(307, Location=f"{other.host}/v1/chat/completions"))
            assert fault_of(lambda seen=perceiver: look(seen, face))[0] == "N179"
        assert other.asked == []


@pytest.mark.parametrize("names", [("seed",), ("temperature", "logprobs"), ("max_tokens",)])
def test_what_a_server_does_not_know_is_left_out_from_then_on(
    chat: Server, face: str, names: tuple[str, ...]
) -> None:
    perceiver = made(chat)
    chat.script.append(status(400, f"Unsupported parameter: {', '.join(names)}"))
    look(perceiver, face)
    look(perceiver, face)
    _, second, third = chat.cases
    for asked in (second, third):
        assert not set(names) & set(asked.body)
    assert ("top_logprobs" in third.body) == ("logprobs" not in names)


def without(report: Any, *path: str) -> Any:
    key, *rest = path
    if not rest:
        return {k: v for k, v in report.items() if k != key}
    return {**report, key: without(report[key], *rest)}


BAD = {
    "refusal": (says("", refusal="I do not describe people"), "N175", 1),
    "filter": (says("", end="content_filter"), "N175", 1),
    "length": (says('{"faces":', end="length"), "N176", 3),
    "no JSON": (says("I see a smile"), "N177", 3),
    "half": (says(json.dumps(VALID)[:-9]), "N177", 3),
    "twice": (says(json.dumps(VALID)[:-1] + ', "emotion": "joy"}'), "N177", 3),
    "empty": (says(""), "N177", 3),
    "list": (says("[]"), "N177", 3),
    "deep": (says("[" * 5000), "N177", 3),
    "unknown term": (says(json.dumps({**VALID, "emotion": "schadenfreude_x"})), "N177", 3),
    "missing key": (says(json.dumps(without(VALID, "action_units", "au12"))), "N177", 3),
    "more keys": (says(json.dumps({**VALID, "verdict": "release"})), "N177", 3),
    "long": (says(json.dumps({**VALID, "rationale": "a" * 161})), "N177", 3),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_is_no_report_is_asked_again_and_then_told(
    chat: Server, face: str, name: str
) -> None:
    act, code, asks = BAD[name]
    perceiver = made(chat)
    chat.script.extend([act] * 9)
    found, exit_code, said = fault_of(lambda: look(perceiver, face))
    assert (found, exit_code, len(chat.cases)) == (code, 2, asks)
    assert ("asked 3 times" in said) == (asks == 3)
    chat.script.clear()
    chat.asked.clear()
    if asks == 3:
        chat.script.append(act)
        assert told_of(look(perceiver, face))["asked"] == 2
        assert chat.cases[0].prompt == chat.cases[1].prompt


def test_ollama_says_that_an_answer_was_cut_off(chat: Server, face: str) -> None:
    perceiver = made(chat, "ollama")
    chat.script.extend([says('{"faces":', end="length")] * 9)
    assert fault_of(lambda: look(perceiver, face))[0] == "N176"


def test_keys_in_another_order_are_the_same_report(chat: Server, face: str) -> None:
    perceiver = made(chat)
    chat.script.append(says(json.dumps(dict(sorted(VALID.items())), indent=2)))
    assert look(perceiver, face) == look(perceiver, face)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "refusal",
                    "finish_reason",
                    "logprobs",
                    "token",
                    "logprob",
                    "top_logprobs",
                    "error",
                    "code",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON, JSON)
def test_any_body_is_an_answer_or_a_fault(body: Any, message: Any, told: Any) -> None:
    bodies = [body, {"choices": [{"message": message, "logprobs": told}]}]
    bodies.append({"choices": [{"message": {"content": body}, "logprobs": {"content": told}}]})
    for each in bodies:
        try:
            answer = wires._read_chat(json.dumps(each))
        except ServerFault as fault:
            assert fault.what in ("cut", "down")
        else:
            assert isinstance(answer.text, str)
            for token in answer.tokens or ():
                assert all(0 <= chance <= 1 for _, chance in token.likely)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_answer_is_an_observation_or_an_error(
    chat: Server, face: str, data: st.DataObject
) -> None:
    if not hasattr(chat, "perceiver"):
        chat.perceiver = made(chat)  # type: ignore[attr-defined]
    report = json.loads(json.dumps(VALID))
    for _ in range(data.draw(st.integers(0, 2))):
        part = report
        while True:
            key = data.draw(st.sampled_from(sorted(part)))
            inner = part[key]
            if not (isinstance(inner, dict) and inner) or data.draw(st.booleans()):
                break
            part = inner
        part[key] = data.draw(st.sampled_from(["yes", "no", "x", "C", "joy", "none", None, 3, {}]))
    text = json.dumps(report)
    if data.draw(st.integers(0, 3)) == 0:
        text = text[: data.draw(st.integers(0, len(text)))]
    chat.script.extend([says(text)] * 3)
    case = Case(id="c1", image=face)
    perceiver = chat.perceiver  # type: ignore[attr-defined]
    (outcome,) = perceive.perceive_cases(perceiver, [case], vocabulary=WORDS)
    chat.script.clear()
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(report) and text == json.dumps(report)
    if valid:
        assert outcome.observation is not None
    else:
        assert outcome.error is not None and outcome.error.diagnostics[0].code == "N177"
