"""``nesy ask``: goals and their answers, what is wrong with one, a vocabulary of one's own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy.ask.archive import OF_TRACE, Archive
from nesy.ask.session import BUILT_IN, Session
from nesy.diagnostics import NesyError
from nesy.predicates import PREDICATES
from tests.asking import engine, is_here, rows, small_traces, trace

pytestmark = pytest.mark.skipif(not is_here(), reason="SWI-Prolog is not installed")
WARM = {}


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
        ("face(F), not stated(joy)", "N410", 10, "write \\+ for it"),
        ("reads(_, E, _), E != joy", "N410", 19, "write \\= for it"),
        ("reads(_, 'a != b', P), P <= 9", "N410", 26, "write =< for it"),
        ("N = #count { E : stated(E) }", "N410", 5, "write aggregate_all(count"),
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
