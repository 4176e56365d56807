"""Scoring: arrays give the figures that scores give, and processes the bytes of one process."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nesy.benchmarks.conditions import CONDITIONS, Settings
from nesy.benchmarks.measures import MEASURES
from nesy.benchmarks.records import Score
from nesy.benchmarks.running import store
from nesy.benchmarks.samples import Sample

EXTRAS = {
    "unit_f1": ("hits", "both"),
    "ece": ("confidence", "outcome"),
    "veto": (),
    "nll": (),
    "top_change": (),
}


def score(number, measure, value, reason="nothing"):
    known = {"key": "k", "task": "mine", "sample": f"s{number}", "condition": "rules"}
    if value is None:
        kept = {"status": "skipped", "reason": reason}
    else:
        kept = {"value": value} | {
            name: [value, 1.0][place] for place, name in enumerate(EXTRAS[measure])
        }
    return Score(**known, measure=measure, **kept)


values = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 1.0])), max_size=12)


@given(st.sampled_from(sorted(EXTRAS)), values, values, st.data())
def test_figures_of_kept_arrays_are_those_of_the_scores(name, one, other, data):
    measure = MEASURES[name]
    one, other = (one + [None] * 12)[:12], (other + [None] * 12)[:12]
    sides = [[score(i, name, v) for i, v in enumerate(side)] for side in (one, other)]
    groups = data.draw(st.lists(st.sampled_from("abc"), min_size=12, max_size=12))
    codes = np.unique(groups, return_inverse=True)[1]
    members = np.array(sorted(data.draw(st.sets(st.integers(0, 11)))), dtype=int)
    kept = [measure.kept(side) for side in sides]
    some = [sides[0][i] for i in members]
    apart = measure.figure(some, [groups[i] for i in members])
    assert measure.figure(kept[0].among(members), codes[members]) == apart
    assert measure.difference(*kept, codes) == measure.difference(*sides, groups)


@given(
    st.text(),
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.dictionaries(st.sampled_from(["hits", "expected"]), st.one_of(st.integers(), st.text())),
)
def test_a_flat_line_is_the_line_of_the_row(sample, value, more):
    named = {"key": "k", "task": "mine", "sample": sample, "condition": "text", "measure": "nll"}
    row = Score(**named, value=value, **more)
    assert store.flat_line(row) == store.line_of(row)


def test_a_line_is_read_the_same_for_every_condition_and_beside_what_was_seen():
    settings = Settings("mine")
    for line in ("I'm fine.", "I want to end it all.", "Es geht mir gut, danke."):
        cases = [
            Sample.model_validate({"id": name, "case": {"id": name, "line": line}} | more)
            for name, more in (("a", {}), ("b", {"observation": SEEN}))
        ]
        together = list(CONDITIONS["text_rules"].answers(cases, {}, settings))
        apart = [next(CONDITIONS["text_rules"].answers([case], {}, settings)) for case in cases]
        assert together == apart
    read, recorded = CONDITIONS["text"].answers(cases, {}, settings, ["one", "two"])
    assert (read.key, recorded.key) == ("one", "two")
    assert recorded.distribution != read.distribution


SEEN = {
    "perceiver": "people",
    "line": {"emotions": [{"emotion": "anger", "confidence": 900}]},
}


FILES = ("results.json", "scores/text.jsonl", "scores/text_rules.jsonl")
SAID = (("I'm furious.", "anger"), ("I miss her.", "sadness"), ("Lovely.", "joy"))


def test_processes_and_a_cache_score_what_one_process_scores(nesy, tmp_path, monkeypatch):
    monkeypatch.setenv("NESY_BENCH_CACHE", str(tmp_path / "cache.sqlite"))
    table, run = tmp_path / "mine.jsonl", tmp_path / "run"
    rows = [
        {"id": f"s{n}", "line": line, "emotions": emotion, "interpretation": f"{emotion} and doubt"}
        for n, (line, emotion) in enumerate(SAID)
    ]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    begin = ("bench", "run", table, "-o", run, "--conditions", "text,text_rules", "--quiet")
    begun = nesy(*begin)
    assert begun.code == 0, begun.err
    made = {name: (run / name).read_bytes() for name in FILES}
    assert all(made.values())
    for options in (["--jobs", "2", "--no-cache"], []):
        for name in FILES:
            (run / name).unlink()
        assert nesy("bench", "score", run, "--quiet", *options).code == 0
        assert {name: (run / name).read_bytes() for name in FILES} == made
