"""The ontology as a closed vocabulary: what it knows, and how it refuses the rest."""

import re

import clingo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import vocabulary
from nesy.diagnostics import NesyError

HEAD = """\
@prefix nesy: <https://nesy.dev/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""


@pytest.fixture
def turtle(tmp_path):
    def write(text, name="mine.ttl"):
        path = tmp_path / name
        path.write_text(HEAD + text, encoding="utf-8")
        return path

    return write


def fault_of(*paths):
    with pytest.raises(NesyError) as caught:
        vocabulary.load(paths)
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        ("expression", "smille", "smile"),
        ("emotion", "hapiness", "happiness"),
        ("context", "work_place", "workplace"),
        ("cue", "hedges", "hedge"),
        ("norm", "e601x", "e601"),
        ("jurisdiction", "EU", None),
    ],
)
def test_the_nearest_term_is_named(words, kind, written, meant):
    with pytest.raises(NesyError) as caught:
        words.require(kind, written)
    (fault,) = caught.value.diagnostics
    assert fault.code == "N201"
    assert written in fault.what
    assert fault.fix == f"did you mean {meant}?" if meant else "use one of" in fault.fix


@given(st.text(max_size=40))
def test_only_its_own_terms_are_known(text):
    words = vocabulary.load()
    for kind, terms in words.terms.items():
        assert bool(words.lacking(kind, text)) == (text not in terms)


def test_a_long_unknown_term_is_not_repeated_in_full(words):
    (fault,) = words.lacking("cue", "x" * 100_000)
    assert len(str(fault)) < 600


def test_every_term_has_the_words_that_sentences_need(words):
    for kind, terms in words.terms.items():
        assert terms, kind
        for term in terms.values():
            assert term.label and term.phrase, term
            assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", term.id)


def test_static_facts_are_ground_atoms_that_come_back_as_written(words):
    for fact in words.facts:
        assert str(clingo.parse_term(fact)) == fact


def test_pairs_join_terms_that_exist_and_table_1_has_34(words):
    assert sum(pair.from_paper for pair in words.pairs) == 34
    for pair in words.pairs:
        assert pair.expression in words.expressions
        assert pair.emotion in words.emotions


def test_recruitment_is_a_kind_of_workplace(words):
    assert words.broader("context", "recruitment") == ("recruitment", "workplace")
    assert words.broader("context", "workplace") == ("workplace",)


def test_broader_ends_where_terms_are_broader_than_each_other(turtle):
    path = turtle(
        'nesy:context.a a nesy:Context ; nesy:id "aa" ; skos:prefLabel "A" ;'
        " skos:broader nesy:context.bb .\n"
        'nesy:context.bb a nesy:Context ; nesy:id "bb" ; skos:prefLabel "B" ;'
        " skos:broader nesy:context.aa .\n"
    )
    found = vocabulary.load([path]).broader("context", "bb")
    assert set(found) == {"aa", "bb"}


def test_a_file_that_is_not_turtle_is_refused_at_its_line(turtle):
    path = turtle("nesy:a a nesy:Emotion ;\n\n oops oops .\n")
    fault = fault_of(path)
    assert (fault.code, fault.file) == ("N202", str(path))
    assert fault.line in (3, 4, 5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('nesy:x a nesy:Emotion ; nesy:id "Nostalgia" .', "N203"),
        ('nesy:x a nesy:Emotion ; nesy:id "joy" .', "N203"),
        ("nesy:x a nesy:Emotion .", "N203"),
        ('nesy:x a nesy:Emotion ; nesy:id "x1" ; nesy:valence "good" .', "N203"),
        ('nesy:x a nesy:Emotion ; nesy:id "x1" ; nesy:valence 7 .', "N203"),
        ('nesy:x a nesy:Emotion ; nesy:id "x1" ; nesy:arousal "a). forbidden(b" .', "N203"),
        ('nesy:x a nesy:ActionUnit ; nesy:id "au90" ; nesy:code "ninety" .', "N203"),
        ('nesy:x a nesy:Norm ; nesy:id "e999" ; nesy:force "f(x" ; nesy:severity 1 .', "N203"),
        (
            "nesy:p a nesy:Pair ; nesy:expression nesy:expression.smile ;"
            ' nesy:emotion nesy:emotion.joy ; nesy:support "none). forbidden(x" .',
            "N203",
        ),
        ("nesy:expression.smile nesy:suggests nesy:emotion.nowhere .", "N203"),
        ("nesy:norm.e111 nesy:severity 0 .", "N205"),
        ("nesy:norm.e201 nesy:jurisdiction nesy:jurisdiction.uk .", "N205"),
    ],
)
def test_an_unusable_term_is_refused_when_it_is_read(turtle, text, code):
    fault = fault_of(turtle(text))
    assert fault.code == code, fault


def test_what_is_not_there_or_no_text_is_refused(tmp_path):
    assert fault_of(tmp_path / "nowhere.ttl").code == "N112"
    (tmp_path / "x.ttl").write_bytes(b"\xff\xfe")
    assert fault_of(tmp_path / "x.ttl").code == "N112"
