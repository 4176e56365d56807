"""A long run survives being killed: nothing is lost, nothing is done twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nesy.diagnostics import NesyError
from nesy.journal import Journal, unique
from nesy.trace import Case, Trace

COMMAND = [sys.executable, "-m", "nesy", "run", "--quiet"]
LINES = ("I'm fine.", "Great, another meeting.", "I want to die.", "Are you there?", "Thank you!")
VERSIONS = {"rules": "sha256:1", "ontology": "sha256:2", "weights": "sha256:3", "seed": 0}


def cases_file(tmp_path, count):
    path = tmp_path / "cases.jsonl"
    rows = ({"id": f"c{n}", "line": LINES[n % len(LINES)]} for n in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def trace(name, **more):
    return Trace(case=Case(id=name, line="hello"), versions={**VERSIONS, **more})


def kept(path, *names):
    return [t.case.id for t in Journal(path, VERSIONS).keep(map(trace, names))]


def fault_of(path, versions=VERSIONS):
    with pytest.raises(NesyError) as caught:
        Journal(path, versions)
    (fault,) = caught.value.diagnostics
    return fault


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed_at(command, out, target, sent):
    """Start a run, send it a signal once ``target`` Traces are on disk; return its exit code."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    until = time.monotonic() + 120
    while lines_of(out) < target and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(sent)
    process.communicate()
    return process.returncode


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_as_one_that_was_not(tmp_path):
    count, chance = 40, random.Random(7)
    cases = cases_file(tmp_path, count)
    whole, pieces = tmp_path / "whole.jsonl", tmp_path / "pieces.jsonl"
    assert subprocess.run([*COMMAND, cases, "-o", whole]).returncode == 0
    kills = 0
    for _ in range(4):
        target = lines_of(pieces) + chance.randint(1, 7)
        kills += killed_at([*COMMAND, cases, "-o", pieces], pieces, target, signal.SIGKILL) == -9
    assert kills == 4
    assert 4 <= lines_of(pieces) < count
    assert subprocess.run([*COMMAND, cases, "-o", pieces]).returncode == 0
    assert pieces.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_finished_and_exits_130(tmp_path):
    cases, out = cases_file(tmp_path, 300), tmp_path / "out.jsonl"
    assert killed_at([*COMMAND, cases, "-o", out], out, 3, signal.SIGINT) == 130
    assert 3 <= lines_of(out) < 300
    assert out.read_bytes().endswith(b"\n")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_line_cut_anywhere_is_written_again(tmp_path, data):
    path = tmp_path / "out.jsonl"
    path.unlink(missing_ok=True)
    kept(path, "a", "b", "c")
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    journal = Journal(path, VERSIONS)
    left = journal.remaining([Case(id=name) for name in "abc"])
    assert len(left) == 3 - whole[:cut].count(b"\n")
    list(journal.keep(trace(case.id) for case in left))
    assert path.read_bytes() == whole


def test_each_trace_is_on_disk_before_the_next_case_begins(tmp_path):
    path = tmp_path / "new" / "out.jsonl"
    seen = []

    def slowly():
        for name in "abc":
            seen.append(lines_of(path))
            yield trace(name)

    list(Journal(path, VERSIONS).keep(slowly()))
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(
    "content",
    [
        b"my notes\n",
        b"my notes, without a newline",
        b'{"id": "c1"}\n',
        b'{"case": {"id": "c1"}}\n',
        b'{"case": "c1", "schema": "nesy.trace.v1"}\n',
        b'{"schema":"nesy.trace.v1","case":{"id":"a"},"versions":null}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
        b"\x00" * 10,
        b"\n",
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert fault_of(path).code == "N150"
    assert path.read_bytes() == content


@pytest.mark.parametrize("part", ["rules", "ontology", "weights", "seed", "perceiver", "reader"])
def test_traces_of_other_rules_are_not_continued(tmp_path, part):
    path = tmp_path / "out.jsonl"
    with Journal(path, VERSIONS) as journal:
        list(journal.keep([trace("a", perceiver="one", reader="one")]))
    fault = fault_of(path, {**VERSIONS, part: "sha256:other"})
    assert (fault.code, fault.line) == ("N150", 1)
    assert fault.why.startswith(f"it was made with other {part}: ")


def recording(path, *names):
    """Write what a perceiver saw of these cases."""
    face = {"id": "f1", "emotion": {"joy": 900}}
    rows = [{"id": name, "perceiver": "x", "faces": [face]} for name in names]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"replay:{path}"


def test_what_one_model_saw_is_not_continued_with_another(nesy, tmp_path):
    cases, out = tmp_path / "cases.jsonl", tmp_path / "out.jsonl"
    rows = [{"id": name, "image": f"{name}.png", "line": "hm"} for name in "ab"]
    cases.write_text("".join(json.dumps(row) + "\n" for row in rows))
    one, other = (recording(tmp_path / f"{name}.jsonl", "a", "b") for name in ("one", "other"))
    begun = tmp_path / "begun.jsonl"
    begun.write_text(cases.read_text().splitlines()[0] + "\n")
    assert nesy("run", begun, "--with", one, "-o", out).code == 0
    before = out.read_bytes()
    done = nesy("run", cases, "--with", other, "-o", out)
    assert done.code == 2 and "N150" in done.err and "other perceiver" in done.err
    read = nesy("run", cases, "--with", one, "--reader", "lexical", "-o", out)
    assert read.code == 2 and "N150" in read.err and "other reader" in read.err
    assert out.read_bytes() == before
    assert nesy("run", cases, "--with", one, "-o", out).code == 0
    assert lines_of(out) == 2


HELD = """
import sys, time
from pathlib import Path
from nesy.journal import Journal
journal = Journal(Path(sys.argv[1]), {})
print("held", flush=True)
time.sleep(60)
"""


def test_one_run_at_a_time_writes_to_a_file_and_a_kill_ends_it(nesy, tmp_path):
    cases, out = cases_file(tmp_path, 3), tmp_path / "out.jsonl"
    with subprocess.Popen([sys.executable, "-c", HELD, out], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        done = nesy("run", cases, "-o", out)
        process.kill()
    assert done.code == 2 and "N151" in done.err and "another nesy run" in done.err
    assert lines_of(out) == 0
    assert nesy("run", cases, "-o", out).code == 0
    assert lines_of(out) == 3


def test_what_cannot_be_written_is_told_before_any_case_begins(tmp_path):
    for path in (tmp_path, "/proc/nowhere/out.jsonl", "/dev/full", tmp_path / ("x" * 300)):
        assert fault_of(type(tmp_path)(path)).code == "N151"


def test_a_disk_that_fills_up_is_told(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    path = tmp_path / "out.jsonl"
    journal = Journal(path, VERSIONS)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NesyError, match="N151"):
        list(journal.keep([trace("a")]))


def test_what_failed_before_is_remembered(tmp_path):
    path = tmp_path / "out.jsonl"
    error = {"exit_code": 3, "diagnostics": []}
    failed = trace("a").with_(error=error)
    list(Journal(path, VERSIONS).keep([failed]))
    assert Journal(path, VERSIONS).failed == 3


def test_two_cases_of_one_id_are_refused():
    assert unique([(1, Case(id="a")), (3, Case(id="b"))]) == [Case(id="a"), Case(id="b")]
    with pytest.raises(NesyError) as caught:
        unique([(1, Case(id="a")), (5, Case(id="a"))], "cases.jsonl")
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.file, fault.line) == ("N115", "cases.jsonl", 5)
