"""Many cases at once: what is lifted answers as what is solved case by case, byte for byte."""

import json
from dataclasses import replace
from datetime import date
from itertools import chain, islice
from math import prod
from pathlib import Path

import clingo
import pytest
from clingo import ast
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import pipeline
from nesy.benchmarks.speed.cases import traces
from nesy.benchmarks.speed.general import over_all_rules
from nesy.cli.streaming import Asked, written
from nesy.diagnostics import NesyError
from nesy.govern import govern
from nesy.interpret import interpret
from nesy.reason import asp
from nesy.reason.bulk import CHUNK, Bulk, govern_many, interpret_many
from nesy.reason.cases import generated
from nesy.reason.engine import Engine
from nesy.reason.lift import CASE, CannotLift, lift, over_case, shown
from nesy.reason.workers import spread
from nesy.rulebook import Rulebook, read_pack
from nesy.trace import Case, Trace, parse_trace, read_traces
from nesy.weights import Weights
from tests.strategies import cases as some_case
from tests.strategies import observations

DEMO = Path(__file__).parents[1] / "benchmarks" / "demo" / "observations.jsonl"
DAY = date(2026, 11, 21)


def parsed(text):
    statements = []
    ast.parse_string(text, statements.append)
    return statements[1:]


def symbols(text):
    return [clingo.parse_term(atom) for atom in text.split()]


# ── The program ──────────────────────────────────────────────────────────────────────────────────


def answers(text, facts, show):
    """Return what is shown of each answer set of a program of one case, as text."""
    found = asp.solve(parsed(text), facts, show=show)
    return sorted(sorted(map(str, answer.atoms)) for answer in found)


def lifted_answers(text, cases, show):
    """Return the same for each case, from one program over all of them."""
    program = lift(parsed(text))
    facts = [clingo.Function(CASE, [clingo.Number(n)]) for n in range(len(cases))]
    facts += [over_case(f, n) for n, case in enumerate(cases) for f in case]
    asked = parsed("\n".join(["#show.", *(shown(s) for s in sorted(show - program.constant))]))
    common = asp.solve(program.common, [], show=show & program.constant)
    kept = asp.solve(program.common, [], show=program.constant)
    assert len(common) == 1
    found = asp.solve([*program.rules, *asked], [*facts, *kept[0].atoms], show=frozenset())
    of = [set() for _ in cases]
    for answer in found:
        pairs = [atom.arguments for atom in answer.atoms]
        for number in range(len(cases)):
            own = [str(atom) for case, atom in pairs if case.number == number]
            of[number].add(tuple(sorted([*own, *map(str, common[0].atoms)])))
    assert len(found) == prod(map(len, of))
    return [sorted(map(list, each)) for each in of]


FACTS = [[], symbols("p(1) p(3) q(1,2) z"), symbols("p(1) p(2) q(2,2) q(1,3)"), symbols("q(3,3) z")]
CONSTRUCTS = {
    "a normal rule": "a(X) :- p(X), not q(X,_).",
    "a recursive one": "a(X) :- q(X,_). a(Y) :- a(X), q(X,Y).",
    "a fact": "a(5). b(X) :- a(X), p(_).",
    "a rule of constants": "k(1;2). k2(X+1) :- k(X). a(X) :- k2(X), p(X).",
    "an empty body that chooses": "{ a(1) }.",
    "no atom of a case": "k(1). a(X) :- k(X), not z.",
    "nothing but negation": "a(1) :- not p(1).",
    "no arguments": "w :- z. a(1) :- not w. a(2) :- not not z.",
    "a comparison": "a(X) :- p(X), X < 2, X != 3.",
    "an interval": "a(1..X) :- p(X).",
    "arithmetic": "a(X*10+Y) :- q(X,Y).",
    "a pool in the head": "a(X;X+1) :- p(X).",
    "a pool of two arities": "a(X;X,7) :- p(X).",
    "a pool in the body": "a(1) :- p(1;3). a(X) :- q(X,(2;3)).",
    "a count": "a(N) :- N = #count { X : p(X) }.",
    "a sum": "a(N) :- N = #sum { Y,X : q(X,Y), not p(Y) }, z.",
    "a bound": "a(1) :- 2 <= #count { X : p(X); X,Y : q(X,Y) }.",
    "an aggregate of literals": "a(1) :- { p(X) : q(X,_) } >= 1.",
    "the least": "a(M) :- M = #min { X : p(X) }, p(_).",
    "a condition": "a(1) :- p(X) : q(X,_).",
    "a condition beside an atom": "a(X) :- p(X), not q(X,Y) : p(Y).",
    "a choice": "1 { a(X) : p(X) } 1 :- p(_).",
    "a choice of constants": "k(1;2). { a(X) : k(X) } 1 :- z.",
    "a disjunction": "a(X) ; b(X) :- p(X).",
    "a conditional disjunction": "a(X) : p(X) :- z, p(_).",
    "a constraint": "{ a(X) } :- p(X). :- a(1), a(2).",
    "a head aggregate": "1 <= #count { X : a(X) : p(X) } <= 1 :- p(_).",
    "classical negation": "-a(X) :- p(X). a(X) :- q(_,X), not -a(X). b(X) :- -a(X).",
    "a variable of our name": "a(Case) :- p(Case), not q(Case,_).",
    "a symbol in a term": "a(p(X),f(X,z)) :- p(X).",
    "a shown predicate": "#show a/1. #defined r/2. a(X) :- p(X), not r(X,X).",
    "a function of rules": "a(@log_odds(X*400)) :- p(X).",
}
SHOW = frozenset({("a", 1), ("a", 2), ("b", 1), ("k", 1), ("k2", 1), ("w", 0)})


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_every_construct_is_lifted(name):
    text = CONSTRUCTS[name]
    together = lifted_answers(text, FACTS, SHOW)
    assert together == [answers(text, facts, SHOW) for facts in FACTS]
    assert any(found != [[]] for found in together)


def test_what_the_ontology_entails_is_derived_once():
    program = lift(
        parsed("k(1;2). m(X) :- k(X). n(X) :- m(X), cue(X,_). emotion_of(E) :- emotion(E).")
    )
    assert {("k", 1), ("m", 1), ("emotion_of", 1)} <= program.constant
    assert ("n", 1) not in program.constant
    assert len(program.common) == 3
    assert lift(parsed("k(1;2)."), given=frozenset({("k", 1)})).constant.isdisjoint({("k", 1)})


@pytest.mark.parametrize(
    "text",
    [":~ p(X). [X]", "#external p(1).", "a :- &sum { x } > 1.", "_of_p(1) :- z.", "_case(1)."],
)
def test_what_has_no_lifted_form_is_refused(text):
    with pytest.raises(CannotLift):
        lift(parsed(("#theory t { v { }; &sum/0 : v, {>}, v, body }." * ("&" in text)) + text))


heads = st.sampled_from(["a(X)", "b(X)", "a(X,X)", "c"])
literals = st.sampled_from(
    [
        *("a(X)", "b(Y)", "not b(X)", "not c", "q(X,Y)", "not q(Y,X)", "k(X)", "X < Y", "z"),
        *("not z", "#count { Z : q(Z,_) } > 1", "not a(Z) : k(Z)", "not not p(X)"),
    ]
)
programs = st.lists(st.tuples(heads, st.lists(literals, max_size=3)), min_size=1, max_size=5)
facts = st.sets(
    st.sampled_from(symbols("p(1) p(2) p(3) q(1,2) q(2,1) q(2,3) q(3,3) z")), max_size=6
).map(sorted)


@given(programs, st.lists(facts, min_size=2, max_size=3))
@settings(max_examples=80)
def test_a_lifted_program_answers_as_each_case_alone(rules, some):
    text = "k(1..2). " + " ".join(
        f"{head} :- p(X), p(Y){''.join('; ' + b for b in body)}." for head, body in rules
    )
    alone = [answers(text, case, SHOW) for case in some]
    if all(alone) and prod(map(len, alone)) < 500:
        distinct = [sorted({tuple(a) for a in found}) for found in alone]
        assert lifted_answers(text, some, SHOW) == [sorted(map(list, found)) for found in distinct]


# ── Readings and norms ───────────────────────────────────────────────────────────────────────────


def book_of(rules_file, text, name="own.lp"):
    """A rulebook of one pack that counts as shipped, so that its rules are lifted."""
    return Rulebook((read_pack(rules_file(text, name), "interpret"),))


# An interval over what differs from case to case: only clingo evaluates it.
BLENDS = "blend(F, E, 1..2) :- claim(F, E, C), C > 900."
OBLIGES = "in_force(1..2) :- line_act(thanks, _)."


@pytest.fixture(scope="module")
def lifting(shipped, tmp_path_factory):
    """The shipped rules with one in each stratum that has them lifted."""
    own = []
    for stratum, text in (("interpret", BLENDS), ("govern", OBLIGES)):
        file = tmp_path_factory.mktemp("packs") / f"{stratum}.lp"
        file.write_text(text, encoding="utf-8")
        own.append(read_pack(file, stratum))
    return replace(shipped, rulebook=Rulebook((*shipped.rulebook.packs, *own)))


@pytest.mark.slow
def test_generated_cases_are_lifted_and_read_and_governed_the_same(lifting):
    some = [
        [a for a in case if a.name not in ("reads", "drafted") and not a.match("reply_act", 1)]
        for case in generated(lifting.vocabulary, 60, seed=5)
    ] + list(generated(lifting.vocabulary, 40, seed=6))
    book, weighed, static = lifting.rulebook, lifting.weights, lifting.static
    at_once = list(interpret_many(book, weighed, some, static, chunk=64))
    assert at_once == [interpret(book, weighed, case, static) for case in some]
    seen = [
        (*case, *found.atoms, *found.reads()) for case, found in zip(some, at_once, strict=True)
    ]
    together = list(govern_many(book, seen, static, chunk=64))
    assert together == [govern(book, case, static) for case in seen]


def test_what_only_clingo_evaluates_is_lifted(shipped, lifting):
    some = list(generated(shipped.vocabulary, 20, seed=1))
    for engine, is_lifted in ((lifting, True), (shipped, False)):
        bulk = Bulk(engine.rulebook, engine.weights, engine.static)
        assert len(bulk.interpret(some)) == len(bulk.govern(some)) == len(bulk.admit(some)) == 20
        solved = [name for name in ("_interpreting", "_governing") if name in vars(bulk)]
        assert solved == (["_interpreting", "_governing"] if is_lifted else [])
        assert all(len(p._known) > 1 for name in solved for p in getattr(bulk, name))


def test_the_same_facts_are_solved_once(lifting):
    case = symbols("speaker(f1) line_valence(positive,900)")
    some = [case, [*reversed(case), clingo.parse_term("nothing_reads_this(1)")]] * 10
    bulk = Bulk(lifting.rulebook, lifting.weights, lifting.static)
    found = bulk.interpret(some)
    assert found == [found[0]] * 20 and len(bulk._interpreting[0]._known) == 1


CLAIMED = "evidence(F, E, C + 100) :- speaker(F), claim(F, E, C)."


def test_a_case_at_fault_raises_and_spoils_no_other(rules_file):
    book = book_of(rules_file, CLAIMED)
    sound, wrong = (
        symbols("speaker(f1) claim(f1,joy,600)"),
        symbols("speaker(f1) claim(f1,joy,950)"),
    )
    some = [sound] * 15 + [wrong] + [symbols("speaker(f1) claim(f1,joy,700)")]
    outcomes = Bulk(book, Weights(3.0), []).interpret(some)
    assert [isinstance(o, NesyError) for o in outcomes] == [False] * 15 + [True, False]
    assert outcomes[15].diagnostics[0].code == "N317"
    assert outcomes[16] == interpret(book, Weights(3.0), some[16], [])
    yielded = interpret_many(book, Weights(3.0), some, [])
    assert len(list(islice(yielded, 15))) == 15
    with pytest.raises(NesyError, match="N317"):
        next(yielded)


def test_a_fact_of_what_is_the_same_in_every_case_is_solved_alone(rules_file):
    book = book_of(rules_file, "asked(joy). evidence(F, E, 500) :- speaker(F), asked(E).")
    some = [symbols("speaker(f1)")] * 14 + [symbols("speaker(f1) asked(anger)")]
    found = list(interpret_many(book, Weights(3.0), some, []))
    assert found == [interpret(book, Weights(3.0), case, []) for case in some]
    assert set(found[-1].marginals["f1"]) == {"joy", "anger", "neutral"}


@pytest.mark.parametrize(
    "text",
    [
        "{ evidence(F, joy, 1000) } :- speaker(F), claim(F, joy, _).",
        "evidence(F, E, C) :- claim(F, E, C). :- reading(F, joy), reading(G, joy), F < G.",
        "evidence(F, E, C) :- claim(F, E, C), not excluded(F, E). -a(F) :- claim(F, _, _).",
    ],
)
def test_packs_that_are_enumerated_take_the_general_path(rules_file, text):
    book = book_of(rules_file, text)
    some = [
        symbols(f"speaker(f1) speaker(f2) claim(f1,joy,{c}) claim(f2,joy,700)")
        for c in range(500, 515)
    ]
    found = list(interpret_many(book, Weights(3.0), some, []))
    assert found == [interpret(book, Weights(3.0), case, []) for case in some]


# ── Traces ───────────────────────────────────────────────────────────────────────────────────────


def as_json(found):
    return [trace.as_json() for trace in found]


def broken(words):
    """Traces that go wrong each in its way."""
    sound = next(traces(words, 1, seed=9))
    wrong = sound.observation.model_copy(update={"caption": "same", "line": None})
    return [
        Trace(case=Case(id="silent")),
        sound.with_(versions={"today": "never"}),
        sound.with_(case=Case(id="declared", line="x", declared={"mood": ("good",)})),
        sound.with_(observation=wrong),
        pipeline.reason(Trace(case=Case(id="silent"))),
        sound.with_(versions={"today": "2031-05-01"}),
    ]


@pytest.mark.slow
def test_traces_are_reasoned_over_byte_for_byte(shipped):
    recorded = list(read_traces(DEMO))
    some = [*traces(shipped.vocabulary, 30, seed=2), *broken(shipped.vocabulary), *recorded]
    general, quick = over_all_rules(DAY), shipped.on(DAY)
    expected = as_json(pipeline.reason(trace, engine=general) for trace in some)
    assert as_json(pipeline.reason(trace, engine=quick) for trace in some) == expected
    for how in ({"chunk": len(some)}, {"chunk": 13}, {"chunk": 16, "jobs": 2}):
        assert as_json(pipeline.reason_many(some, engine=quick, **how)) == expected
    done = [parse_trace(json.loads(text)) for text in expected]
    assert as_json(pipeline.reason_many(done, engine=quick)) == expected


@pytest.mark.slow
def test_lifted_traces_are_those_of_each_case_alone(lifting):
    some = [*traces(lifting.vocabulary, 20, seed=8), *broken(lifting.vocabulary)]
    alone = as_json(pipeline.reason(trace, engine=lifting) for trace in some)
    assert as_json(pipeline.reason_many(some, engine=lifting)) == alone


@given(st.lists(st.tuples(some_case, observations()), min_size=12, max_size=16))
@settings(max_examples=4)
def test_observations_of_any_form_are_reasoned_over_the_same(pairs):
    engine = pipeline.engine_for()
    some = [Trace(case=case, observation=seen) for case, seen in pairs]
    together = pipeline.reason_many(some, engine=engine)
    assert as_json(together) == as_json(pipeline.reason(trace, engine=engine) for trace in some)


def test_rules_of_users_are_guarded_and_give_the_same(tmp_path, rules_file):
    mine = rules_file(
        """
        %! mine.claimed "{Face} is called {Emotion}"
        evidence(Face, Emotion, 2 * C) :- claim(Face, Emotion, C).
        """
    )
    engine = Engine.load(["words"], [mine])
    some = list(traces(engine.vocabulary, 14, seed=3))
    together = as_json(pipeline.reason_many(some, engine=engine))
    assert together == as_json(pipeline.reason(trace, engine=engine) for trace in some)
    assert any('"code":"N317"' in trace for trace in together)


def test_what_is_asked_for_is_read_and_no_more(shipped):
    read = []

    def endless():
        for trace in traces(shipped.vocabulary, 10**9):
            read.append(trace)
            yield trace

    found = list(islice(pipeline.reason_many(endless(), engine=shipped, chunk=5), 7))
    assert [trace.case.id for trace in found] == [f"c{n}" for n in range(7)]
    assert len(read) == 10


def test_processes_give_the_same_bytes_in_order(nesy, tmp_path, shipped):
    file = tmp_path / "traces.jsonl"
    some = [*traces(shipped.vocabulary, 110, seed=4), Trace(case=Case(id="silent"))]
    file.write_text("".join(f"{trace.as_json()}\n" for trace in some), encoding="utf-8")
    alone, spread_out = nesy("reason", file, "--json"), nesy("reason", file, "--json", "--jobs", 2)
    assert spread_out.out == alone.out
    assert (spread_out.code, spread_out.err) == (alone.code, alone.err)
    ids = [json.loads(line)["case"]["id"] for line in alone.out.splitlines()]
    assert ids == [trace.case.id for trace in some]


def test_work_is_spread_in_order():
    assert list(spread(divmod, 100, range(1, 30), jobs=2)) == [divmod(100, n) for n in range(1, 30)]


def test_processes_are_replaced_in_step():
    found = list(spread(divmod, 100, range(1, 12), jobs=2, life=2))
    assert found == [divmod(100, n) for n in range(1, 12)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_line_that_is_no_trace_takes_no_other_with_it(nesy, tmp_path, jobs):
    file = tmp_path / "traces.jsonl"
    file.write_bytes(b'{"line": "Thanks!"}\n\nno\n{"line": 5}\n\xff\n{"line": "Oh no."}')
    ran = nesy("reason", file, "--json", "--jobs", jobs)
    assert [json.loads(line)["case"]["id"] for line in ran.out.splitlines()] == ["c1", "c6"]
    told = [line.split(" ")[:2] for line in ran.err.splitlines() if line.startswith(str(file))]
    assert told == [[f"{file}:3:1:", "N110"], [f"{file}:4:", "N113"], [f"{file}:5:", "N112"]]
    assert ran.code == 2


def test_lines_are_answered_while_they_come(shipped):
    read = []

    def endless():
        for trace in traces(shipped.vocabulary, 10**9):
            read.append(trace)
            yield len(read), trace.as_json().encode()

    asked = Asked("f", shipped, None, "2026-11-21", json=True)
    found = list(islice(chain.from_iterable(written(asked, endless())), CHUNK + 1))
    assert len(read) == 2 * CHUNK
    dated = [trace.with_(versions={"today": "2026-11-21"}) for trace in read[: CHUNK + 1]]
    assert [each.out for each in found] == as_json(pipeline.reason_many(dated, engine=shipped))


def test_a_process_that_is_ended_is_said():
    with pytest.raises(NesyError, match="N906"):
        list(spread(exec, "import os; os._exit(9)", [{}], jobs=1))
