"""The benchmark of decoding, over a small vocabulary: it measures what it says it measures."""

import itertools
import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch

from nesy import schema, vocabulary
from nesy.adapters.transformers import backends
from nesy.benchmarks.decoding import __main__ as program
from nesy.benchmarks.decoding import measures, models
from nesy.benchmarks.decoding.encodings import ENCODINGS
from nesy.benchmarks.decoding.tokenizers import reports, tokenizer

torch.set_num_threads(1)
REPORT = schema.report_schema(vocabulary.load(), ["faces", "emotion", "caption"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decoding")


@pytest.fixture(scope="module")
def small(folder: Path) -> Any:
    return tokenizer(2000, folder)


def test_reports_drawn_at_random_are_reports() -> None:
    drawn = list(itertools.islice(reports(REPORT, random.Random(0)), 20))
    assert len(set(drawn)) > 10
    for text in drawn:
        jsonschema.validate(json.loads(text), REPORT)


def test_each_encoding_writes_the_same_values() -> None:
    whole = schema.report_schema(vocabulary.load())
    report = json.loads(next(reports(whole, random.Random(0))))
    written = {name: "".join(text for text, _ in each(report)) for name, each in ENCODINGS.items()}
    assert written["verbose"] == schema.write(report)
    assert len(written["dense"]) < len(written["short keys"]) < len(written["verbose"])
    units = "".join(report["action_units"].values())
    assert json.loads(written["dense"])["action_units"] == units


def test_no_encoding_has_more_forwards_than_tokens(small: Any) -> None:
    rows = measures.encoding(small, answers=3)
    assert [row["encoding"] for row in rows] == list(ENCODINGS)
    assert all(1 < row["forwards"] <= row["tokens"] for row in rows)


def test_a_trained_model_writes_reports_as_its_tokenizer_cuts_them(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "STEPS", 60)
    monkeypatch.setattr(schema, "report_schema", lambda _: REPORT)
    rows = measures.forwarding(small, Path("unused"), answers=2)
    assert len(rows) == 2 * len(backends.NAMES) * 2
    for row in rows:
        same, of = row["identical"].split("/")
        assert same == of and row["forwards"] <= row["tokens"]
        assert row["largest difference"] < 1e-5
    trained = [row for row in rows if row["model"] == "writes reports"]
    assert all(row["ratio"] >= 2 for row in trained)


def test_the_program_prints_one_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["encodings", "--middle", "2000", "--folder", str(folder)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["benchmark"] == "decoding.v1" and found["encodings"]
    with pytest.raises(SystemExit):
        program.main(["nothing"])
