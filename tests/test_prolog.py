"""The Prolog boundary: hostile atoms, faults as diagnostics, many queries, clean exits."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import clingo
import pytest
from clingo import ast
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy.diagnostics import MissingError, NesyError
from nesy.reason import asp, prolog, translate
from nesy.rulebook import Rule

ROOT = Path(prolog.__file__).parents[2]
needs_swipl = pytest.mark.skipif(not prolog._is_there(), reason="SWI-Prolog is not installed")


def program(text):
    rules = []

    def keep(statement):
        if statement.ast_type == ast.ASTType.Rule:
            begin = statement.location.begin
            rules.append(
                Rule(f"r{len(rules)}", None, {}, "my.lp", begin.line, begin.column, statement)
            )

    ast.parse_string(text, keep)
    return translate.program(rules)


def faults(text):
    return [(f.code, f.file, f.line, f.column) for f in program(text).faults]


NAMES = st.from_regex(r"\A_{0,2}[a-z][A-Za-z0-9_']{0,6}\Z") | st.sampled_from(
    ["halt", "is", "dynamic", "table", "mod", "not", "fail", "shell", "end_of_file", "p_p", "e"]
)
STRINGS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
SYMBOLS = st.recursive(
    st.one_of(
        st.integers(-(2**31) + 1, 2**31 - 1).map(clingo.Number),
        STRINGS.map(clingo.String),
        NAMES.map(clingo.Function),
        st.sampled_from([clingo.Infimum, clingo.Supremum, clingo.Tuple_([])]),
    ),
    lambda inner: st.one_of(
        st.builds(clingo.Function, NAMES, st.lists(inner, min_size=1, max_size=3), st.booleans()),
        st.lists(inner, min_size=1, max_size=3).map(clingo.Tuple_),
    ),
    max_leaves=6,
)


@needs_swipl
@settings(max_examples=300, deadline=None)
@given(NAMES, st.lists(SYMBOLS, max_size=4))
def test_any_symbol_goes_to_prolog_and_back(name, arguments):
    facts = [clingo.Function(name, arguments), clingo.Function("given", [clingo.Tuple_(arguments)])]
    loaded = prolog.load(program("back(X) :- given(X)."))
    assert loaded.solve(facts) == {f"back({clingo.Tuple_(arguments)})"}
    assert loaded.ask("given(X)", facts) == [{"X": clingo.Tuple_(arguments)}]
    assert loaded.solve([]) == frozenset()


@needs_swipl
@pytest.mark.parametrize(
    "name",
    ["a b", "X", "", "p), halt, p(", "'", "p:-shell", "é", "_", "a\nb", "9", "halt.", "a/*"],
)
def test_a_name_clingo_could_not_read_is_refused(name):
    loaded = prolog.load(program("p(X) :- q(X)."))
    for fact in (
        clingo.Function(name, [clingo.Number(1)]),
        clingo.Function("q", [clingo.Function("f", [clingo.Function(name or "A")])]),
    ):
        with pytest.raises(NesyError, match="N407"):
            loaded.solve([fact])
    assert loaded.solve([]) == frozenset()


@needs_swipl
@pytest.mark.parametrize("fact", ["1", '"q(1)"', "-q(1)", "#inf", "(1,2)"])
def test_what_is_no_atom_is_refused(fact):
    with pytest.raises(NesyError, match="N407"):
        prolog.load(program("p(X) :- q(X).")).solve([clingo.parse_term(fact)])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.\n {b} :- a.", [("N401", "my.lp", 2, 2)]),
        ("a ; b :- c.", [("N401", "my.lp", 1, 1)]),
        (":- a.", [("N401", "my.lp", 1, 1)]),
        ("a :- b.\n  -a :- c.", [("N402", "my.lp", 2, 3)]),
        ("a :- b,\n  not -c.", [("N402", "my.lp", 2, 7)]),
        ("a(@other(X)) :- b(X).", [("N402", "my.lp", 1, 3)]),
        ("a(X) :- b(X), X = @other(1..2).", [("N402", "my.lp", 1, 19)]),
        ("a :- &sum { x } > 3.", [("N402", "my.lp", 1, 6)]),
        ("a :- not b. b :- not a.", [("N403", "my.lp", 1, 1), ("N403", "my.lp", 1, 13)]),
        ("a(X) :- X < 3.", [("N404", "my.lp", 1, 1)]),
    ],
)
def test_what_has_no_translation_says_where_and_why(text, found):
    assert faults(text) == found
    for fault in program(text).faults:
        assert fault.why and fault.fix
    with pytest.raises(NesyError, match=found[0][0]):
        program(text).require_complete()


def test_a_predicate_with_one_rule_left_out_is_left_out_whole():
    found = program("{p(1)}. p(2). q(X) :- p(X).")
    assert found.derived == {("q", 1)}
    assert ("p", 1) in found.looked_at


def test_the_text_names_the_place_of_each_rule_and_is_stable():
    text = "p(X) :- q(X),\n  not r(X).\np(3).\n"
    found = program(text)
    assert found.text == program(text).text
    assert found.text.splitlines() == [
        ":- dynamic p_q/1.",
        ":- dynamic p_r/1.",
        ":- dynamic f_p/1.",
        "",
        "p_p(A0) :- f_p(A0).",
        "% my.lp:1 r0",
        "p_p(X) :- p_q(X), \\+ p_r(X).",
        "% my.lp:3 r1",
        "p_p(3).",
    ]


@needs_swipl
def test_a_clause_prolog_refuses_is_told_at_its_rule_and_the_engine_lives_on():
    broken = program("p(X) :- q(X).\n\nr(X) :- q(X).")
    at = [line for line, _ in broken.lines].index("p_r(X) :- p_q(X).")
    rule = broken.lines[at][1]
    broken.lines[at] = ("p_r(X) :- p_q(X", rule)
    for _ in range(3):
        with pytest.raises(NesyError, match=r"my.lp:3:1: N405") as caught:
            prolog.load(broken)
        assert "yntax error" in str(caught.value)
    assert prolog.load(program("p(X) :- q(X).")).solve(asp.symbols(["q(1)"])) == {"p(1)"}


@needs_swipl
def test_rules_without_end_stop(monkeypatch):
    prolog.load(program(""))
    prolog._once("nesy_runtime:(retractall(most_inferences(_)), assertz(most_inferences(200000)))")
    try:
        loaded = prolog.load(program("n(0). n(X+1) :- n(X)."))
        with pytest.raises(NesyError, match=r"N406 .*\n.*more inferences"):
            loaded.solve([])
    finally:
        prolog._once(
            "nesy_runtime:(retractall(most_inferences(_)), assertz(most_inferences(500000000)))"
        )
    assert prolog.load(program("p(X) :- q(X).")).solve(asp.symbols(["q(1)"])) == {"p(1)"}


@needs_swipl
def test_ask_takes_a_goal_in_rule_syntax():
    loaded = prolog.load(program("p(X,Y) :- q(X), Y = X+1."))
    facts = asp.symbols(["q(1)", "q(2)"])
    numbers = [{"X": clingo.Number(x), "Y": clingo.Number(x + 1)} for x in (1, 2)]
    assert loaded.ask("p(X,Y)", facts) == numbers
    assert loaded.ask("p(X,Y), not q(Y).", facts) == numbers[1:]
    assert loaded.ask("q(1)", facts) == [{}]
    assert loaded.ask("q(3)", facts) == []
    assert loaded.ask("N = #count { X : q(X) }", facts) == [{"N": clingo.Number(2)}]
    assert loaded.ask("never(X)", facts) == []


@needs_swipl
@pytest.mark.parametrize(
    "goal",
    [
        "",
        "q(1). halt",
        "q(1), halt)",
        "q(X) :- true",
        '#include "/etc/passwd"',
        "X",
        "1",
        "q(1;2)",
        "{q(1)}. #script (python) #end",
        "q(1).\n:- q(2",
    ],
)
def test_what_is_no_goal_is_refused(goal):
    with pytest.raises(NesyError, match=r"N30[02]"):
        prolog.load(program("p(X) :- q(X).")).ask(goal, [])


@needs_swipl
def test_words_of_prolog_in_a_goal_are_predicates_like_others():
    loaded = prolog.load(program("p(X) :- q(X)."))
    for goal in ("halt", "shell(ls)", 'shell("ls")', "fail", "not halt, not shell(1)"):
        assert loaded.ask(goal, []) == ([{}] if goal.startswith("not") else [])


@needs_swipl
@pytest.mark.slow
def test_ten_thousand_queries_stay_clean():
    loaded = prolog.load(program("p(X,Y) :- q(X,Y). p(X,Z) :- p(X,Y), q(Y,Z). r :- not p(_,_)."))
    for number in range(10_000):
        facts = asp.symbols([f"q({number},a)", f"q(a,{number + 1})"])
        assert len(loaded.solve(facts)) == 3
        if number == 0:  # the first query loads libraries
            before = _modules()
    assert loaded.solve([]) == {"r"}
    assert _modules() == before


def _modules() -> int:
    return int(prolog._once("aggregate_all(count, current_module(_), Text)")["Text"])


@needs_swipl
def test_threads_take_turns():
    loaded = prolog.load(program("p(X) :- q(X)."))
    wrong = []

    def work(number):
        for _ in range(100):
            if loaded.solve(asp.symbols([f"q({number})"])) != {f"p({number})"}:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def child(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env={**os.environ, **environment},
    )


SOLVE = """
from nesy.reason import prolog, translate
from nesy.diagnostics import NesyError
loaded = prolog.load(translate.program([]))
print(sorted(loaded.solve([])))
"""


@needs_swipl
@pytest.mark.parametrize(
    "last",
    [
        "",
        "import threading as t; w = t.Thread(target=loaded.solve, args=([],)); w.start(); w.join()",
        "\ntry: loaded._told('x')\nexcept ValueError: pass",
        "loaded.ask('nothing', [])",
    ],
)
def test_the_interpreter_ends_cleanly(last):
    done = child(SOLVE + last)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_without_swipl_the_fault_is_n910_with_exit_3():
    code = (
        "import sys; from nesy.cli import main; sys.argv = ['nesy', 'check', '--engines']; main()"
    )
    for environment in (
        {"PATH": "/nonexistent"},
        {"PATH": "/nonexistent", "LIBSWIPL_PATH": "/nowhere.so", "SWI_HOME_DIR": "/nowhere"},
        {"LIBSWIPL_PATH": "/nowhere.so", "SWI_HOME_DIR": "/nowhere"},
    ):
        done = child(code, **environment)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith("N910 SWI-Prolog is not installed")
        assert "apt-get install swi-prolog" in done.stderr
        assert "brew install swi-prolog" in done.stderr


def test_a_missing_engine_is_a_missing_error(monkeypatch):
    monkeypatch.setattr(prolog, "_is_there", lambda: False)
    prolog._swipl.cache_clear()
    try:
        with pytest.raises(MissingError, match="N910"):
            prolog.load(program("only_here(1)."))
    finally:
        prolog._swipl.cache_clear()
