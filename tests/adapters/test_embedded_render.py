"""The drawn faces that the embedded model learns from, and the labels that go with them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nesy.adapters.embedded.faces import (
    EMOTIONS,
    EXPRESSIONS,
    UNITS,
    Scene,
    answer,
    emotion_of,
    expressions_of,
    parse,
    render,
    shoot,
)
from nesy.adapters.embedded.faces.labels import LEVELS, fields, level, present
from nesy.adapters.embedded.faces.render import REGIONS
from nesy.adapters.embedded.faces.sample import sample_case, sample_line, sample_units

PLAIN = Scene(scale=150, x=268, y=180, blur=0.0, noise=0.0)
intensities = st.dictionaries(
    st.sampled_from(UNITS), st.floats(0.0, 1.0, allow_nan=False), max_size=8
)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def test_same_arguments_draw_the_same_pixels() -> None:
    one, two = (render({12: 0.8, 6: 0.5}, 7, seed=3, caption="Fine.") for _ in range(2))
    assert one.tobytes() == two.tobytes()
    assert one.size == (536, 373)


def test_another_person_or_seed_draws_other_pixels() -> None:
    base = render({}, 7, seed=3).tobytes()
    assert render({}, 8, seed=3).tobytes() != base
    assert render({}, 7, seed=4).tobytes() != base


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_changes_the_picture_where_it_says(unit: int) -> None:
    for person in (3, 11):
        neutral, shot = shoot({}, person, scene=PLAIN), shoot({unit: 0.8}, person, scene=PLAIN)
        change = np.abs(pixels(neutral.image) - pixels(shot.image)).max(axis=2) > 24
        inside = np.zeros_like(change)
        for left, top, right, bottom in shot.regions[unit]:
            inside[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = True
        assert (change & inside).sum() > 40
        assert change[inside].mean() > 4 * change.mean()


def test_every_unit_has_a_region() -> None:
    assert set(REGIONS) == set(UNITS)


def test_a_unit_that_is_not_drawn_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="draws no unit 99"):
        render({99: 1.0}, 1)


@pytest.mark.parametrize("faces", [0, 2, 3])
def test_pictures_without_one_face_have_no_regions(faces: int) -> None:
    shot = shoot({}, 1, faces=faces, seed=5)
    assert shot.regions == {}
    assert shot.matrix is None


@pytest.mark.parametrize("size", [(536, 373), (480, 576), (200, 200)])
def test_pictures_have_the_size_asked_for(size: tuple[int, int]) -> None:
    assert render({1: 0.7}, 2, size=size, caption="Really?").size == size


def test_the_caption_is_black_on_white_at_the_bottom() -> None:
    strip = pixels(render({}, 2, scene=PLAIN, caption="I am fine, thanks."))[-30:]
    assert strip.max() > 240
    assert strip.min() < 60


@given(intensities)
def test_expressions_follow_the_documented_formulas(units: dict[int, float]) -> None:
    on, made = present(units), expressions_of(units)
    assert ("eye_roll" in made) == (63 in on)
    assert ("eyebrow_furrow" in made) == (4 in on and 1 not in on)
    assert ("inner_brow_raiser" in made) == (1 in on and 2 not in on)
    assert ("raised_eyebrows" in made) == (1 in on and 2 in on and 4 not in on)
    assert ("frown" in made) == ("lip_corner_depressor" in made) == (15 in on and 12 not in on)
    assert ("pursed_lips" in made) == bool(on & {18, 23, 24} and 25 not in on)
    assert ("lip_corner_puller" in made) == (12 in on)
    assert ("smile" in made) == (12 in on and 14 not in on)
    for name, unit in (
        ("lip_bite", 32),
        ("lip_corner_roller", 14),
        ("nose_wrinkle", 9),
        ("upper_lip_raiser", 10),
    ):
        assert (name in made) == (unit in on)


@pytest.mark.parametrize(
    ("units", "emotion"),
    [
        ((), "neutral"),
        ((6, 12), "happiness"),
        ((1, 4, 15), "sadness"),
        ((1, 2, 5, 26), "surprise"),
        ((1, 2, 4, 5, 20), "fear"),
        ((4, 5, 7, 23), "anger"),
        ((9,), "disgust"),
        ((12, 14), "contempt"),
        ((4, 7), "confusion"),
    ],
)
def test_emotions_of_the_prototypes(units: tuple[int, ...], emotion: str) -> None:
    assert emotion_of(dict.fromkeys(units, 0.7)) == emotion


@given(intensities, st.sampled_from(["none", "one", "several"]))
def test_an_answer_reads_back(units: dict[int, float], faces: str) -> None:
    text = answer(units, faces)
    assert parse(text) == fields(units, faces)
    assert " " not in text
    assert list(json.loads(text)) == ["faces", "action_units", "expressions", "emotion"]
    assert list(parse(text)["expressions"]) == sorted(EXPRESSIONS)
    assert parse(text)["emotion"] in EMOTIONS
    if faces != "one":
        assert set(parse(text)["action_units"].values()) == {"x"}
        assert set(parse(text)["expressions"].values()) == {"no"}


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", answer({})[:-1], answer({}).replace('"au1":"0"', '"au1":"F"')]
)
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@given(st.floats(0, 1))
def test_levels_rise_with_intensity(value: float) -> None:
    assert LEVELS.index(level(value)) <= LEVELS.index(level(min(1.0, value + 0.2)))
    assert (level(value) == "0") == (value < 0.1)


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_sampled_cases_are_drawable(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert set(sample_units(rng)) <= set(UNITS)
    assert len(sample_line(rng)) <= 201
    case = sample_case(seed, range(10))
    assert case == sample_case(seed, range(10))
    assert case.identity in range(10)
