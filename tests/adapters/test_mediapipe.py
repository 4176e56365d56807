"""MediaPipe: what its graph wrote, times beyond 32 bit, and its landmarker as far as it runs."""

import importlib.util
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import ground, perceive, registry, strict_json, vocabulary
from nesy.adapters import mediapipe
from nesy.adapters.shapes import known_shapes
from nesy.diagnostics import MissingError, NesyError
from nesy.trace import Case

WORDS = vocabulary.load()
KNOWN = known_shapes(WORDS)
DATA = Path(__file__).parent / "data"
REAL = DATA / "real" / "mediapipe.pbtxt"
IS_HERE = importlib.util.find_spec("mediapipe") is not None


def seen(path, **fields):
    made = registry.perceiver(f"blendshapes:{path}", WORDS)
    return perceive.perceive_case(made, Case.model_validate(fields), vocabulary=WORDS)


def test_what_mediapipes_own_graph_wrote_is_read():
    (face,) = seen(REAL, id="c", image=str(REAL)).faces
    shown = {u.unit: u.intensity for u in face.action_units if u.confidence >= 500}
    # By hand, from the file: mouthSmile .93 .91, mouthUpperUp .82 .77, browDown .79 .81,
    # eyeSquint .70 .58, jawOpen .131 less mouthClose .014, mouthStretchRight .18 alone is no unit.
    assert {12: 927, 10: 820, 4: 815, 7: 704}.items() <= {
        code: max(u.intensity for u in face.action_units if u.unit == code) for code in shown
    }.items()
    assert 1 not in shown and 15 not in shown and 27 not in shown
    # cheekSquint and noseSneer never moved: on MediaPipe that is no absence.
    assert {6, 9, 23, 32} <= set(face.unobservable)
    case = Case(id="c", image=str(REAL))
    facts = {f.atom for f in ground.ground(case, seen(REAL, id="c", image=case.image), WORDS)}
    assert "observable(f1,12)" in facts and "observable(f1,6)" not in facts


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "N142"),
        ('classification { index: 1 score: 0.5 label: "jawOpen" } landmark { x: 1 }', "N142"),
        ('classification { index: 1 score: 1.5 label: "jawOpen" }', "N144"),
        ('classification { index: 1 score: many label: "jawOpen" }', "N144"),
        ('classification { index: 1 label: "jawOpen" }', "N144"),
        ('classification { index: 1 score: 0.5 label: "jawOpened" }', "N145"),
        ("classification { index: 1 score: 0.5 }", "N145"),
    ],
)
def test_what_is_no_classification_of_shapes_is_refused(tmp_path, text, code):
    path = tmp_path / "face.pbtxt"
    path.write_text(text)
    with pytest.raises(NesyError) as caught:
        seen(path, id="c", image=str(path))
    assert [fault.code for fault in caught.value.diagnostics] == [code]


@given(time=st.integers(2**31, 2**63 - 1))
def test_times_beyond_32_bit_are_read_and_reach_no_fact(tmp_path_factory, time):
    path = tmp_path_factory.getbasetemp() / "clip.json"
    record = {"timestamp": time, "frame": 1, "blendShapes": {"jawOpen": 0.5, "mouthClose": 0.1}}
    path.write_text(json.dumps(record))
    observation = seen(path, id="c", image="clip.json")
    case = Case(id="c", image="clip.json")
    assert not any(str(time) in fact.atom for fact in ground.ground(case, observation, WORDS))
    # What becomes facts is read as strictly as before.
    with pytest.raises(NesyError, match="N111"):
        list(strict_json.lines(path))


def test_no_integer_is_beyond_all_bounds(tmp_path):
    path = tmp_path / "face.json"
    path.write_text(f'{{"timestamp": {2**63}, "blendShapes": {{"jawOpen": 0.5}}}}')
    with pytest.raises(NesyError, match="N111"):
        seen(path, id="c", image="face.json")


# ── The landmarker itself ───────────────────────────────────────────────────────────────────────


def result(*faces):
    """Return what FaceLandmarker.detect returns: categories and landmarks, by attribute."""
    if IS_HERE:
        from mediapipe.tasks.python.components.containers import category, landmark

        def shape(name, score):
            return category.Category(index=0, score=score, display_name="", category_name=name)

        def point(x, y):
            return landmark.NormalizedLandmark(x=x, y=y, z=0.0)
    else:

        def shape(name, score):
            return SimpleNamespace(category_name=name, score=score)

        def point(x, y):
            return SimpleNamespace(x=x, y=y)

    return SimpleNamespace(
        face_blendshapes=[[shape(*each) for each in scores.items()] for scores, _ in faces],
        face_landmarks=[[point(*each) for each in points] for _, points in faces],
    )


def written():
    """Return the shapes of the real file."""
    return {
        each["label"].strip('"'): float(each["score"])
        for block in REAL.read_text().split("classification {")[1:]
        for each in [dict(f.strip().split(": ") for f in block.strip(" }\n").split("\n"))]
    }


def test_a_live_face_is_read_as_the_same_face_of_a_file():
    live = mediapipe.observed(result((written(), [])), WORDS, KNOWN, (100, 100))
    filed = seen(REAL, id="c", image=str(REAL))
    assert len(written()) == 52 and live.perceiver == "mediapipe"
    assert live.faces == filed.faces


def test_of_several_faces_none_is_bound_and_each_has_its_place():
    left = (written(), [(0.1, 0.2), (0.3, 0.6)])
    right = ({**written(), "jawOpen": 1.0000001}, [(0.6, 0.2), (0.9, 0.6), (0.7, 0.3)])
    found = mediapipe.observed(result(right, left), WORDS, KNOWN, (200, 100), (50, 10))
    assert [face.box for face in found.faces] == [(170, 30, 60, 40), (70, 30, 40, 40)]
    assert not any(face.speaker for face in found.faces)
    assert mediapipe.observed(result(), WORDS, KNOWN, (9, 9)).faces == ()
    with pytest.raises(NesyError, match="N180"):
        mediapipe.observed(result(({}, [])), WORDS, KNOWN, (9, 9))


def test_it_says_what_it_lacks(tmp_path, nesy):
    code = "N901" if IS_HERE else "N902"
    for spec in ("mediapipe", f"mediapipe:{tmp_path / 'none.task'}"):
        with pytest.raises(MissingError, match=code):
            registry.perceiver(spec, WORDS)
    ran = nesy("run", DATA.parents[2] / "benchmarks/demo/faces/downcast.png", "--with", "mediapipe")
    assert ran.code == 3 and code in ran.err


@pytest.mark.skipif(not IS_HERE, reason="the package mediapipe is not installed")
def test_what_is_no_face_landmarker_is_refused(tmp_path):
    path = tmp_path / "model.task"
    path.write_bytes(b"not a model")
    with pytest.raises(NesyError, match="N180"):
        registry.perceiver(f"mediapipe:{path}", WORDS)
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("hand_landmarks_detector.tflite", b"x")
    with pytest.raises(NesyError, match="N180"):
        registry.perceiver(f"mediapipe:{path}", WORDS)
