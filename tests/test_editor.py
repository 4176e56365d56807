"""The language server, asked by a real client over standard input and output."""

import asyncio
import json
import subprocess
import sys

import pytest

pytest.importorskip("pygls", reason="the extra `editor` is not installed")

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from nesy import rulebook, vocabulary
from nesy.editor.answers import Answers
from nesy.editor.document import spot

RULE = """\
%! mine.bite "{Face} bites the lip over an 'I gues', é"
%  source: house
evidence(Face, uncertainty, C) :- expresion(Face, lip_bite, C), cue(hedge, _).
"""
ANSWERS = Answers(rulebook.load(), vocabulary.load())


def asked(text):
    """Return a text without its mark |, and where the mark was."""
    offset = text.index("|")
    return text.replace("|", ""), offset


# ── What an editor asks, as functions ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("evidence(F, jo|", ("jo", "evidence", 1, True)),
        ("a :- expression(F, |", ("", "expression", 1, False)),
        ("a :- expression(F, smile, C), c|", ("c", None, 0, False)),
        ("a :- not expression(F, (smile; fr|", ("fr", "expression", 1, False)),
        ("a.\nb :- cue(|", ("", "cue", 0, False)),
        ("a :- p(1..3), cue(he|dge, _).", ("hedge", "cue", 0, False)),
        ('a :- p("x. y", |', ("", "p", 1, False)),
        ("% cue(|", ("", None, 0, True)),
    ],
)
def test_a_place_is_read_in_a_rule_half_written(text, expected):
    at = spot(*asked(text))
    assert (at.word, at.predicate, at.at, at.in_head) == expected or at.in_comment is expected[3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a :- expres|sion(F, smile, C).", "`expression(Face, Expression, Confidence)`"),
        ("a :- expression(F, smi|le, C).", "**Smile** — expression `smile`"),
        ("forbidden(question, e1|11).", "**E111** — "),
        ("a :- au(F, 1|2, _, _).", "FACS unit `au12`"),
        ("% see words.na|med", "the words express {Emotion} ({Confidence})"),
        ("a :- cri|sis(Kind).", "derived where\n- "),
        ("a :- b(@log_|odds(C)).", "log-odds"),
        ("a :- cross|ed(F).", None),
    ],
)
def test_hover_tells_what_stands_there(text, said):
    found = ANSWERS.hover(*asked(text))
    assert found is None if said is None else said in found


@pytest.mark.parametrize(
    ("text", "offered", "not_offered"),
    [
        ("evidence(F, |", {"joy", "sarcasm"}, {"smile", "hedge"}),
        ("a :- expression(F, |", {"smile", "eye_roll"}, {"joy"}),
        ("a :- cue(|", {"hedge"}, {"smile"}),
        ("a :- au(F, |", {"12", "6"}, {"smile"}),
        ("a :- fa|", {"face(Face)", "evidence(Face, Emotion, Strength)"}, {"joy"}),
        ("evi|", {"evidence(Face, Emotion, Strength)"}, {"face(Face)", "consent(Consent)"}),
        ("a :- X = @|", {"@log_odds"}, {"face(Face)"}),
        ("% a :- fa|", set(), {"face(Face)"}),
        ("a :- expression(F, smile, |", set(), {"smile", "face(Face)"}),
    ],
)
def test_completion_offers_what_can_stand_there(text, offered, not_offered):
    labels = {offer.label for offer in ANSWERS.complete(*asked(text))}
    assert offered <= labels
    assert not not_offered & labels


def test_a_predicate_is_offered_with_its_arguments_to_fill():
    offers = {offer.label: offer for offer in ANSWERS.complete(*asked("a :- |"))}
    assert offers["cue(Cue, Confidence)"].snippet == "cue(${1:Cue}, ${2:Confidence})"


def test_definition_leads_to_the_rules_that_derive_a_predicate():
    found = ANSWERS.definition(*asked("a(F) :- misma|tch(F, Kind)."))
    assert {place.path.name for place in found} == {"mismatch.lp", "context.lp"}
    for place in found:
        lines = place.path.read_text(encoding="utf-8").splitlines()
        assert lines[place.line - 1].startswith("mismatch(")
    (named,) = ANSWERS.definition(*asked("% words.na|med"))
    assert named.path.name == "words.lp"
    assert ANSWERS.definition(*asked("a(F) :- fa|ce(F).")) == []


# ── The server ──────────────────────────────────────────────────────────────────────────────────


class Client(LanguageClient):
    """A client that keeps what the server publishes."""

    def __init__(self):
        super().__init__("test", "1")
        self.published = asyncio.Queue()

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def keep(params: lsp.PublishDiagnosticsParams):
            self.published.put_nowait(params)


def place(text, mark):
    offset = text.index(mark)
    line = text.count("\n", 0, offset)
    return lsp.Position(line, offset - text.rfind("\n", 0, offset) - 1)


async def session(path, tmp_path):
    client = Client()
    await client.start_io(sys.executable, "-m", "nesy", "editor")
    uri, said = path.as_uri(), {}
    try:
        params = lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=None)
        said["able"] = (await client.initialize_async(params)).capabilities
        client.initialized(lsp.InitializedParams())
        document = lsp.TextDocumentItem(uri, "clingo", 1, RULE)
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
        said["first"] = await asyncio.wait_for(client.published.get(), 60)
        at = lsp.TextDocumentIdentifier(uri)
        fault = said["first"].diagnostics[0].range
        context = lsp.CodeActionContext(diagnostics=[])
        said["actions"] = await client.text_document_code_action_async(
            lsp.CodeActionParams(at, fault, context)
        )
        said["hover"] = await client.text_document_hover_async(
            lsp.HoverParams(at, place(RULE, "uncertainty"))
        )
        said["offers"] = await client.text_document_completion_async(
            lsp.CompletionParams(at, place(RULE, "hedge"))
        )
        said["places"] = await client.text_document_definition_async(
            lsp.DefinitionParams(at, place(RULE, "evidence"))
        )
        whole = lsp.TextDocumentContentChangeWholeDocument(RULE.replace("expresion", "expression"))
        for number, change in ((2, "broken("), (3, whole.text)):
            version = lsp.VersionedTextDocumentIdentifier(number, uri)
            event = lsp.TextDocumentContentChangeWholeDocument(change)
            client.text_document_did_change(lsp.DidChangeTextDocumentParams(version, [event]))
            said[number] = await asyncio.wait_for(client.published.get(), 60)
        await client.shutdown_async(None)
        client.exit(None)
    finally:
        await client.stop()
    return said


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editor")
    return asyncio.run(session(folder / "mine.lp", folder))


def test_faults_are_told_as_they_are_written(said):
    (fault,) = said["first"].diagnostics
    assert (fault.code, fault.source, fault.severity) == ("N301", "nesy", 1)
    assert fault.range.start == place(RULE, "expresion")
    assert said["first"].version == 1
    assert [d.code for d in said[2].diagnostics] == ["N300"]
    assert not said[3].diagnostics


def test_a_sure_mend_is_offered(said):
    (action,) = said["actions"]
    ((edit,),) = action.edit.changes.values()
    assert (edit.new_text, edit.range.start) == ("expression", place(RULE, "expresion"))
    assert edit.range.end.character - edit.range.start.character == len("expresion")


def test_the_server_answers_hover_completion_and_definition(said):
    assert said["able"].hover_provider and said["able"].completion_provider
    assert "emotion `uncertainty`" in said["hover"].contents.value
    assert "hedge" in {offer.label for offer in said["offers"]}
    assert any(found.uri.endswith("/table1.lp") for found in said["places"])


def test_without_pygls_it_is_said_what_to_install(nesy, monkeypatch):
    monkeypatch.delitem(sys.modules, "nesy.editor.server", raising=False)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    ran = nesy("editor")
    assert (ran.code, ran.err.startswith("N902 pygls"), "nesy[editor]" in ran.err) == (
        3,
        True,
        True,
    )


def test_the_server_ends_without_a_word_when_it_is_told_to():
    asked = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    bodies = [json.dumps({"jsonrpc": "2.0", **message}) for message in asked]
    sent = "".join(f"Content-Length: {len(body)}\r\n\r\n{body}" for body in bodies)
    command = [sys.executable, "-m", "nesy", "editor"]
    done = subprocess.run(
        command, input=sent.encode(), capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
