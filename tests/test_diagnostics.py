"""The one form of every message: three lines, each on a line of its own."""

import json
import pickle

from hypothesis import given
from hypothesis import strategies as st

from nesy.diagnostics import Diagnostic, MissingError, NesyError, nearest, visible

FAULT = Diagnostic("N301", "what it is", "why it is", "what to do", "rules/a.lp", 3, 7)


def test_a_message_is_place_code_and_what_then_why_then_fix():
    assert str(FAULT) == ("rules/a.lp:3:7: N301 what it is\n  why: why it is\n  fix: what to do")


def test_an_error_comes_from_another_process_as_it_was_raised():
    there = MissingError([FAULT, Diagnostic("N1", "a", "b", "c")])
    here = pickle.loads(pickle.dumps(there))
    assert type(here) is MissingError
    assert (here.diagnostics, str(here)) == (there.diagnostics, str(there))


def test_what_is_not_known_of_the_place_is_left_out():
    assert str(Diagnostic("N1", "a", "b", "c", "x", 3)).startswith("x:3: N1 a")
    assert str(Diagnostic("N1", "a", "b", "c")).startswith("N1 a")


@given(st.text(), st.text(), st.text(), st.text(min_size=1))
def test_no_text_breaks_the_form_or_steers_a_terminal(what, why, fix, file):
    lines = str(Diagnostic("N301", what, why, fix, file)).split("\n")
    assert len(lines) == 3
    assert lines[1].startswith("  why: ")
    assert lines[2].startswith("  fix: ")
    assert all(line.isprintable() for line in lines)


def test_plain_text_is_left_as_it_is():
    assert visible("“I’m fine”  — 12 %") == "“I’m fine”  — 12 %"


def test_lines_are_joined_and_control_characters_spelt_out():
    assert visible("two\nlines, \x1b[31mred \ud800") == "two lines, \\x1b[31mred \\ud800"


def test_an_error_tells_all_of_its_faults():
    error = NesyError([FAULT, FAULT])
    assert str(error).count("N301") == 2
    assert NesyError(FAULT).diagnostics == (FAULT,)
    assert (NesyError(FAULT).exit_code, MissingError(FAULT).exit_code) == (2, 3)


def test_the_fields_are_json():
    assert Diagnostic(**json.loads(json.dumps(FAULT.as_json()))) == FAULT


def test_the_nearest_word_is_named_or_the_first_few():
    assert nearest("smil", ["smile", "frown"]) == "did you mean smile?"
    assert nearest("xyz", ["smile", "frown"]) == "use one of: frown, smile"
    assert nearest("q", map(str, range(20))).endswith("…")
    assert nearest("q", []) == "nothing of this kind is known"
