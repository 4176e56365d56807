"""Every verb, as it is used: what it writes where, and how it exits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from nesy.cli.commands import app
from nesy.cli.kinds import LISTS

NESY = [sys.executable, "-m", "nesy"]
SEEN = {
    "case": {"id": "c1", "line": "Oh great, another meeting", "image": "face.png"},
    "observation": {
        "perceiver": "test",
        "faces": [{"id": "f1", "expressions": [{"expression": "eye_roll", "confidence": 930}]}],
    },
}
VERBS = sorted(typer.main.get_command(app).commands)


@pytest.fixture
def run_line(nesy):
    def run(line, *more):
        return nesy("run", "--line", line, *more)

    return run


def traces(text):
    return [json.loads(line) for line in text.splitlines()]


# ── run, perceive, reason ───────────────────────────────────────────────────────────────────────


def test_run_writes_a_summary(run_line):
    ran = run_line("I'm fine")
    assert (ran.code, ran.err) == (0, "")
    assert "line     “I'm fine”" in ran.out
    assert "verdict  release" in ran.out
    assert "reply    " in ran.out


def test_run_writes_the_whole_trace_as_json(run_line):
    ran = run_line("I'm fine", "--json", "--declare", "context=support", "--seed", "7")
    (trace,) = traces(ran.out)
    assert trace["schema"] == "nesy.trace.v1"
    assert trace["case"]["declared"] == {"context": ["support"]}
    assert trace["versions"]["seed"] == 7
    assert {"observation", "facts", "reading", "verdict", "response"} <= set(trace)


def test_the_same_input_gives_the_same_bytes(run_line):
    assert run_line("I'm fine", "--json").out == run_line("I'm fine", "--json").out


def test_run_reads_a_case_file_and_appends_to_a_journal(nesy, tmp_path):
    cases, out = tmp_path / "cases.jsonl", tmp_path / "out.jsonl"
    cases.write_text('{"line": "hello"}\n{"id": "two", "line": "thanks"}\n')
    first = nesy("run", cases, "-o", out, "--quiet")
    assert (first.code, first.out, first.err) == (0, "", "")
    assert [t["case"]["id"] for t in traces(out.read_text())] == ["c1", "two"]
    again = nesy("run", cases, "-o", out)
    assert (again.code, again.err) == (0, f"{out}: 2 of 2 done before\n")
    assert len(traces(out.read_text())) == 2


def test_a_case_that_fails_does_not_stop_the_others_and_sets_the_exit_code(nesy, tmp_path):
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"line": "a\\u200bb"}\n{"line": "thanks"}\n')
    ran = nesy("run", cases, "--json", "--quiet")
    bad, good = traces(ran.out)
    assert ran.code == 2
    assert ran.err.startswith("N131 case c1: ")
    assert "error" in bad and "verdict" not in bad
    assert "error" not in good and good["verdict"]["status"] == "release"


def test_packs_choose_what_interprets_and_norms_stay(run_line):
    (trace,) = traces(run_line("I want to die", "--packs", "", "--json").out)
    assert "self_harm" in str(trace["verdict"]) or trace["verdict"]["norms"]


def test_perceive_then_reason_is_run(nesy):
    seen = nesy("perceive", "--line", "I'm fine", "--json")
    (trace,) = traces(seen.out)
    assert "verdict" not in trace
    reasoned = nesy("reason", stdin=seen.out)
    assert traces(reasoned.out) == traces(nesy("run", "--line", "I'm fine", "--json").out)


def test_reason_reads_a_file_or_standard_input(nesy, tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(SEEN, indent=2))
    outs = {nesy("reason", path).out, nesy("reason", "-", stdin=json.dumps(SEEN)).out}
    assert len(outs) == 1
    (trace,) = traces(outs.pop())
    assert trace["reading"]["f1"]["distribution"]


def test_reason_is_done_again_alike(nesy):
    once = nesy("reason", stdin=json.dumps(SEEN)).out
    assert nesy("reason", stdin=once).out == once


def test_facts_alone_are_reasoned_over(nesy):
    facts = [
        {"atom": "face(f1)", "origin": "image"},
        {"atom": "speaker(f1)", "origin": "declared"},
        {"atom": "expression(f1,smile,900)", "origin": "image"},
    ]
    ran = nesy("reason", stdin=json.dumps({"case": {"id": "c"}, "facts": facts}))
    assert (ran.code, ran.err) == (0, "")
    assert traces(ran.out)[0]["reading"]["f1"]["distribution"]


def test_rules_of_ones_own_are_used(nesy, rules_file):
    mine = rules_file(
        '%! mine.smug "{Face} is smug"\nevidence(Face, pride, 1000) :- speaker(Face).'
    )
    (trace,) = traces(nesy("run", "--line", "hi", "--rules", mine, "--json").out)
    assert "pride" in trace["reading"]["f1"]["distribution"]
    ran = nesy("why", "reads(f1, pride, _)", "--rules", mine, stdin=json.dumps(trace))
    assert ran.code == 0
    assert "rule mine.smug" in ran.out


# ── why ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def reasoned(nesy):
    return nesy("reason", stdin=json.dumps(SEEN)).out


def test_why_explains_the_response_or_an_atom(nesy, reasoned):
    whole = nesy("why", stdin=reasoned)
    assert (whole.code, whole.err) == (0, "")
    assert whole.out.startswith("The reply was released. “")
    atom = nesy("why", "evidence(f1, sarcasm, _)", stdin=reasoned)
    assert atom.code == 0
    assert "table1." in atom.out


@pytest.mark.parametrize("form", ["json", "dot", "html", "text"])
def test_why_renders_every_format(nesy, reasoned, form):
    ran = nesy("why", "--format", form, stdin=reasoned)
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) if form == "json" else ran.out


def test_why_says_no_with_exit_code_1(nesy, reasoned):
    ran = nesy("why", "reads(f1, envy, _)", stdin=reasoned)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("N502 ")


def test_why_warns_of_other_rules(nesy, reasoned):
    old = json.loads(reasoned)
    old["versions"]["rules"] = "sha256:other"
    ran = nesy("why", stdin=json.dumps(old))
    assert ran.code == 0
    assert ran.err.startswith("warning: N506 ")


def test_why_asks_which_case(nesy, reasoned):
    other = json.loads(reasoned)
    other["case"]["id"] = "c2"
    both = reasoned + json.dumps(other)
    ran = nesy("why", stdin=both)
    assert (ran.code, ran.err.split()[0]) == (2, "N505")
    assert nesy("why", "--case", "c2", stdin=both).code == 0
    assert nesy("why", "--case", "c3", stdin=both).err.startswith("N505 ")


# ── check, list, show, help ─────────────────────────────────────────────────────────────────────


def test_check_finds_no_fault_in_what_is_shipped(nesy):
    ran = nesy("check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("no fault found\n")
    assert nesy("check", "--json").out == "[]\n"


def test_check_tells_every_fault_and_exits_2(nesy, rules_file):
    mine = rules_file("a :- nowhere.\nevidence(F, joyy, 5) :- face(F).")
    ran = nesy("check", mine)
    assert ran.code == 2
    assert [line.split()[:2] for line in ran.out.splitlines()[::3]] == [
        [f"{mine}:1:6:", "N301"],
        [f"{mine}:2:13:", "N307"],
    ]
    told = json.loads(nesy("check", mine, "--json").out)
    assert [(d["code"], d["line"]) for d in told] == [("N301", 1), ("N307", 2)]


@pytest.mark.parametrize("kind", sorted(LISTS))
def test_everything_can_be_listed_and_each_thing_shown(nesy, kind):
    rows = json.loads(nesy("list", kind, "--json").out)
    assert rows and all(row["name"] for row in rows)
    plain = nesy("list", kind)
    assert (plain.code, len(plain.out.splitlines())) == (0, len(rows))
    singular = {"mismatches": "mismatch"}.get(kind, kind.removesuffix("s"))
    for spelling in (kind, singular):
        if spelling == "mismatch":
            continue
        shown = nesy("show", spelling, rows[0]["name"])
        assert (shown.code, shown.err) == (0, "")
        assert rows[0]["name"] in shown.out
    assert json.loads(nesy("show", kind, rows[0]["name"], "--json").out) == rows[0]


def test_list_alone_lists_the_kinds(nesy):
    assert nesy("list").out.split() == list(LISTS)
    assert json.loads(nesy("list", "--json").out) == list(LISTS)


def test_show_finds_a_norm_in_small_letters_and_a_predicate_by_its_name(nesy):
    assert "E111" in nesy("show", "norm", "e111").out
    for name in ("au", "au/4"):
        assert "au(Face, Unit, Intensity, Confidence)" in nesy("show", "predicate", name).out
    assert nesy("show", "predicate", "au/3").code == 2
    assert nesy("show", "unit", "12").out == nesy("show", "unit", "au12").out


def test_show_a_rule_with_its_text(nesy):
    ran = nesy("show", "rule", "order.danger_by_words")
    assert "danger(Kind) :- cue(Cue,_)" in ran.out.replace("; ", ",").replace(", ", ",")


def test_show_the_format_of_a_trace(nesy):
    assert json.loads(nesy("show", "format", "trace").out)["title"] == "Trace"


def test_version_and_help(nesy):
    assert nesy("--version").out.startswith("nesy 0.")
    assert nesy().out == nesy("--help").out
    for verb in VERBS:
        ran = nesy(verb, "--help")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"Usage: nesy {verb}")


# ── As a process ────────────────────────────────────────────────────────────────────────────────


def test_verbs_are_joined_by_pipes():
    command = " ".join(f"'{part}'" for part in NESY)
    piped = f"{command} run --line 'I want to die' --json | {command} why"
    done = subprocess.run(piped, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The reply was released. “")


def test_a_reader_that_leaves_is_no_fault():
    command = " ".join(f"'{part}'" for part in NESY)
    cut = f"set -o pipefail; {command} list rules --json | head -n 1"
    done = subprocess.run(["bash", "-c", cut], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_is_utf_8_wherever_it_goes():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    command = [*NESY, "run", "--line", "I’m fine"]
    done = subprocess.run(command, capture_output=True, env=environment)
    assert done.returncode == 0
    assert "“I’m fine”" in done.stdout.decode()


HEAVY = ("clingo", "rdflib", "torch", "pydantic", "rich", "networkx", "pyshacl", "PIL")


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['nesy', '--help']\n"
        "from nesy.cli import main\n"
        "try: main()\n"
        f"finally: print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]\n")


# ── Output that nobody takes ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("verb", [("list", "models"), ("perceive", "--line", "hm"), ("--help",)])
def test_a_full_disk_behind_stdout_is_told(verb, unbuffered):
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*NESY, *verb], stdout=full, stderr=subprocess.PIPE, text=True, env=environment
        )
    assert done.returncode == 2
    assert done.stderr == (
        "N151 the output cannot be written\n"
        "  why: No space left on device\n"
        "  fix: make room, or send it elsewhere\n"
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_where_stderr_is_full_the_exit_code_says_it(unbuffered):
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*NESY, "list", "nonsense"], stderr=full, env=environment)
    assert done.returncode == 2


def test_a_reader_of_the_output_that_has_gone_is_no_fault():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*NESY, "list", "rules"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
