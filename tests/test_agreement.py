"""clingo and Prolog derive the same: shipped packs, and small programs of every construct."""

# ruff: noqa: E501

import random
import re
from functools import cache
from pathlib import Path

import clingo
import pytest
import typer
from clingo import ast
from hypothesis import given, settings
from hypothesis import strategies as st

import nesy
from nesy import strict_json
from nesy.cli.engines import check_engines
from nesy.diagnostics import NesyError
from nesy.reason import agreement, asp, prolog, translate
from nesy.reason.cases import case, generated
from nesy.reason.engine import Engine
from nesy.reason.terms import symbol_text
from nesy.rulebook import Rule
from nesy.trace import Case, Fact, Trace, parse_trace

pytestmark = pytest.mark.skipif(not prolog._is_there(), reason="SWI-Prolog is not installed")


@cache
def engine():
    return Engine.load()


@cache
def comparison():
    return agreement.Comparison(engine())


def rules_of(text):
    found = []

    def keep(statement):
        if statement.ast_type == ast.ASTType.Rule:
            begin = statement.location.begin
            number = len(found) + 1
            found.append(
                Rule(f"r{number}", None, {}, "small.lp", begin.line, begin.column, statement)
            )

    ast.parse_string(text, keep)
    return found


def both(text, facts=()):
    """Return what clingo and Prolog derive of a program."""
    rules = rules_of(text)
    program = translate.program(rules).require_complete()
    (answer,) = asp.solve([rule.statement for rule in rules], facts, name="small.lp")
    derived = program.derived
    expected = {str(a) for a in answer.atoms if (a.name, len(a.arguments)) in derived}
    return expected, set(prolog.Loaded(program, ()).solve(list(facts)))


# ── Every construct, by hand ──────────────────────────────────────────────────────────────────────

CONSTRUCTS = {
    "negation": "p(X) :- a(X), not b(X,_).",
    "negated nothing": "p :- not b(_,_). q :- not p. r :- not not q. s :- not not p.",
    "comparison": "p(X,Y) :- a(X), a(Y), X < Y, X != 2. q(X) :- a(X), X >= a. r(X) :- a(X), X <= #sup.",
    "chain": "p(X) :- a(X), 1 <= X < 3. q(X) :- a(X), not 1 <= X < 3. r(X) :- a(Y), X = Z = Y.",
    "negated comparison": "p(X) :- a(Y), not X != Y. q(X) :- a(X), not X = 1..2. r(X) :- a(X), not X < 2.",
    "arithmetic": "p(X+1,X-1,X*2,X/2,X\\2,-X,|X|) :- a(X). q(X**2,X&1,X?4,X^3,~X) :- a(X).",
    "signs": "p(X/Y,X\\Y) :- c(X), c(Y). q(X**Y) :- c(X), c(Y). c(-7;-2;-1;0;1;2;7).",
    "overflow": "p(X*65536*65536, 2147483647+X, 2**31, 2**40, 3**21, (-3)**21) :- a(X).",
    "linear": "p(X) :- a(X+1). q(X) :- a(2*X). r(X) :- a(3-X). s(X) :- 2*X+1 = 5. t(X) :- a(1-2*X).",
    "equations": "p(X,Y) :- b(Z,W), f(X,Y) = f(Z,W). q(X) :- a(Y), X+2 = Y. r(X,Y) :- a(X), Y = (X,f(X+1)).",
    "two sums": "p(X,Y) :- a(X), a(Y), X+1 = Y-1. q(X) :- a(Y), X+2 = Y*3.",
    "pool": "p(X) :- a(X), X = (1;a;f(b)). q(1;2,3;a). r(X;Y) :- b(X,Y). s :- b(1;2,_).",
    "interval": "p(X) :- X = 1..3. q(X,Y) :- X = 1..2, Y = X..3. r(1..3,0..1). s(X) :- a(X), a(2..4).",
    "interval in not": "p :- not a(1..2). q :- not a(3..5). r :- not a(5..4). s(X) :- X+1 = 1..3.",
    "count": "p(N) :- N = #count{X : a(X)}. q(X) :- a(X), 1 < #count{Y : b(X,Y)} <= 2. r :- 2 #count{X : a(X)} 9.",
    "count anew": "p(X,N) :- a(X), N = #count{Y,1 : b(X,Y) ; Y,2 : b(Y,X), not a(Y)}.",
    "sum": "p(N) :- N = #sum{Y,X : b(X,Y)}. q(N) :- N = #sum{X : b(_,X)}. r(N) :- N = #sum+{X : b(X,_) ; -5 ; 2}.",
    "sum of nothing": "p(N) :- N = #sum{X : b(X,X,X)}. q(N) :- N = #sum{ : a(1)}. r(N) :- N = #count{ : a(1)}.",
    "min and max": "p(N) :- N = #min{X : a(X)}. q(N) :- N = #max{X : a(X)}. r(N) :- N = #max{X : b(z,X)}. s(N) :- N = #min{X : b(z,X)}.",
    "not an aggregate": "p :- not #count{X : a(X)} > 2. q :- not not 1 < #sum{X : a(X)} < 9. r :- not 9 < #max{X : a(X)}.",
    "a set": "p(N) :- N = {a(X) : b(X,_) ; not a(1) ; not a(9) ; a(1)}. q :- 1 {a(1) ; a(2)} 1. r :- not 2 {a(_)}.",
    "sum of sums": "p(X,S) :- a(X), S = #sum{Y*2,Y : b(X,Y)}. q(X) :- a(X), X+1 <= #sum{Y : b(X,Y)}.",
    "condition": "p :- a(X) : b(X,_). q(X) :- a(X), b(Y,X) : b(X,Y). r :- not a(X) : b(X,X). s :- X < 3 : a(X).",
    "condition undefined": "p :- a(X/0) : a(X). q :- a(X+1) : a(X). r :- a(X) : a(X+1). s :- #false : a(9).",
    "truth": "p :- #true. q :- not #false. r :- #false. s :- not #true. t :- a(X), X = X.",
    "recursion": "p(X,Y) :- b(X,Y). p(X,Z) :- p(X,Y), b(Y,Z). q(X) :- p(X,X). r(X) :- a(X), not q(X).",
    "mutual recursion": "p(X) :- a(X), q(X). q(X) :- p(X). q(1). p(X+1) :- q(X), X < 9. e(X) :- q(X), not o(X). o(X) :- a(X).",
    "given and derived": "a(X) :- b(X,_). b(X,X) :- a(X). c(X) :- not a(X), X = 1..5.",
    "log odds": "p(@log_odds(X)) :- X = 0..1000. q(X) :- a(X), @log_odds(X*100) > 0.",
    "undefined": "p(X+1) :- a(X). q(X) :- a(X), X/0 = 1. r(-X) :- a(X). s(X) :- a(X), not a(X+a).",
    "terms": 'p((),(1,),(1,2),f(()),"a\\n\\"b\\\\",#inf,#sup,f(-1),-f(1)) :- a(1). q(X) :- a((X,_)).',
    "names": "_p(X) :- a(X). a'b(X_1,Y') :- b(X_1,Y'). halt :- a(_). write(X) :- a(X). not_(dynamic,is,[]) :- a(_).".replace(
        "[]", "mod"
    ),
    "interval in arithmetic": "p(X) :- X = (1..3)+1. q(X) :- a(X), X = -(-3..-1). r(X*2) :- X = 1..3. s((1..2)*(1..2)). t(X,Y) :- a(X), Y = X+(1..X), not b(Y,(1..2)+1).",
    "intervals in arithmetic": "p(Y) :- Y = 2*(1..2)+3*(0..1). q((1..1+1)..3). r(@log_odds((1..3)*100)). s(X) :- a(X), X < (1..2)+1. t(X) :- a(X), not 1 < X < (1..2)+3.",
    "interval in an aggregate": "p(N) :- N = #sum{X+(1..2) : a(X)}. q(X) :- X = #max{(1..2)*Y : a(Y)}. r :- not #sum{(1..2)+X : a(X)} > 3+(0..1). s(X) :- c(X), a(X+(1..2)) : a(X). c(1..2).",
    "computed in arithmetic": "p(-f(X+1)) :- a(X). q(X) :- a(X), X = |f(X+1)|. r(f(1..2)+1). s(-g(f(X+1),(1..2))) :- a(X). t(X) :- a(X), -g(1+X) = -g(2..4).",
    "built-ins": "halt(X) :- a(X). fail :- a(1). true :- not fail. member(X,Y) :- b(X,Y). length(X,1) :- member(X,_). value(X) :- a(X).",
    "a rule that stops itself": "p(X,X) :- b(X,Y), Y = f(X). q :- p(_,_), p(X,X), X = X. r(X,_X) :- b(X,_X).",
}

FACTS = [
    "a(1)", "a(2)", "a(3)", "a(-4)", "a(a)", "a(f(b))", 'a("a")', "a((1,2))", "a(-x)", "a(-f(1))",
    "b(1,2)", "b(2,3)", "b(3,1)", "b(2,2)", "b(a,5)", "b(1,f(1))", "b(2,a)", 'b("s",-3)',
]  # fmt: skip


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_agreement_on_every_construct(name):
    expected, found = both(CONSTRUCTS[name], asp.symbols(FACTS))
    assert found == expected
    expected, found = both(CONSTRUCTS[name])
    assert found == expected


# ── Generated programs ────────────────────────────────────────────────────────────────────────────

# {a} and {c} are unary, {b} and {d} binary predicates of lower levels; {n} and {m} integers.
UNARY = [
    "(X) :- {a}(X), {c}(X).",
    "(X) :- {a}(X), not {c}(X).",
    "(X) :- {a}(X), not {b}(X,_), X != {n}.",
    "(X) :- {b}(X,Y), Y > {n}, not {c}(Y).",
    "(X+{n}) :- {a}(X), X < {m}.",
    "(X) :- {a}(X+{n}), {b}(_,X) : {c}(X).",
    "(X) :- {a}(X), X = ({n};a;{m}).",
    "(X) :- X = {n}..{m}, not {a}(X).",
    "(N) :- N = #count{{X,Y : {b}(X,Y), not {a}(X)}}.",
    "(N) :- {a}(Z), N = #sum{{X,Y : {b}(X,Y), X >= Z ; {n}}}.",
    "(X) :- {a}(X), #max{{Y : {b}(Y,X) ; {n}}} > {m}.",
    "(N) :- N = #min{{X : {a}(X) ; Y : {b}(_,Y)}}, {c}(_).",
    "(X) :- {a}(X), not {n} <= #sum{{Y : {b}(X,Y)}} <= {m}.",
    "(X) :- {a}(X), {{ {b}(X,Y) : {c}(Y) }} {n}.",
    "(X) :- {a}(X), {b}(X,Y) : {d}(Y,X), Y != X.",
    "(X) :- {a}(X), not not {c}(X), X <= {m} < {n}+9.",
    "(X*{n}-Y) :- {b}(X,Y), {a}(Y).",
    "(@log_odds(X*100)) :- {a}(X), X > 0.",
    "(X) :- {a}(X), X = ({n}..{m})*2-1, not {b}(X,{n}+(0..1)).",
    "(X+(0..{m})) :- {a}(X), 1 <= #count {{Y : {b}(X,Y), Y != ({n}..2)+1}}.",
]
BINARY = [
    "(X,Y) :- {a}(X), {c}(Y), X < Y.",
    "(X,Y) :- {b}(X,Y), not {d}(Y,X).",
    "(X,Z) :- {b}(X,Y), {d}(Y,Z).",
    "(Y,X) :- {b}(X,Y).",
    "(X,N) :- {a}(X), N = #count{{Y : {b}(X,Y)}}.",
    "(X,X/{n}) :- {a}(X).",
    "(X,(Y,X)) :- {b}(X,Y), {a}(Y).",
    "(X,Y) :- {a}(X), Y = {n}..X.",
    "(X;{n},Y) :- {b}(X,Y), Y < X+{m}.",
]
TERMS = st.sampled_from(
    ["-2", "-1", "0", "1", "2", "3", "4", "7", "a", "b", "f(1)", '"a"', "(1,a)", "-a", "#sup"]
)
NUMBERS = st.integers(-2, 5).map(str)


@st.composite
def programs(draw):
    unary, binary, lines = ["a", "c"], ["b", "d"], []
    for level in range(draw(st.integers(1, 4))):
        arity = draw(st.sampled_from([1, 2]))
        name = f"{'pq'[arity - 1]}{level}"
        for _ in range(draw(st.integers(1, 3))):
            template = draw(st.sampled_from(UNARY if arity == 1 else BINARY))
            holes = {k: draw(st.sampled_from(unary)) for k in "ac"}
            holes |= {k: draw(st.sampled_from(binary)) for k in "bd"}
            holes |= {k: f"({draw(NUMBERS)})" for k in "nm"}
            lines.append(name + template.format(**holes))
        if arity == 2 and draw(st.booleans()):
            lines.append(f"{name}(X,Z) :- {name}(X,Y), {draw(st.sampled_from(binary))}(Y,Z).")
        (unary if arity == 1 else binary).append(name)
    return "\n".join(lines)


FACT_SETS = st.lists(
    st.one_of(
        st.builds("{}({})".format, st.sampled_from("ac"), TERMS),
        st.builds("{}({},{})".format, st.sampled_from("bd"), TERMS, TERMS),
    ),
    max_size=14,
    unique=True,
)


@settings(max_examples=300, deadline=None)
@given(programs(), FACT_SETS)
def test_agreement_on_generated_programs(text, facts):
    expected, found = both(text, asp.symbols(facts))
    assert found == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(TERMS, min_size=2, max_size=2))
def test_both_order_terms_alike(pair):
    left, right = map(clingo.parse_term, pair)
    text = f"nesy_runtime:lt({symbol_text(left)}, {symbol_text(right)})"
    prolog.load(translate.program([]))
    assert bool(list(prolog._swipl().prolog.query(text))) == (left < right)


# ── The shipped packs ─────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_the_shipped_packs_agree_on_generated_facts(seed):
    found = comparison().facts(case(engine().vocabulary, random.Random(seed)), "c1")
    assert [d.diagnostic for d in found.differences] == []
    assert found.atoms > 0


def test_the_shipped_packs_are_translated_whole():
    assert comparison().interpret.program.faults == ()
    assert comparison().govern.program.faults == ()
    voices = [c for c in comparison().interpret.program.clauses if c.derives == ("_evidence", 6)]
    assert {c.rule.id for c in voices} == {
        r.id for r in comparison().interpret.rules if ("evidence", 3) in r.heads
    }


def test_generated_cases_are_the_same_for_the_same_seed():
    words = engine().vocabulary
    assert list(generated(words, 5, 3)) == list(generated(words, 5, 3))
    assert list(generated(words, 5, 3)) != list(generated(words, 5, 4))


def test_a_difference_names_the_rule_and_its_place(monkeypatch):
    facts = asp.symbols(["speaker(f1)", "face(f1)", "expression(f1,smile,930)"])
    right = prolog.Loaded.solve

    def wrong(self, stated):
        return right(self, stated) - {"evidence(f1,joy,930)"} | {"mismatch(f1,sarcasm)"}

    monkeypatch.setattr(prolog.Loaded, "solve", wrong)
    found = comparison().interpret.compare(facts, "c1")[0]
    lost, added = sorted(found.differences, key=lambda d: d.atom)
    assert (lost.only, added.only) == ("clingo", "Prolog")
    assert "table1.smile.joy" in [rule.id for rule in lost.rules]
    assert "table1.smile.friendliness" not in [rule.id for rule in lost.rules]
    assert added.diagnostic.code == "N400"
    assert added.diagnostic.file == "rules/interpret/mismatch.lp"
    assert "mismatch.sarcasm_eyes (rules/interpret/mismatch.lp:" in added.diagnostic.why
    assert not found


def test_what_prolog_cannot_decide_comes_from_the_answer_set(tmp_path):
    file = tmp_path / "mine.lp"
    file.write_text(
        "1 { told(F); told(F, no) } 1 :- face(F).\nheard(F) :- told(F).\n:- told(f1, no)."
    )
    mine = agreement.Comparison(Engine.load(packs=["table1"], rules=[file]))
    found = mine.facts(asp.symbols(["face(f1)", "face(f2)"]), "c1")
    assert found, found.differences
    assert [(n.code, n.line) for n in found.notes] == [("N401", 1), ("N401", 3)]


def test_a_disjunction_comes_from_the_answer_set_and_what_rests_on_it_is_derived(tmp_path):
    file = tmp_path / "mine.lp"
    file.write_text(
        "told(F) ; told(F, no) :- face(F).\n"
        "heard(N) :- N = #count { F : told(F) ; F : told(F, no) }, not not face(_).\n"
        "all :- told(F) : face(F), not told(F, no) ; face(_).\n"
    )
    mine = agreement.Comparison(Engine.load(packs=["table1"], rules=[file]))
    found = mine.facts(asp.symbols(["face(f1)", "face(f2)"]), "c1")
    assert found, found.differences
    assert [(n.code, n.line) for n in found.notes] == [("N401", 1)]
    assert {("heard", 1), ("all", 0)} <= mine.interpret.program.derived


def test_a_trace_without_facts_is_refused():
    with pytest.raises(NesyError, match="N408"):
        agreement.over_traces(engine(), [Trace(case=Case(id="c1"))])


# ── nesy check --engines ──────────────────────────────────────────────────────────────────────────


def trace(tmp_path):
    atoms = ["speaker(f1)", "face(f1)", "expression(f1,smile,930)", "line_valence(positive,800)"]
    origins = ["declared", "image", "image", "line"]
    facts = [Fact(atom=a, origin=o) for a, o in zip(atoms, origins, strict=True)]
    file = tmp_path / "traces.jsonl"
    file.write_text(Trace(case=Case(id="c7"), facts=tuple(facts)).as_json() + "\n")
    return file


def test_check_engines_over_generated_cases(capsys):
    check_engines(cases=3, seed=5)
    told = capsys.readouterr().out
    assert re.fullmatch(r"clingo and Prolog agree on \d{3,} atoms in 3 cases\n", told)


def test_check_engines_over_traces_and_rules_of_yours(tmp_path, capsys):
    mine = tmp_path / "mine.lp"
    mine.write_text("evidence(F, joy, N) :- speaker(F), N = #count { E : expression(F,E,_) }.\n")
    check_engines([trace(tmp_path), mine])
    assert "atoms in 1 case\n" in capsys.readouterr().out
    check_engines([trace(tmp_path), mine], json_=True)
    assert capsys.readouterr().out == "[]\n"


@pytest.fixture
def inferences():
    """Set how many inferences Prolog may take for a case, for one test."""

    def allow(most):
        said = f"retractall(most_inferences(_)), assertz(most_inferences({most}))"
        prolog._once(f"nesy_runtime:({said})")

    yield allow
    allow(500_000_000)


def test_prolog_derives_what_others_rest_on_once(inferences):
    demo = Path(nesy.__file__).parents[1] / "benchmarks" / "demo" / "observations.jsonl"
    rows = [parse_trace(value, file="demo", line=at) for at, value in strict_json.lines(demo)]
    slow = [row for row in rows if row.case.id in ("fine_troubled_smile", "fine_pressed_lips")]
    inferences(2_000_000)
    found = agreement.over_traces(engine(), slow)
    assert found
    assert found.cases == 2


def test_a_case_that_prolog_gives_up_is_named(tmp_path, inferences, nesy):
    inferences(100)
    told = nesy("check", "--engines", trace(tmp_path))
    assert told.code == 2
    assert "N406 Prolog did not finish, in c7, rules/interpret" in told.err


def test_check_engines_ends_with_1_where_they_differ(tmp_path, capsys, monkeypatch):
    right = prolog.Loaded.solve
    lost = {"evidence(f1,joy,930)"}
    monkeypatch.setattr(prolog.Loaded, "solve", lambda self, facts: right(self, facts) - lost)
    with pytest.raises(typer.Exit) as ended:
        check_engines([trace(tmp_path)])
    assert ended.value.exit_code == 1
    told = capsys.readouterr().out
    assert re.match(r"rules/interpret/\w+.lp:\d+:1: N400 evidence\(f1,joy,930\) is derived", told)
    assert "by clingo alone, in c7" in told
    assert "and differ on 1" in told
