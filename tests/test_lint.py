"""Rules are checked before they are believed; the shipped ones are free of faults."""

import resource
import shutil
import sys
import time
from pathlib import Path

import pytest
from clingo import ast
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import rulebook
from nesy.check import lint
from nesy.diagnostics import NesyError
from nesy.predicates import PREDICATES
from nesy.reason import asp, guard
from nesy.reason.engine import Engine


@pytest.fixture
def faults(words, rules_file):
    def of(text):
        with pytest.raises(NesyError) as caught:
            lint.require_sound(rulebook.load(None, [rules_file(text)]), words)
        return [(d.code, d.line, d.column) for d in caught.value.diagnostics]

    return of


def test_the_shipped_rules_are_free_of_faults(words):
    assert lint.check(rulebook.load(), words) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine(F) :- expresion(F, smile, C).", [("N301", 1, 12)]),
        ("mine(F) :- expression(F, smile).", [("N301", 1, 12)]),
        ("mine(F) :- face(F), not nowhere(F).", [("N301", 1, 21)]),
        ("mine :- 1 < #count { F : nowhere(F) }.", [("N301", 1, 26)]),
        ("mine(F) :- face(F) : nowhere(F).", [("N301", 1, 22)]),
        ("{ mine(F) : nowhere(F) }.", [("N301", 1, 13)]),
        ("mine(X) :- face(F).", [("N303", 1, 6)]),
        ("a.\nmine(F, X) :- face(F), not face(Y).", [("N303", 2, 9), ("N303", 2, 33)]),
        ("context(support) :- face(F).", [("N304", 1, 1)]),
        ("consent(research).", [("N304", 1, 1)]),
        ("{ notice(ai) }.", [("N304", 1, 3)]),
        ("notice(ai) | mine.", [("N304", 1, 1)]),
        ("expression(F, smile, 900) :- face(F).", [("N304", 1, 1)]),
        ("table1(smile, anger).", [("N304", 1, 1)]),
        ("reads(F, joy, 900) :- face(F).", [("N304", 1, 1)]),
        ("reading(F, joy) :- face(F).", [("N304", 1, 1)]),
        ("_evidence(0, (), f1, joy, 900) :- face(f1).", [("N304", 1, 1)]),
        ("mine(F, C ** 2) :- expression(F, smile, C).", [("N305", 1, 9)]),
        ("mine(F) :- expression(F, smile, C), C > 4000000000.", None),
        ("mine(F) :- expression(F, smile, C), C > 1000001.", [("N305", 1, 41)]),
        ("evidence(F, joy, @sqrt(C)) :- expression(F, smile, C).", [("N306", 1, 18)]),
        ("evidence(F, joy, @__class__(C)) :- expression(F, smile, C).", [("N306", 1, 18)]),
        ("evidence(F, joyy, 500) :- face(F).", [("N307", 1, 13)]),
        ('evidence(F, "joy", 500) :- face(F).', [("N307", 1, 13)]),
        ("evidence(F, (joy; joyy), 500) :- face(F).", [("N307", 1, 19)]),
        ("mine(F) :- expression(F, (smile; smil), _).", [("N307", 1, 34)]),
        ("mine(F) :- au(F, 99, _, _).", [("N307", 1, 18)]),
        ("mine :- cue(hedges, _).", [("N307", 1, 13)]),
        ("mine :- context(work).", [("N307", 1, 17)]),
        ("forbidden(asert, e111) :- drafted.", [("N307", 1, 11)]),
        ("forbidden(question, e999) :- drafted.", [("N307", 1, 21)]),
        (":- forbidden(A, N), drafted.", [("N308", 1, 1)]),
        ("{ forbidden(question, e111) } :- drafted.", [("N308", 1, 1)]),
        ("forbidden(question, e111) | hold(e111) :- drafted.", [("N308", 1, 1)]),
        (
            "forbidden(question, e111) :- not hold(e111), drafted.\n"
            "hold(e111) :- not forbidden(question, e111), drafted.",
            [("N309", 1, 30)],
        ),
        ("hold(e111) :- 0 = #count { A : forbidden(A, e111) }, not hold(e111).", [("N309", 1, 54)]),
        ("exempt(e101) :- purpose(safety).", [("N610", 1, 1)]),
        ("forbidden(question, e111) :- context(support).", [("N612", 1, 1)]),
        ("in_force(e111).", [("N314", 1, 1)]),
        ("overridden(question, e111, e601).", [("N314", 1, 1)]),
        ("performed(question).", [("N314", 1, 1)]),
        ("-mine(F) :- face(F).", [("N315", 1, 1)]),
        ("{ -mine(F) } :- face(F).", [("N315", 1, 3)]),
        ("p(1..1000000000).", [("N316", 1, 3)]),
        ("p(X) :- X = -10001..0.", [("N316", 1, 13)]),
        ("n(s(X)) :- n(X).", [("N316", 1, 1)]),
        ("n(s(X)) :- m(X). m(X) :- n(X).", [("N316", 1, 1)]),
    ],
)
def test_a_fault_is_told_at_its_place(faults, text, expected):
    found = faults(text)
    assert found == expected if expected else [code for code, *_ in found] == ["N305"]


@pytest.mark.parametrize(
    "text",
    [
        "evidence(F, joy, C) :- expression(F, (smile; frown), C), C >= 500.",
        "evidence(F, joy, @log_odds(C)) :- expression(F, smile, C).",
        "#defined later/1. mine(F) :- later(F).",
        ":- reading(F, joy), reading(G, anger), F != G.",
        "{ mine(F) } :- face(F). evidence(F, joy, 500) :- mine(F).",
        "mine(F) | yours(F) :- face(F).",
        '%! my.norm "words"\n%  source: ours\n'
        "forbidden(question, e111) :- context(workplace), reads(F, anger, P), P > 500.",
        "path(X, Y) :- suggests(X, Y). path(X, Z) :- path(X, Y), path(Y, Z).",
        "step(0). step(N + 1) :- step(N), N < 10.",
        "p(1..10000).",
        "pair(f(X)) :- face(X).",
    ],
)
def test_what_is_sound_is_let_pass(words, rules_file, text):
    lint.require_sound(rulebook.load(None, [rules_file(text)]), words)


def test_every_fault_of_every_file_is_told(words, rules_file):
    files = [
        rules_file("a :- nowhere.\nevidence(F, joyy, 5) :- face(F).", "one.lp"),
        rules_file("consent(research).", "two.lp"),
    ]
    found = lint.check(rulebook.load(None, files), words)
    assert [(d.code, d.file, d.line) for d in found] == [
        ("N301", str(files[0]), 1),
        ("N307", str(files[0]), 2),
        ("N304", str(files[1]), 1),
    ]


def test_the_mend_names_what_was_meant(words, rules_file):
    book = rulebook.load(None, [rules_file("mine(F) :- expression(F, smile). o :- faec(_).")])
    first, second = lint.check(book, words)
    assert first.fix == "write expression(F, smile, _)"
    assert second.fix == "did you mean face? or add `#defined faec/1.`"


@pytest.mark.parametrize(
    "signature", sorted(s for s, p in PREDICATES.items() if p.stratum == "input")
)
def test_no_rule_may_state_what_a_channel_states(faults, signature):
    name, arity = signature
    head = f"{name}({','.join('abcd'[:arity])})" if arity else name
    assert ("N304", 1, 1) in faults(f"{head}.")


def test_an_engine_is_not_loaded_with_unsound_rules(rules_file):
    with pytest.raises(NesyError, match="N307"):
        Engine.load(rules=[rules_file("evidence(F, joyy, 500) :- face(F).")])


# ── What does not end ───────────────────────────────────────────────────────────────────────────

ENDLESS = [
    "p(1..1000000000).",
    "n(0). n(s(X)) :- n(X).",
    "n(0). n(X + 1) :- n(X).",
    "b(1..1000). c(X, Y, Z, W) :- b(X), b(Y), b(Z), b(W).",
]


@pytest.mark.parametrize("program", ENDLESS)
def test_grounding_without_end_is_ended_elsewhere(program):
    short = guard.Guard(seconds=1, most=2**30)
    asked(short, "a.")
    first, begin = short.pid, time.monotonic()
    with pytest.raises(NesyError, match="N321"):
        asked(short, program)
    assert time.monotonic() - begin < 2
    (found,) = asked(short, "b(X) :- a(X).", "a(7)")  # the next program finds a fresh process
    assert set(map(str, found)) == {"a(7)", "b(7)"}
    assert short.pid != first
    short.close()


def test_what_this_process_has_taken_is_not_held_against_the_other():
    taken = bytearray(700 * 2**20)
    taken[:: 2**12] = b"x" * len(taken[:: 2**12])
    short = guard.Guard(seconds=5, most=2**30)
    asked(short, "a.")
    first = short.pid
    asked(short, "b.")
    assert first is not None and short.pid == first
    short.close()


def asked(process, program, *facts):
    statements = []
    ast.parse_string(program, statements.append)
    return process.solve(statements, asp.symbols(facts), guard.Asked("", 0, shown=False), "mine.lp")


def test_too_much_memory_is_ended_as_well():
    small = guard.Guard(seconds=60, most=200 * 2**20)
    with pytest.raises(NesyError, match=r"N321.*\n.*200 MB"):
        asked(small, ENDLESS[0])
    small.close()


@settings(max_examples=50)
@given(
    st.lists(
        st.sampled_from(["a(X) :- b(X), not c(X).", "{ d(X) } :- b(X).", "e(s(X),X) :- d(X)."])
    ),
    st.lists(st.sampled_from(["b(1)", 'b("x \\" (")', "b(-3)", "c(1)", "c(f((1,),a))", "b(#sup)"])),
)
def test_elsewhere_the_answer_sets_are_the_same(rules, facts):
    statements = []
    ast.parse_string("\n".join(rules), statements.append)
    here = asp.solve(statements, asp.symbols(facts))
    elsewhere = asp.solve(statements, asp.symbols(facts), guarded="mine.lp")
    assert {answer.atoms for answer in here} == {answer.atoms for answer in elsewhere}


def test_what_comes_back_is_limited(rules_file):
    process = guard.Guard(seconds=20)
    for program in ("p(1..100001).", "n(z, 0). n(s(X), I + 1) :- n(X, I), I < 300."):
        with pytest.raises(NesyError, match="N323"):
            asked(process, program)
    process.close()


def test_the_process_opens_no_file_and_keeps_no_secret(monkeypatch):
    monkeypatch.setenv("NESY_SECRET", "s3cret")
    process = guard.Guard()
    asked(process, "a.")
    if sys.platform == "linux":
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (3, 3)
        environment = Path(f"/proc/{process.pid}/environ").read_text(encoding="utf-8")
        assert "s3cret" not in environment
    process.close()


def test_nothing_beside_a_rule_file_is_imported(tmp_path, monkeypatch):
    """A folder of a stranger may hold a module of the name of one of ours."""
    for name in ("json", "clingo", "nesy", "resource"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    process = guard.Guard()
    assert asked(process, "a.")
    process.close()


def test_a_machine_that_starts_no_process_says_so(monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(NesyError, match="N907"):
        asked(guard.Guard(), "a.")


def test_a_program_that_clingo_refuses_has_ended(rules_file):
    path = rules_file("a(X) :- not b(X).\nb(1).")
    statements = [rule.statement for rule in rulebook.read_pack(path).rules]
    with pytest.raises(NesyError) as refused:
        asp.solve(statements, [], guarded="mine.lp")
    (fault,) = refused.value.diagnostics
    assert (fault.code, fault.file, fault.line, fault.column) == ("N303", "mine.lp", 1, 3)


def test_rules_that_pass_the_lint_and_do_not_end_are_refused(rules_file, monkeypatch):
    monkeypatch.setattr(guard, "_GUARD", guard.Guard(seconds=2))
    path = rules_file("b(1..1000). c(X, Y, Z) :- b(X), b(Y), b(Z).")
    with pytest.raises(NesyError, match="N321"):
        Engine.load(rules=[path])
    guard._GUARD.close()


@pytest.mark.parametrize(
    "rule",
    [
        "evidence(F, joy, X) :- speaker(F), b(X), b(Y), b(Z).",  # while interpreting
        '%! my.hold "words"\n%  source: ours\nhold(e601) :- b(X), b(Y), b(Z), X + Y + Z < 0.',
    ],
)
def test_rules_that_only_a_case_sets_off_hold_its_reply(rules_file, monkeypatch, rule):
    """Nothing fires without a case; then it does not end, and the case fails closed."""
    from nesy import pipeline
    from nesy.trace import Case

    monkeypatch.setattr(guard, "_GUARD", guard.Guard(seconds=2))
    path = rules_file(f"b(1..1000) :- context(support).\n{rule}")
    engine = Engine.load(rules=[path])
    cases = [Case(id="a", line="hi", declared={"context": ("support",)}), Case(id="b", line="hi")]
    held, released = pipeline.run(cases, engine=engine)
    assert held.failure.diagnostics[0].code == "N321"
    assert held.verdict.status == "hold"
    assert released.failure is None
    guard._GUARD.close()


def test_too_many_answer_sets_are_refused(rules_file, monkeypatch):
    monkeypatch.setattr(asp, "MOST_ANSWER_SETS", 10)
    statements = [r.statement for r in rulebook.read_pack(rules_file("{ a(1..4) }.")).rules]
    with pytest.raises(NesyError, match="N320"):
        asp.solve(statements, [])


def test_a_search_without_end_is_cancelled(rules_file, monkeypatch):
    monkeypatch.setattr(asp, "LONGEST_SOLVE", 0.5)
    pigeons = """
        1 { in(P, H) : H = 1..11 } 1 :- P = 1..12.
        :- in(P, H), in(Q, H), P < Q.
    """
    statements = [r.statement for r in rulebook.read_pack(rules_file(pigeons)).rules]
    begin = time.monotonic()
    with pytest.raises(NesyError, match="N322"):
        asp.solve(statements, [])
    assert time.monotonic() - begin < 5
