"""What textbook methods tell of strangers' faces: nobody is learnt from who is then told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("transformers")

from nesy.adapters.embedded import strangers
from tests.adapters.test_embedded_photographs import portraits


class Learnt:
    """A method that remembers whom it learnt from: its features are the people's numbers."""

    def fit(self, features: np.ndarray, smiling: np.ndarray) -> Learnt:
        assert len(features) == len(smiling)
        self.people = set(features[:, 0])
        return self

    def decision_function(self, features: np.ndarray) -> Any:
        assert not self.people & set(features[:, 0])
        return np.ones(len(features))


def test_nobody_is_learnt_from_who_is_then_told() -> None:
    people = np.repeat([f"{n:03}" for n in range(13)], 2)
    features = people.astype(int)[:, None]
    smiling = np.tile([False, True], 13)
    for seed in range(4):
        views = [(features, features)]
        scores = strangers.left_out(Learnt, views, smiling, people, seed)
        assert (scores == 1).all()  # each once


def test_gradients_do_not_change_with_brightness_and_do_with_what_is_seen() -> None:
    noise = np.random.default_rng(3).integers(0, 200, (48, 40)).astype(np.uint8)
    plain, brighter, other = (Image.fromarray(a) for a in (noise, noise + 50, noise[:, ::-1]))
    assert np.array_equal(strangers.gradients(plain, 8), strangers.gradients(brighter, 8))
    assert not np.allclose(strangers.gradients(plain, 8), strangers.gradients(other, 8))


def test_drawn_smiles_of_strangers_are_told_and_people_kept_apart_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    portraits(tmp_path, 15)
    with (tmp_path / "labels.csv").open("a", encoding="utf-8") as labels:
        labels.write("\n130_smiling.png,130,smiling")  # there is no such file
    view = "face, 88 pixels"
    monkeypatch.setattr(strangers, "VIEWS", {view: strangers.VIEWS[view]})
    monkeypatch.setattr(strangers, "DRAWS", 1)
    assert strangers.main(["--photos", str(tmp_path)]) == 0
    assert '"people": 15' in capsys.readouterr().out
    told = strangers.table(tmp_path)
    assert told["photographs"] == 30
    assert all(told[f"{view}: {name}"]["accuracy"] >= 0.85 for name in strangers.methods())


def test_a_folder_without_labels_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert strangers.main(["--photos", str(tmp_path)]) == 2
    assert "N186" in capsys.readouterr().err


def test_too_few_people_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    portraits(tmp_path, 1)
    assert strangers.main(["--photos", str(tmp_path)]) == 2
    assert "N186 1 people are too few" in capsys.readouterr().err
