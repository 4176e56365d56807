"""``nesy check --model``: what is found of a model is true of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nesy import registry, resources, vocabulary
from nesy.adapters.transformers import loading
from nesy.benchmarks import random_models
from nesy.check import model

torch.set_num_threads(1)
WORDS = vocabulary.load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = random_models.build("qwen2_5_vl", tmp_path_factory.mktemp("m") / "tiny")
    card = {"name": "tiny", "prompt": "{line}", "reports": ["faces", "expressions"]}
    (made / "nesy.json").write_text(json.dumps(card))
    return made


def findings(name: Path | str) -> dict[str, model.Finding]:
    return {finding.name: finding for finding in model.check(str(name), WORDS)}


def test_the_embedded_model_is_read_as_it_is() -> None:
    found = findings("embedded")
    for name in ("loads", "template", "reports", "sees", "mass", "felt_smile", "furrowed_brows"):
        assert found[name].status == "ok", found[name]
    assert "2.4 million parameters" in found["loads"].said and "float32" in found["loads"].said
    assert all(unit in found["felt_smile"].said for unit in ("AU6", "AU12", "AU25"))


def test_random_weights_are_noticed(folder: Path, nesy: Callable[..., Any]) -> None:
    done = nesy("check", "--model", str(folder), "--json")
    told = json.loads(done.out)
    found = {row["name"]: row for row in told["findings"]}
    assert told["model"] == str(folder)
    assert found["loads"]["status"] == found["reports"]["status"] == "ok"
    assert "7 of 7 answers" in found["reports"]["said"]
    # Random weights want to write something else than reports.
    assert found["mass"]["status"] == "warn" and "something else" in found["mass"]["said"]
    assert done.code == (2 if found["sees"]["status"] == "fail" else 1)


def test_a_blind_model_fails(folder: Path, tmp_path: Path, nesy: Callable[..., Any]) -> None:
    blind = Path(shutil.copytree(folder, tmp_path / "blind"))
    made = loading.load(str(blind)).model
    with torch.no_grad():
        for weight in made.model.visual.merger.parameters():
            weight.zero_()
    made.save_pretrained(blind)
    (blind / "chat_template.jinja").unlink()
    done = nesy("check", "--model", str(blind))
    assert done.code == 2
    assert "fail  sees" in done.out and "blind" in done.out
    assert "warn  template" in done.out


def test_a_model_that_cannot_be_had_is_an_error(nesy: Callable[..., Any], tmp_path: Path) -> None:
    missing = nesy("check", "--model", str(tmp_path / "nothing"))
    assert missing.code == 3 and missing.out == "" and "N901" in missing.err


def test_an_adapter_of_files_is_no_model(nesy: Callable[..., Any]) -> None:
    clip = Path(__file__).parent / "adapters" / "data" / "openface_sequence.csv"
    done = nesy("check", "--model", f"openface:{clip}")
    assert done.code == 2 and "N157" in done.err


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("embedded", "embedded"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "transformers:Qwen/Qwen2.5-VL-7B-Instruct"),
        ("gpt2", "transformers:gpt2"),
        ("models/mine", "transformers:models/mine"),
        ("transformers:models/mine", "transformers:models/mine"),
        ("my.module:x", "my.module:x"),
        ("a/b?trust_remote_code=yes", "transformers:a/b?trust_remote_code=yes"),
    ],
)
def test_a_name_is_an_adapter_or_a_model_of_transformers(name: str, spec: str) -> None:
    assert model.spec_of(name) == spec


def test_the_pictures_are_shipped_and_their_terms_known() -> None:
    faces = resources.folder("benchmarks") / "demo" / "faces"
    for picture, (units, present, absent) in model.FACES.items():
        assert (faces / picture).is_file()
        assert set(units) <= set(WORDS.reported_units)
        assert {*present, *absent} <= set(WORDS.expressions)
    lines = (faces.parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    drawn = [json.loads(line) for line in lines]
    known = {row["image"]: tuple(row["drawn"]) for row in drawn if "drawn" in row}
    for picture, (units, _, _) in model.FACES.items():
        assert known.get(f"faces/{picture}", units) == units
    assert "embedded" in registry.adapters()
