"""`nesy check` as a linter: warnings and sure mends."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import rulebook, vocabulary
from nesy.check import labels, lint, mend, session
from nesy.check.clause import read
from nesy.check.twins import covers
from nesy.exemption import machines_day

# Every rule here has no label; that alone is told in a test of its own.
SILENT = {"N356", "N359"}
WORDS = vocabulary.load()
SMILE = "evidence(F, joy, C) :- expression(F, smile, C)."


@pytest.fixture
def told(words, rules_file):
    """Return what is told of rules: code, and the text the range spans."""

    def of(text, silent=SILENT):
        path = rules_file(text)
        found, _ = session.files([path], words, None, machines_day())
        lines = path.read_text(encoding="utf-8").split("\n")
        return [
            (f.code, lines[f.line - 1][f.column - 1 : f.end_column - 1] if f.end_column else "")
            for f in found.faults
            if f.code not in silent
        ]

    return of


@pytest.fixture
def check(words, rules_file):
    """Return the faults of rules."""

    def of(text):
        return session.files([rules_file(text)], words, None, machines_day())[0].faults

    return of


def test_the_shipped_rules_are_free_of_warnings_too(words):
    assert lint.faults(rulebook.load(), words) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Never fires
        ("a(F) :- expression(F, smile, C), C > 500, C < 400.", [("N350", "C < 400")]),
        ("a(F) :- expression(F, smile, C), C > 1000.", [("N350", "C > 1000")]),
        ("a(F) :- expression(F, smile, C), D = C + 1, D > 2000.", [("N350", "D > 2000")]),
        ("a(F) :- expression(F, smile, 1200).", [("N350", "1200")]),
        ("a(F) :- face(F), F = f1, F != f1.", [("N350", "F != f1")]),
        ("a(F) :- face(F), not face(F).", [("N350", "not face(F)")]),
        (
            "a(F) :- face(F), emotion_valence(joy, negative).",
            [("N350", "emotion_valence(joy, negative)")],
        ),
        ("a(F) :- face(F), not emotion(joy).", [("N350", "not emotion(joy)")]),
        ("a(F) :- observable(F, 55), not au(F, 55, _, _).", [("N350", "55")]),
        ("p(X) :- p(X). a(X) :- p(X).", [("N350", "p(X)"), ("N350", "p(X)")]),
        ("p(F) :- face(F), 2 < 1. a(X) :- p(X).", [("N350", "2 < 1"), ("N350", "p(X)")]),
        # Changes nothing
        ("a(F) :- expression(F, smile, C), C >= 300, C >= 500.", [("N351", "C >= 300")]),
        ("a(F) :- expression(F, smile, C), C >= 0.", [("N351", "C >= 0")]),
        ("a(F) :- face(F), speaker(F), face(F).", [("N351", "face(F)")]),
        ("a(F) :- face(F), emotion(joy).", [("N351", "emotion(joy)")]),
        # Strengths and overflow
        ("evidence(F, fear, 1200) :- face(F).", [("N317", "1200")]),
        (
            "evidence(F, fear, C * D) :- claim(F, fear, C), line_emotion(fear, D).",
            [("N317", "C * D")],
        ),
        (
            "evidence(F, fear, S) :- face(F), S = #sum { C : au(F, _, _, C) }, S < 2000.",
            [("N317", "S")],
        ),
        (
            "a(F, C * C * C * C) :- expression(F, smile, C).",
            [("N305", "C * C * C * C")],
        ),
        # Constraints and cycles
        (
            ":- reading(F, joy), reading(F, anger).",
            [("N352", ":- reading(F, joy), reading(F, anger).")],
        ),
        (
            "not evidence(F, joy, 5) :- face(F).",
            [("N352", "not evidence(F, joy, 5) :- face(F).")],
        ),
        (
            "not forbidden(question, e111) :- drafted.",
            [("N308", "not forbidden(question, e111) :- drafted.")],
        ),
        ("a(F) :- face(F), 1 < 2 < 3.", [("N351", "1 < 2 < 3")]),
        (
            "evidence(f1, joy, 5) :- not evidence(f1, fear, 5), face(f1).",
            [("N355", "not evidence(f1, fear, 5)")],
        ),
        ("{ a(F) } :- face(F).", [("N362", "{ a(F) } :- face(F).")]),
        ("a(F) ; b(F) :- face(F).", [("N362", "a(F) ; b(F) :- face(F).")]),
        ("{ forbidden(question, e111) }.", [("N308", "{ forbidden(question, e111) }.")]),
        # Intervals
        ("a(F) :- face(F), F = 5..1.", [("N350", "5..1")]),
        ("a(7..3).", [("N350", "7..3")]),
        ("a(F) :- face(F), 1 < #count { C : expression(F, _, C), C = 9..8 }.", [("N350", "9..8")]),
        # Twins
        ("a(F) :- face(F). a(G) :- face(G).", [("N353", "a(G) :- face(G).")]),
        (
            "a(F) :- face(F). a(F) :- face(F), speaker(F).",
            [("N353", "a(F) :- face(F), speaker(F).")],
        ),
        (
            "a(F) :- claim(F, joy, C), C > 300. a(F) :- claim(F, joy, D), D > 400.",
            [("N353", "a(F) :- claim(F, joy, D), D > 400.")],
        ),
        (SMILE, [("N353", SMILE)]),
        ("evidence(F, joy, 300) :- au(F, 12, _, _).", [("N354", "evidence(F, joy, 300)")]),
        # Words and places
        ("a(E) :- expression(_, E, _), claim(_, E, _).", [("N319", "E")]),
        ("a(F) :- expression(F, E, _), E != smyle.", [("N307", "smyle")]),
        ("a(F) :- expression(F, E, _), (smile; joy) = E.", [("N307", "joy")]),
        ("a(F) :- au(F, U, _, _), U = 999.", [("N307", "999")]),
        ("gloomy(F) <- face(F).", [("N324", "gloomy(F) <- face(F).")]),
        ("a(F) :- expression(F, smile, C).", [("N358", "C")]),
        ('%! m.x "{Fac} smiles"\n%  source: house\na(Face) :- face(Face).', [("N357", "Fac")]),
    ],
)
def test_what_is_doubtful_is_told_at_its_range(told, text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a(F) :- expression(F, smile, C), C >= 300, C < 500.",
        "evidence(F, fear, C * D / 1000) :- claim(F, fear, C), line_emotion(fear, D).",
        "evidence(F, fear, C + D) :- claim(F, fear, C), cue(hedge, D), C < 500, D <= 500.",
        "a(F) :- face(F), emotion_valence(E, negative), claim(F, E, _).",
        "p(X) :- face(X). p(X) :- p(X), speaker(X).",
        "a(F) :- face(F), not au(F, 12, _, _). a(F) :- au(F, 12, X, X).",
        # Words speak with the face: the unit says something else there.
        "evidence(F, joy, 300) :- au(F, 12, _, _), line_valence(positive, _).",
        "a(F) :- claim(F, joy, C), C > 400. b(F) :- claim(F, joy, C), C > 300.",
        "evidence(F, joy, 3) :- face(F), cue(hedge, _). "
        "evidence(F, joy, 3) :- face(F), cue(hedge, _), speaker(F).",
        "a(F) :- face(F), X = (1; 2), X > 1.",
        "evidence(F, fear, S) :- face(F), T = #sum { C : au(F, _, _, C) }, S = T / 3, S < 1000.",
        "a(F) :- claim(F, joy, _Some).",
        "a(E) :- expression(_, E, _), E != (smile; frown). a(U) :- au(_, U, _, _), U != 12.",
    ],
)
def test_what_is_meant_is_let_pass(told, text):
    assert told(text) == []


@pytest.mark.parametrize(
    ("head", "what", "fix"),
    [
        ("evidense(F, joy, 500)", "no rule looks at evidense/3", "did you mean evidence?"),
        (
            "evidence(F, joy)",
            "evidence takes 3 arguments, not 2",
            "write evidence(Face, Emotion, Strength)",
        ),
        ("evidense(F, joy)", "no rule looks at evidense/2", "did you mean evidence(Face, Emotion,"),
        ("reeds(F)", "no rule looks at reeds/1", "use it in another rule"),
        ("mismatch(F)", "mismatch takes 2 arguments, not 1", "write mismatch(Face, Kind)"),
    ],
)
def test_a_conclusion_that_nothing_reads_is_told_what_was_meant(check, head, what, fix):
    (fault,) = check(f'%! m.x "{{F}}"\n%  source: house\n{head} :- face(F).')
    assert (fault.code, fault.what) == ("N359", what)
    assert fault.fix.startswith(fix)


def test_a_variable_of_an_aggregate_is_no_voice(check):
    rule = "evidence(F, fear, 300) :- face(F), 1 < #count { C : au(F, U, _, C) }."
    (fault,) = check(f'%! m.x "{{F}}"\n%  source: house\n{rule}')
    assert (fault.code, fault.why) == ("N358", "it compares with nothing")


def test_an_unsafe_variable_of_a_pool_is_told_once(check):
    faults = check('%! m.x "x"\n%  source: house\nevidence(F, (joy; anger), 5) :- emotion(_).')
    assert [(f.code, f.what) for f in faults] == [("N303", "nothing says which values F can take")]


def test_an_exception_without_a_day_did_not_run_out(check):
    faults = check('%! m.x "x"\n%  source: house\nexempt(e101) :- purpose(safety).')
    assert [fault.code for fault in faults] == ["N610"]


def test_labels_sources_and_unused_predicates(told):
    rule = "evidence(F, fear, 300) :- claim(F, fear, _), cue(hedge, _)."
    assert told(rule, ()) == [("N356", rule)]
    assert told(f'%! m.x "{{F}}"\n{rule}', ()) == [("N356", rule)]
    assert told(f'%! m.x "{{F}}"\n%  source: house\n{rule}', ()) == []
    helper = '%! m.h "{F}"\ngloomy(F) :- face(F).'
    assert told(helper, ()) == [("N359", "gloomy(F)")]
    assert told(f"%*! gloomy(Face)\n{{Face}} is gloomy.\n*%\n{helper}", ()) == []


def test_a_brace_that_names_no_variable_is_told_at_its_place(told):
    rule = "%  source: house\nevidence(F, fear, 300) :- claim(F, fear, _), cue(hedge, _)."
    for sentence, found in [
        ("{F shows so", "{F"),
        ("F} shows so", "F}"),
        ("“é” {F} shows {so", "{so"),
        ("{F} shows {}", "{"),
    ]:
        assert told(f'%! m.x "{sentence}"\n{rule}', ()) == [("N357", found)]
    assert told(f'%! m.x "{{F}} shows so"\n{rule}', ()) == []


def test_a_misspelt_note_is_told_and_mended_and_one_of_yours_is_left(told, nesy, tmp_path):
    rule = "evidence(F, fear, 300) :- claim(F, fear, _), cue(hedge, _)."
    label, house = '%! m.x "{F} “é”"', "%  source: house"
    assert told(f"{label}\n{house}\n%  innocnt: tired\n{rule}", ()) == [("N361", "innocnt")]
    assert told(f"{label}\n{house}\n%  see: a note\n%  study: ours\n{rule}", ()) == []
    file = tmp_path / "mine.lp"
    file.write_text(f"{label}\n%  sorce: house\n{rule}\n", encoding="utf-8")
    assert nesy("check", "--fix", file).code == 0
    assert file.read_text(encoding="utf-8") == f"{label}\n{house}\n{rule}\n"


def test_every_note_of_the_shipped_rules_is_known():
    written = {name for pack in rulebook.everything().packs for r in pack.rules for name in r.notes}
    assert written <= labels.NOTES


@pytest.mark.parametrize("text", ["", "\n", "% of no rule\n", "#defined mine/1.\n"])
def test_a_file_without_a_rule_is_told(check, text):
    assert [fault.code for fault in check(text)] == ["N360"]


def test_columns_count_characters_not_bytes(told):
    assert told('a(F) :- face(F), F != "é", expresion(F, smile, _).') == [
        ("N301", "expresion(F, smile, _)")
    ]


def test_a_shipped_file_takes_its_own_place(words):
    path = rulebook.shipped("interpret")["words"]
    found, book = session.files([path], words, None, machines_day())
    assert found.faults == ()
    assert [p.name for p in book.packs] == [p.name for p in rulebook.load().packs]


def test_a_file_that_cannot_be_read_hides_no_other(words, rules_file):
    paths = [rules_file("a :- b", "one.lp"), rules_file("c :- nowhere.", "two.lp")]
    found, _ = session.files(paths, words, None, machines_day())
    assert [fault.code for fault in found.faults][:2] == ["N300", "N301"]


# ── One rule within another: against clingo itself ──────────────────────────────────────────────

_ARGUMENT = st.sampled_from(["X", "Y", "a", "b", "_"])
_ATOM = st.tuples(st.sampled_from("pqr"), _ARGUMENT, _ARGUMENT).map(
    lambda a: f"{a[0]}({a[1]},{a[2]})"
)
_BODY = st.lists(st.tuples(_ATOM, st.booleans()), min_size=1, max_size=3)
_FACTS = st.sets(st.tuples(st.sampled_from("pqr"), st.sampled_from("ab"), st.sampled_from("ab")))


@given(_BODY, _BODY, _FACTS)
def test_a_rule_that_covers_another_derives_all_it_does(general, special, facts):
    import clingo
    from clingo import ast

    rules = []
    for body in (general, special):
        said = ", ".join([f"{'not ' * no}{atom}" for atom, no in body] + ["s(X), s(Y)"])
        ast.parse_string(f"h(X) :- {said}.", rules.append)
    clauses = [read(rulebook.Rule("r", None, {}, "f", 1, 1, rule)) for rule in rules[1::2]]
    derived = []
    for rule in rules[1::2]:
        control = clingo.Control(["--warn=none"])
        stated = " ".join(f"{p}({a},{b})." for p, a, b in facts)
        control.add(f"{rule} s(a;b). {stated} #show h/1.")
        control.ground()
        with control.solve(yield_=True) as models:
            derived.append({str(s) for model in models for s in model.symbols(shown=True)})
    if covers(*clauses):
        assert derived[1] <= derived[0]


# ── Whatever is written ─────────────────────────────────────────────────────────────────────────

SCRAPS = st.sampled_from(
    [
        *'().,:;-_{}|"%#@&*=<> \n',
        *(":-", "not ", "F", "joy", "0.5", "#count { X : face(X) } > 1", "1..9", "é", "%! x"),
        *("%*! a(B)", "{ a(F) : face(F) }", "#minimize { 1 }", "&t { } ", "#true"),
    ]
)
GOOD = (
    '%! m.x "{Face} é"\n%  source: me\n'
    "evidence(Face, fear, C * D / 1000) :- expression(Face, (frown; smile), C),"
    " not au(Face, 12, _, _), D = #max { X : claim(Face, fear, X); 1 }, C >= 300, C != D.\n"
)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), SCRAPS), max_size=3))
def test_nothing_that_is_written_breaks_the_check_and_every_range_is_in_the_text(cuts):
    text = GOOD
    for at, length, scrap in cuts:
        text = text[:at] + scrap + text[at + length :]
    path = Path("mine.lp")
    found, _ = session.files([path], WORDS, None, machines_day(), texts={path: text})
    lines = text.split("\n")
    for fault in found.faults:
        assert fault.what and fault.why and fault.fix
        if fault.line is not None:
            assert 1 <= fault.line <= len(lines)
            assert 1 <= (fault.column or 1) <= len(lines[fault.line - 1]) + 1
    for fault in found.faults:
        mend.applied(text, mend.edits_of(fault))
