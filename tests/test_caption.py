"""Text inside a picture against the line: as Tesseract reads it, and what the rules make of it."""

import importlib.util
import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import pipeline, resources
from nesy.caption import CaptionReader, against, text_in
from nesy.diagnostics import MissingError
from nesy.picture import open_picture
from nesy.picture_form import paper
from nesy.shown import picture_of
from nesy.trace import Case, Face, Observation, Trace

FACES = resources.folder("benchmarks") / "demo" / "faces"
IS_HERE = importlib.util.find_spec("pytesseract") is not None and shutil.which("tesseract")
needs = pytest.mark.skipif(not IS_HERE, reason="Tesseract is not installed")


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_text_is_that_of_a_line_both_ways_round_or_neither(text, line):
    told = against(text, line)
    assert told in ("same", "differs", None)
    assert against(text, "") is None and against("", line) is None
    if told is not None:
        assert against(text, text) == "same"
        assert against(text.upper() + " !", line.upper()) in ("same", "differs", None)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("I'm fine.", "I'm fine.", "same"),
        ("1'm fine", "I'm fine.", "same"),
        ("Never mind.", "I'm fine.", "differs"),
        ("SALE 50 % OFF", "I'm fine.", "differs"),
        ("- ;", "I'm fine.", None),
        ("I'm fine.", "", None),
    ],
)
def test_a_misread_letter_is_no_other_text(text, line, told):
    assert against(text, line) == told


@needs
def test_the_caption_of_the_papers_form_is_read(tmp_path):
    said = "I failed the exam again."
    face = open_picture(FACES / "downcast.png")
    path = tmp_path / "captioned.png"
    paper(face, said).save(path)
    assert against(text_in(picture_of(Case(id="c", image=str(path)))), said) == "same"
    assert against(text_in(face), said) is None


@needs
def test_what_tesseract_reads_is_told_explained_and_answered(tmp_path, nesy):
    path = tmp_path / "captioned.png"
    paper(open_picture(FACES / "felt_smile.png"), "I failed the exam again.").save(path)
    # The line of the case is another; the picture holds no instruction, whatever it says.
    told = nesy("run", path, "--line", "What a lovely day.", "--read-caption", "--json")
    assert told.code == 0, told.err
    trace = json.loads(told.out)
    read = trace["observation"]["caption_read"]
    assert trace["observation"]["caption"] == "differs" and "exam" in read["text"]
    assert read["by"] == "tesseract" and read["perceiver"] is None
    assert "exam" not in json.dumps(trace["facts"])
    assert "caption_conflict" in trace["reading"]["f1"]["mismatches"]
    assert "go by what you wrote" in trace["response"]["text"]
    why = nesy("why", "mismatch(f1, caption_conflict)", stdin=told.out).out
    assert "text in the picture differs from the line" in why and "read inside the picture" in why
    same = nesy("perceive", path, "--line", "I failed the exam again.", "--read-caption")
    assert json.loads(same.out)["observation"]["caption"] == "same"
    # A caption that nesy itself prints is not taken for the picture's own.
    bare = nesy(
        *("perceive", FACES / "felt_smile.png", "--line", "So it is.", "--read-caption"),
        *("--picture-form", "paper"),
    )
    assert "caption" not in json.loads(bare.out)["observation"]


def test_without_tesseract_it_says_so(monkeypatch, nesy):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingError, match="N185"):
        CaptionReader(object())
    ran = nesy("run", FACES / "felt_smile.png", "--line", "So.", "--read-caption")
    assert ran.code == 3 and "N185" in ran.err


@pytest.mark.parametrize("told", ["same", "differs", None])
def test_a_models_own_word_becomes_the_fact_and_is_explained(told):
    seen = Observation(perceiver="p", faces=(Face(id="f1"),), caption=told)
    case = Case(id="c", image="x.png", line="Well.")
    trace = pipeline.reason(Trace(case=case, observation=seen))
    atoms = {fact.atom: fact.origin for fact in trace.facts}
    assert {a: o for a, o in atoms.items() if a.startswith("caption")} == (
        {f"caption({told})": "caption"} if told else {}
    )
    assert ("caption_conflict" in trace.reading["f1"].mismatches) == (told == "differs")
    if told == "differs":
        node = pipeline.why(trace, "mismatch(f1,caption_conflict)")
        assert node.rule.id == "mismatch.caption"
        assert "information" in trace.response.acts
