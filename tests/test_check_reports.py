"""`nesy check` as a command: exit codes, reports for machines, watching, what is remembered."""

import json
import re
import signal
import subprocess
import sys

from nesy import rulebook
from nesy.check import store
from nesy.check.program import Program
from nesy.exemption import machines_day

NESY = [sys.executable, "-m", "nesy"]


def test_exit_codes_tell_errors_from_warnings(nesy, rules_file):
    assert nesy("check", rules_file("a :- nowhere.")).code == 2
    assert nesy("check", rules_file("a(F) :- face(F).")).code == 1
    whole = '%*! a(Face)\n{Face} is there.\n*%\n%! m.a "{F}"\na(F) :- face(F).'
    assert nesy("check", rules_file(whole)).code == 0
    assert nesy("check", "nowhere.lp").code == 2
    assert nesy("check", "--format", "html").code == 2
    assert "N332" in nesy("check", "--format", "html").err


def test_every_format_tells_the_same_faults(nesy, rules_file):
    path = rules_file("a(F) :- expresion(F, smile, C).\nb(F) :- expression(F, smile, C).")
    as_json = json.loads(nesy("check", path, "--json").out)
    assert (as_json[0]["code"], as_json[0]["severity"]) == ("N301", "error")
    assert (as_json[0]["column"], as_json[0]["end_column"]) == (9, 31)
    assert as_json[0]["fixable"] is True
    sarif = json.loads(nesy("check", path, "--format", "sarif").out)
    (run,) = sarif["runs"]
    assert (sarif["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "nesy")
    results = run["results"]
    assert [r["ruleId"] for r in results] == [f["code"] for f in as_json]
    for result in results:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    region = results[0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 9, "endLine": 1, "endColumn": 31}
    commands = nesy("check", path, "--format", "github").out.splitlines()
    assert len(commands) == len(as_json)
    assert re.fullmatch(
        r"::error file=.*mine\.lp,line=1,endLine=1,col=9,endColumn=30,title=N301 unknown "
        r"predicate expresion/3::unknown predicate expresion/3%0Awhy: .*%0Afix: .*",
        commands[0],
    )
    assert commands[1].startswith("::warning ")


def test_watch_checks_again_when_a_file_is_saved(rules_file):
    path = rules_file("a :- nowhere.")
    command = [*NESY, "check", str(path), "--watch"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert "N301" in process.stdout.readline()
        path.write_text("a :- drafted, face(")
        while "N300" not in (line := process.stdout.readline()):
            assert line
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130


def test_what_is_remembered_is_what_was_found(monkeypatch, tmp_path, words):
    monkeypatch.setenv("NESY_CACHE", str(tmp_path / "cache"))
    first = store.shipped(None, machines_day())
    assert sorted(p.name for p in (tmp_path / "cache").iterdir()) == ["shipped.json"]
    assert store.shipped(None, machines_day()) == first
    for _ in range(2):
        found = store.vocabulary()
        assert (found.terms, found.pairs, found.digest) == (words.terms, words.pairs, words.digest)
        assert found.facts == words.facts
    (tmp_path / "cache" / "vocabulary.json").write_text("{")
    assert store.vocabulary().terms == words.terms
    monkeypatch.setenv("NESY_CACHE", str(tmp_path / "cache" / "shipped.json" / "no folder"))
    assert store.vocabulary().terms == words.terms


def test_shipped_clauses_are_read_once(words):
    book = rulebook.load()
    rule = book.packs[0].rules[0]
    one, other = (Program(rulebook.load(), words, ()) for _ in range(2))
    assert one.clause(rule) is other.clause(rule)
