"""A key is in no output: not in a Trace, a log, an error, a journal, a run's folder or a text."""

import json
import logging
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from nesy import perceive
from nesy.adapters.server import kinds
from nesy.adapters.server.kinds import KINDS, Address
from nesy.diagnostics import NesyError
from nesy.trace import Case
from tests.serving import VALID, WORDS, Asked, Server, _Handler, look, made, says, status

CANARY = "sk-canary-7f3a"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kinds.KEY, CANARY)


def leaks(handler: _Handler, asked: Asked) -> None:
    """Send back every header, as a careless server does."""
    handler.send(403, {"error": {"message": f"{'x' * 150} {asked.headers}"}})


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_is_sent_to_the_server(chat: Server, face: str, kind: str) -> None:
    look(made(chat, kind), face)
    assert [asked.headers["authorization"] for asked in chat.asked] == [f"Bearer {CANARY}"] * 2
    assert CANARY not in json.dumps([asked.body for asked in chat.asked])


def test_no_library_key_goes_to_the_server(
    chat: Server, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(kinds.KEY)
    for name in ("OPENAI_API_KEY", "OLLAMA_API_KEY", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, CANARY)
    for kind in KINDS:
        look(made(chat, kind), face)
    assert CANARY not in json.dumps([asked.headers for asked in chat.asked])


def test_no_text_of_a_perceiver_or_an_error_holds_it(
    chat: Server, face: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    for kind in ("openai", "ollama"):
        perceiver = made(chat, kind)
        texts += [repr(perceiver), str(vars(perceiver)), json.dumps(perceiver.describe())]
        texts.append(repr(Address(KINDS[kind], "m", "http://localhost", CANARY)))
        for act in (leaks, status(400, CANARY), status(404, CANARY), says(CANARY)):
            chat.script.extend([act] * 3)
            try:
                look(perceiver, face)
            except NesyError as error:
                texts += [str(error), json.dumps(error.as_json()), str(pickle.dumps(error))]
                texts.append("".join(traceback.format_exception(error)))
            else:
                raise AssertionError("nothing failed")
            chat.script.clear()
    assert CANARY not in "\n".join(texts)
    assert any("…" in text for text in texts)
    assert CANARY not in caplog.text


def test_a_rationale_cannot_carry_it(chat: Server, face: str) -> None:
    chat.script.extend([says(json.dumps({**VALID, "rationale": f"it is {CANARY}"}))] * 3)
    case = Case(id="c1", image=face)
    (outcome,) = perceive.perceive_cases(made(chat), [case], vocabulary=WORDS)
    assert outcome.error is not None and outcome.error.diagnostics[0].code == "N177"
    assert CANARY not in str(outcome)


@pytest.mark.parametrize("act", [None, leaks, says("no report")])
def test_no_file_and_no_stream_of_the_command_holds_it(
    chat: Server, face: str, tmp_path: Path, nesy: Any, act: Any
) -> None:
    if act is not None:
        chat.script.extend([act] * 20)
    out, log = tmp_path / "traces.jsonl", tmp_path / "audit.jsonl"
    spec = chat.at("openai")
    options = ("--line", "I'm fine", "--with", spec, "-o", str(out), "--audit", str(log))
    first = nesy("run", face, *options)
    assert first.code == (0 if act is None else 3 if act is leaks else 2)
    asked = len(chat.asked)
    again = nesy("run", face, *options, "--json")
    shown = [first.out, first.err, again.out, again.err, nesy("perceive", face, *options[:4]).out]
    assert CANARY not in "\n".join(shown)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(CANARY.encode() in path.read_bytes() for path in files)
    if act is not leaks:
        assert len(out.read_text().splitlines()) == 1
        # What is done is not asked for again: neither the probe nor the case.
        assert asked == len(chat.asked) - 2 * (act is None) - 4 * (act is not None)


@pytest.mark.slow
def test_no_file_of_a_benchmark_holds_it(
    chat: Server, tmp_path: Path, nesy: Any, face: str
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(f"id,image,line,emotions\na,{face},I'm fine,joy\nb,{face},No,anger\n")
    out = tmp_path / "run"
    chat.script.append(leaks)
    options = ("--with", chat.at("openai"), "--conditions", "constrained", "-o", str(out))
    shown = [nesy("bench", "run", str(table), *options) for _ in range(2)]
    assert CANARY not in "\n".join(s.out + s.err for s in shown)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not any(CANARY.encode() in path.read_bytes() for path in files)


def test_the_fixture_would_find_it(chat: Server, face: str, capsys: Any) -> None:
    look(made(chat), face)
    print(chat.asked[-1].headers, file=sys.stderr)
    assert CANARY in capsys.readouterr().err
