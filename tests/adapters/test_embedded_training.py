"""The training of the embedded model: what it is asked, how pictures are dealt, that it repeats."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from nesy.adapters.embedded import asking, train  # noqa: E402
from nesy.adapters.embedded.data import TRAIN, Pictures, gather, save  # noqa: E402
from nesy.adapters.embedded.evaluate import calibration_error  # noqa: E402
from nesy.adapters.embedded.faces import UNITS, render  # noqa: E402
from nesy.adapters.embedded.faces.sample import (  # noqa: E402
    LEAST,
    PAIRED,
    TAUGHT,
    sample_case,
    sample_sides,
    sample_units,
)
from nesy.adapters.embedded.faces.scene import Scene  # noqa: E402
from nesy.adapters.embedded.lesson import (  # noqa: E402
    Questions,
    aid_loss,
    chosen,
    deal,
    read,
    scattered,
    values,
)
from nesy.adapters.embedded.model import make_tokenizer  # noqa: E402
from nesy.adapters.embedded.schedule import LEAST as LEAST_RATE  # noqa: E402
from nesy.adapters.embedded.schedule import LEGS, MEMBERS, WARM, Schedule  # noqa: E402
from nesy.adapters.embedded.training import Training, rarity  # noqa: E402
from nesy.adapters.embedded.vision import see  # noqa: E402

SHORT = Schedule(eyes=1, words=1, fine=1, parts=1, smiles=1)
PLAIN = Scene(scale=150, x=268, y=180, blur=0.0, noise=0.0)


@pytest.fixture(scope="module")
def shards() -> list[list[Pictures]]:
    cases = [sample_case(seed, TRAIN, taught=True) for seed in range(80)]
    return [gather(cases[k : k + 16]) for k in range(0, 80, 16)]


@settings(max_examples=200)
@given(st.integers(0, 10**9))
def test_every_prompt_holds_the_line_once_and_is_ascii(seed: int) -> None:
    prompt = asking.sample_prompt(np.random.default_rng(seed))
    assert prompt.count("{line}") == 1
    assert prompt.isascii()


def test_the_prompt_of_production_is_asked_word_for_word() -> None:
    rng = np.random.default_rng(1)
    prompts = [asking.sample_prompt(rng) for _ in range(1000)]
    assert 300 < prompts.count(asking.PROMPT) < 600
    assert len(set(prompts)) > 300


def test_intensities_have_no_gap_and_every_unit_is_seen_often() -> None:
    rng = np.random.default_rng(2)
    drawn = [sample_units(rng, LEAST, TAUGHT) for _ in range(2000)]
    values = np.sort([v for units in drawn for v in units.values()])
    assert values[0] < 0.11 and values[-1] > 0.99
    assert np.diff(values).max() < 0.01
    assert min(sum(u in units for units in drawn) for u in UNITS) > 0.04 * len(drawn)


@given(st.integers(0, 10**6))
def test_only_drawn_units_with_two_sides_are_one_sided(seed: int) -> None:
    rng = np.random.default_rng(seed)
    units = sample_units(rng)
    sides = sample_sides(rng, units)
    assert set(sides) <= set(units) & set(PAIRED)
    assert set(sides.values()) <= {-1, 1}


@pytest.mark.parametrize("unit", PAIRED)
@pytest.mark.parametrize("side", [-1, 1])
def test_a_one_sided_unit_changes_that_side_only(unit: int, side: int) -> None:
    from nesy.adapters.embedded.faces.render import shoot

    neutral = np.asarray(render({}, 3, scene=PLAIN)).astype(int)
    shot = shoot({unit: 0.9}, 3, scene=PLAIN, sides={unit: side})
    change = np.abs(np.asarray(shot.image).astype(int) - neutral).max(2) > 24
    left, right = change[:, :266].sum(), change[:, 270:].sum()
    changed, other = (left, right) if side == -1 else (right, left)
    assert changed > 20
    assert other == 0


def test_a_round_deals_every_picture_once_and_alike_for_one_seed(
    shards: list[list[Pictures]],
) -> None:
    def round_of(seed: int) -> list[Pictures]:
        return list(deal([g for s in shards for g in s], 8, np.random.default_rng(seed)))

    one, two = round_of(5), round_of(5)
    assert sum(map(len, one)) == 80
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, two, strict=True))
    given_units = np.concatenate([g.units for s in shards for g in s]).sum()
    assert np.concatenate([b.units for b in one]).sum() == pytest.approx(given_units, rel=1e-5)
    for batch in one:
        keep = chosen(batch, np.random.default_rng(1))
        tokens = batch.pixels.shape[1] * batch.pixels.shape[2] // 784
        assert 0 < keep.shape[1] <= tokens
        assert (np.diff(keep.numpy(), axis=1) > 0).all()
        some = scattered(batch, 0.4, np.random.default_rng(1)).numpy()
        assert some.shape[1] == int(0.4 * tokens) and some.max() < tokens
        assert (np.diff(some, axis=1) > 0).all()


@given(st.integers(1, 300), st.integers(0, 10**6))
def test_calibration_error_is_none_when_right_and_one_when_wrong(count: int, seed: int) -> None:
    truth = np.random.default_rng(seed).random((count, 2)) < 0.5
    assert calibration_error(truth.astype(float), truth) == 0.0
    assert calibration_error(1.0 - truth, truth) == 1.0
    assert calibration_error(np.full((count, 2), np.nan), truth) is None
    share = calibration_error(np.full((count, 2), 0.5), truth)
    assert share == pytest.approx(abs(0.5 - truth.mean()), abs=1e-4)


def _run(folder: Path, shards: list[list[Pictures]], stops: tuple[int, ...]) -> dict[str, object]:
    for number in stops:
        work = folder / "work"
        (work / "shards").mkdir(parents=True, exist_ok=True)
        training = Training(work, SHORT, 7)
        training.resume()
        for k, shard in enumerate(shards):
            save(training.path(k), shard)
        while training.done < number:
            lags = SHORT.lags(training.done)
            groups = [g for lag in lags for g in training.shard(training.done - lag)]
            if training.done in SHORT.starts:
                training.begin(groups, shards[0], shards[0])
            if training.done == SHORT.starts[-2]:
                assert LEGS[-1].saved
                saved = training.model.state_dict().values()
                assert all(torch.equal(w, w.bfloat16().float()) for w in saved)
            training.round(groups, shards[0])
            training.save()
    return {name: tensor.clone() for name, tensor in training.model.state_dict().items()}


def test_the_same_seed_gives_the_same_weights_with_an_interrupt_or_without(
    tmp_path: Path, shards: list[list[Pictures]]
) -> None:
    torch.set_num_threads(1)
    whole = _run(tmp_path / "a", shards, (5,))
    parts = _run(tmp_path / "b", shards, (1, 3, 4, 5))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_what_nothing_makes_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"others2\.npz is not there, and nothing makes it"):
        train.beside(tmp_path, None, 2)


def test_a_killed_run_leaves_no_process_behind() -> None:
    code = "import time; from nesy.adapters.embedded.train import aside; "
    code += "child = aside(time.sleep, 600); print('started', flush=True); child.join()"
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert run.stdout and run.stdout.readline() == b"started\n"
    run.kill()
    run.communicate(timeout=60)  # returns when nobody holds the output any more


def test_the_mean_of_the_members_is_kept_and_all_that_they_said(tmp_path: Path) -> None:
    trunk = Training(tmp_path, SHORT, 7)
    trunk.done, trunk.images, trunk.cpu, trunk.said = 4, 100, 60.0, [{"round": 4}]
    trunk.save()
    first = {name: weight.clone() for name, weight in trunk.model.state_dict().items()}
    for number in range(MEMBERS):
        own = train.folder(tmp_path, number)
        own.mkdir()
        member = Training(own, SHORT, 7 + number)
        member.model.load_state_dict({n: w + number for n, w in first.items()})
        member.done, member.images, member.cpu = 5, 110, 90.0
        member.said = [*trunk.said, {"round": 5}]
        member.save()
    train.average(trunk)
    shift = sum(range(MEMBERS)) / MEMBERS
    for name, weight in trunk.model.state_dict().items():
        assert torch.allclose(weight, first[name] + shift, atol=1e-6), name
    assert trunk.done == SHORT.rounds and trunk.images == 100 + 10 * MEMBERS
    assert trunk.cpu == 60 + 30 * MEMBERS
    each = [{"member": number, "round": 5} for number in range(MEMBERS)]
    assert trunk.said[1:-1] == each


@pytest.mark.parametrize("part", [False, True])
def test_a_step_leaves_nothing_behind_on_another_device(
    part: bool, tmp_path: Path, shards: list[list[Pictures]]
) -> None:
    # The meta device refuses tensors of the CPU as a GPU does, and needs none to be there.
    training = Training(tmp_path, SHORT, 7)
    for module in (training.model, training.aids):
        module.to("meta")
    batch = max(shards[0], key=len)
    rng = np.random.default_rng(1)
    keep = chosen(batch, rng) if part else None
    tokens = see(training.model, batch.pixels, keep)
    loss = aid_loss(training.aids, tokens, batch, rarity(shards[0]), keep, 10.0)
    ids, _ = training.language.answers(values(batch))
    asked = Questions(training.language, rng, stock=80).deal(len(batch))
    shape = batch.pixels.shape[1:3]
    logits = read(training.model, training.language, tokens, shape, asked, ids, keep)
    (loss + logits.sum()).backward()
    assert {p.grad.device.type for p in training.aids.parameters() if p.grad is not None} == {
        "meta"
    }


ROUNDS = st.integers(1, 40)


@given(ROUNDS, ROUNDS, ROUNDS, ROUNDS, ROUNDS)
def test_rates_fall_to_nothing_in_each_leg_and_words_follow_the_eyes(
    eyes: int, words: int, fine: int, parts: int, smiles: int
) -> None:
    plan = Schedule(eyes, words, fine, parts, smiles)
    assert plan.rounds == eyes + words + fine + parts + smiles
    for leg, (first, last) in enumerate(pairwise(plan.starts)):
        warm = WARM if LEGS[leg].fresh else 0.0
        if warm:
            assert plan.rate(first) == 0 < plan.rate(first + warm / 2) <= LEGS[leg].top / 2
        times = np.linspace(first + warm, last, 50, endpoint=False)
        rates = [plan.rate(now) for now in times]
        assert {plan.leg(now) for now in times} == {leg}
        assert rates == sorted(rates, reverse=True)
        assert LEAST_RATE <= rates[-1] < rates[0] <= LEGS[leg].top
        assert plan.whole(last - 1e-6, 1)
    assert not any(plan.asks(now, 0) or plan.others(now, 99) for now in range(eyes))
    late = range(eyes + words, plan.rounds)
    assert all(plan.asks(now, place) for now in late for place in range(9))


def test_each_key_and_each_value_is_one_token() -> None:
    from nesy.adapters.embedded.faces import answer

    tokenizer = make_tokenizer()
    ids = tokenizer(answer({12: 0.5, 6: 0.2}))["input_ids"]
    assert len(ids) == 83
    assert tokenizer.decode(ids) == answer({12: 0.5, 6: 0.2})


@pytest.mark.parametrize("option", ["--photos", "--synthetic"])
def test_a_folder_without_labels_is_named_before_anything_is_drawn(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main(["--out", str(tmp_path / "out"), option, str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "N186" in said and str(tmp_path) in said
    assert not (tmp_path / "out" / "work" / "shards").exists()


ROW = "001_neutral.png,001,neutral"


@pytest.mark.parametrize(
    ("labels", "size", "told"),
    [
        (f"file,face_id,pose\n{ROW}", (480, 500), "480 × 500"),
        (f"file,face_id,pose\n{ROW}", None, "001_neutral.png"),
        (f"file,person\n{ROW}", (480, 576), "face_id"),
        ("file,face_id,pose\n119.png,119,neutral", None, "names no picture to learn from"),
    ],
)
def test_pictures_of_another_crop_or_unreadable_are_refused_before_anything_is_drawn(
    labels: str,
    size: tuple[int, int] | None,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "labels.csv").write_text(labels, encoding="utf-8")
    if size:
        Image.new("RGB", size).save(tmp_path / "001_neutral.png")
    assert train.main(["--out", str(tmp_path / "out"), "--photos", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "N186" in said and told in said
    assert not (tmp_path / "out").exists()
