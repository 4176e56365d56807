"""Pictures that the embedded model learns from and that we did not draw: where, and how varied."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("torch")
pytest.importorskip("transformers")

from nesy.adapters.embedded import alter, measure, transfer
from nesy.adapters.embedded.align import offsets
from nesy.adapters.embedded.data import COARSE
from nesy.adapters.embedded.faces import UNITS, render
from nesy.adapters.embedded.faces.scene import Scene
from nesy.adapters.embedded.schedule import LEGS

Alter = Callable[[Image.Image, np.random.Generator], Image.Image]
PLAIN = Scene(scale=150, x=268, y=180, blur=0.0, noise=0.0)
PORTRAIT = Scene(scale=210, x=238, y=311, blur=0.0, noise=0.0)


def portraits(folder: Path, people: int) -> list[int]:
    """Write photographs of people who are higher up where they smile; return the heights."""
    rng, heights, rows = np.random.default_rng(4), [], ["file,face_id,pose"]
    for person in range(1, people + 1):
        for pose, units, least in (("neutral", {}, 300), ("smiling", {12: 0.8, 6: 0.5}, 260)):
            heights.append(least + int(rng.integers(40)))
            scene = replace(PORTRAIT, y=heights[-1], background=person)
            name = f"{person:03}_{pose}.png"
            render(units, person, size=(480, 576), scene=scene).save(folder / name)
            rows.append(f"{name},{person:03},{pose}")
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    return heights


def test_faces_are_found_where_they_are_whatever_they_do(tmp_path: Path) -> None:
    heights = np.array(portraits(tmp_path, 12))
    pictures = [source.image for source in transfer.photographs(tmp_path, lambda _: True)]
    right, down = offsets(pictures).T
    assert np.abs(down - (heights - heights.mean())).max() < 12
    assert np.abs(right).max() < 12


def test_a_shifted_picture_goes_on_at_its_edges() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    moved = np.asarray(alter.shifted(Image.fromarray(pixels), (1, -1), 9))
    assert moved.tolist() == [[4, 4, 5, 6], [8, 8, 9, 10], [8, 8, 9, 10]]
    cut = np.asarray(alter.shifted(Image.fromarray(pixels), (0, 1), 1))
    assert cut.tolist() == [[0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]]


def test_levelled_faces_are_all_at_one_height_and_were_not(tmp_path: Path) -> None:
    portraits(tmp_path, 12)
    pictures, _, neutral, _ = zip(*transfer.photographs(tmp_path, lambda _: True), strict=True)
    poses, apart = np.array(neutral), []
    for made in (list(pictures), transfer.level(list(pictures))):
        down = offsets(made)[:, 1]
        apart.append(down[poses].mean() - down[~poses].mean())
    assert apart[0] > 25 and abs(apart[1]) < 4


def test_a_levelled_face_is_put_elsewhere_often_mirrored_and_known_there() -> None:
    image = Image.new("RGB", (480, 576), (120, 120, 120))
    pen, (x, y, _) = ImageDraw.Draw(image), transfer.LEVEL
    pen.ellipse([x - 8, y - 8, x + 8, y + 8], fill=(255, 0, 0))
    pen.ellipse([x + 52, y - 8, x + 68, y + 8], fill=(0, 0, 255))
    how, heights, mirrored = transfer.Copies(1, 1, framed=1.0, levelled=True), [], 0
    for seed in range(40):
        made = transfer._finer(
            image, [image], None, transfer.LEVEL, how, np.random.default_rng(seed)
        )
        if made is None:
            continue
        tint = np.asarray(made[0]).astype(int)[..., 0] - np.asarray(made[0]).astype(int)[..., 2]
        if tint.max() < 40:  # made grey
            continue
        red, blue = (np.unravel_index(t.argmax(), t.shape) for t in (tint, -tint))
        assert abs(red[1] - made[1][4]) < 14 and abs(red[0] - made[1][5]) < 14
        heights.append(red[0])
        mirrored += blue[1] < red[1]
    assert np.std(heights) > 15 and 0.2 < mirrored / len(heights) < 0.8


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


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (None, "labels.csv is not there"),
        ("file,person\n119.png,119", "face_id"),
        ("file,face_id,pose\n119.png,119,neutral", "119.png"),
        ("file,face_id,pose\n001.png,001,neutral", "names no picture that is kept apart"),
    ],
)
def test_photographs_that_cannot_be_measured_are_named_first(
    labels: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if labels:
        (tmp_path / "labels.csv").write_text(labels, encoding="utf-8")
    given = ["--weights", str(tmp_path), "--photos", str(tmp_path)]
    assert measure.main(given) == 2
    said = capsys.readouterr()
    assert "N186" in said.err and told in said.err and not said.out


def test_3d_heads_without_the_one_kept_apart_are_named_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"file": "1.png", "identity": "id1", "aus": {"AU12": 1.0}}
    (tmp_path / "labels.json").write_text(json.dumps([row]), encoding="utf-8")
    assert measure.main(["--weights", str(tmp_path), "--synthetic", str(tmp_path)]) == 2
    assert "labels.json names no picture that is kept apart" in capsys.readouterr().err


def test_weights_that_are_not_there_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure.main(["--weights", str(tmp_path)]) == 3
    assert f"N901 the model {tmp_path} is not here" in capsys.readouterr().err


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
