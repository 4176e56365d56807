"""Rule files: labels and places read, and everything that could act or deceive refused."""

import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import rule_text, rulebook
from nesy.diagnostics import NesyError

LABELLED = """\
%% Mine: a pack of one rule
%*! dreamy(Face)
{Face} looks far away.
*%
%! mine.smile "{Face} smiles"
%  source: somebody, 2020
%  innocent: politeness
dreamy(Face) :-
    expression(Face, smile, C), C >= 500.
evidence(Face, joy, 500) :- dreamy(Face).
"""


def faults(path):
    with pytest.raises(NesyError) as caught:
        rulebook.load([], [path])
    return list(caught.value.diagnostics)


def codes_and_places(path):
    return [(d.code, d.line, d.column) for d in faults(path)]


def test_a_rule_has_its_label_notes_and_place(rules_file):
    path = rules_file(LABELLED)
    pack = rulebook.read_pack(path)
    labelled, plain = pack.rules
    assert (pack.name, pack.title) == ("mine", "Mine: a pack of one rule")
    assert (labelled.id, labelled.sentence) == ("mine.smile", "{Face} smiles")
    assert labelled.notes == {"source": "somebody, 2020", "innocent": "politeness"}
    assert (labelled.file, labelled.line, labelled.column) == (str(path), 8, 1)
    assert (plain.id, plain.sentence, plain.notes) == (f"{path}:10", None, {})
    assert labelled.heads == {("dreamy", 1)}
    assert labelled.body_signatures == {("expression", 3)}
    assert [str(p) for p in pack.predicates] == ["dreamy(Face)"]


def test_unlabelled_rules_on_one_line_have_ids_of_their_own(rules_file):
    ids = [rule.id for rule in rulebook.read_pack(rules_file("a. b. c.")).rules]
    assert len(set(ids)) == 3


def test_a_note_without_a_label_belongs_to_nothing(rules_file):
    (rule,) = rulebook.read_pack(rules_file("%  source: nobody\na.")).rules
    assert rule.notes == {}


@pytest.mark.parametrize(
    ("text", "stratum"),
    [
        ("evidence(F, joy, 500) :- face(F).", ["interpret"]),
        ("forbidden(question, e111) :- face(F).", ["govern"]),
        ("mine(F) :- reads(F, joy, P), P > 500.", ["govern"]),
        ("mine(F) :- face(F).", ["interpret", "govern"]),
        ("mine(F) :- reading(F, joy).", ["interpret"]),
        (":- reading(F, joy), face(F).", ["interpret"]),
        ("{ mine(F) } :- face(F).", ["interpret"]),
        (":- forbidden(A, N), obligatory(A, N).", ["govern"]),
    ],
)
def test_a_users_rule_joins_the_program_it_speaks_of(rules_file, text, stratum):
    book = rulebook.load([], [rules_file(text)])
    found = [s for s in ("interpret", "govern") if any("mine" in r.file for r in book.rules(s))]
    assert found == stratum


def test_norms_are_in_force_whatever_packs_are_chosen():
    every, none = rulebook.load(), rulebook.load([])
    assert none.rules("interpret") == ()
    assert none.rules("govern") == every.rules("govern")
    assert len(every.rules("govern")) > 50


def test_an_unknown_pack_or_rule_names_the_nearest():
    with pytest.raises(NesyError, match="N311 unknown pack tabel1"):
        rulebook.load(["tabel1"])
    with pytest.raises(NesyError, match="N310") as caught:
        rulebook.load().by_id("order.danger_by_word")
    assert caught.value.diagnostics[0].fix == "did you mean order.danger_by_words?"


def test_two_rules_with_one_id_are_refused_in_a_file_and_across_files(rules_file):
    twice = '%! mine.a "a"\na.\n%! mine.a "b"\nb.\n'
    assert codes_and_places(rules_file(twice)) == [("N312", 4, 1)]
    shipped = '%! order.danger_by_words "a"\na.\n'
    assert codes_and_places(rules_file(shipped)) == [("N312", 2, 1)]


def test_every_syntax_error_of_a_file_is_told_at_its_place(rules_file):
    path = rules_file("a :- b, .\nc(X).\nd( .\n e(f(.\n")
    assert codes_and_places(path) == [("N300", 1, 7), ("N300", 3, 2), ("N300", 4, 5)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('#include "{other}".', (1, 1)),
        ("a.\n#include <incmode>.", (2, 1)),
        ("#script (python) import os #end.", (1, 1)),
        ("b. #script (lua) #end.", (1, 4)),
        # clingo reads no string over two lines: it skips the quote and would open the file.
        ('a. " \n#include "{other}".\n"b', (2, 1)),
        ('%* comment *% #include "{other}".', (1, 15)),
        ('a("\\"").\n#include "{other}".', (2, 1)),
        ('% comment %*\n#include "{other}".\n%*%', (2, 1)),
        ("a.\0 b.", (1, 3)),
    ],
)
def test_what_acts_while_clingo_parses_is_refused_before(rules_file, text, place):
    other = rules_file("included(1).", "other.lp")
    path = rules_file(text.replace("{other}", str(other)))
    assert codes_and_places(path) == [("N302", *place)]


def test_a_lookalike_letter_is_told_at_its_place(rules_file):
    path = rules_file('% “fine”\nevid\u0435nce(a) :- b("é").')
    (fault,) = faults(path)
    assert (fault.code, fault.line, fault.column) == ("N300", 2, 5)
    assert "U+0435" in fault.what


@pytest.mark.parametrize("text", ['a("#include").', "% #include x", "%* #script *% a."])
def test_words_in_strings_and_comments_do_nothing(rules_file, text):
    assert rulebook.read_pack(rules_file(text))


@pytest.mark.parametrize(
    "text",
    [
        "p(" * 100_000,
        "p" + "(" * 201 + "1" + ")" * 201 + ".",
        "p(" + "+".join(["1"] * 200_000) + ").",
        "p(" + "-" * 200_000 + "1).",
        "p(" + "|" * 200_000 + "1).",
        "p :- X = " + "1**" * 300 + "1.",
        "p(1" + "..1" * 50_000 + ").",
        "{[(" * 70_000,
    ],
    ids=["brackets", "201", "plus", "minus", "bars", "power", "dots", "mixed"],
)
def test_what_crashes_the_parser_is_refused_before(rules_file, text):
    (fault,) = faults(rules_file(text))
    assert (fault.code, fault.what) == ("N302", "nested deeper than 200")


def test_long_and_flat_is_no_fault(rules_file):
    text = "p(" + "; ".join(f"a{n}, {n}" for n in range(400)) + ").\n" + "q(1). " * 1500
    assert len(rulebook.read_pack(rules_file(text)).rules) == 1501


def test_a_huge_file_is_refused_at_once(rules_file):
    (fault,) = faults(rules_file("a. " * 400_000))
    assert (fault.code, fault.what) == ("N302", "this rule file is too large")


def test_more_rules_than_can_be_checked_are_refused(rules_file):
    rule = 'p(a, "b") :- q((1, 2)), not r(1 + 2).\n'
    rule_text.refuse_unsafe(rule * rule_text.MOST_RULES, "x.lp")
    with pytest.raises(NesyError, match="N302 more than 2000 rules"):
        rule_text.refuse_unsafe(rule * 2001, "x.lp")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (":~ face(F). [1, F]", "a weak constraint (:~, #minimize or #maximize)"),
        ("#minimize { 1, F : face(F) }.", "a weak constraint (:~, #minimize or #maximize)"),
        ("#external face(f1).", "#external"),
        ("#show X : face(X).", "#show of a term"),
        ("#const joy = anger.", "#const"),
        ("#program later(t).", "#program"),
        ("#project face/1.", "#project"),
        ("#heuristic face(F). [1, true]", "#heuristic"),
        ("#edge (a, b).", "#edge"),
        ("#theory t { }.", "#theory"),
    ],
)
def test_statements_that_change_what_other_rules_mean_are_refused(rules_file, text, named):
    (fault,) = faults(rules_file("a.\n" + text))
    assert (fault.code, fault.line) == ("N302", 2)
    assert fault.what == f"{named} cannot stand in a rule file"


@pytest.mark.parametrize("text", ["#show face/1.", "#show.", "#defined a/1.", "#program base."])
def test_statements_that_change_nothing_are_allowed(rules_file, text):
    assert rulebook.read_pack(rules_file(text + " b."))


@pytest.mark.parametrize(
    "label", ['%! Smile "x"', "%! smile x", "%!smile", '%! smile "x', '%! a-b "x"']
)
def test_a_label_that_is_none_is_told(rules_file, label):
    assert codes_and_places(rules_file(f"\n{label}\na.\n")) == [("N313", 2, 1)]


def test_a_label_over_no_rule_is_no_label(rules_file):
    text = '%! m.one "one"\n\n%! m.two "two"\na.\n%! m.three "three"\n%  source: house\n'
    assert codes_and_places(rules_file(text)) == [("N313", 1, 1), ("N313", 5, 1)]


def test_files_that_cannot_be_read_are_told(tmp_path, rules_file):
    (tmp_path / "x.lp").write_bytes(b"a. \xff")
    for path in (tmp_path / "x.lp", tmp_path, tmp_path / "nowhere.lp"):
        assert [d.code for d in faults(path)] == ["N112"]


def test_a_stream_without_end_is_read_no_further_than_allowed(tmp_path):
    pipe = tmp_path / "pipe.lp"
    os.mkfifo(pipe)

    def feed():
        try:
            with pipe.open("wb") as stream:
                while True:
                    stream.write(b"a. " * 100_000)
        except BrokenPipeError:
            pass

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    (fault,) = faults(pipe)
    assert fault.code == "N302"
    feeder.join(10)
    assert not feeder.is_alive()


WORDS = r"""a X ( ) . :- , " \" % %* *% #include #script { } 1 .. not ; #const \ @f %! = [ ] ~ :~"""
tokens = st.sampled_from([*WORDS.split(), "\n", " ", "\0", "\r", "\u0430", "“"])


@given(st.lists(tokens, max_size=30).map("".join))
@settings(max_examples=400)
def test_no_text_makes_it_fail_otherwise_than_by_a_diagnostic(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.lp"
    path.write_text(text, encoding="utf-8")
    try:
        rulebook.read_pack(path)
    except NesyError as error:
        assert {d.code for d in error.diagnostics} <= {"N300", "N302", "N312", "N313"}
