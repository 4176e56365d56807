"""What is shown of a picture and whose face is the speaker's: frame, box, form, several faces."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nesy import picture_form, pipeline, resources
from nesy.benchmarks.build import pictures
from nesy.benchmarks.build.faces import Face as Drawn
from nesy.diagnostics import NesyError
from nesy.picture import open_picture
from nesy.shown import picture_of
from nesy.speaker import bound
from nesy.trace import ActionUnit, Case, Face, Observation

FACES = resources.folder("benchmarks") / "demo" / "faces"
DATA = Path(__file__).parent / "adapters" / "data"


def case(**fields):
    return Case.model_validate({"id": "c", **fields})


def code_of(act, *arguments):
    with pytest.raises(NesyError) as caught:
        act(*arguments)
    (fault,) = caught.value.diagnostics
    assert fault.what and fault.why and fault.fix
    return fault.code


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "noise.png"
    Image.effect_noise((120, 90), 80).convert("RGB").save(path)
    return path


# ── The part and the frame ──────────────────────────────────────────────────────────────────────


@settings(deadline=None)
@given(x=st.integers(0, 130), y=st.integers(0, 100), w=st.integers(0, 130), h=st.integers(0, 100))
def test_only_the_box_is_shown_or_nothing(noise, x, y, w, h):
    one = case(image=str(noise), box=[x, y, w, h])
    if x + w <= 120 and y + h <= 90 and min(w, h) >= 8:
        whole = np.asarray(open_picture(noise))
        assert np.array_equal(np.asarray(picture_of(one)), whole[y : y + h, x : x + w])
    else:
        assert code_of(picture_of, one) == "N182"


@pytest.mark.parametrize("box", [[1, 2, 3], [-1, 0, 9, 9], [0, 0, 9.5, 9], [0, 0, "9", 9], "face"])
def test_a_box_is_four_whole_numbers(box):
    with pytest.raises(ValueError, match="box"):
        case(image="face.png", box=box)


def test_the_frame_is_named_by_the_case_or_behind_the_picture(tmp_path):
    path = tmp_path / "moving.gif"
    shades = [Image.new("L", (20, 20), shade) for shade in (0, 90, 200)]
    shades[0].save(path, save_all=True, append_images=shades[1:])
    assert code_of(picture_of, case(image=str(path))) == "N125"
    assert picture_of(case(image=f"{path}#frame=2")).getpixel((1, 1)) == (200, 200, 200)
    assert picture_of(case(image=str(path), frame=1)).getpixel((1, 1)) == (90, 90, 90)
    for frame in ("one", -1, 1.5, 7, True, [1]):
        assert code_of(picture_of, case(image=str(path), frame=frame)) == "N125"
    # A file may be called so.
    odd = tmp_path / "face#frame=2"
    shades[1].save(odd, "PNG")
    assert picture_of(case(image=str(odd))).size == (20, 20)
    assert code_of(picture_of, case()) == "N120"
    for name in ("x" * 5000, "a\0b", "none"):
        assert code_of(picture_of, case(image=f"{name}#frame=0")) == "N120"


# ── The paper's form ────────────────────────────────────────────────────────────────────────────


@settings(deadline=None, max_examples=25)
@given(
    line=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=90).filter(str.strip),
    name=st.sampled_from(sorted(p.name for p in FACES.iterdir() if p.suffix in (".png", ".jpg"))),
)
def test_the_papers_form_is_the_one_the_benchmarks_are_built_in(line, name):
    said = " ".join(line.split())
    made = pictures.draw(Drawn("f", "g", "s", None, None, FACES / name), 1, said, "paper")
    shown = picture_of(case(image=str(FACES / name), line=line, picture_form="paper"))
    assert (made.mode, shown.mode, shown.size) == ("L", "RGB", (536, 373))
    assert np.array_equal(np.asarray(made.convert("RGB")), np.asarray(shown))


def test_a_caption_is_whole_or_refused(noise):
    plain = picture_of(case(image=str(noise), picture_form="plain"))
    assert np.array_equal(np.asarray(plain), np.asarray(open_picture(noise)))
    silent = picture_of(case(image=str(noise), picture_form="paper"))
    assert silent.size == (536, 373)
    for line in ("so " * 200, "x" * 300, "Das wäre schön", "你好", "so 😀"):
        assert (
            code_of(picture_of, case(image=str(noise), line=line, picture_form="paper")) == "N181"
        )
    # What fits is inside the page, with its margin.
    longest = "so " * 60
    page = np.asarray(picture_of(case(image=str(noise), line=longest, picture_form="paper")))
    ink = np.argwhere(page[373 - picture_form.STRIP :, :, 0] < 128)
    assert len(ink) and ink[:, 1].min() >= 5 and ink[:, 1].max() < 531


def test_the_box_is_cut_before_the_form(noise):
    part = picture_of(case(image=str(noise), box=[0, 0, 40, 90], picture_form="paper", line="Hi."))
    # The part is tall: what stands beside it is of one tone.
    assert np.ptp(np.asarray(part)[:300, :150], axis=(0, 1)).max() == 0


# ── Several faces ───────────────────────────────────────────────────────────────────────────────


def face(number, box=None, units=(12,)):
    seen = tuple(ActionUnit(unit=u, intensity=500, confidence=900) for u in units)
    return Face(id=f"f{number}", speaker=False, action_units=seen, box=box)


def several(*faces):
    return Observation(perceiver="p", faces=faces)


def speakers(observation):
    return [f.id for f in observation.faces if f.speaker]


boxes = st.tuples(*[st.integers(0, 500)] * 2, *[st.integers(1, 200)] * 2)


@given(
    places=st.lists(boxes, min_size=2, max_size=5),
    wanted=st.sampled_from(["left", "right", 1, 2, None]),
)
def test_exactly_the_face_that_is_named_is_bound(places, wanted):
    seen = several(*(face(n, box) for n, box in enumerate(places, 1)))
    found = bound(case(image="x", speaker_face=wanted), seen)
    middles = [box[0] + box[2] / 2 for box in places]
    if wanted is None:
        assert found == seen and speakers(found) == []
    elif isinstance(wanted, int):
        assert speakers(found) == [f"f{wanted}"]
    else:
        (name,) = speakers(found)
        best = min(middles) if wanted == "left" else max(middles)
        assert middles[int(name[1:]) - 1] == best
    # Nothing else of a face changes.
    plain = [f.model_copy(update={"speaker": False}) for f in found.faces]
    assert plain == list(seen.faces)


def test_a_box_binds_the_face_that_is_in_it():
    seen = several(face(1, (0, 0, 50, 50)), face(2, (100, 0, 50, 50)))
    assert speakers(bound(case(image="x", box=[90, 0, 60, 60]), seen)) == ["f2"]
    assert code_of(bound, case(image="x", box=[300, 0, 60, 60]), seen) == "N183"
    # Whoever looked at the box alone and found one face has found it.
    alone = Observation(perceiver="p", faces=(Face(id="f1"),))
    assert bound(case(image="x", box=[300, 0, 60, 60]), alone) == alone


def test_what_was_not_told_is_not_guessed():
    unplaced = several(face(1), face(2))
    untold = several(face(1, (0, 0, 9, 9), ()), face(2, (20, 0, 9, 9), ()))
    assert code_of(bound, case(image="x", speaker_face="left"), unplaced) == "N183"
    assert code_of(bound, case(image="x", speaker_face=3), unplaced) == "N183"
    assert code_of(bound, case(image="x", speaker_face="left"), untold) == "N183"
    assert code_of(bound, case(image="x", speaker_face=1), untold) == "N183"
    assert bound(case(image="x", box=[0, 0, 9, 9]), unplaced) == unplaced
    one = several(face(1))
    assert speakers(bound(case(image="x", speaker_face="right"), one)) == ["f1"]
    assert code_of(bound, case(image="x", speaker_face=2), one) == "N183"


def test_the_speakers_face_is_read_and_the_others_are_not(tmp_path, nesy):
    row = "1,200,20,60,80,0.99,0,0.95,0.9,0,group.png"
    other = "1,10,20,60,80,0.99,0.95,0,0,0.9,group.png"
    head = "frame,FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore"
    fex = tmp_path / "fex.csv"
    fex.write_text(f"{head},AU04,AU12,happiness,anger,input\n{row}\n{other}\n")
    told = ["run", "group.png", "--line", "Well.", "--with", f"pyfeat:{fex}", "--json"]

    def read(*more):
        ran = nesy(*told, *more)
        assert ran.code in (0, 1), ran.err
        return json.loads(ran.out)

    nobody, right, left = read(), read("--face", "right"), read("--face", "left")
    assert list(nobody["reading"]) == ["f0"]
    assert right["case"]["speaker_face"] == "right"
    assert {f["atom"] for f in right["facts"] if f["atom"].startswith("speaker")} == {"speaker(f1)"}
    assert {f["atom"] for f in left["facts"] if f["atom"].startswith("speaker")} == {"speaker(f2)"}
    assert list(right["reading"]) == ["f1"] and list(left["reading"]) == ["f2"]
    assert read("--box", "0,0,100,150")["facts"] == left["facts"]
    assert read("--face", "2")["facts"] == left["facts"]


@pytest.mark.parametrize(
    "option",
    [
        ("--face", "middle"),
        ("--face", "0"),
        ("--face", "-1"),
        ("--face", "²"),
        ("--box", "1,2,3"),
        ("--box", "1,2,3,x"),
        ("--box", "-1,2,3,4"),
        ("--box", "999999,1,1,1"),
    ],
)
def test_an_option_that_says_no_face_and_no_box(nesy, option):
    ran = nesy("run", FACES / "downcast.png", *option)
    assert ran.code == 2 and "N184" in ran.err and ran.out == ""


def test_the_options_are_recorded_and_the_case_file_has_them_too(nesy, tmp_path):
    picture = FACES / "felt_smile.png"
    told = ["--line", "Fine.", "--picture-form", "paper", "--box", "100,0,300,360", "--json"]
    ran = nesy("perceive", picture, *told)
    assert ran.code == 0, ran.err
    asked = json.loads(ran.out)
    assert (asked["case"]["picture_form"], asked["case"]["box"]) == ("paper", [100, 0, 300, 360])
    listed = tmp_path / "cases.jsonl"
    listed.write_text(json.dumps({**asked["case"], "image": str(picture)}))
    again = json.loads(nesy("perceive", listed, "--json").out)
    assert again["observation"] == asked["observation"]
    bad = nesy("perceive", picture, "--box", "500,300,200,200")
    assert bad.code == 2 and "N182" in bad.err
    assert nesy("run", picture, "--picture-form", "grey").code == 2


def test_a_frame_is_named_on_the_command_line(nesy, tmp_path):
    path = tmp_path / "moving.gif"
    frames = [Image.open(FACES / name).convert("L") for name in ("blank.png", "downcast.png")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    refused = nesy("run", path)
    assert refused.code == 2 and "moving.gif#frame=0" in refused.err
    named = json.loads(nesy("perceive", f"{path}#frame=1", "--line", "Hm.").out)
    assert named["observation"]["faces"]


def test_a_case_without_a_picture_needs_none_of_it(nesy):
    ran = nesy("run", "--line", "Fine.", "--picture-form", "paper", "--json")
    assert ran.code == 0 and "picture_form" not in json.loads(ran.out)["case"]


def test_the_second_perceivers_speaker_is_bound_as_well():
    seen = several(face(1, (0, 0, 9, 9)), face(2, (20, 0, 9, 9), (4,)))

    class Looks:
        def describe(self):
            return {"name": "looks", "model": "m", "licence": "", "needs": [], "reports": []}

        def perceive(self, cases, *, seed):
            yield from (seen for _ in cases)

    one = case(image="x", line="Hm.", speaker_face="right")
    (trace,) = pipeline.perceive([one], perceiver=Looks(), beside=Looks())
    assert trace.beside.faces == (2, 2) and trace.beside.units.kappa == 1.0
    assert speakers(trace.beside.observation) == ["f2"]
