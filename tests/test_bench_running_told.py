"""What a run tells and refuses: who was not scored, what it is of, what it cannot be made with."""
# ruff: noqa: F401, F811 - fixtures are imported by their names

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy.benchmarks.running import keys, store
from nesy.benchmarks.running.setup import Setup
from tests.bench_runs import (
    ON,
    own_cache,
    recording,
    rows,
    run,
    task,
)

NOSTALGIA = """
@prefix nesy: <https://nesy.dev/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
nesy:emotion.nostalgia a nesy:Emotion ;
    nesy:id "nostalgia" ; nesy:kind "emotion" ; nesy:valence 0 ; nesy:arousal -1 ;
    skos:prefLabel "Nostalgia"@en ; nesy:phrase "a longing for what is past"@en ;
    skos:definition "A bittersweet longing for the past."@en ; nesy:claimable true .
"""


def test_who_was_not_scored_is_told_below_the_figures(nesy, task, run, recording):
    said = nesy("bench", task, "--with", recording, "-o", run, "--conditions", ON, "--quiet").out
    assert "not scored: 1 by constrained, rules, governed: failed: N108" in said
    assert "not scored: 1 by constrained: the report claims no emotion" in said
    assert "verdict" not in said


def test_what_cannot_write_free_text_is_told_before_a_picture_is_looked_at(
    nesy, task, recording, tmp_path
):
    ran = nesy("bench", task, "--with", recording, "-o", tmp_path / "all")
    assert ran.code == 2 and "N742" in ran.err
    assert rows(tmp_path / "all" / "generations.jsonl") == []
    named = ran.err.partition("fix: --conditions ")[2].partition(",")
    rest = "".join(named).partition(", or ")[0]
    again = nesy("bench", task, "--with", recording, "-o", tmp_path / "all", "--conditions", rest)
    assert again.code == 0, again.err


def test_rows_may_use_words_of_the_users_own_ontology(nesy, tmp_path):
    words = tmp_path / "mine.ttl"
    words.write_text(NOSTALGIA, encoding="utf-8")
    table = tmp_path / "mine.csv"
    table.write_text("line,emotions,votes_nostalgia,votes_joy\nWe lived here.,nostalgia,3,1\n")
    assert "N734" in nesy("bench", "run", table, "-o", tmp_path / "run").err
    given = ["-o", tmp_path / "run", "--ontology", words, "--conditions", "text"]
    ran = nesy("bench", "run", table, *given)
    assert ran.code == 0, ran.err
    assert "the shipped ontology, which measures go by, has no nostalgia" in ran.out
    assert nesy("bench", "check", table, "--ontology", words).code == 0
    again = nesy("bench", "run", table, "-o", tmp_path / "run", "--conditions", "text")
    assert (again.code, again.out) == (0, ran.out)


def test_figures_of_before_are_no_report(nesy, run, tmp_path):
    assert nesy("bench", "report", run).code == 0
    ratings = tmp_path / "anna.csv"
    ratings.write_text("sample,condition,tone\nfelt_smile,governed,4\n")
    for changed in (
        ("answer", run, "--packs=-pairs,-table1,-facs", "--conditions", "rules"),
        ("judge", run, "--with", f"people:{ratings}"),
    ):
        assert nesy("bench", *changed).code == 0
        old = nesy("bench", "report", run)
        assert (old.code, old.err.count("N750")) == (2, 1), changed
        assert nesy("bench", "score", run).code == 0
        assert nesy("bench", "report", run).code == 0


def test_a_persons_rows_that_rate_nothing_and_ratings_that_give_way_are_told(nesy, run, tmp_path):
    one, other = tmp_path / "anna.csv", tmp_path / "second" / "anna.csv"
    other.parent.mkdir()
    head, row = "sample,condition,tone\n", "felt_smile,governed,4\n"
    one.write_text(f"{head}{row}nobody,governed,4\n")
    other.write_text(head + row)
    said = nesy("bench", "judge", run, "--with", f"people:{one}").err
    assert "1 of 2 rows rate nothing in this run: nobody governed" in said
    assert "replaced" not in said
    given = ("bench", "judge", run, "--with", f"people:{other}")
    first, again = nesy(*given).err, nesy(*given).err
    assert "ratings of before under this name are replaced" in first
    assert "rate nothing" not in first and "replaced" not in again


def test_a_manifest_says_all_but_whose_machine_it_was(run, tmp_path):
    text = (run / "manifest.json").read_text()
    told = json.loads(text)
    assert str(tmp_path) not in text and str(Path.home()) + "/" not in text
    assert told["tasks"][0]["samples"] == 6 and len(told["tasks"][0]["sha256"]) == 64
    assert told["model"]["weights"].startswith("sha256:")
    assert {"cpus", "memory_gb", "gpus", "system"} == set(told["hardware"])
    assert set(told["versions"]) == {"nesy", "python", "rules", "ontology", "weights", "packages"}


def test_a_run_is_of_one_model(nesy, run, task):
    ran = nesy("bench", task, "--with", "embedded", "-o", run)
    assert (ran.code, "N724" in ran.err) == (2, True)
    assert nesy("bench", task, "--seed", "3", "-o", run).code == 2


def test_what_is_no_run_is_not_written_to(nesy, tmp_path):
    ran = nesy("bench", "score", tmp_path)
    assert (ran.code, "N723" in ran.err) == (2, True)
    (tmp_path / "manifest.json").write_text('{"schema": "another.v1"}')
    assert "N723" in nesy("bench", "answer", tmp_path).err


def test_two_processes_never_write_to_one_run(nesy, run):
    with store.alone(run):
        ran = nesy("bench", "score", run)
    assert (ran.code, "N722" in ran.err) == (2, True)


def test_a_damaged_line_is_told_with_its_place(nesy, run):
    path = run / "answers" / "rules.jsonl"
    path.write_text("{}\n" + path.read_text())
    ran = nesy("bench", "score", run)
    assert (ran.code, "rules.jsonl:1: N720" in ran.err) == (2, True)


def test_a_folder_that_cannot_be_written_is_told_before_a_model_looks(nesy, task, tmp_path):
    (tmp_path / "file").write_text("")
    ran = nesy("bench", task, "-o", tmp_path / "file" / "run")
    assert (ran.code, "N721" in ran.err) == (2, True)


def test_a_measure_that_is_none_is_told_before_a_model_looks(nesy, task, tmp_path):
    toml = task / "task.toml"
    toml.write_text(toml.read_text().replace('"nll"', '"nil"'))
    ran = nesy("bench", task, "-o", tmp_path / "run")
    assert (ran.code, "N710" in ran.err) == (2, True)
    assert not (tmp_path / "run" / "generations.jsonl").exists()


def test_lists(nesy):
    for kind, name in (("tasks", "demo"), ("conditions", "governed"), ("measures", "unit_f1")):
        assert name in nesy("bench", "list", kind).out
        assert name in [
            each["name"] for each in json.loads(nesy("bench", "list", kind, "--json").out)
        ]
    ran = nesy("bench", "list", "model")
    assert (ran.code, "N726" in ran.err) == (2, True)


def test_a_word_that_is_neither_verb_nor_task_is_refused(nesy):
    ran = nesy("bench", "scor", "somewhere")
    assert (ran.code, "'score'" in ran.err) == (2, True)


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=5))
def test_no_folder_of_the_machine_is_told(parts):
    path = "/" + "/".join(parts)
    for text in (path, f"--with transformers:{path}", f"cannot read '{path}'", f"~{path}"):
        told_ = keys.without_host(text)
        assert told_.replace("~/", "").count("/") <= (len(parts) == 1)
        assert parts[-1] in told_


def test_a_run_that_made_nothing_may_take_another_model(nesy, task, recording, tmp_path):
    given = ("bench", task, "-o", tmp_path / "run", "--conditions", "constrained", "--with")
    assert "N101" in nesy(*given, "replai:seen.jsonl").err
    assert nesy(*given, recording).code == 0
    assert "N724" in nesy(*given, "replay:other.jsonl").err


@pytest.mark.parametrize("host", ["http://127.0.0.1:8000/v1", "https://api.ours.org/v1"])
def test_a_run_knows_its_server_again(host):
    setup = Setup(model=f"openai:tiny@{host}")
    kept = keys.without_host(setup.as_json())
    assert Setup.of_json(kept, Path("inputs")).model == setup.model
