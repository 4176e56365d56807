"""A task of six faces, a run of it, and what tests of runs read and start."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from nesy import resources

FACES = resources.folder("benchmarks") / "demo" / "faces"
SHOWN = ("felt_smile", "troubled_smile", "downcast", "lip_bite", "polite_smile", "furrowed_brows")
ON = "text,constrained,rules,governed"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NESY_BENCH_CACHE", str(tmp_path / "cache.sqlite"))


@pytest.fixture
def task(tmp_path):
    """A folder with a task of six faces: one has a recorded observation, one no picture."""
    folder = tmp_path / "faces"
    folder.mkdir()
    rows = [
        {
            "id": name,
            "case": {"id": name, "image": str(FACES / f"{name}.png"), "line": "I'm fine."},
            "reference": {"origin": "drawn", "units": [12], "votes": {"joy": 3, "sadness": 1}},
            "groups": {"face": name},
            "slices": {"mouth": "up" if "smile" in name else "down"},
        }
        for name in SHOWN
    ]
    rows[3]["observation"] = {
        "perceiver": "a person",
        "faces": [
            {"id": "f1", "action_units": [{"unit": 12, "intensity": 500, "confidence": 900}]}
        ],
    }
    rows[4]["case"]["image"] = str(tmp_path / "gone.png")
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "task.toml").write_text(
        'name = "six"\nversion = 1\ntitle = "Six faces"\nasks = "What do they show?"\n'
        'measures = ["unit_f1", "nll"]\ncluster = "face"\nlicence = "CC0"\nsource = "these tests"\n'
        'rows = "samples.jsonl"\n'
    )
    return folder


@pytest.fixture
def recording(tmp_path):
    """What a model once reported of the six, as the adapter replay reads it."""
    path = tmp_path / "seen.jsonl"
    unit = {"unit": 12, "intensity": 600, "confidence": 950}
    face = {"id": "f1", "action_units": [unit], "claims": [{"emotion": "joy", "confidence": 700}]}
    seen = [{"id": name, "perceiver": "one of ours", "faces": [face]} for name in SHOWN[:5]]
    path.write_text("".join(json.dumps(each) + "\n" for each in seen))
    return f"replay:{path}"


@pytest.fixture
def run(nesy, task, recording, tmp_path):
    """A run by the recording, which has nothing on the last of the six."""
    folder = tmp_path / "run"
    ran = nesy("bench", task, "--with", recording, "-o", folder, "--conditions", ON)
    assert ran.code == 0, ran.err
    return folder


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def stages(run):
    return json.loads((run / "manifest.json").read_text())["invocations"][-1]["stages"]


def files(run):
    """All that must be the same in two runs of the same: every file but what tells of the time."""
    return {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name not in ("manifest.json", ".lock")
    }


MAIN = "from nesy.cli import main; main()"


def command(task, run, *more, begin=MAIN):
    given = [task, "-o", run, "--conditions", ON, *more]
    return [sys.executable, "-c", begin, "bench", *map(str, given)]


def killed_after(task, run, records, log):
    """Begin a run and end it by SIGKILL when so many generations are on disk."""
    with log.open("wb") as stream:
        process = subprocess.Popen(command(task, run, "--no-cache"), stdout=stream, stderr=stream)
    path, until = run / "generations.jsonl", time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        if path.exists() and path.read_bytes().count(b"\n") >= records:
            os.kill(process.pid, signal.SIGKILL)
            break
        time.sleep(0.01)
    assert process.wait() == -signal.SIGKILL, log.read_text()
