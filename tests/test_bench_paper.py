"""The whole study in one command, killed on the way: the report is the one it would have been."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STUDY = ["--count", "4", "--limit", "3", "--no-cache", "--quiet"]
CONDITIONS = ["--conditions", "text,text_rules,constrained,rules,learned,governed"]


def command(folder):
    return [sys.executable, "-m", "nesy", "bench", "paper", "-o", str(folder), *STUDY, *CONDITIONS]


def started(folder):
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command(folder), cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def killed_once(folder, until):
    """Start the study, and kill it with no warning as soon as something has happened."""
    process = started(folder)
    ends = time.monotonic() + 300
    while not until():
        assert process.poll() is None and time.monotonic() < ends
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_a_study_killed_twice_ends_with_the_same_report(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    out, err = (process := started(whole)).communicate()
    assert process.returncode == 0, err.decode()
    assert b"wrote " in out
    killed_once(broken, lambda: lines(broken / "generations.jsonl") >= 2)
    some = lines(broken / "generations.jsonl")
    killed_once(broken, lambda: (broken / "answers" / "rules.jsonl").exists())
    assert 2 <= some <= lines(broken / "generations.jsonl") == lines(whole / "generations.jsonl")
    out, err = (process := started(broken)).communicate()
    assert process.returncode == 0, err.decode()
    names = {p.relative_to(whole / "report") for p in (whole / "report").rglob("*") if p.is_file()}
    assert len(names) > 20
    for name in sorted(names):
        assert (broken / "report" / name).read_bytes() == (whole / "report" / name).read_bytes()
    results = json.loads((whole / "results.json").read_text())
    assert {f["task"] for f in results["figures"]} == {
        *("built", "fine", "darwin", "crema_d", "robustness")
    }
