"""What a built case is made of: lines, faces, pictures, and what is known of each."""

import hashlib
import json
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nesy import picture_form, vocabulary
from nesy.adapters.embedded.faces import UNITS, expressions_of
from nesy.benchmarks.build import cases, faces, lines, photos, pictures
from nesy.benchmarks.build.plan import Plan
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import NesyError
from nesy.line import plain

WORDS = vocabulary.load()
LINES = lines.load(WORDS)
KNOWN = faces.Repertoire(WORDS)


@pytest.fixture(scope="module")
def plan():
    return Plan(WORDS, 0, share=0.1)


def code_of(error):
    return [fault.code for fault in error.value.diagnostics]


# lines


def test_lines_are_fit_to_be_shown():
    assert len(LINES) == len({line.text for line in LINES}) == len({line.id for line in LINES})
    listed = (lines.FOLDER / "unwanted.txt").read_text(encoding="utf-8").partition("\n")[2]
    unwanted = set(listed.split())
    for line in LINES:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9 ,.?!'-]{0,159}", line.text), line
        if line.source == "xed":
            assert not unwanted & {word.strip(".,?!").lower() for word in line.text.split()}, line
    assert (lines.FOLDER / "xed.csv").stat().st_size < 500_000


def test_every_length_and_tone_is_in_every_split():
    found = Counter((line.split, line.length, line.tone) for line in LINES)
    for split in lines.SPLITS:
        for length in lines.LENGTHS:
            for tone in ("positive", "negative", "neutral"):
                assert found[split, length, tone] >= 3, (split, length, tone)


def test_labels_of_people_give_the_tone_and_templates_name_an_act():
    for line in LINES:
        assert bool(line.emotions) == (line.source == "xed") == (not line.act)
        if line.emotions:
            assert line.tone == lines.tone_of(line.emotions, WORDS)
    assert lines.tone_of(("joy", "anger"), WORDS) == "mixed"


def test_lines_for_test_were_never_shown_to_the_reader():
    from nesy.benchmarks.people.words_data import HELD_OUT, PARTS

    checked = 0
    for line in LINES:
        if line.source != "xed":
            continue
        # XED puts a blank before a mark, but not in its neutral lines.
        words, mark = line.text[:-1], line.text[-1]
        if re.fullmatch(r"[A-Za-z ]+", words) and not re.search("gonna|gotta|wanna", words):
            as_there = line.text if line.emotions == ("neutral",) else f"{words} {mark}"
            part = int(hashlib.sha256(plain(as_there).encode()).hexdigest(), 16) % PARTS
            assert (part == HELD_OUT) == (line.split != "train")
            checked += 1
    assert checked > 500


def test_a_template_lies_in_one_split():
    splits = {}
    for line in LINES:
        splits.setdefault(line.group, set()).add(line.split)
    assert all(len(found) == 1 for found in splits.values())


# faces


def test_all_thirteen_expressions_can_be_drawn_and_blended():
    assert set(KNOWN.expressions) == set(WORDS.expressions)
    assert len(KNOWN.blends) >= 40
    assert {name for pair in KNOWN.blends for name in pair} == set(KNOWN.expressions)


@given(st.sampled_from([*KNOWN.singles, *KNOWN.blends]), st.integers(0, 2**32), st.booleans())
def test_units_make_the_expressions_wanted(wanted, seed, faint):
    units = KNOWN.units(wanted, "faint" if faint else "clear", np.random.default_rng(seed))
    assert set(wanted) <= expressions_of(units)
    assert set(units) <= set(UNITS)
    low, high = faces.INTENSITY["faint" if faint else "clear"]
    assert all(low <= value <= high for value in units.values())


def test_emotions_are_the_papers():
    pairs = {(p.expression, p.emotion) for p in WORDS.pairs if p.from_paper}
    told = {(x, emotion) for x in KNOWN.expressions for emotion in KNOWN.emotions((x,))}
    assert told == pairs and len(pairs) == 34
    assert KNOWN.emotions(()) == ("neutral",)


def test_people_were_never_seen_by_the_model():
    from nesy.adapters.embedded.data import TEST, TRAIN, VALID
    from nesy.benchmarks.demo.render_faces import DRAWN

    seen = {*TRAIN, *VALID, *TEST, *(face.identity for face in DRAWN.values())}
    assert not seen & set(faces.PEOPLE)
    assert sorted(n for s in lines.SPLITS for n in faces.people(s)) == list(faces.PEOPLE)


# cases


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_no_face_and_no_line_is_in_two_splits(plan, one, other):
    a, b = plan.pairing(one), plan.pairing(other)
    if a.split != b.split:
        assert a.face.group != b.face.group
        assert (a.line.id, a.line.group) != (b.line.id, b.line.group)
        assert a.line.text != b.line.text


@given(st.integers(0, 10_000))
def test_a_case_says_what_it_shows_and_where_that_comes_from(plan, number):
    pairing = plan.pairing(number)
    sample = cases.sample(pairing, KNOWN)
    known, expected = sample.reference, sample.reference.expected
    assert known.origin == known.texts_origin == "template"
    assert known.emotions == KNOWN.emotions(pairing.face.wanted)
    assert set(pairing.face.wanted) <= set(known.expressions)
    told = {"expressions", *(["units"] if known.units is not None else []), *expected}
    assert set(known.origins) == told
    assert ("line_emotions" in expected) == (sample.slices["line"] == "xed")
    assert (known.origins["line_valence"] == "people") == bool(pairing.line.emotions)
    assert (known.units is None) == (sample.slices["face"] == "picture")
    tones = {sample.slices["face_tone"], sample.slices["line_tone"]}
    assert (sample.slices["pairing"] == "conflict") == (tones == {"positive", "negative"})
    assert sample == Sample.model_validate_json(sample.model_dump_json())


def test_designs_are_as_often_as_said():
    plan = Plan(WORDS, 3, share=0)
    drawn = [cases.sample(plan.pairing(number), KNOWN) for number in range(500)]
    kinds = Counter(sample.slices["kind"] for sample in drawn)
    assert 30 < kinds["neutral"] < 70
    assert sum(sample.slices["pairing"] == "conflict" for sample in drawn) > 125
    assert Counter(sample.split for sample in drawn) == {"train": 400, "validation": 50, "test": 50}
    lengths = Counter(sample.slices["length"] for sample in drawn)
    assert min(lengths.values()) > 130


# pictures


def test_paper_pictures_are_grey_and_captioned_and_plain_ones_are_not(plan):
    face = next(f for f in (plan.pairing(n).face for n in range(40)) if f.photo is None)
    paper = pictures.draw(face, 1, "You did what?", "paper")
    assert (paper.mode, paper.size) == ("L", (536, 373))
    other = pictures.draw(face, 1, "Never mind.", "paper")
    changed = np.argwhere(np.asarray(paper) != np.asarray(other))
    assert len(changed) and changed[:, 0].min() >= 373 - picture_form.STRIP
    plain = pictures.draw(face, 1, "You did what?", "plain")
    assert plain.size == (536, 373) and plain.tobytes() == (
        pictures.draw(face, 1, "Never mind.", "plain").tobytes()
    )
    assert len(np.unique(np.asarray(plain.convert("RGB")).reshape(-1, 3), axis=0)) > 20


@given(st.sampled_from(LINES))
def test_every_line_fits_under_the_picture(line):
    page = Image.new("L", picture_form.SIZE, picture_form.PAPER)
    picture_form.caption(page, line.text)
    ink = np.argwhere(np.asarray(page) < 128)
    top, left = ink.min(axis=0)
    bottom, right = ink.max(axis=0)
    assert top >= 373 - picture_form.STRIP and bottom < 373
    assert left >= 4 and right < 536 - 4


def test_photographs_are_whole():
    shown = photos.shipped(WORDS)
    assert len(shown) == 8 and len({face.group for face in shown}) == 4
    assert {face.split for face in shown} == set(lines.SPLITS)
    for face in shown:
        assert pictures.draw(face, 0, "I'm fine.", "paper").size == (536, 373)
        assert face.facts["face_gender"] in ("female", "male")
        assert face.wanted == (("smile",) if face.pose == "smiling" else ())


# a folder of the user's own


def own(folder, labels, name="labels.csv"):
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (40, 50), (90, 120, 90)).save(folder / "a.png")
    (folder / name).write_text(labels, encoding="utf-8")
    return folder


def test_faces_of_a_folder_with_a_table(tmp_path):
    labels = "file,face_id,pose,face_age,site\na.png,p1,smiling,34.0,Ulm\na.png,p2,frown,,\n"
    first, second = photos.folder(own(tmp_path / "mine", labels), WORDS)
    assert (first.group, first.wanted, first.units) == ("mine_p1", ("smile",), None)
    assert first.facts == {"face_age": "30-39", "site": "Ulm"}
    assert (second.wanted, second.drawn, second.facts) == (("frown",), False, {})


def test_faces_of_a_folder_with_units(tmp_path):
    rows = [
        {
            "file": "a.png",
            "identity": "i",
            "expression": "my_word",
            "aus": {"AU4": 1.0, "AU15": 0.5},
        }
    ]
    (face,) = photos.folder(own(tmp_path / "mine", json.dumps(rows), "labels.json"), WORDS)
    assert face.units == {4: 1.0, 15: 0.5} and face.drawn
    assert {"frown", "eyebrow_furrow"} <= set(face.shown) and face.wanted == ("frown",)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("file,face_id,pose\nb.png,p1,smiling\n", "no picture 'b.png'"),
        ("file,face_id,pose\na.png,p1,smilling\n", "unknown pose 'smilling'"),
        ("file,face_id,pose\n", "no faces"),
    ],
)
def test_a_fault_of_labels_is_told_with_its_line(tmp_path, labels, said):
    with pytest.raises(NesyError) as error:
        photos.folder(own(tmp_path / "mine", labels), WORDS)
    assert code_of(error) == ["N700"] and said in str(error.value)


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(NesyError) as error:
        photos.folder(tmp_path, WORDS)
    assert code_of(error) == ["N700"]
