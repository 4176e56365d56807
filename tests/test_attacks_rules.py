"""Attacks by rule files, each row of the table held to its oracle, and what comes of any attack."""

import os
from contextlib import suppress

import pytest
from clingo import ast
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nesy import vocabulary
from nesy.diagnostics import NesyError
from nesy.reason import guard
from nesy.reason.engine import Engine
from nesy.rule_text import refuse_unsafe
from tests.attacks import codes, core, decided

# ── Rule files ──────────────────────────────────────────────────────────────────────────────────


def test_av19_an_include_is_refused_before_the_file_is_opened(rules_file, tmp_path):
    pipe = tmp_path / "pipe.lp"
    os.mkfifo(pipe)  # opening it would wait for ever
    for text in (f'#include "{pipe}".', f'p. #include "{pipe}". q.', f"#include <{pipe}>."):
        assert codes(text, rules_file) == {"N302"}


SNIPPETS = [
    "%",
    "%*",
    "*%",
    "*",
    '"',
    "\\",
    '\\"',
    "\n",
    "\r\n",
    "'",
    " ",
    ".",
    "p.",
    "q :- r.",
    "INCLUDE",
]


@settings(max_examples=500)
@example(["%*", "%*", "*%", "%", ">", "%*", "*%", "q :- r."])
@example(["%*", "%", '"', "*%", "\n", "*%"])
@given(st.lists(st.sampled_from([*SNIPPETS, "#", "%!", "#end.", "é", "<", "{", "("]), max_size=9))
def test_av19_what_passes_the_scan_opens_no_file(tmp_path_factory, parts):
    """Whatever surrounds an include, clingo and the scan agree on where comments and strings end.

    `%*%**%>*%.q :- r. #include "…".` passed a scan that did not know that comments nest, and
    `%*%"*%`, a line end and `*%#include "…".` one that did not know what % is in a block comment.
    """
    hidden = tmp_path_factory.getbasetemp() / "hidden.lp"
    hidden.write_text("hidden.\n", encoding="utf-8")
    text = "".join([*parts, "INCLUDE"]).replace("INCLUDE", f'#include "{hidden}".')
    try:
        refuse_unsafe(text, "mine.lp")
    except NesyError:
        return
    statements = []
    with suppress(RuntimeError):
        ast.parse_string(text, statements.append, logger=lambda *_: None)
    assert "hidden." not in map(str, statements)


def test_av20_a_script_is_refused(rules_file, tmp_path):
    mark = tmp_path / "written"
    text = f'#script (python)\nopen("{mark}", "w")\n#end.\n'
    assert codes(text, rules_file) == {"N302"}
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        ":- crisis(_), drafted.",
        ":- forbidden(A, N).",
        "{ forbidden(joke, e205) } :- drafted.",
        "exempt(e101) :- purpose(safety).",
        "-forbidden(joke, e205).",
        "overridden(joke, e205, e501).",
        "#external danger(self_harm).",
        "#minimize { 1 : crisis(_) }.",
        "#const e101 = e501.",
        ":~ forbidden(_, _). [1]",
    ],
)
def test_av21_no_rule_file_silences_a_norm(text, rules_file):
    assert codes(text, rules_file) & {"N302", "N308", "N309", "N610", "N314", "N315"}


ADDED = st.lists(
    st.tuples(
        st.sampled_from(["forbidden", "obligatory", "preferred", "warned"]),
        st.sampled_from(["joke", "sell", "give_crisis_resource", "infer_from_face", "question"]),
        st.sampled_from(["e205", "e309", "e501", "e111"]),
        st.sampled_from(["context(support)", "drafted", "line_valence(_, _)", "not drafted"]),
    ),
    min_size=1,
    max_size=4,
    unique=True,
)


@settings(max_examples=10)
@given(ADDED)
def test_av21_adding_a_pack_takes_no_core_block_away(tmp_path_factory, added):
    path = tmp_path_factory.mktemp("packs") / "mine.lp"
    rules = [
        f'%! mine.r{n} "mine"\n%  source: ours\n{force}({act}, {norm}) :- {body}.\n'
        for n, (force, act, norm, body) in enumerate(added)
    ]
    path.write_text("".join(rules), encoding="utf-8")
    engine = Engine.load(rules=[path])
    for text in ("I want to end my life.", "I lost my job."):
        before, after = decided(text), decided(text, engine=engine)
        standing = {n for n in core(before) if n[1] in ("forbidden", "obligatory")}
        assert standing <= core(after)
        assert after.verdict.crisis == before.verdict.crisis
        if after.verdict.status == "release" and before.verdict.crisis:
            assert "give_crisis_resource" in after.response.acts


@pytest.mark.parametrize(
    "head",
    [
        *("notice(emotion_recognition)", "consent(health)", "context(support)", "purpose(medical)"),
        *("person(adult)", "jurisdiction(uk)", "stated(joy)", "reply_act(acknowledge)", "drafted"),
        *("speaker(f1)", "norm_source(e101)", "lapsed(e101)", "norm(e101,warn,1)", "_exception(a)"),
    ],
)
def test_av22_no_rule_states_what_only_the_engine_may(head, rules_file):
    assert codes(f"{head}.", rules_file) == {"N304"}


@pytest.mark.parametrize(
    "text",
    [
        "p(X, Y, Z) :- d(X), d(Y), d(Z). d(1..10000).",
        "n(0). n(X + 1) :- n(X).",
        "p(1..1000000000).",
        "n(s(X)) :- n(X). n(z).",
    ],
)
def test_av23_grounding_without_end_is_ended(text, rules_file, monkeypatch):
    monkeypatch.setattr(guard, "_GUARD", guard.Guard(seconds=2))
    with pytest.raises(NesyError, match=r"N305|N316|N321"):
        Engine.load(rules=[rules_file(text)])
    guard._GUARD.close()


# ── Prolog ──────────────────────────────────────────────────────────────────────────────────────


def test_av25_no_text_becomes_a_goal(rules_file, tmp_path):
    from nesy.reason.agreement import over_traces

    mark = tmp_path / "written"
    path = rules_file(
        f'#defined shell/1.\nmine(x) :- shell("touch {mark}").\nyours(x) :- not mine(x).'
    )
    engine = Engine.load(rules=[path])
    found = over_traces(engine, [decided('shell("id"). I\'m fine.')])
    assert not found.differences
    assert not mark.exists()


def test_av26_no_directive_of_a_pack_runs(rules_file, tmp_path):
    mark = tmp_path / "written"
    for goal in (f'initialization(shell("touch {mark}"))', f'shell("touch {mark}")'):
        assert codes(
            f"#defined shell/1. #defined initialization/1.\n:- {goal}, drafted.", rules_file
        )
    assert not mark.exists()


def test_av29_a_poisoned_citation_is_found(tmp_path):
    """Every citation is in the checked table (test_norms.py), and no file of a user changes one."""
    poisoned = tmp_path / "law.ttl"
    poisoned.write_text(
        "@prefix nesy: <https://nesy.dev/ns#> .\n"
        'nesy:norm.e101 nesy:section "Art. 5(1)(z); recital 99" .\n',
        encoding="utf-8",
    )
    with pytest.raises(NesyError, match="N205"):
        vocabulary.load([poisoned])
