"""Served models, over real HTTP: what is sent, in which order, and what a server may ignore."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nesy import perceive, registry, schema
from nesy.adapters.server import kinds
from nesy.adapters.server.kinds import KINDS
from nesy.trace import Case
from tests.serving import (
    SCHEMA,
    VALID,
    WORDS,
    Asked,
    Said,
    Server,
    fault_of,
    first_choice,
    heedless,
    look,
    made,
    says,
    schema_in,
    serving,
    slow,
    status,
    told_of,
)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_sent_the_picture_the_prompt_and_the_schema(
    chat: Server, face: str, kind: str
) -> None:
    perceiver = registry.perceiver(chat.at(kind), WORDS)
    seen = look(perceiver, face, 'so "great"\n<|im_end|>')
    assert (seen.perceiver, told_of(seen)["constrained"]) == (kind, True)
    assert seen.faces[0].claims[0].emotion == VALID["emotion"]
    (asked,) = chat.cases
    assert asked.schema == SCHEMA
    assert list(asked.schema["properties"]) == list(SCHEMA["properties"])
    assert "Line: \"so 'great'" in asked.prompt
    assert "im_end|>" not in asked.prompt
    sent = asked.image
    assert sent is not None and list(sent.get_flattened_data()) == list(
        Image.open(face).get_flattened_data()
    )
    options = asked.body.get("options", asked.body)
    assert options["temperature"] == 0
    most = options.get("num_predict") or options["max_tokens"]
    assert most > schema.longest(SCHEMA)
    said = perceiver.describe()
    assert (said["name"], said["model"], said["constrained"]) == (kind, "tiny", True)


def test_each_kind_takes_the_schema_in_its_own_form(chat: Server, face: str) -> None:
    for kind in KINDS:
        look(made(chat, kind), face)
    forms = [asked.body for asked in chat.cases]
    assert [form.get("response_format", {}).get("type") for form in forms] == [
        "json_schema",
        None,
        "json_schema",
        None,
        "json_schema",
        "json_object",
    ]
    assert forms[0]["response_format"]["json_schema"]["strict"] is True
    assert forms[1]["structured_outputs"]["disable_any_whitespace"] is True
    assert [asked.path for asked in chat.cases][3] == "/api/chat"
    assert forms[3]["options"]["num_ctx"] > 4096


def test_what_is_stored_beside_the_pixels_is_not_sent(chat: Server, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "CANARY-DESCRIPTION"
    path = tmp_path / "private.jpg"
    image = Image.effect_noise((3000, 1500), 80).convert("RGB")
    image.save(path, exif=exif, comment=b"CANARY-COMMENT", icc_profile=b"CANARY-PROFILE")
    look(made(chat), str(path))
    (asked,) = chat.cases
    assert asked.picture is not None and b"CANARY" not in asked.picture
    assert asked.image is not None and asked.image.size == (2048, 1024)
    assert "private" not in json.dumps(asked.body)


@given(
    st.lists(
        st.sampled_from(
            [
                "<|im_end|>",
                "<｜end▁of▁sentence｜>",
                "[INST]",
                "</s>",
                "<image>",
                "◁think▷",
                "<|",
                "I",
            ]
        ),
        max_size=6,
    )
)
def test_no_line_holds_a_control_token(parts: list[str]) -> None:
    from nesy.adapters.server.perceiver import _has_control
    from nesy.adapters.transformers.prompt import Card, fill

    asked = fill(Card("m", "{line}"), "".join(parts), (), _has_control)
    assert not any(part in asked for part in parts if part != "I")


def test_an_emoticon_stays_in_the_line(chat: Server, face: str) -> None:
    look(made(chat), face, "I <3 you [really] :>")
    assert "I <3 you [really] :>" in chat.cases[0].prompt


@pytest.mark.parametrize("jobs", [1, 3])
def test_answers_come_in_order_and_no_more_than_jobs_at_once(face: str, jobs: int) -> None:
    def brain(asked: Asked) -> Said:
        if asked.picture is None:
            return first_choice(asked)
        number = int(asked.prompt.partition("number ")[2].partition('"')[0])
        time.sleep(0.02 * (number % 3))
        return Said(json.dumps({**VALID, "rationale": f"seen {number}"}))

    cases = [Case(id=f"c{n}", image=face, line=f"number {n}") for n in range(11)]
    with serving(brain) as chat:
        perceiver = made(chat, jobs=jobs)
        outcomes = list(perceive.perceive_cases(perceiver, cases, vocabulary=WORDS))
        assert chat.most == jobs if jobs == 1 else 1 < chat.most <= jobs
    told = [outcome.observation.rationale for outcome in outcomes if outcome.observation]
    assert told == [f"seen {n}" for n in range(11)]


def test_who_stops_does_not_wait_for_the_server(chat: Server, face: str) -> None:
    perceiver = made(chat, jobs=2)
    chat.script.extend([slow(0.0), slow(2.0), slow(2.0)])
    answers = perceiver.perceive([Case(id=str(n), image=face) for n in range(3)], seed=0)
    next(answers)
    before = time.monotonic()
    answers.close()
    assert time.monotonic() - before < 1.0


def test_one_bad_case_loses_no_other(chat: Server, face: str, tmp_path: Path) -> None:
    images = [face, str(tmp_path / "none.png"), None, face]
    cases = [Case(id=str(n), image=image) for n, image in enumerate(images)]
    outcomes = list(perceive.perceive_cases(made(chat), cases, vocabulary=WORDS))
    assert [o.error.diagnostics[0].code if o.error else None for o in outcomes] == [
        None,
        "N120",
        "N120",
        None,
    ]


def test_seeds_are_of_the_case_and_not_of_its_place(chat: Server, face: str) -> None:
    perceiver = made(chat, jobs=1)
    cases = [Case(id=name, image=face) for name in ("a", "b")]
    for order in (cases, cases[::-1]):
        list(perceiver.perceive(order, seed=1))
    list(perceiver.perceive(cases[:1], seed=2))
    a, b, b_again, a_again, other = (asked.body["seed"] for asked in chat.cases)
    assert (a, b) == (a_again, b_again)
    assert len({a, b, other}) == 3


def test_a_server_that_ignores_the_schema_is_found_out_and_its_reports_are_marked(
    face: str,
) -> None:
    with serving(heedless) as chat:
        perceiver = made(chat)
        assert perceiver.describe()["constrained"] is False
        seen = look(perceiver, face)
        assert told_of(seen) == {
            "constrained": False,
            "confidence": "not measured",
            "asked": 1,
        }
        assert schema_in(chat.cases[0].prompt) == SCHEMA
        chat.script.append(says(f"```json\n{json.dumps(VALID)}\n```"))
        assert look(perceiver, face).faces == seen.faces


@pytest.mark.parametrize("probe", ["banana", '{"word": "banana"}', "", '{"word": "kestrel"'])
def test_only_the_one_legal_word_shows_a_constraint(probe: str) -> None:
    with serving(lambda asked: Said(probe)) as chat:
        assert made(chat).constrained is False


def test_an_unconstrained_answer_that_is_no_report_is_asked_again_and_not_scored(
    face: str,
) -> None:
    with serving(heedless) as chat:
        perceiver = made(chat)
        chat.script.append(says('{"faces": "many"}'))
        seen = look(perceiver, face)
        assert told_of(seen)["asked"] == 2
        first, second = chat.cases
        assert "An earlier answer was not such a report" in second.prompt
        assert second.prompt.startswith(first.prompt)
        chat.script.extend([says("He looks glad.")] * 9)
        chat.asked.clear()
        assert fault_of(lambda: look(perceiver, face))[:2] == ("N178", 2)
        assert len(chat.cases) == 3


@pytest.mark.parametrize(
    ("act", "code", "counted"),
    [
        (says("", refusal="no"), "N175", "refused"),
        (says("", end="length"), "N176", "unparseable"),
        (says("He smiles."), "N177", "unparseable"),
        (status(413), "N179", "failed"),
    ],
)
def test_a_benchmark_counts_it_by_its_reason_and_never_as_zero(
    chat: Server, face: str, act: Any, code: str, counted: str
) -> None:
    from nesy.benchmarks.running.generate import Looker
    from nesy.benchmarks.running.stages import Wanted
    from nesy.benchmarks.samples import Sample
    from nesy.pipeline import engine_for

    looker = Looker(chat.at("openai"), engine_for(), 0)
    assert looker.perceiver.describe()["constrained"] is True
    chat.script.extend([act] * 9)
    sample = Sample(id="c1", case=Case(id="c1", image=face, line="hello"))
    ((generation, _),) = looker([Wanted("task", sample, "constrained", "key")])
    assert (generation.status, generation.observation) == (counted, None)
    assert (generation.reason or "").startswith(code)


def test_another_server_is_another_model_to_a_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nesy.benchmarks.running import keys
    from nesy.benchmarks.running.cache import Cache

    cache = Cache(tmp_path)
    told = []
    for url in ("http://localhost:1/v1", "http://localhost:2/v1"):
        told.append(keys.of_model(f"vllm:m@{url}", WORDS, cache))
        monkeypatch.setenv(kinds.URL, url)
        told.append(keys.of_model("vllm:m", WORDS, cache))
    assert len({json.dumps(each) for each in told}) == 4
    assert len({each["program"] for each in told}) == 1
