"""``nesy ask``: its answers are clingo's atoms, its proofs hold, its messages help."""

import json
from functools import cache

import clingo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy.ask import proof, show, stored
from nesy.ask.archive import OF_TRACE, Archive
from nesy.ask.session import BUILT_IN, Session
from nesy.diagnostics import NesyError
from nesy.explain import render, tell
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.cases import generated
from nesy.reason.engine import Engine, conclude, reason, stages_of
from nesy.trace import Case, Trace
from tests.asking import engine, is_here, small_traces, stated, trace

pytestmark = pytest.mark.skipif(not is_here(), reason="SWI-Prolog is not installed")


@cache
def bare(count=20, seed=4):
    """Return generated Traces with facts alone."""
    cases = generated(engine().vocabulary, count, seed)
    return tuple(
        Trace(case=Case(id=f"g{n}"), facts=stated(facts)) for n, facts in enumerate(cases, start=1)
    )


@cache
def reasoned():
    return tuple(reason(each, engine()) for each in bare())


@cache
def held():
    """Return what clingo derives of each case, solved one by one."""
    found = []
    for each in bare():
        stages = stages_of(each, engine().dated(each))
        atoms = {*stages.final_facts, *stages.interpretation.atoms}
        atoms |= stages.norms.atoms if stages.norms else set()
        found.append((stages, {a for a in atoms if not a.name.startswith("_")}))
    return tuple(found)


class Kept:
    """Sessions stay for the module; a process each is started once."""

    def __init__(self):
        self.sessions = {}

    def __call__(self, name, make, **options):
        if name not in self.sessions:
            self.sessions[name] = Session(make(), **options)
        return self.sessions[name]


@pytest.fixture(scope="module")
def kept():
    made = Kept()
    yield made
    for session in made.sessions.values():
        session.close()


@pytest.fixture
def many(kept):
    return kept("bare", lambda: Archive(bare(), engine()))


@pytest.fixture
def few(kept):
    return kept("few", lambda: Archive(small_traces(), engine()), seconds=2.0)


def rows(session, goal, **options):
    return [
        ((a.case,) if a.case is not None else ()) + tuple(map(proof.text, a.values))
        for a in session.ask(goal, **options).answers
    ]


# ── Answers are clingo's atoms ────────────────────────────────────────────────────────────────────


def answered(session, of):
    """Return the atoms of a predicate in each case, as ask answers them."""
    names = [f"V{n}" for n in range(of[1])]
    goal = f"{of[0]}({', '.join(names)})" if names else of[0]
    found = session.ask(f"case(Id), {goal}", limit=10**6)
    assert not found.more
    atoms = {}
    for answer in found.answers:
        case, *values = answer.values
        atom = clingo.Function(of[0], [proof.symbol(value) for value in values])
        atoms.setdefault(case, set()).add(atom)
    return atoms


def test_answers_are_what_clingo_derives(many):
    heads = engine().rulebook.heads("interpret") | engine().rulebook.heads("govern")
    asked = {s for s in heads | set(PREDICATES) if not s[0].startswith("_")}
    static = {asp.signature(atom) for atom in engine().static}
    told = 0
    for of in sorted(asked - static):
        found = answered(many, of)
        for number, (_, atoms) in enumerate(held(), start=1):
            expected = {a for a in atoms if asp.signature(a) == of}
            assert found.get(f"g{number}", set()) == expected, of
            told += len(expected)
    assert told > 2000


def test_the_ontology_is_the_same_in_every_case_and_asked_once(many):
    for of, atoms in Archive(bare(), engine()).static.items():
        names = [f"V{n}" for n in range(of[1])]
        found = many.ask(f"{of[0]}({', '.join(names)})", limit=10**6).answers
        assert {a.case for a in found} == {None}
        terms = {clingo.Function(of[0], [proof.symbol(v) for v in a.values]) for a in found}
        assert terms == set(atoms)


def test_what_a_trace_records_is_what_is_derived_again():
    again, recorded = Archive(bare(), engine()), Archive(reasoned(), engine())
    assert recorded._is_stored and not again._is_stored
    assert "_stages" not in vars(recorded)
    counted = 0
    for of in stored.SIGNATURES | {("verdict", 1), ("withheld", 2)}:
        ours, theirs = sorted(recorded.facts(of)), sorted(again.facts(of))
        assert ours == theirs
        counted += len(ours)
    assert counted > 300
    statuses = [conclude(stages).status for stages, _ in held()]
    assert [r.verdict.status for r in reasoned()] == statuses


def test_a_trace_made_with_other_rules_is_reasoned_over_again():
    first = reasoned()[3]
    for part in ("rules", "weights", "ontology", "packs"):
        changed = first.with_(versions={**first.versions, part: "other"})
        assert stored.is_current(first, engine())
        assert not stored.is_current(changed, engine())


# ── Proofs ────────────────────────────────────────────────────────────────────────────────────────


def test_every_atom_has_a_proof(many):
    assert rows(many, "holds(A), \\+ why(A, _)") == []
    assert rows(many, "holds(A), why(A, chosen(_))") == []
    atoms = sum(len(atoms) for _, atoms in held())
    derived = many.ask("holds(A), once(why(A, rule(_, _, _, _, _)))", count=True).count
    assert 1000 < derived < atoms + len(engine().static) * len(bare())


def test_a_proof_replays_in_clingo(many):
    checked = 0
    for goal in ("mismatch(F, K)", "forbidden(A, N)", "evidence(F, joy, S)", "obligatory(A, N)"):
        for answer in many.ask(f"{goal}, why({goal}, Proof)", limit=60).answers:
            node = proof.node(answer.values[-1], engine().rulebook)
            nodes = list(node.walk())
            owned = {n.rule.id: n.rule for n in nodes if n.rule is not None}
            leaves = [n.atom for n in nodes if n.kind in ("fact", "ontology")]
            leaves += [n.atom for n in nodes if n.kind == "marginal"]
            statements = [rule.statement for rule in owned.values()]
            (found,) = asp.solve(statements, asp.symbols(leaves), extra=asp.ALL_DEFINED)
            assert clingo.parse_term(node.atom) in found.atoms
            assert node.rule.id in [r.id for r in engine().rulebook.rules("interpret")] + [
                r.id for r in engine().rulebook.rules("govern")
            ]
            checked += 1
    assert checked > 60


def test_a_proof_names_each_rule_instance_that_could_derive(many):
    """As many proofs as evidence has voices, and at the places of their rules."""
    rules = engine().rulebook.rules("interpret")
    for number, (stages, _) in enumerate(held(), start=1):
        voices = {v.rule for v in stages.interpretation.voices if v.emotion == "sadness"}
        goal = f"in(g{number}, why(evidence(_, sadness, _), rule(_, Id, Place, _, _)))"
        found = {(row[0], row[1]) for row in rows(many, goal)}
        assert {name for name, _ in found} == voices
        assert found <= {(rule.id, rule.place) for rule in rules}


def test_proofs_leave_out_what_the_interpretation_did_not_see(few):
    hidden = [row[1:] for row in rows(few, "withheld(A, N)")]
    assert ("expression(f1, smile, 930)", "e101") in hidden
    assert rows(few, "in('glad~2', evidence(_, joy, _))") == []
    assert rows(few, "in(glad, evidence(_, joy, _))") != []


def test_what_a_choice_decides_is_told_so(tmp_path):
    file = tmp_path / "mine.lp"
    file.write_text("1 { told(F) ; told(F, no) } 1 :- face(F).\nheard(F) :- told(F).\n")
    mine = Engine.load(packs=["table1"], rules=[file])
    session = Session(Archive([trace("a", "face(f1)", "speaker(f1)")], mine))
    try:
        found = rows(session, "(told(f1) ; told(f1, no)), holds(A), why(A, chosen(A))")
        assert all(row[1].startswith("told(f1") for row in found)
        for _, told in rows(session, "heard(F)"):
            assert told == "f1"
    finally:
        session.close()


CONSTRUCTS = """\
many(N) :- N = #count { C : cue(C, _) }, face(_).
sum_of(N) :- N = #sum { P, C : cue(C, P) }, N > 0.
sure :- face(_), P > 500 : cue(_, P).
pair(A, B) :- cue(A, _), cue(B, _), A < B.
pair(B, A) :- pair(A, B).
reached(A) :- cue(A, P), P >= 900.
reached(B) :- reached(A), pair(A, B).
level(1..3) :- many(N), N > 1.
either(C) :- cue(C, _), C = (praise; minimiser).
found :- not not pair(praise, minimiser).
lonely(F) :- face(F), not pair(_, F), not F = f9.
named("a string", (1, C)) :- reached(C).
"""


def test_every_construct_of_a_rule_can_be_proved(tmp_path):
    file = tmp_path / "mine.lp"
    file.write_text(CONSTRUCTS)
    mine = Engine.load(packs=["table1"], rules=[file])
    atoms = ["face(f1)", "speaker(f1)", "cue(praise,600)", "cue(minimiser,900)", "cue(hedge,900)"]
    session = Session(Archive([trace("a", *atoms)], mine))
    try:
        assert rows(session, "holds(A), \\+ why(A, _)") == []
        assert rows(session, "why(A, chosen(_))") == []
        assert len(rows(session, "why(pair(A, B), rule(_, _, _, _, _))")) == 6
        ((_, _, three),) = rows(
            session, "why(many(N), rule(_, _, _, _, [_, aggregate(count, 3, L)]))"
        )
        assert three.count("fact(cue(") == 3
        ((_, value),) = rows(session, "named(V, _C)", limit=1)
        assert value == "a string"
        found = session.ask("why(reached(praise), P)").answers
        for answer in found:
            below = list(proof.node(answer.values[0], mine.rulebook).walk())[1:]
            assert "reached(praise)" not in [n.atom for n in below]
        assert found
    finally:
        session.close()


def test_a_proof_is_told_as_why_tells(few):
    found = few.ask("in(glad, why(forbidden(assert_mismatch, e111), Proof))")
    assert found.variables == ("Proof",)
    lines = list(show.as_text(found, engine(), cases=3, depth=9))
    (value,) = found.answers[0].values
    assert "rule wording.e111" in "\n".join(lines) or "rule" in "\n".join(lines)
    told = render.as_text(tell.tell(proof.node(value, engine().rulebook), engine()), 9)
    assert lines[:-1] == told.splitlines()
    data = show.as_json("g", 3, found)["answers"][0]["values"]["Proof"]
    assert data["atom"] == "forbidden(assert_mismatch, e111)"
    assert data["place"].startswith("rules/govern/") and data["because"]
    json.dumps(data)


# ── Goals ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("goal", "found"),
    [
        ("cue(C, P), P > 800", [("odd name", "minimiser", "900")]),
        ("cue(C, _), \\+ face(_)", [("odd name", "minimiser")]),
        ("case(Id), cue(_, _)", [("glad", "glad"), ("odd name", "odd name")]),
        ("in('odd name', cue(C, _))", [("minimiser",)]),
        ("in(Id, cue(_, 700))", [("glad",)]),
        ("aggregate_all(count, in(_, cue(_, _)), N)", [("2",)]),
        ("aggregate_all(max(P), in(_, cue(_, P)), M)", [("900",)]),
        ("aggregate_all(bag(C), in(_, cue(C, _)), Cs)", [("[praise, minimiser]",)]),
        ("findall(C, cue(C, _), [])", [("glad~2",)]),
        ("aggregate_all(count, cue(_, _), N), N > 0", [("glad", "1"), ("odd name", "1")]),
        ("cue(_, P), \\+ (in(_, cue(_, Q)), Q > P)", [("odd name", "900")]),
        ("setof(C-Id, P^in(Id, cue(C, P)), [First|_])", [("minimiser-'odd name'",)]),
        ("in(A, cue(_, P)), in(B, cue(_, Q)), P < Q", [("glad", "700", "odd name", "900")]),
        ("forall(in(_, cue(_, P)), P >= 700)", [()]),
        ("line(L), sub_string(L, _, _, _, \"fine\")", [("odd name", "I'm fine.")]),
        ("line(L), cue(praise, _)", [("glad", "It's “great” \\ 'ok'")]),
        ("voted(E, N), N > 1", [("glad~2", "joy", "3")]),
        ("verdict(S), context(C)", [("glad~2", "release", "workplace")]),
        ("emotion_family(joy, F)", [("happiness",)]),
        ("X = f(Y, Y, Z)", [("f(A, A, _)",)]),
        ("member(X, [1, 2, 1])", [("1",), ("2",)]),
        ("origin(cue(C, _), O)", [("glad", "praise", "line"), ("odd name", "minimiser", "line")]),
        ("holds(context(C))", [("glad~2", "workplace")]),
        ("cue(C, P), P > 800.", [("odd name", "minimiser", "900")]),
        ("cue(_, _Hidden)", [("glad",), ("odd name",)]),
        ("X = \"joy\", Y = 'Joy', Z = joy, X \\== Z", [("joy", "Joy", "joy")]),
        ("X is 2 ** 200", [(str(2**200),)]),
        ("X = 1.5", [("1.5",)]),
        ("X is 1 rdiv 3", [("1r3",)]),
        ("X = [a|T]", [("[a|_]",)]),
        ("drafted, cue(praise, _)", [("glad",)]),
    ],
)  # fmt: skip
def test_goals(few, goal, found):
    assert rows(few, goal) == found


def test_answers_are_counted_limited_and_paged(few):
    assert few.ask("cue(_, _)", count=True).count == 2
    assert few.ask("between(1, 5000, _X), cue(_, _)", count=True).count == 2
    first = few.ask("between(1, inf, X)", limit=3)
    assert first.more and [a.values for a in first.answers] == [(1,), (2,), (3,)]
    next_ = few.ask("between(1, 5, X)", limit=3, skip=3)
    assert not next_.more and [a.values for a in next_.answers] == [(4,), (5,)]


def test_what_a_goal_writes_is_not_what_it_answers(few):
    found = few.ask('forall(in(C, cue(_, P)), format("~w ~w~n", [C, P]))')
    assert found.printed == "glad 700\nodd name 900\n"
    assert len(found.answers) == 1


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1),
        min_size=1,
        max_size=12,
    )
)
def test_names_and_lines_come_back_as_they_went_in(texts):
    traces = [trace(f"{n}{text}", "speaker(f1)", line=text) for n, text in enumerate(texts)]
    archive = Archive(traces, engine())
    session = WARM.setdefault("it", Session(archive))
    session.close()
    session.archive = archive
    found = session.ask("line(L)").answers
    assert [(a.case, a.values[0]["string"]) for a in found] == [
        (f"{n}{text}", text) for n, text in enumerate(texts)
    ]


WARM = {}

# ── What is wrong with a goal, and where ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("goal", "code", "column", "fix"),
    [
        ("reads(f1, Joy, P)", "N414", 11, "did you mean joy?"),
        ("cue(_, _), reads(f1, joyy, P)", "N307", 22, "did you mean joy?"),
        ("au(f1, 999, _, _)", "N307", 8, "use one of"),
        ("forbiden(A, N)", "N411", 1, "did you mean forbidden(Act, Norm)?"),
        ("cue(_, _), findall(X, foo(X), _)", "N411", 23, ""),
        ("reads(f1, joy)", "N411", 1, "write it as reads(Face, Emotion, Probability)"),
        ("why(mismatch(f1))", "N411", 1, "write it as why(Atom, Proof)"),
        ("reads(f1, joy", "N410", 14, "write it as in"),
        ("", "N410", 1, "write it as in"),
        ("a :- b", "N410", 1, "write it as in"),
        ("cue(_, _). cue(_, _)", "N410", 1, "write it as in"),
        ("cue(_, _), shell(ls)", "N412", 12, "leave it out"),
        ("cue(_, _), call(G)", "N412", 12, "name the predicate"),
        ("assertz(cue(praise, 1))", "N412", 1, "collect answers"),
        ("nesy_facts:f_cue(1, C, P)", "N412", 1, "leave it out"),
    ],
)
def test_a_fault_of_a_goal_has_its_place(few, goal, code, column, fix):
    with pytest.raises(NesyError) as caught:
        few.ask(goal)
    fault = caught.value.diagnostics[0]
    assert (fault.code, fault.file, fault.line, fault.column) == (code, "<goal>", 1, column)
    assert fix in fault.fix
    assert fault.why


def test_a_second_line_has_its_own_columns(few):
    with pytest.raises(NesyError, match=r"<goal>:2:3: N411"):
        few.ask("cue(_, _),\n  foo(X)")


@pytest.mark.parametrize(
    ("goal", "why"),
    [
        ("P > 600, reads(F, joy, P)", "not sufficiently instantiated"),
        ("X is foo + 1", "foo/0"),
        ("atom_length(f(x), N)", "Type error"),
        ("X = f(X)", "acyclic_term"),
    ],
)
def test_an_error_of_a_goal_says_what_prolog_says(few, goal, why):
    with pytest.raises(NesyError, match="N416") as caught:
        few.ask(goal)
    assert why in str(caught.value)


# ── A vocabulary of one's own ─────────────────────────────────────────────────────────────────────

MINE = """\
% What we mean by glad.
glad(P) :- reads(F, joy, P), speaker(F), P > 100.
glad_case(Id) :- in(Id, glad(_)).
both(X) :- glad(X).
both(none) :- \\+ glad(_).
size([], 0).
size([_|T], N) :- size(T, M), N is M + 1.
"""


def with_vocabulary(text, goal):
    session = Session(Archive(small_traces(), engine()), vocabulary=(text, "mine.pl"), seconds=2.0)
    try:
        return rows(session, goal)
    finally:
        session.close()


def test_a_vocabulary_adds_predicates():
    ((case, p),) = with_vocabulary(MINE, "glad(P)")
    assert case == "glad" and int(p) > 100
    assert with_vocabulary(MINE, "glad_case(Id)") == [("glad",)]
    assert with_vocabulary(MINE, "both(none)") == [("odd name",), ("glad~2",)]
    assert with_vocabulary(MINE, "size([a, b], N)") == [("2",)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (":- initialization(shell(ls)).", [("N413", 1, 1)]),
        ("a(1).\n?- halt.", [("N413", 2, 1)]),
        ("a --> b.", [("N413", 1, 1)]),
        ("reads(f1, joy, 1000).", [("N413", 1, 1)]),
        ("append(X, Y, Z) :- shell(X).", [("N412", 1, 20)]),
        ("why(X, Y) :- true.", [("N413", 1, 1)]),
        ("X :- true.", [("N413", 1, 1)]),
        ("user:a(1).", [("N413", 1, 1)]),
        ("a(X) :- reeds(X).\nb(X) :- cue(X).", [("N411", 1, 9), ("N411", 2, 9)]),
        ("a(X) :-\n   call(X).", [("N412", 2, 4)]),
        ("a(X) :- open(X, write, _).", [("N412", 1, 9)]),
        ("a(F) :- reads(F, Joy, _).", [("N414", 1, 18)]),
        ("ok(1).\na(X :- b.\nc(1) :- d(2.\nok(2).", [("N410", 2, None), ("N410", 3, None)]),
        ("a({|html||<p>|}).", [("N410", 1, None)]),
    ],
)
def test_a_fault_of_a_vocabulary_has_its_place(text, found):
    with pytest.raises(NesyError) as caught:
        with_vocabulary(text, "true")
    told = [(d.code, d.line, d.column) for d in caught.value.diagnostics]
    assert len(told) == len(found)
    for (code, line, column), (wanted, at, place) in zip(told, found, strict=True):
        assert (code, line) == (wanted, at)
        assert place in (None, column)
    assert {d.file for d in caught.value.diagnostics} == {"mine.pl"}


def test_every_predicate_that_can_be_asked_is_told():
    from nesy.ask.toplevel import _help

    session = Session(Archive(small_traces(), engine()))
    lines = list(_help("help(all)", session))
    assert len(lines) == len(session.known) >= len(PREDICATES) + len(OF_TRACE) + len(BUILT_IN)
    assert list(_help("help(reads)", session)) == [
        f"{'reads(Face, Emotion, Probability)':<40} {{Face}} reads as {{Emotion}}"
    ]
