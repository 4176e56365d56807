"""The benchmark of soft facts: its labels are those of the renderer, its parts fit together."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nesy import labelled, schema, vocabulary
from nesy.adapters.embedded.data import VALID, VALID_SEED
from nesy.adapters.embedded.faces.labels import fields as answer
from nesy.adapters.embedded.faces.sample import sample_case
from nesy.adapters.transformers.scorer import Choice
from nesy.benchmarks.soft_facts import drawn, scoring, worth

torch.set_num_threads(1)
WORDS = vocabulary.load()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return drawn.write(3, VALID_SEED + 1, VALID, tmp_path_factory.mktemp("drawn"))


def test_the_labels_of_a_drawn_face_are_what_was_drawn(file):
    fields = dict(schema.fields(worth.report_of(WORDS)))
    for row in labelled.read(file, WORDS):
        case = sample_case(int(row.case.id), VALID)
        if case.faces != 1:
            continue
        true = answer(case.units)
        for path, label in row.of(fields).items():
            value = true
            for key in path:
                value = value[key]
            (held,) = (event for event, share in label.items() if share == 1.0)
            assert value in held, path


def test_every_way_of_asking_is_measured(file):
    cases = list(worth.asked(file, WORDS, 2, 1))
    rows = worth.table(cases, cases, worth.report_of(WORDS))
    kinds = {row["facts"] for row in rows}
    assert kinds == set(worth.KINDS)
    assert all(0 <= row["ece"] <= 1 and row["nll"] >= 0 for row in rows)
    assert "samples" in cases[0].found and "samples" not in cases[1].found
    # Ways are compared on the same faces: all three without samples, and the one that was sampled.
    for faces in (3, 1):
        told = {r["fields"] for r in rows if r["faces"] == faces and r["group"] == "action_units"}
        assert len(told) == 1
    assert {row["faces"] for row in rows if row["facts"] == "samples"} == {1}


paths = st.sampled_from([("a",), ("b",), ("c",)])
choices = st.lists(
    st.builds(
        Choice, paths, st.text(max_size=2), st.just(0), st.lists(st.just(1), max_size=4).map(tuple)
    ),
    min_size=1,
    max_size=12,
)


@given(given_=choices, data=st.data())
def test_shares_are_of_whole_fields(given_, data):
    kept = scoring.whole_fields(given_)
    whole = {choice.path for choice in kept}
    assert len(kept) == sum(choice.path in whole for choice in given_)
    logs = data.draw(st.lists(st.floats(-50, 0), min_size=len(kept), max_size=len(kept)))
    found = scoring.shares(kept, logs)
    for path in whole:
        own = [p for c, p in zip(kept, found, strict=True) if c.path == path]
        assert math.isclose(sum(own), 1.0, rel_tol=1e-9)
