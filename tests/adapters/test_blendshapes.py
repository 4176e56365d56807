"""Blendshapes of MediaPipe and ARKit: from movements by side to FACS units."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import ground, perceive, registry, vocabulary
from nesy.diagnostics import NesyError
from nesy.trace import Case

WORDS = vocabulary.load()
DATA = Path(__file__).parent / "data"
MEDIAPIPE = json.loads((DATA / "mediapipe" / "smile.json").read_text())
SHAPES = [c["categoryName"] for c in MEDIAPIPE["faceBlendshapes"][0]["categories"]]
ARKIT = sorted({*SHAPES, "tongueOut"} - {"_neutral"})


def seen(path, identity="c", **fields):
    made = registry.perceiver(f"blendshapes:{path}", WORDS)
    one = Case.model_validate({"id": identity, **fields})
    return perceive.perceive_case(made, one, vocabulary=WORDS)


def of_scores(folder, scores, whole=False):
    record = scores if whole else {"blendShapes": scores}
    (folder / "c.json").write_text(json.dumps(record))
    (face,) = seen(folder / "c.json").faces
    return face


def facts_of(path, frame):
    one = Case.model_validate({"id": "c", "image": "clip.mov", "frame": frame})
    made = registry.perceiver(f"blendshapes:{path}", WORDS)
    found = perceive.perceive_case(made, one, vocabulary=WORDS)
    return {fact.atom for fact in ground.ground(one, found, WORDS)}


def faults(path, text):
    path.write_text(text)
    with pytest.raises(NesyError) as caught:
        seen(path, image=str(path))
    return caught.value.diagnostics


def test_a_one_sided_smile_with_a_dimple_is_sided():
    facts = facts_of(DATA / "arkit.jsonl", 0)
    assert {"au(f1,12,620,900)", "au_side(f1,12,left)", "au_side(f1,14,left)"} <= facts


def test_a_wink_is_no_closure_and_raised_brows_have_both_sides():
    wink, brows = facts_of(DATA / "arkit.jsonl", 1), facts_of(DATA / "arkit.jsonl", 2)
    assert {"au(f1,46,870,900)", "au_side(f1,46,left)", "observable(f1,43)"} <= wink
    assert not any(atom.startswith("au(f1,43") for atom in wink)
    assert {"au_side(f1,2,both)", "au(f1,2,660,900)", "au(f1,5,520,500)"} <= brows
    # The jaw is high: a stretched mouth and no dropped jaw.
    assert "au(f1,27,810,700)" in brows and not any("au(f1,26" in atom for atom in brows)


def test_on_mediapipe_the_shapes_that_hardly_move_say_nothing():
    (face,) = seen(DATA / "mediapipe" / "smile.json", image="smile.png").faces
    assert {5, 6, 9, 23, 32} <= set(face.unobservable) and 12 not in face.unobservable
    assert {(u.unit, u.side) for u in face.action_units if u.unit == 12} == {
        (12, "left"),
        (12, "right"),
    }
    (other,) = seen(DATA / "arkit.jsonl", image="clip.mov", frame=0).faces
    assert {5, 6, 9}.isdisjoint(other.unobservable)


@pytest.mark.parametrize("key", ["faceBlendshapes", "face_blendshapes"])
def test_the_forms_the_tasks_are_written_in(tmp_path, key):
    (want,) = seen(DATA / "mediapipe" / "smile.json", image="smile.png").faces
    cats = MEDIAPIPE["faceBlendshapes"][0]["categories"]
    python = [{"category_name": c["categoryName"], "score": c["score"]} for c in cats]
    for given_ in (
        {key: [{"categories": cats}]},
        {key: [cats]},
        {key: cats},
        cats,
        {key: [python]},
        {"time": "12:00", "result": {"faceBlendshapes": [cats], "faceLandmarks": []}},
    ):
        (tmp_path / "c.json").write_text(json.dumps(given_))
        assert seen(tmp_path / "c.json").faces == (want,)
    plain = {c["categoryName"]: c["score"] for c in cats}
    assert of_scores(tmp_path, {**plain, "time": 7.5}, whole=True) == want


def test_arkits_own_names_and_unnamed_frames(tmp_path):
    own = {"eyeBlink_L": 0.9, "eyeBlink_R": 0.8, "jawOpen": 0}
    assert {u.unit for u in of_scores(tmp_path, own).action_units if u.confidence} == {43}
    many = [{"faceBlendshapes": []}, {"blendShapes": own}]
    (tmp_path / "clip.json").write_text(json.dumps({"frames": many}))
    made = registry.listed(f"blendshapes:{tmp_path / 'clip.json'}", WORDS)
    assert [case.image.rpartition("#")[2] for case in made] == ["frame=0", "frame=1"]
    assert seen(tmp_path / "clip.json", "clip", frame=0).faces == ()
    assert len(seen(tmp_path / "clip.json", "clip", frame=1).faces) == 1


scores = st.dictionaries(st.sampled_from(ARKIT), st.floats(0, 1), min_size=1)


@given(found=scores)
def test_whatever_moves_a_unit_is_told_within_its_scale_and_never_both_seen_and_unseen(
    tmp_path_factory, found
):
    face = of_scores(tmp_path_factory.mktemp("any"), found)
    told = {u.unit for u in face.action_units}
    assert told.isdisjoint(face.unobservable)
    assert told | set(face.unobservable) >= set(WORDS.reported_units)
    # Nothing is surer than its shape is good, and what does not move is not there.
    assert {u.confidence for u in face.action_units} <= {0, 500, 700, 900}
    assert all(u.confidence == 0 for u in face.action_units if u.intensity < 100)


@given(left=st.floats(0, 1), right=st.floats(0, 1))
def test_the_sides_change_places_with_the_movements(tmp_path_factory, left, right):
    folder = tmp_path_factory.mktemp("sides")

    def sides(one, other):
        face = of_scores(folder, {"mouthSmileLeft": one, "mouthSmileRight": other})
        return {u.side: (u.intensity, u.confidence) for u in face.action_units if u.unit == 12}

    swapped = sides(right, left)
    assert sides(left, right) == {"left": swapped["right"], "right": swapped["left"]}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"blendShapes": {"jawOpen": 1.2}}', "N144"),
        ('{"blendShapes": {"jawOpen": true}}', "N144"),
        ('{"blendShapes": {"jawOpen": null}}', "N144"),
        ('{"blendShapes": {"jawOpen": NaN}}', "N111"),
        ('{"blendShapes": {"jawOpne": 0.2}}', "N145"),
        ('[{"categoryName": "grin", "score": 0.2}]', "N145"),
        ('{"faceBlendshapes": [7]}', "N142"),
        ('{"faces": []}', "N142"),
        ("[3]", "N142"),
        ("{", "N110"),
    ],
)
def test_what_are_no_blendshapes(tmp_path, text, code):
    (fault,) = faults(tmp_path / "c.json", text)
    assert (fault.code, fault.file, fault.line) == (code, str(tmp_path / "c.json"), 1)


def test_a_bad_face_names_every_fault_and_loses_no_other_frame(tmp_path):
    good, bad = {"blendShapes": {"jawOpen": 0.2}}, {"blendShapes": {"jawOpne": 0.2, "grin": 3}}
    (tmp_path / "c.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n")
    made = registry.perceiver(f"blendshapes:{tmp_path / 'c.jsonl'}", WORDS)
    first, second = perceive.perceive_cases(made, list(made.cases()), vocabulary=WORDS)
    assert first.error is None
    assert [(f.code, f.line) for f in second.error.diagnostics] == [("N145", 2), ("N145", 2)]
