"""Shipped tasks are whole and unchanged; one's own are read as the guide says."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy.benchmarks import measures, tasks
from nesy.benchmarks.samples import Reference, Sample
from nesy.benchmarks.tasks import definition, labels, template
from nesy.diagnostics import MissingError
from tests.bench_tasks import fault, written
from tests.strategies import WORDS
from tests.test_examples import BLOCK, ROOT, _pattern

NAMES = tasks.names()
NOT_SHIPPED = [name for name in NAMES if tasks.read(name).rows is None]
# Drawing 200 faces takes a while: its test draws three.
DRAWN = {"rendered"}
QUICK = sorted(set(NAMES) - set(NOT_SHIPPED) - DRAWN)
emotions = st.sampled_from(sorted(WORDS.emotions))


def folder_of(tmp_path, name="mine", version=1, more="", rows=("a", "b")):
    """Write a task of one's own: two lines, and the hash of its rows."""
    at = tmp_path / name
    text = "".join(
        json.dumps({"id": i, "case": {"id": i, "line": f"line {i}"}, "groups": {"face": i}}) + "\n"
        for i in rows
    )
    file = written(at / "rows.jsonl", text)
    toml = f"""name = "{name}"
version = {version}
title = "Mine"
asks = "What?"
measures = []
cluster = "face"
licence = "mine"
source = "mine"
rows = "rows.jsonl"
sha256 = "{definition.digest(version, [file])}"
{more}
"""
    written(at / "task.toml", toml)
    return at


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_task_says_what_it_must(name):
    task, at = tasks.read(name), definition.place(name)
    assert task.name == name
    assert set(task.measures) <= set(measures.MEASURES)
    assert task.licence and task.source and task.limits
    assert (at / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert all(re.fullmatch(r"P([1-9]|1\d|20)", p) for p in task.procedures)
    assert (task.rows is None) == (task.sha256 is None)
    assert task.rows is not None or task.needs is not None
    definition.require_unchanged(task, at)


@pytest.mark.parametrize("name", QUICK)
def test_a_shipped_task_loads_and_says_where_its_words_come_from(name):
    task, samples = tasks.load(name, words=WORDS)
    assert tasks.read(name).needs is not None or task == tasks.read(name)
    assert len({s.id for s in samples}) == len(samples) > 0
    assert task.sha256 == tasks.read(name).sha256
    for sample in samples:
        assert sample.case.image is None or Path(sample.case.image).is_file()
        assert task.cluster in sample.groups
        reference = sample.reference
        named = [] if reference is None else [*(reference.votes or ()), *(reference.emotions or ())]
        assert set(named) <= set(WORDS.emotions)
    told = " ".join(task.limits)
    templates = {s.reference.texts_origin for s in samples if s.reference}
    assert ("template" in templates) == ("template" in told)


def test_the_table_of_tasks_names_each():
    table = (definition.folder() / "README.md").read_text(encoding="utf-8")
    assert [n for n in NAMES if f"[`{n}`]({n}/README.md)" not in table] == []


def test_rows_that_changed_need_another_version(tmp_path, nesy):
    at = folder_of(tmp_path)
    task, samples = tasks.load(at)
    assert (task.version, len(samples)) == (1, 2)
    rows = at / "rows.jsonl"
    rows.write_text(rows.read_text().splitlines(keepends=True)[0], encoding="utf-8")
    error = fault(tasks.load, at)
    assert [f.code for f in error.diagnostics] == ["N732"]
    assert nesy("bench", "check", at).code == 2
    (new,) = re.findall(r'sha256 = "(\w{64})"', error.diagnostics[0].fix)
    toml = (at / "task.toml").read_text()
    toml = re.sub(r'sha256 = "\w+"', f'sha256 = "{new}"', toml)
    written(at / "task.toml", toml)
    assert fault(tasks.load, at).diagnostics[0].code == "N732"  # the number was not raised
    written(at / "task.toml", toml.replace("version = 1", "version = 2"))
    assert len(tasks.load(at)[1]) == 1


@pytest.mark.parametrize("name", ["crema_d", "darwin", "london"])
def test_every_file_a_task_is_made_of_is_in_its_hash(name):
    at, task = definition.place(name), tasks.read(name)
    files = definition.row_files(task, at)
    assert len(files) > 1
    if name == "crema_d":
        return
    pictures = {Path(s.case.image) for s in tasks.load(name, words=WORDS)[1]}
    assert pictures <= {file.resolve() for file in files}


@pytest.mark.parametrize(
    ("change", "line", "column", "what"),
    [
        (("version = 1", "version = "), 2, 11, "not TOML"),
        (("version = 1", 'version = "one"'), 2, None, "version"),
        (('title = "Mine"', 'titel = "Mine"'), 3, None, "unknown key titel"),
        (('title = "Mine"\n', ""), None, None, "title"),
        (('cluster = "face"', 'cluster = "Face!"'), 6, None, "cluster"),
        (('rows = "rows', 'loader = "nothing"\nrows = "rows'), None, None, "unknown loader"),
    ],
)
def test_a_fault_of_task_toml_is_said_with_its_place(tmp_path, change, line, column, what):
    at = folder_of(tmp_path)
    path = at / "task.toml"
    path.write_text(path.read_text().replace(*change), encoding="utf-8")
    found = fault(tasks.load, at).diagnostics[0]
    assert found.code == "N731" and what in found.what
    assert (found.line, found.column) == (line, column)
    assert found.file.endswith("task.toml")


def test_a_task_that_is_not_there_is_answered_with_the_nearest(nesy):
    said = nesy("bench", "check", "cremad")
    assert said.code == 2
    assert "N730" in said.err and "did you mean crema_d?" in said.err
    said = nesy("bench", "run", "mine.csv")
    assert (said.code, "why: there is no such file" in said.err) == (2, True)


@pytest.mark.parametrize("name", NOT_SHIPPED)
def test_data_that_are_not_shipped_are_told_how_to_get(name, nesy, tmp_path):
    needs = tasks.read(name).needs
    said = nesy("bench", "check", name)
    assert said.code == 3 and "N733" in said.err
    assert all(step in said.err for step in needs.fetch)
    assert isinstance(fault(tasks.load, name, tmp_path, WORDS), MissingError)


def test_two_rows_of_one_name_and_no_row_are_faults(tmp_path):
    twice = fault(tasks.load, folder_of(tmp_path, "twice", rows=("a", "a")))
    none = fault(tasks.load, folder_of(tmp_path, "none", rows=()))
    assert [e.diagnostics[0].code for e in (twice, none)] == ["N734", "N734"]


def test_the_verb_tells_what_a_task_holds(nesy):
    said = nesy("bench", "check", "darwin", "empathy", "--json")
    assert (said.code, said.err) == (0, "")
    darwin, empathy = json.loads(said.out)
    assert (darwin["samples"], darwin["pictures"], darwin["references"]["texts"]) == (22, 22, 22)
    assert (empathy["samples"], empathy["references"]) == (50, {"ratings": 50})


# --- labels and templates -------------------------------------------------------------------------


def test_every_alias_reads_as_its_emotion():
    exact = [(a, e.id) for e in WORDS.emotions.values() for a in e.all("alias")]
    assert len(exact) > 100
    for alias, emotion in exact:
        scheme, _, label = alias.partition(":")
        assert labels.emotion(label, WORDS, scheme) == labels.emotion(alias, WORDS) == emotion


@given(st.text(max_size=30))
def test_a_label_is_an_emotion_or_nothing(text):
    found = labels.emotion(text, WORDS)
    assert found is None or found in WORDS.emotions
    assert labels.meant(text, WORDS)


@given(st.dictionaries(emotions, st.integers(0, 20), min_size=1, max_size=6), st.integers(1, 9))
def test_a_template_names_what_most_people_see(votes, times):
    whole = sum(votes.values())
    if not whole:
        with pytest.raises(ValueError, match="nobody voted"):
            template.in_words(votes, WORDS)
        return
    text = template.in_words(votes, WORDS)
    assert text.endswith(".") and text[0].isupper()
    for emotion, count in votes.items():
        told = count / whole >= template.SOME
        alone = max(votes.values()) / whole >= template.ALL
        phrase = WORDS.phrase("emotion", emotion)
        if told and (not alone or count == max(votes.values())):
            assert phrase in text
    again = {e: n * times for e, n in reversed(votes.items())}
    assert template.in_words(again, WORDS) == text
    reference = template.with_words(Reference(origin="people", votes=votes), WORDS)
    assert (reference.texts, reference.texts_origin) == ((text,), "template")


def test_a_reference_that_has_words_keeps_them():
    said = Reference(origin="people", votes={"joy": 1}, texts=("She is glad.",))
    assert template.with_words(said, WORDS) == said
    assert template.with_words(Reference(origin="people"), WORDS).texts is None


def test_a_sample_goes_through_json():
    for name in ("darwin", "empathy"):
        for sample in tasks.load(name, words=WORDS)[1]:
            again = Sample.model_validate_json(sample.model_dump_json())
            assert again == sample


# --- the guide ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_table_of_ones_own_is_measured_by_the_readme_alone(tmp_path):
    readme = (definition.folder() / "README.md").read_text(encoding="utf-8")
    guide = readme.partition("## A table of your own")[2].partition("## A task of your own")[0]
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    environment["NESY_CACHE"] = str(tmp_path / "cache")
    assert shutil.which("bash")
    ran = 0
    for _, block in BLOCK.findall(guide):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
            if expected.strip() and not _pattern(expected).fullmatch(done.stdout):
                pytest.fail(f"$ {command}\nREADME shows:\n{expected}\nit prints:\n{done.stdout}")
            ran += 1
    assert ran == 6
