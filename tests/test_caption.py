"""Text inside a picture against the line: as Tesseract reads it, and what the rules make of it."""

import importlib.util
import json
import shutil
from difflib import SequenceMatcher

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nesy import pipeline, resources
from nesy.caption import CaptionReader, TextReader, tesseract, text_in
from nesy.diagnostics import MissingError
from nesy.picture import open_picture
from nesy.picture_form import paper
from nesy.same_text import against
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
        # It says the opposite, or something else, however few the letters.
        ("I'm not fine", "I'm fine.", "differs"),
        ("I'm fine", "I'm not fine.", "differs"),
        ("I can go", "I can't go", "differs"),
        ("It is now", "It is not", "differs"),
        ("an unhappy day", "a happy day", "differs"),
        ("impossible", "possible", "differs"),
        ("the boy was long ago", "the day was long ago", "differs"),
        ("I failed the exam", "I failed the exam again.", "differs"),
        ("See you on 17 May", "See you on 18 May", "differs"),
        # Slips: a letter, an accent, a blank lost or won, a speck of dirt.
        ("I failed the exarn agaln", "I failed the exam again.", "same"),
        ("Iam fine |", "I am fine", "same"),
        ("thank s a lot", "Thanks a lot!", "same"),
        ("It is nof funny", "It is not funny", "same"),
        ("I do not know", "I don't know", "same"),
        ("I don'tl!", "I don't!", "same"),
        ("Das ist schon", "Das ist schön.", "same"),
        ("I'm fine.", "", None),
    ],
)
def test_a_misread_letter_is_no_other_text(text, line, told):
    assert against(text, line) == told


WORDS = st.text("abcdefgmnorstuw", min_size=4, max_size=9)


@given(st.lists(WORDS, min_size=2, max_size=8), st.data())
def test_a_word_more_or_less_is_another_text(words, data):
    at = data.draw(st.integers(0, len(words) - 1))
    less = words[:at] + words[at + 1 :]
    # Where words say the same again, one more of them may be a word read twice.
    assume(SequenceMatcher(None, "".join(words), "".join(less)).ratio() < 0.99)
    assume(not any(set(word) <= set(words[at]) for word in less))
    assert against(" ".join(words), " ".join(words)) == "same"
    for word in ("not", "never", "nicht"):
        said = " ".join([*words[:at], word, *words[at:]])
        assert against(said, " ".join(words)) == against(" ".join(words), said) == "differs"
    assert against(" ".join(less), " ".join(words)) == "differs"


@pytest.mark.parametrize(
    ("text", "own", "told"),
    [
        ("I'm fine.", True, {"caption": "same", "read": "I'm fine."}),
        ("Go away!", True, {"caption": "differs", "read": "Go away!"}),
        ("", True, {"caption": "differs", "read": None}),
        ("", False, {"caption": None, "read": ""}),
    ],
)
def test_where_its_own_reader_reads_nothing_the_model_is_not_contradicted(
    tmp_path, text, own, told
):
    path = tmp_path / "face.png"
    open_picture(FACES / "felt_smile.png").save(path)
    seen = Observation(perceiver="p", faces=(Face(id="f1"),), caption="differs")

    class Looks:
        def describe(self):
            return {"name": "p"}

        def perceive(self, cases, *, seed):
            yield from (seen for _ in cases)

    reads = CaptionReader(Looks(), TextReader("r", lambda image: text, own=own))
    assert reads.describe() == {"name": "p", "caption_reader": "r"}
    cases = [Case(id="c", image=str(path), line="I'm fine."), Case(id="d", line="I'm fine.")]
    with_picture, without = reads.perceive(cases, seed=0)
    found = (with_picture.model_extra or {}).get("caption_read") or {"text": None}
    assert {"caption": with_picture.caption, "read": found["text"]} == told
    assert without == seen


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
    # It stands over the embedded model's own word, which is kept beside it.
    assert read["by"] == "tesseract" and read["perceiver"] == "differs"
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
        tesseract()
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
