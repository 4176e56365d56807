"""The training of the embedded model: what it is asked, how pictures are dealt, that it repeats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from nesy.adapters.embedded import alter, asking, train, transfer  # noqa: E402
from nesy.adapters.embedded.data import COARSE, TRAIN, Pictures, gather, save  # noqa: E402
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
from nesy.adapters.embedded.schedule import LEGS, WARM, Schedule  # noqa: E402
from nesy.adapters.embedded.vision import see  # noqa: E402

SHORT = Schedule(eyes=1, words=1, fine=1, parts=1, smiles=1)
Alter = Callable[[Image.Image, np.random.Generator], Image.Image]
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
        training = train.Training(work, SHORT, 7)
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


@pytest.mark.parametrize("part", [False, True])
def test_a_step_leaves_nothing_behind_on_another_device(
    part: bool, tmp_path: Path, shards: list[list[Pictures]]
) -> None:
    # The meta device refuses tensors of the CPU as a GPU does, and needs none to be there.
    training = train.Training(tmp_path, SHORT, 7)
    for module in (training.model, training.aids):
        module.to("meta")
    batch = max(shards[0], key=len)
    rng = np.random.default_rng(1)
    keep = chosen(batch, rng) if part else None
    tokens = see(training.model, batch.pixels, keep)
    loss = aid_loss(training.aids, tokens, batch, train.rarity(shards[0]), keep, 10.0)
    ids, _ = training.language.answers(values(batch))
    asked = Questions(training.language, rng, stock=80).deal(len(batch))
    shape = batch.pixels.shape[1:3]
    logits = read(training.model, training.language, tokens, shape, asked, ids, keep)
    (loss + logits.sum()).backward()
    assert {p.grad.device.type for p in training.aids.parameters() if p.grad is not None} == {
        "meta"
    }


def test_pictures_that_we_did_not_draw_keep_their_face_where_it_is_said_to_be() -> None:
    image = Image.new("RGB", (480, 576), (120, 120, 120))
    ImageDraw.Draw(image).ellipse([230, 337, 246, 353], fill=(255, 0, 0))
    eyes = (238.0, 345.0, 210.0)
    found = 0
    for seed in range(12):
        place = alter.varied if seed % 2 else alter.framed
        scene, affine = place(image, eyes, np.random.default_rng(seed))
        pixels = np.asarray(scene).astype(int)
        red = pixels[..., 0] - pixels[..., 2]
        if red.max() < 40:  # made grey
            continue
        y, x = np.unravel_index(red.argmax(), red.shape)
        assert abs(x - affine[4]) < 10 and abs(y - affine[5]) < 10
        found += 1
    assert found >= 3


def test_photographs_kept_apart_are_in_no_round_and_fine_rounds_have_more_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = ("001", "083", "087", "119", "144")
    rows = [f"{p}_{pose}.png,{p},{pose}" for p in people for pose in ("neutral", "smiling")]
    (tmp_path / "labels.csv").write_text("\n".join(["file,face_id,pose", *rows]), encoding="utf-8")
    for shade, row in enumerate(rows):
        Image.new("RGB", (480, 576), (20 * shade,) * 3).save(tmp_path / row.split(",")[0])
    copies = tuple(replace(how, photo=3) for how in transfer.COPIES)
    monkeypatch.setattr(transfer, "COPIES", copies)
    coarse, *legs = (transfer.extra(tmp_path, None, leg) for leg in range(len(LEGS)))
    assert len(legs) == 3
    for fine in legs:
        assert sum(map(len, coarse)) == 6 < sum(map(len, fine)) <= 12
        assert max(p.pixels[0, ..., 0].size for p in fine) > COARSE
    assert all(p.pixels[0, ..., 0].size <= COARSE for p in coarse)
    for p in (*coarse, *legs[0], *legs[1], *legs[2]):  # of a smile, unit 12 alone is known
        smiling = np.isnan(p.units).any(1)
        assert (np.isnan(p.units[smiling]).sum(1) == len(UNITS) - 1).all()
        assert (p.units[~smiling] == 0).all() and (p.known == ~smiling).all()


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


@pytest.mark.parametrize("change", [alter.lit, alter.toned])
def test_another_light_shows_the_same_face(change: Alter) -> None:
    face = render({12: 0.9}, 3, scene=PLAIN)
    before = np.asarray(face.convert("L"), float)[100:280, 180:360]
    changed = 0
    for seed in range(8):
        other = change(face, np.random.default_rng(seed))
        after = np.asarray(other.convert("L"), float)[100:280, 180:360]
        assert other.size == face.size and other.mode == "RGB"
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.7
        changed += np.abs(before - after).mean() > 2
    assert changed >= 6


def test_a_bent_face_keeps_its_parts_about_where_they_were_and_fills_the_picture() -> None:
    image = Image.new("RGB", (480, 576), (120, 120, 120))
    ImageDraw.Draw(image).ellipse([230, 337, 246, 353], fill=(255, 0, 0))
    moves = []
    for seed in range(12):
        pixels = np.asarray(alter.bent(image, np.random.default_rng(seed))).astype(int)
        red = np.clip(pixels[..., 0] - pixels[..., 2] - 20, 0, None)
        y, x = (np.indices(red.shape) * red).sum((1, 2)) / red.sum()
        moves.append(float(np.hypot(x - 238, y - 345)))
        edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
        assert all(edge.min() >= 119 for edge in edges)
    assert max(moves) < 40 and np.median(moves) > 2


def test_in_the_last_leg_the_whole_face_of_a_photograph_tells_the_smile(tmp_path: Path) -> None:
    rows = ["file,face_id,pose", "a.png,001,neutral", "b.png,001,smiling"]
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    for name in "ab":
        Image.new("RGB", (480, 576), (205, 160, 140)).save(tmp_path / f"{name}.png")
    first, last = (transfer.extra(tmp_path, None, leg) for leg in (0, len(LEGS) - 1))
    for pictures, broad in ((first, False), (last, True)):
        for p in pictures:
            smile, boxes = p.boxes[:, UNITS.index(12), 0], p.boxes[:, :, 0]
            around = (smile[:, None, :2] <= boxes[..., :2]).all() and (
                smile[:, None, 2:] >= boxes[..., 2:]
            ).all()
            assert around == broad


def test_an_old_print_is_grey_and_shows_the_same_face() -> None:
    face = render({12: 0.9}, 3, scene=PLAIN)
    for seed in range(8):
        old = alter.worn(face, np.random.default_rng(seed))
        pixels = np.asarray(old).astype(float)
        assert old.size == face.size and (np.ptp(pixels, axis=2) == 0).all()
        middle = (slice(100, 280), slice(180, 360))
        one, two = pixels[middle][..., 0], np.asarray(face.convert("L"), float)[middle]
        assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.7


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
