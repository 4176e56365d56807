"""The shipped weights, as users run them: through the constraint, on people never trained on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from nesy import registry, vocabulary
from nesy.diagnostics import NesyError
from nesy.perceive import perceive_cases
from nesy.trace import Case, Face

FOLDER = Path(__file__).parents[2] / "adapters" / "embedded" / "weights"
# Twenty-five pictures say less than four hundred: the floor only catches weights that do not read.
FLOOR = 0.85
LINES = ("empty line", "a sentence of other words", "another language", "hostile line")
MOST_LOST = 0.05


def _f1(pairs: list[tuple[set[Any], set[Any]]]) -> float:
    hits = sum(len(said & true) for said, true in pairs)
    return 2 * hits / sum(len(said) + len(true) for said, true in pairs)


def test_the_recorded_figures_meet_the_bars() -> None:
    measured = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
    test = measured["test"]
    assert test["pictures"] >= 400
    assert test["valid_json"] >= 0.99
    assert test["expression_micro_f1"] >= 0.95
    assert test["au_micro_f1"] >= 0.92
    assert min(test["au_f1"].values()) >= 0.75
    assert test["unit_ece"] <= min(0.03, test["unit_ece_hard"])
    assert test["expression_ece"] <= 0.03
    assert measured["meshes_kept_apart"]["expression_micro_f1"] >= 0.60
    smiles = measured["photographs_kept_apart"]
    assert smiles["smile_accuracy"] >= 0.85 and smiles["smile_accuracy_elsewhere"] >= 0.85


@pytest.mark.parametrize("figure", ["expression_micro_f1", "au_micro_f1"])
def test_little_is_lost_to_words_size_and_noise(figure: str) -> None:
    measured = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))["robustness"]
    large, small = "half a head 150 pixels", "half a head 90 pixels (40 % smaller)"
    changed = ("prompt reworded", "prompt longer by six sentences", *LINES, "noise 25", small)
    for change in changed:
        assert measured["as drawn"][figure] - measured[change][figure] <= MOST_LOST, change
    assert measured[large][figure] - measured[small][figure] <= MOST_LOST


def test_the_card_is_of_these_weights_and_the_log_of_the_default_command() -> None:
    pytest.importorskip("torch")
    from nesy.adapters.embedded.schedule import MEMBERS, Schedule

    assert sum(file.stat().st_size for file in FOLDER.parent.rglob("*")) <= 12_000_000
    digest = hashlib.sha256((FOLDER / "model.safetensors").read_bytes()).hexdigest()
    assert digest in (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    log = (FOLDER / "training.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, log) if "round" in row]
    *_, last, end = Schedule().starts
    assert [r["round"] for r in rows if "member" not in r] == list(range(1, last + 1))
    for number in range(MEMBERS):
        learnt = [r["round"] for r in rows if r.get("member") == number]
        assert learnt == list(range(last + 1, end + 1))


def test_faces_of_unseen_people_are_read_under_the_constraint(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    measure = pytest.importorskip("nesy.adapters.embedded.measure")
    rows = measure.rendered(25, 777_000_000)
    cases = []
    for number, (image, line, _) in enumerate(rows):
        image.save(tmp_path / f"{number}.png")
        cases.append(Case(id=str(number), image=str(tmp_path / f"{number}.png"), line=line))
    words = vocabulary.load()
    found = list(perceive_cases(registry.perceiver("embedded", words), cases, vocabulary=words))
    assert all(outcome.error is None for outcome in found)
    units, expressions, counted = [], [], 0
    for outcome, (_, _, true) in zip(found, rows, strict=True):
        assert outcome.observation is not None
        assert (outcome.observation.constraint_mass or 0) > 0.5
        faces = outcome.observation.faces
        counted += (true["faces"], min(len(faces), 2)) in (("none", 0), ("one", 1), ("several", 2))
        face = faces[0] if faces else Face(id="f1")
        drawn = {int(k[2:]) for k, v in true["action_units"].items() if v not in ("0", "x")}
        shown = {k for k, v in true["expressions"].items() if v == "yes"}
        units.append(({u.unit for u in face.action_units if u.confidence >= 500}, drawn))
        expressions.append(({e.expression for e in face.expressions if e.confidence >= 500}, shown))
    assert counted >= 23
    assert _f1(units) >= FLOOR
    assert _f1(expressions) >= FLOOR


def test_the_usual_report_is_proposed_and_changes_nothing(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    from nesy.adapters import embedded
    from nesy.adapters.embedded.measure import rendered

    words = vocabulary.load()
    swift: Any = registry.perceiver("embedded", words)
    slow: Any = registry.perceiver("embedded?fast_forward=no", words)
    assert json.loads(embedded.usual(swift.constraint.schema))["faces"] == "one"
    forwards = 0
    for number, (image, line, _) in enumerate(rendered(6, 778_000_000)):
        image.save(tmp_path / f"{number}.png")
        case = Case(id=str(number), image=str(tmp_path / f"{number}.png"), line=line)
        (one,), (other,) = (list(p.perceive([case], seed=0)) for p in (swift, slow))
        assert one == other
        forwards += swift.fast_forward.forwards
        assert swift.fast_forward.chosen == 84
    assert forwards <= 6 * 25


def test_what_is_no_report_is_not_proposed() -> None:
    pytest.importorskip("torch")
    swift: Any = registry.perceiver("embedded", vocabulary.load())
    with pytest.raises(NesyError, match="N136"):
        swift.constraint.characters.expect('{"faces":"many"')
