"""`nesy check --fix`: what is sure is mended, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy.check import mend
from nesy.check.spelling import one_edit
from nesy.diagnostics import Edit, Fault

BROKEN = """\
% kept  as it is
evidence(Face, sarcsm, C) :- expresion(Face, smile, C),   C >= 300, % why
    C >= 500, cue(hedge, _), cue(hedge, _).
"""


def test_fix_mends_what_is_sure_and_nothing_else(nesy, rules_file):
    path = rules_file(BROKEN)
    shown = nesy("check", path, "--fix", "--dry-run")
    assert (shown.code, path.read_text()) == (0, BROKEN)
    assert "-evidence(Face, sarcsm, C) :- expresion(" in shown.out
    ran = nesy("check", path, "--fix")
    after = path.read_text()
    assert after == (
        "% kept  as it is\n"
        '%! mine.rule_1 "TODO: {Face} gives evidence of sarcasm"\n'
        "evidence(Face, sarcasm, C) :- expression(Face, smile, C), % why\n"
        "    C >= 500, cue(hedge, _).\n"
    )
    assert (ran.code, [line.split()[1] for line in ran.out.splitlines()[::3]]) == (1, ["N356"])
    assert nesy("check", path, "--fix").out == ran.out
    assert path.read_text() == after


def test_fix_keeps_line_endings(nesy, tmp_path):
    path = tmp_path / "mine.lp"
    text = '%! m.x "{F} é"\r\n%  source: me\r\nevidence(F, feer, 3) :- face(F), cue(hedge, _).\r\n'
    path.write_bytes(text.encode())
    nesy("check", path, "--fix")
    assert path.read_bytes() == text.replace("feer", "fear").encode()


def test_fix_of_what_cannot_be_read_is_told(nesy, tmp_path):
    broken = tmp_path / "broken.lp"
    broken.write_bytes(b"a :- \xff.")
    for path in (broken, tmp_path / "nowhere.lp"):
        ran = nesy("check", path, "--fix")
        assert (ran.code, "N112" in ran.out) == (2, True)
    marked = tmp_path / "marked.lp"
    marked.write_bytes("\ufeffa :- drafted, faces(1), faces(1).".encode())
    nesy("check", marked, "--fix")
    text = marked.read_text(encoding="utf-8")
    assert text.startswith("\ufeff%! ") and text.endswith("\na :- drafted, faces(1).")


def test_fix_leaves_syntax_and_comments_alone():
    faults = [Fault("N300", "", "", "", "f", 1, 1, edits=(Edit(1, 1, 1, 2, "b"),))]
    assert mend.mended("a.\n", faults, lambda _: []) == "a.\n"
    assert mend.applied("a, % x\n b.", [Edit(1, 2, 2, 3, "")]) == "a, % x\n b."
    assert mend.applied("abc", [Edit(1, 1, 1, 3, "x"), Edit(1, 2, 1, 4, "y")]) == "xc"


@given(st.text("ab,é\n", max_size=30), st.data())
def test_edits_change_their_ranges_only(text, data):
    at = st.integers(0, len(text))
    begin, end = sorted((data.draw(at), data.draw(at)))

    def place(offset):
        return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)

    edit = Edit(*place(begin), *place(end), "NEW")
    assert mend.applied(text, [edit]) == text[:begin] + "NEW" + text[end:]


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("expresion", {"expression", "face"}, "expression"),
        ("faec", {"face"}, "face"),
        ("facce", {"face"}, "face"),
        ("fac", {"face"}, "face"),
        ("joi", {"joy", "jot"}, None),
        ("joy", {"joy"}, None),
        ("C", {"F"}, None),
        ("smile", {"frown"}, None),
    ],
)
def test_one_slip_is_sure_where_one_word_alone_is_near(word, known, expected):
    assert one_edit(word, known) == expected
