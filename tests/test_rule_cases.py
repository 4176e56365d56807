"""``nesy test``: what a case may expect, what is told where it fails, coverage and mutation."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import resources
from nesy.diagnostics import NesyError
from nesy.pipeline import engine_for
from nesy.testing import report
from nesy.testing.case import read_cases
from nesy.testing.mutants import mutants
from nesy.testing.run import Bench, Outcome, World
from nesy.testing.suites import suites
from nesy.testing.survey import mutate, survey

RULES = """
%! mine.unsure "{Face} bites the lip over an 'I guess'"
%  source: our handbook
evidence(Face, uncertainty, 900) :- speaker(Face), expression(Face, lip_bite, C), C >= 500,
    cue((hedge;minimiser), _).

%! mine.bored "{Face} frowns at nothing"
%  source: our handbook
evidence(Face, boredom, 900) :- speaker(Face), expression(Face, frown, _), not cue(_, _).
"""
FIRES = "speaker(f1). expression(f1, lip_bite, 500). cue(hedge, 900)."


@pytest.fixture
def pack(tmp_path):
    """Write rules and their cases; return the rule file."""

    def write(cases, rules=RULES, name="mine"):
        (tmp_path / f"{name}.lp").write_text(rules, encoding="utf-8")
        (tmp_path / f"{name}.txt").write_text(cases, encoding="utf-8")
        return tmp_path / f"{name}.lp"

    return write


def surveyed(rules: Path, *changes):
    (suite,) = suites([rules], lambda packs, files: engine_for(packs, rules=files))
    return survey(suite, changes or ["rule"])


EXPECTED = {
    "+ evidence(f1, uncertainty, 900)": True,
    "+ evidence(f1, uncertainty, _)": True,
    "+ evidence(f1, uncertainty, 901)": False,
    "- evidence(f1, boredom, _)": True,
    "- evidence(f1, uncertainty, _)": False,
    "top f1 joy": False,
    "reads f1 uncertainty >= 100": True,
    "reads f1 uncertainty <= 100": False,
    "says mine.unsure f1 uncertainty 900": True,
    "says mine.bored f1 uncertainty 900": False,
    "verdict release": True,
    "verdict block": False,
    "no act diagnose": True,
    "act diagnose": False,
    "+ evidence(f1, uncertainty, 900)\nwhy: mine.unsure": True,
    '+ evidence(f1, uncertainty, 900)\nwhy: "bites the lip"': True,
    "+ evidence(f1, uncertainty, 900)\nwhy: mine.bored": False,
    '+ evidence(f1, uncertainty, 900)\nwhy: "frowns"': False,
    "top f1 uncertainty\nwhy: mine.unsure": True,
    "verdict release\nwhy: mine.unsure": True,
    "says mine.unsure f1 uncertainty 900\nwhy: mine.unsure": True,
}


def test_what_a_case_expects(pack):
    cases = "\n\n".join(f"# {n}\n{FIRES}\n\n{e}" for n, e in enumerate(EXPECTED))
    found = surveyed(pack(cases))
    for outcome, (expected, holds) in zip(found.outcomes, EXPECTED.items(), strict=True):
        assert bool(outcome.unmet) != holds, expected
    assert len(report.failures(found)) == list(EXPECTED.values()).count(False)


def test_a_failure_names_line_what_holds_and_the_nearest_rule(pack, nesy):
    weaker = FIRES.replace("500", "400")
    found = nesy("test", pack(f"# weak\n{weaker}\n\n+ evidence(f1, uncertainty, 900)\n"))
    assert "mine.txt:4: N342 mine: weak: + evidence(f1, uncertainty, 900) is not so" in found.out
    assert "the confidence has to be at least 50 %: it is 40 %" in found.out
    assert "1 case, 1 failed" in found.out


def test_json_has_the_same(pack, nesy):
    found = nesy("test", pack(f"{FIRES}\n\ntop f1 joy\n"), "--mutate", "--coverage", "--json")
    told = json.loads(found.out)
    assert found.code == 1
    assert [c["unmet"] for c in told["cases"]] == [["top f1 joy"]]
    assert told["failures"][0]["code"] == "N342"
    # A case that fails as it is notices nothing.
    assert [m["rule"] for m in told["mutation"]["rules"]["left"]] == ["mine.unsure", "mine.bored"]
    assert told["coverage"]["conditions"]["of"] == 6


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("speaker(f1).\n", 1),
        ("speaker(f1).\n\n+ p\n\nnote\n\nmore\n", 1),
        ("speaker(f1).\n\nfrobnicate\n", 3),
        ("speaker(f1).\n\nwhy: mine.unsure\n", 3),
        ("speaker(f1).\n\n- p\nwhy: mine.unsure\n", 4),
        ("speaker(f1).\n\n+ p(\n", 3),
        ("speaker(f1).\n\n- (a,b)\n", 3),
        ("speaker(f1).\n\nreads F1 joy <= 300\n", 3),
        ("speaker(f1) :- face(f1).\n\n+ p\n", 1),
        ("# one\nspeaker(f1).\n\n+ p\n\n# two\nspeaker(f1).\n", 7),
    ],
)
def test_what_is_no_case_is_told_with_its_line(tmp_path, text, line):
    file = tmp_path / "mine.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NesyError) as caught:
        read_cases(file)
    fault = caught.value.diagnostics[0]
    assert (fault.code, fault.line) == ("N341", line)


def test_no_case_is_said(tmp_path, nesy):
    (tmp_path / "mine.lp").write_text(RULES, encoding="utf-8")
    found = nesy("test", tmp_path / "mine.lp")
    assert found.code == 2 and "N343" in found.err


def test_coverage_names_what_no_case_shows(pack, nesy):
    found = nesy("test", pack(f"{FIRES}\n\n+ evidence(f1, uncertainty, _)\n"), "--coverage")
    assert "N344 no case fires mine.bored" in found.out
    assert "1 of 2 rules fire in a case" in found.out
    assert found.code == 1


def test_mutation_finds_what_goes_unnoticed(pack):
    cases = f"""# fires
{FIRES}

+ evidence(f1, uncertainty, 900)

# weak
{FIRES.replace("500", "499")}

- evidence(f1, uncertainty, 900)
"""
    found = surveyed(pack(cases), "rule", "condition", "bound")
    mutate(found, lambda tried, total: None)
    assert [m.rule.id for m in found.survivors("rule")] == ["mine.bored"]
    left = {m.text for m in found.survivors("condition") if m.rule.id == "mine.unsure"}
    assert left == {"speaker(Face)", "cue((hedge;minimiser),_)"}
    assert found.survivors("bound") == []


def test_what_goes_unnoticed_is_told_with_its_place(pack, nesy):
    found = nesy("test", pack(f"{FIRES}\n\n+ evidence(f1, uncertainty, 900)\n"), "--mutate")
    place = r"mine\.lp:4:\d+: N345 C >= 500 of mine\.unsure can be dropped unnoticed"
    assert re.search(place, found.out)
    assert (found.code, found.err) == (1, "")
    assert "1 of 2 rules cannot be dropped unnoticed" in found.out


def test_ctrl_c_tells_what_was_found_till_then():
    terminal, stderr = pty.openpty()
    command = [sys.executable, "-m", "nesy", "test", "--mutate"]
    command += [resources.folder("rules") / "govern" / "admission.lp"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    os.close(stderr)
    try:
        told = b""
        while b"changes tried" not in told:
            told += os.read(terminal, 100)
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        os.close(terminal)
    assert process.returncode == 130
    assert re.search(r"^\d+ cases, all as expected$", said, re.MULTILINE)
    assert re.search(r"rules cannot be dropped unnoticed \(\d+ not tried\)$", said, re.MULTILINE)


def test_progress_is_told_in_a_log_too(pack, nesy, monkeypatch):
    monkeypatch.setattr("nesy.cli.testing.SELDOM", 0)
    rules = pack(f"{FIRES}\n\n+ evidence(f1, uncertainty, 900)\n")
    assert re.search(r"^\d of 8 changes tried$", nesy("test", rules, "--mutate").err, re.MULTILINE)
    assert nesy("test", rules, "--mutate", "--quiet").err == ""


def test_a_mutant_is_what_its_rule_would_be_in_the_file(pack, tmp_path):
    """Each change solved by switches derives what a file written with the change derives."""
    facts = ["", "expression(f1, lip_bite, 500).", "cue(hedge, 900).", "expression(f1, frown, 9)."]
    cases = "\n\n".join(
        f"# {n}\nspeaker(f1). face(f2). expression(f2, lip_bite, 700). {a} {b}\n\n+ speaker(f1)"
        for n, (a, b) in enumerate((a, b) for a in facts for b in facts)
    )
    found = surveyed(pack(cases), "rule", "condition", "bound")
    every = found.bench.mutants
    assert len(every) > 6
    for number, mutant in enumerate(every):
        others = [r for r in found.suite.rules if r.id != mutant.rule.id]
        lines = [f'%! {r.id} "x"\n{r.statement}' for r in others]
        lines += [f"{head} :- {'; '.join(body)}." for head, body in mutant.instead]
        changed = tmp_path / "changed.lp"
        changed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        plain = Bench(engine_for(rules=(changed,)), ())
        worlds = [World(case, number) for case in found.suite.cases]
        wanted = [o.atoms for o in plain.watch(found.suite.cases) if isinstance(o, Outcome)]
        got = [o.atoms for o in found.bench.change(worlds) if isinstance(o, Outcome)]
        assert got == wanted, mutant.what


def test_a_condition_that_always_holds_is_left_out(rules_file):
    rules = """
        %! mine.e111 "asks"
        %  source: s
        %  norm: e111
        preferred(question, e111) :- in_force(e111), emotion(joy), cue(hedge, _).
    """
    engine = engine_for(rules=(rules_file(rules),))
    bench = Bench(engine, [engine.rulebook.by_id("mine.e111")], ["condition"])
    assert [m.text for m in bench.mutants] == ["cue(hedge,_)"]


UNKNOWN = {
    "speaker(f1). expression(f1, smyle, 500).": (1, 29, "N307", "did you mean smile?"),
    "speaker(f1). expresion(f1, smile, 500).": (1, 14, "N301", "did you mean expression?"),
    "- evidence(f1, joyy, _)": (3, 16, "N307", "did you mean joy?"),
    "  - evidence(f1, joyy, _)": (3, 18, "N307", "did you mean joy?"),
    "- evidense(f1, joy, _)": (3, 3, "N301", "did you mean evidence?"),
    "- evidence(f1, joy)": (3, 3, "N301", "write evidence(f1, joy, _)"),
    "no act jokee": (3, 8, "N307", "did you mean joke?"),
    "act jokee": (3, 5, "N307", "did you mean joke?"),
    "top f1 joyy": (3, 8, "N307", "did you mean joy?"),
    "top face joy": (3, 5, "N319", "write Face for any face"),
    "reads f1 joyy <= 300": (3, 10, "N307", "did you mean joy?"),
    "says mine.unsure f1 joyy 500": (3, 21, "N307", "did you mean joy?"),
}


@pytest.mark.parametrize(("said", "told"), UNKNOWN.items())
def test_a_case_that_says_what_nothing_knows_is_no_case(pack, nesy, said, told):
    is_fact = said.endswith(".")
    case = f"{said}\n\nverdict release\n" if is_fact else f"{FIRES}\n\n{said}\nverdict release\n"
    found = nesy("test", pack(case))
    line, column, code, fix = told
    assert found.code == 2
    assert f"mine.txt:{line}:{column}: {code} " in found.err
    assert f"fix: {fix}" in found.err


def test_a_case_may_state_a_norm_that_there_is_not(pack):
    found = surveyed(pack("obligatory(persuade, e999).\n\n- evidence(_, joy, _)\n"))
    assert not found.failed


def test_a_rule_is_asked_why_it_spoke_and_no_other_that_says_the_same(pack):
    torn = '%! mine.torn "{Face} frowns"\n%  source: house\n'
    torn += "evidence(Face, uncertainty, 900) :- expression(Face, frown, _), cue(hedge, _).\n"
    pairs = [
        (one, of) for one in ("mine.torn", "mine.unsure") for of in ("mine.torn", "mine.unsure")
    ]
    cases = "\n\n".join(
        f"# {number}\n{FIRES} expression(f1, frown, 900).\n\n"
        f"says {one} f1 uncertainty 900\nwhy: {of}"
        for number, (one, of) in enumerate(pairs)
    )
    found = surveyed(pack(cases, RULES + torn))
    assert [not outcome.unmet for outcome in found.outcomes] == [one == of for one, of in pairs]


def test_a_file_that_is_not_there_is_told_as_such(tmp_path, nesy):
    for name in ("none.lp", "none.txt", "none"):
        found = nesy("test", tmp_path / name)
        assert (found.code, "No such file" in found.err, "N112" in found.err) == (2, True, True)


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet='ab_(), +-#\n.:"1top', max_size=60))
def test_any_text_is_a_case_or_told(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("any") / "any.txt"
    file.write_text(text, encoding="utf-8")
    try:
        read_cases(file)
    except NesyError as error:
        assert all(fault.line or fault.code == "N341" for fault in error.diagnostics)


def test_mutants_of_the_shipped_rules_leave_no_unsafe_rule():
    engine = engine_for()
    every = list(mutants(engine.rulebook.rules("govern")[:40], frozenset()))
    assert {m.change for m in every} >= {"rule", "condition"}
