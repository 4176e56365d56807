"""Fast-forward: fewer forwards, the same answer, the same numbers, whatever the model."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from nesy import vocabulary
from nesy.adapters.transformers import backends, create, create_drafter
from nesy.adapters.transformers.decoding import Row
from nesy.adapters.transformers.fast_forward import FastForward
from nesy.adapters.transformers.perceiver import TransformersPerceiver
from nesy.benchmarks import random_models
from nesy.trace import Brief, Case

torch.set_num_threads(1)
WORDS = vocabulary.load()
CARD = {
    "name": "small",
    "prompt": "Say it: {line}",
    "line_limit": 80,
    "reports": ["faces", "line", "caption"],
}


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("face") / "face.png"
    Image.effect_noise((90, 70), 80).convert("RGB").save(path)
    return str(path)


def built(kind: str, folder: Path) -> Path:
    made = random_models.build(kind, folder)
    (made / "nesy.json").write_text(json.dumps(CARD))
    return made


@pytest.fixture(scope="module", params=random_models.BUILDERS)
def any_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("llava", tmp_path_factory.mktemp("llava"))


def answers(perceiver: TransformersPerceiver, cases: list[Case], forward: bool) -> list[Row]:
    kept = perceiver.fast_forward
    perceiver.fast_forward = kept if forward else None
    rows: list[Row] = []
    for at in range(0, len(cases), perceiver.batch_size):
        list(perceiver.perceive(cases[at : at + perceiver.batch_size], seed=0))
        rows += perceiver.recorder.rows
    perceiver.fast_forward = kept
    return rows


@pytest.mark.parametrize(
    ("backend", "batch", "temperature"),
    [
        ("outlines_core", 1, 0.0),
        ("outlines_core", 3, 1.3),
        ("llguidance", 1, 1.3),
        ("llguidance", 3, 0.0),
    ],
)
def test_the_answer_and_its_numbers_are_those_of_step_by_step(
    any_folder: Path, face: str, backend: str, batch: int, temperature: float
) -> None:
    perceiver = create(
        str(any_folder), WORDS, backend=backend, batch_size=batch, temperature=temperature
    )
    cases = [Case(id=str(i), image=face, line="word " * 5 * i) for i in range(3)]
    quick, slow = answers(perceiver, cases, True), answers(perceiver, cases, False)
    for one, other in zip(quick, slow, strict=True):
        assert one.tokens == other.tokens and one.text.endswith("}")
        assert one.masses == pytest.approx(other.masses, abs=1e-5)
        for (tokens, chances), (others, same) in zip(one.likely, other.likely, strict=True):
            found, expected = (
                dict(zip(*pair, strict=True)) for pair in ((tokens, chances), (others, same))
            )
            # A token at the edge of what is kept may be kept in one of the two.
            for token in {*found, *expected}:
                assert found.get(token, 1e-4) == pytest.approx(expected.get(token, 1e-4), abs=1e-5)
    forward = perceiver.fast_forward
    assert forward is not None and forward.chosen > forward.forwards
    if batch == 1:
        assert forward.chosen >= 2 * forward.forwards


def test_forced_text_is_a_few_forwards_where_the_model_cuts_as_its_tokenizer(
    folder: Path, face: str
) -> None:
    """With llguidance every forced token is the tokenizer's own, so none is thrown away."""
    perceiver = create(str(folder), WORDS, backend="llguidance")
    (row,) = answers(perceiver, [Case(id="a", image=face, line="hm")], True)
    forward = perceiver.fast_forward
    assert forward is not None
    assert json.loads(row.text)["faces"] in ("none", "one", "several")
    assert forward.chosen >= 3 * forward.forwards


def test_a_processor_without_forced_text_is_decoded_step_by_step(folder: Path, face: str) -> None:
    class Silent:
        def proposals(self, tokens: list[int]) -> list[tuple[int, ...]]:
            return [() for _ in tokens]

    perceiver = create(str(folder), WORDS)
    perceiver.fast_forward = forward = FastForward(Silent())
    case = Case(id="a", image=face, line="hm")
    list(perceiver.perceive([case], seed=0))
    (row,) = perceiver.recorder.rows
    assert forward.forwards == forward.chosen == len(row.tokens) + 1


def test_wrong_proposals_change_nothing(folder: Path, face: str) -> None:
    class Wrong:
        def __init__(self, perceiver: TransformersPerceiver) -> None:
            self.tokens = sorted(perceiver.constraint.texts)[:7]

        def proposals(self, tokens: list[int]) -> list[list[int]]:
            return [self.tokens for _ in tokens]

    perceiver = create(str(folder), WORDS)
    case = Case(id="a", image=face, line="hm")
    (slow,) = answers(perceiver, [case], False)
    perceiver.fast_forward = FastForward(Wrong(perceiver))
    (quick,) = answers(perceiver, [case], True)
    assert quick.tokens == slow.tokens
    assert quick.masses == pytest.approx(slow.masses, abs=1e-5)


def test_a_card_chooses_the_backend(folder: Path) -> None:
    assert create(str(folder), WORDS).describe()["backend"] == backends.DEFAULT
    assert create(str(folder), WORDS, fast_forward=False).fast_forward is None
    (folder / "nesy.json").write_text(json.dumps({**CARD, "backend": "llguidance"}))
    try:
        assert create(str(folder), WORDS).describe()["backend"] == "llguidance"
    finally:
        (folder / "nesy.json").write_text(json.dumps(CARD))


def test_a_draft_is_the_same_in_fewer_forwards(tmp_path: Path) -> None:
    drafter = create_drafter(str(random_models.build_writer(tmp_path)), WORDS, text_limit=40)
    quick = drafter.draft("I'm sad.", Brief(), seed=3)
    forward = drafter.fast_forward
    assert forward is not None and forward.chosen > 1.5 * forward.forwards
    drafter.fast_forward = None
    assert drafter.draft("I'm sad.", Brief(), seed=3) == quick
