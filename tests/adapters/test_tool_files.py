"""Files of OpenFace, py-feat and EmotionML: what they say, of which case, and what is wrong."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import ground, perceive, pipeline, registry, vocabulary
from nesy.diagnostics import NesyError
from nesy.export import emotionml
from nesy.trace import Case, FaceReading, Trace

WORDS = vocabulary.load()
DATA = Path(__file__).parent / "data"
SEQUENCE = DATA / "openface_sequence.csv"
BIG6 = "http://www.w3.org/TR/emotion-voc/xml#big6"


def case(identity="c", **fields):
    return Case.model_validate({"id": identity, **fields})


def seen(spec, one):
    return perceive.perceive_case(registry.perceiver(spec, WORDS), one, vocabulary=WORDS)


def faults(spec, one=None):
    with pytest.raises(NesyError) as caught:
        made = registry.perceiver(spec, WORDS)
        perceive.perceive_case(made, one or case(), vocabulary=WORDS)
    return caught.value.diagnostics


def units(face):
    return {u.unit: (u.intensity, u.confidence) for u in face.action_units}


def altered(path, source, *changes):
    text = source.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return path


# ── OpenFace ────────────────────────────────────────────────────────────────────────────────────


def test_openface_intensities_are_fifths_and_presence_is_its_own():
    (face,) = seen(f"openface:{SEQUENCE}", case(image="openface_sequence.mp4", frame=2)).faces
    found = units(face)
    assert found[1] == (400, 980) and found[4] == (580, 980)
    # _r says a little, _c says nothing: both are kept, and it is no fact.
    assert found[12] == (62, 0)
    # AU28 has a presence and no intensity; AU45 is OpenFace's alone.
    assert found[28] == (500, 980) and found[45] == (0, 0)
    assert len(found) == 18
    assert face.unobservable == (18, 24, 27, 32, 43, 61, 62, 63, 64)


def test_what_openface_lacks_is_not_absent():
    one = case(image="openface_sequence.mp4", frame=2)
    facts = {f.atom for f in ground.ground(one, seen(f"openface:{SEQUENCE}", one), WORDS)}
    assert {"au(f1,1,400,980)", "observable(f1,12)"} <= facts
    assert "observable(f1,24)" not in facts and not any("au(f1,12" in f for f in facts)


def test_a_face_openface_lost_is_no_face_and_several_bind_to_nobody():
    spec = f"openface:{SEQUENCE}"
    cases = [case(f"f{n}", image="openface_sequence.mp4", frame=n) for n in (3, 4, 1)]
    traces = list(pipeline.perceive(cases, perceiver=spec))
    assert traces[0].failure.diagnostics[0].code == "N141"
    assert [(f.id, f.speaker) for f in traces[1].observation.faces] == [
        ("f1", False),
        ("f2", False),
    ]
    assert traces[2].observation.faces[0].speaker


def test_a_folder_of_openface_is_one_file_a_picture():
    spec = f"openface:{DATA / 'openface_pictures'}"
    (smile,) = seen(spec, case(image="somewhere/else/smile.jpg")).faces
    (downcast,) = seen(spec, case("downcast", image="017.jpg")).faces
    assert units(smile)[12] == (680, 975) and units(downcast)[12] == (0, 0)
    assert [c.image for c in registry.listed(spec, WORDS)] == [
        str(DATA / "openface_pictures" / name) for name in ("downcast.csv", "smile.csv")
    ]


@pytest.mark.parametrize(
    ("name", "count", "unseen"),
    [("openface", 3, {24, 27, 43}), ("pyfeat", 1, {27, 32, 61})],
)
def test_a_file_the_tool_itself_wrote(name, count, unseen):
    spec = f"{name}:{DATA / 'real' / name}.csv"
    traces = list(pipeline.perceive(registry.listed(spec, WORDS), perceiver=spec))
    assert len(traces) == count and all(trace.failure is None for trace in traces)
    for trace in traces:
        (face,) = trace.observation.faces
        assert unseen <= set(face.unobservable) and len(face.action_units) in (18, 20)


# ── py-feat ─────────────────────────────────────────────────────────────────────────────────────


def test_pyfeat_probabilities_are_confidences_and_its_emotions_claims():
    (face,) = seen(f"pyfeat:{DATA / 'pyfeat_v2.csv'}", case(image="smile.jpg")).faces
    assert (
        units(face)[12] == (500, 998) and units(face)[4] == (0, 0) and units(face)[43] == (500, 42)
    )
    assert {c.emotion: c.confidence for c in face.claims}["happiness"] == 977
    assert face.unobservable == (18, 27, 32, 61, 62, 63, 64)


def test_pyfeat_v1_names_its_emotions_otherwise():
    one = case(image="clip.mp4", frame=10)
    (face,) = seen(f"pyfeat:{DATA / 'pyfeat_v1.csv'}", one).faces
    claims = {c.emotion: c.confidence for c in face.claims}
    assert claims["neutral"] == 600 and claims["surprise"] == 334 and len(claims) == 7


def test_pyfeat_without_a_face_and_with_two():
    spec = f"pyfeat:{DATA / 'pyfeat_v2.csv'}"
    assert seen(spec, case(image="empty.jpg")).faces == ()
    assert [f.id for f in seen(spec, case(image="two.jpg")).faces] == ["f1", "f2"]


# ── Which case a row is of ──────────────────────────────────────────────────────────────────────


def test_every_shot_of_a_file_is_a_case_and_is_found_again():
    for spec in (
        f"openface:{SEQUENCE}",
        f"pyfeat:{DATA / 'pyfeat_v1.csv'}",
        f"pyfeat:{DATA / 'pyfeat_v2.csv'}",
        f"blendshapes:{DATA / 'arkit.jsonl'}",
        f"emotionml:{DATA / 'foreign.xml'}",
    ):
        made, found = registry.perceiver(spec, WORDS), registry.listed(spec, WORDS)
        assert len({c.id for c in found}) == len(found) == len(made.shots)
        outcomes = list(perceive.perceive_cases(made, found, vocabulary=WORDS))
        assert all(outcome.error is None for outcome in outcomes)


def test_a_case_finds_its_picture_by_path_by_name_or_by_id():
    spec = f"pyfeat:{DATA / 'pyfeat_v2.csv'}"
    (want,) = seen(spec, case(image="faces/smile.jpg")).faces
    for one in (case(image="C:\\x\\smile.png"), case("smile.jpg", image="1.png"), case("smile")):
        assert seen(spec, one).faces == (want,)


def test_a_case_the_file_does_not_know_and_a_frame_nobody_chose():
    spec = f"openface:{SEQUENCE}"
    (fault,) = faults(spec, case(image="holiday.jpg"))
    assert fault.code == "N143" and "openface_sequence" in fault.fix
    (fault,) = faults(spec, case(image="openface_sequence.mp4", frame=9))
    assert fault.code == "N143" and "from 1 to 4" in fault.why
    (fault,) = faults(spec, case(image="openface_sequence.mp4"))
    assert fault.code == "N146" and '"frame": 1' in fault.fix


def test_two_pictures_of_one_name_are_told_apart_by_their_folder(tmp_path):
    path = altered(
        tmp_path / "f.csv", DATA / "pyfeat_v2.csv", ("faces/downcast.jpg", "other/smile.jpg")
    )
    (fault,) = faults(f"pyfeat:{path}", case(image="smile.jpg"))
    assert fault.code == "N146"
    assert seen(f"pyfeat:{path}", case(image="other/smile.jpg")).faces


def test_one_bad_row_loses_no_other(tmp_path):
    path = altered(tmp_path / "f.csv", DATA / "pyfeat_v2.csv", ("0.9977", "1.9977"))
    cases = [case("smile"), case("downcast")]
    made = registry.perceiver(f"pyfeat:{path}", WORDS)
    bad, good = perceive.perceive_cases(made, cases, vocabulary=WORDS)
    assert good.error is None
    (fault,) = bad.error.diagnostics
    assert (fault.code, fault.file, fault.line) == ("N144", str(path), 2)
    row = path.read_text().splitlines()[1]
    assert row[fault.column - 1 :].startswith("1.9977")


@pytest.mark.parametrize("value", ["nan", "", "-1", "5.01", "inf", "strong", "1e999"])
def test_no_number_of_the_scale_is_told_with_its_place(tmp_path, value):
    path = altered(tmp_path / "f.csv", SEQUENCE, (" 2.61", f" {value}"))
    (fault,) = faults(f"openface:{path}", case("f", frame=1))
    assert fault.code == "N144" and fault.line == 2 and fault.what.startswith("AU06_r")
    assert path.read_text().splitlines()[1][fault.column - 1 :].startswith(value)


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (f"openface:{DATA / 'pyfeat_v2.csv'}", "N142"),
        (f"pyfeat:{SEQUENCE}", "N142"),
        (f"blendshapes:{SEQUENCE}", "N110"),
        (f"emotionml:{SEQUENCE}", "N641"),
        (f"pyfeat:{DATA / 'README.md'}", "N142"),
        (f"openface:{DATA / 'nothing.csv'}", "N112"),
        (f"emotionml:{DATA}/mediapipe", "N142"),
        ("openface", "N103"),
        ("blendshapes", "N103"),
    ],
)
def test_another_file_is_not_read_as_the_tools(spec, code):
    assert faults(spec)[0].code == code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("AU12_r", "AU12_x", "N145"),
        ("AU12_r", "AU10_r", "N142"),
        ("confidence", "sureness", "N142"),
        ("0.98, 1, -4.2", "0.98, 1", "N144"),
        ("\n1, 0", "\none, 0", "N144"),
        ("\n1, 0", "\n1.5, 0", "N144"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path, old, new, code):
    path = altered(tmp_path / "f.csv", SEQUENCE, (old, new))
    (fault,) = faults(f"openface:{path}")
    assert (fault.code, fault.file) == (code, str(path)) and fault.line in (1, 2)


def test_an_openface_file_without_units_says_how_to_get_them(tmp_path):
    (tmp_path / "f.csv").write_text("frame, confidence, success\n1, 0.9, 1\n")
    (fault,) = faults(f"openface:{tmp_path / 'f.csv'}")
    assert fault.code == "N142" and "-aus" in fault.why
    (tmp_path / "f.csv").write_text("frame, confidence, success, AU12_r\n1, 0.9, 1, 2.0\n")
    (fault,) = faults(f"openface:{tmp_path / 'f.csv'}")
    assert fault.code == "N142" and "AUxx_c" in fault.why


def test_names_no_file_can_have():
    (fault,) = faults(f"openface:{'x' * 300}.csv")
    assert fault.code == "N112"


# ── EmotionML ───────────────────────────────────────────────────────────────────────────────────

shares = st.dictionaries(
    st.sampled_from(sorted(WORDS.emotions)), st.floats(0, 1, allow_nan=False), min_size=1
)


@given(readings=st.lists(shares, min_size=1, max_size=3), is_pictured=st.booleans())
def test_what_nesy_exports_is_read_back(tmp_path_factory, readings, is_pictured):
    image = "faces/é 1.png" if is_pictured else None
    reading = {f"f{n}": FaceReading(distribution=d) for n, d in enumerate(readings, 1)}
    trace = Trace(case=case(image=image), reading=reading)
    path = tmp_path_factory.mktemp("back") / "c.xml"
    path.write_text(emotionml.write(trace, WORDS), encoding="utf-8")
    found = seen(f"emotionml:{path}", case("c", image=image)).faces
    claims = [{c.emotion: c.confidence for c in face.claims} for face in found]
    assert claims == [{e: round(1000 * share) for e, share in d.items()} for d in readings]


def test_foreign_vocabularies_are_read_through_the_aliases():
    spec = f"emotionml:{DATA / 'foreign.xml'}"
    (face,) = seen(spec, case(image="faces/smile 1.jpg")).faces
    assert {c.emotion: c.confidence for c in face.claims} == {"happiness": 810, "contempt": 120}
    # What a voice expressed is not of the face.
    (other,) = seen(spec, case(image="downcast.jpg")).faces
    assert [c.emotion for c in other.claims] == ["sadness"]
    assert other.unobservable == WORDS.reported_units


def test_an_emotion_without_counterpart_and_ids_that_would_be_taken(tmp_path):
    path = altered(tmp_path / "c.xml", DATA / "foreign.xml", ('"contempt" conf', '"blue" conf'))
    path.write_text(path.read_text().replace('item name="contempt"', 'item name="blue"'))
    (fault,) = faults(f"emotionml:{path}")
    assert (fault.code, fault.file) == ("N147", str(path)) and "'blue'" in fault.what
    two = '<emotion id="e2"><category name="fear"/></emotion><emotion><category name="anger"/>'
    root = f'<emotionml xmlns="{emotionml.NAMESPACE}" version="1.0" category-set="{BIG6}">'
    path.write_text(f"{root}{two}</emotion></emotionml>")
    claims = [f.claims[0].emotion for f in seen(f"emotionml:{path}", case()).faces]
    assert claims == ["fear", "anger"]


# ── The command line ────────────────────────────────────────────────────────────────────────────


def test_a_tools_file_runs_without_cases_and_with_them(nesy, tmp_path):
    spec = f"openface:{SEQUENCE}"
    alone = nesy("run", "--with", spec, "--line", "I'm fine", "--json", "--quiet")
    traces = [json.loads(line) for line in alone.out.splitlines()]
    assert [t["case"]["id"][-1] for t in traces] == ["1", "2", "3", "4"]
    assert "joy" in max(traces[0]["reading"]["f1"]["distribution"].items(), key=lambda p: p[1])
    assert alone.code == 2 and "N141" in alone.err
    shutil.copy(DATA / "openface_pictures" / "smile.csv", tmp_path / "smile.csv")
    listed = {"id": "c1", "image": "smile.jpg", "line": "Great."}
    (tmp_path / "cases.jsonl").write_text(json.dumps(listed))
    given = nesy("run", tmp_path / "cases.jsonl", "--with", f"openface:{tmp_path}", "--json")
    (face,) = json.loads(given.out)["observation"]["faces"]
    assert given.code == 0 and len(face["action_units"]) == 18


def test_a_line_alone_is_still_a_line_alone(nesy):
    found = nesy("run", "--line", "I'm fine", "--with", f"replay:{DATA / 'nowhere.jsonl'}")
    assert found.code == 0
