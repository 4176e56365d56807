"""A run: its stages go on where they stopped, its files are the same however they were made."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy.benchmarks.records import Generation
from nesy.benchmarks.running.cache import Cache
from nesy.benchmarks.running.progress import Progress, told
from nesy.benchmarks.running.store import Rows
from tests.bench_runs import (
    ON,
    SHOWN,
    command,
    files,
    killed_after,
    own_cache,
    recording,
    rows,
    run,
    stages,
    task,
)


@pytest.mark.slow
def test_a_run_killed_twice_ends_as_one_that_was_not(nesy, task, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert nesy("bench", task, "-o", whole, "--conditions", ON, "--no-cache").code == 0
    killed_after(task, cut, 1, tmp_path / "log")
    killed_after(task, cut, 3, tmp_path / "log")
    with (cut / "generations.jsonl").open("ab") as stream:
        stream.write(b'{"key":"cut sho')
    ran = nesy("bench", "run", "-o", cut)
    assert ran.code == 0
    assert "generations.jsonl: 15 bytes cut short are dropped" in ran.err
    assert files(cut) == files(whole)
    kept = json.loads((cut / "manifest.json").read_text())["invocations"][-1]["stages"]["generate"]
    assert kept["kept"] >= 3 and kept["kept"] + kept["made"] == kept["wanted"] == 5


NODES = """
import os, sys
os.environ["RAY_AUTH_MODE"] = "disabled"
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
cluster.add_node(num_cpus=1)
os.environ["RAY_ADDRESS"] = cluster.address
from nesy import cli
try:
    cli.main()
finally:
    cluster.shutdown()
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["two processes", "two nodes of ray"])
def test_more_processes_give_the_same_bytes(nesy, task, tmp_path, how):
    one, two = tmp_path / "one", tmp_path / "two"
    limit = ("--no-cache", "--limit", "3")
    assert nesy("bench", task, "-o", one, "--conditions", ON, *limit).code == 0
    asked = command(task, two, *limit, "--jobs", "2")
    if how != "two processes":
        pytest.importorskip("ray", reason="the extra ray is not installed")
        asked = command(task, two, *limit, "--jobs", "2", "--engine", "ray", begin=NODES)
    ran = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert files(one) == files(two)


def test_every_sample_has_a_state_and_a_reason(run):
    generations = {each["sample"]: each for each in rows(run / "generations.jsonl")}
    assert list(generations) == [name for name in SHOWN if name != "lip_bite"]
    last = generations.pop("furrowed_brows")
    assert (last["status"], last["reason"][:5]) == ("failed", "N108 ")
    assert all(each["observation"]["faces"] for each in generations.values())
    for condition in ON.split(","):
        answers = rows(run / "answers" / f"{condition}.jsonl")
        assert [each["sample"] for each in answers] == list(SHOWN)
        assert all(each["status"] == "done" or each["reason"] for each in answers)
    figures = json.loads((run / "results.json").read_text())["figures"]
    units = {f["condition"]: f for f in figures if f["measure"] == "unit_f1" and "slice" not in f}
    assert (units["text"]["value"], units["text"]["n"]) == (None, 0)
    assert (units["rules"]["n"], sum(units["rules"]["not_scored"].values())) == (5, 1)
    assert {str(f["slice"]) for f in figures if "slice" in f} == {
        "{'mouth': 'up'}",
        "{'mouth': 'down'}",
    }


def test_what_each_change_is_worth_is_told_against_its_base(run):
    told = json.loads((run / "results.json").read_text())["differences"]
    pairs = {(each["condition"], each["base"]) for each in told}
    assert pairs == {("rules", "constrained")}
    assert all(each["p_corrected"] is None or each["p_corrected"] >= each["p"] for each in told)


def test_a_run_in_another_folder_takes_all_from_the_cache(nesy, run, task, recording, tmp_path):
    again = tmp_path / "again"
    ran = nesy("bench", task, "--with", recording, "-o", again, "--conditions", ON)
    assert files(again) == files(run)
    counts = stages(again)
    assert counts["generate"]["made"] == 1  # what failed is not kept for other runs
    assert all(counts[f"answer {name}"]["made"] == 0 for name in ON.split(","))
    assert "answer" not in ran.err


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """An adapter that breaks on one case, while a file is there."""
    (tmp_path / "odd").mkdir()
    flag = tmp_path / "broken"
    flag.touch()
    (tmp_path / "odd" / "adapter.py").write_text(
        "from pathlib import Path\n"
        "from nesy.trace import Face, Observation\n"
        "class Odd:\n"
        "    def describe(self):\n"
        "        return {'name': 'odd', 'model': '/home/ann/odd', 'licence': 'CC0'}\n"
        "    def perceive(self, cases, *, seed):\n"
        "        for case in cases:\n"
        f"            if case.id == 'downcast' and Path({str(flag)!r}).exists():\n"
        "                raise ZeroDivisionError('in /home/ann/odd.py')\n"
        "            yield Observation(perceiver='odd', faces=(Face(id='f1'),))\n"
        "def create(model, vocabulary):\n"
        "    return Odd()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return flag


def test_one_case_that_breaks_an_adapter_ends_no_run(nesy, task, odd, tmp_path):
    run = tmp_path / "run"
    common = ("bench", task, "--with", "odd.adapter", "-o", run, "--conditions", "rules")
    assert nesy(*common).code == 0
    states = {each["sample"]: each for each in rows(run / "generations.jsonl")}
    broken = states.pop("downcast")
    assert (broken["status"], broken["reason"]) == ("failed", "ZeroDivisionError: in odd.py")
    assert {each["status"] for each in states.values()} == {"done"}
    assert json.loads((run / "manifest.json").read_text())["model"]["describe"]["model"] == "odd"
    answers = {each["sample"]: each for each in rows(run / "answers" / "rules.jsonl")}
    assert answers["downcast"]["status"] == "failed"
    odd.unlink()
    assert nesy(*common).code == 0
    assert stages(run)["generate"]["made"] == 0
    assert nesy(*common, "--only-failed").code == 0
    assert (stages(run)["generate"]["made"], stages(run)["generate"]["failed"]) == (1, 0)
    assert stages(run)["answer rules"]["made"] == 1
    assert {each["status"] for each in rows(run / "answers" / "rules.jsonl")} == {"done"}


def test_stages_are_verbs_of_their_own(nesy, run, task, recording, tmp_path):
    apart = tmp_path / "apart"
    common = ("-o", apart, "--conditions", ON, "--quiet")
    assert nesy("bench", "generate", task, "--with", recording, *common).code == 0
    assert nesy("bench", "answer", apart, "--quiet").code == 0
    told = nesy("bench", "score", apart, "--json", "--quiet")
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out) == json.loads((run / "results.json").read_text())
    assert files(apart) == files(run)


def test_other_conditions_join_a_run(nesy, run):
    before = (run / "answers" / "rules.jsonl").read_bytes()
    assert nesy("bench", "answer", run, "--conditions=-table1,learned", "--limit", "2").code == 0
    assert nesy("bench", "score", run).code == 0
    assert len(rows(run / "answers" / "-table1.jsonl")) == 2
    assert (run / "answers" / "rules.jsonl").read_bytes() == before
    figures = json.loads((run / "results.json").read_text())["figures"]
    one = next(f for f in figures if (f["condition"], f["measure"]) == ("-table1", "unit_f1"))
    assert one["not_scored"] == {"failed: there is no answer": 4}


def test_samples_are_added_to_a_run_and_never_lost(nesy, task, recording, tmp_path):
    run = tmp_path / "run"
    common = ("bench", "run", task, "--with", recording, "-o", run, "--conditions", "rules")
    assert nesy(*common, "--limit", "1").code == 0
    assert nesy(*common, "--samples", "downcast").code == 0
    assert [each["id"] for each in rows(run / "samples.jsonl")] == ["felt_smile", "downcast"]
    assert [each["sample"] for each in rows(run / "answers" / "rules.jsonl")] == [
        "felt_smile",
        "downcast",
    ]
    missed = nesy(*common, "--samples", "downcats")
    assert (missed.code, "N725" in missed.err, "downcast?" in missed.err) == (2, True, True)


def test_a_sample_is_shown_with_all_that_was_said_of_it(nesy, run):
    ran = nesy("bench", "show", run, "felt_smile", "--condition", "governed")
    assert ran.code == 0, ran.err
    for part in ("I'm fine.", "votes", "AU12", "reading", "verdict", "unit_f1 1.000", "├─"):
        assert part in ran.out
    one = json.loads(nesy("bench", "show", run, "lip_bite", "--json").out)
    assert [each["condition"] for each in one["answers"]] == ON.split(",")
    assert (one["generations"], one["trace"]) == ([], None)
    missed = nesy("bench", "show", run, "felt_smiel")
    assert (missed.code, "N725" in missed.err, "felt_smile?" in missed.err) == (2, True, True)


def generation(number):
    return Generation(
        key=f"{number}", task="t", sample=f"s{number}", mode="free", text="…" * number
    )


@given(st.integers(0, 5), st.integers(0, 400))
def test_a_kill_loses_the_record_it_cut_and_no_other(tmp_path_factory, count, cut):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    kept = Rows(path, Generation)
    made = [generation(number) for number in range(count)]
    with kept.appending() as append:
        for each in made:
            append([each])
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    left = whole[:cut].count(b"\n")
    assert kept.read() == made[:left]
    assert kept.recover() == len(whole[:cut]) - len(b"".join(whole.splitlines(True)[:left]))
    assert kept.read() == made[:left]
    kept.rewrite(made)
    assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_used_is_none(tmp_path, capsys):
    good = Cache(tmp_path / "cache.sqlite")
    good.put([("a", "one"), ("b", "zwei €")])
    assert good.many(["a", "b", "c"]) == {"a": "one", "b": "zwei €"}
    (tmp_path / "bad").write_text("no database, but a text that is long enough to be read as one")
    bad = Cache(tmp_path / "bad")
    bad.put([("a", "one")])
    assert bad.get("a") is None and Cache(None).get("a") is None
    assert "no cache is used" in capsys.readouterr().err


def test_progress_tells_what_is_left():
    at = Progress("generate", 100, quiet=True)
    at.advance(25, 1)
    assert at.line(60) == "generate: 25 of 100, 1 failed, 3 min 0 s left"
    assert (told(59.6), told(3600)) == ("1 min 0 s", "1 h 0 min")
