"""Many lines in, many lines out: nothing that was written is lost, no process is left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nesy.reason.bulk import CHUNK

NESY = [sys.executable, "-m", "nesy"]
pytestmark = pytest.mark.slow


def lines(count):
    return [json.dumps({"line": f"I am so glad number {n} is done!"}) for n in range(count)]


def children(of):
    """Return the processes that a process has started, and theirs."""
    found = []
    for task in Path(f"/proc/{of}/task").glob("*/children"):
        for pid in task.read_text().split():
            found += [int(pid), *children(pid)]
    return found


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def ended(pids, within=30.0):
    """Tell whether all processes end in time."""
    until = time.monotonic() + within
    while any(map(is_running, pids)):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def endless(tmp_path):
    """Reasoning in two processes over lines that do not end, caught after answers of theirs."""
    if not Path("/proc/self/task").is_dir():
        pytest.skip("processes are looked for in /proc")
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as told, err.open("wb") as said:
        run = subprocess.Popen(
            [*NESY, "reason", "--json", "--jobs", "2"],
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=said,
            start_new_session=True,
        )
    feed = subprocess.Popen(["yes", lines(1)[0]], stdout=run.stdin)
    run.stdin.close()
    until = time.monotonic() + 60
    while out.read_bytes().count(b"\n") <= CHUNK:
        assert run.poll() is None, err.read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    yield run, out, err
    for process in (run, feed):
        process.kill()
        process.wait()


def test_ctrl_c_keeps_what_was_written_and_leaves_no_process(endless):
    run, out, err = endless
    started = children(run.pid)
    assert len(started) >= 2
    # A terminal tells all processes of the command.
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(30) == 130
    assert ended(started)
    written = out.read_text(encoding="utf-8").splitlines()
    ids = [json.loads(line)["case"]["id"] for line in written]
    assert ids == [f"c{n}" for n in range(1, len(ids) + 1)]
    assert "Traceback" not in err.read_text()


def test_processes_end_with_the_one_that_started_them(endless):
    run, _, _ = endless
    started = children(run.pid)
    assert len(started) >= 2
    run.kill()
    run.wait()
    assert ended(started)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_line_among_many_is_told_and_costs_nothing_else(nesy, tmp_path, jobs):
    good = lines(250)
    bad = tmp_path / "bad.jsonl"
    bad.write_text("\n".join([*good[:120], '{"line": "cut', *good[120:]]), encoding="utf-8")
    ran = nesy("reason", bad, "--json", "--jobs", jobs)
    assert ran.code == 2
    assert [line for line in ran.err.splitlines() if ":121:" in line and "N110" in line]
    assert ran.err.count(str(bad)) == 1
    said = [json.loads(line)["case"] for line in ran.out.splitlines()]
    assert [case["line"] for case in said] == [json.loads(line)["line"] for line in good]
    assert [case["id"] for case in said] == [f"c{n}" for n in range(1, 252) if n != 121]


FORKING = """
import os, subprocess, sys
from nesy.reason.workers import spread

laid_out = []

def where(held, each):
    return os.getpid() == held, bool(laid_out)

if __name__ == "__main__":
    laid_out.append("rules")
    beside = subprocess.Popen(["sleep", "60"]) if sys.argv[1:] else None
    found = list(spread(where, os.getpid(), range(3), jobs=1, inherit=True))
    print(found == [(True, True), (False, True), (False, True)], found == [(False, False)] * 3)
    if beside is not None:
        beside.kill()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are always started anew")
@pytest.mark.parametrize(("beside", "said"), [((), "True False"), (("child",), "False True")])
def test_rules_laid_out_are_inherited_only_where_nothing_else_runs(tmp_path, beside, said):
    script = tmp_path / "forking.py"
    script.write_text(FORKING, encoding="utf-8")
    # Libraries of numbers start threads of their own.
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, script, *beside], env=env, capture_output=True, text=True, check=False
    )
    assert (ran.stdout.strip(), ran.stderr) == (said, "")
