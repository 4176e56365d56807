"""EmotionML: what is written keeps the W3C's rules and is read back as it was."""

import json
from xml.etree import ElementTree

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.namespace import RDFS

from nesy import pipeline, resources
from nesy.diagnostics import NesyError
from nesy.export import emotionml
from nesy.trace import Case, FaceReading, Fact, Trace
from nesy.turtle import NESY
from tests.strategies import WORDS

shares = st.dictionaries(
    st.sampled_from(sorted(WORDS.emotions)),
    st.floats(0, 1, allow_nan=False),
    min_size=1,
    max_size=8,
)
BIG6 = {"anger", "disgust", "fear", "happiness", "sadness", "surprise"}


def trace(readings, **case):
    reading = {face: FaceReading(distribution=found) for face, found in readings.items()}
    return Trace(case=Case(id="c", **{"line": "hello", **case}), reading=reading)


def elements(text, name):
    return list(ElementTree.fromstring(text).iter(f"{{{emotionml.NAMESPACE}}}{name}"))


@given(first=shares, second=shares)
def test_a_reading_comes_back_as_it_was(first, second):
    readings = {"f1": first, "f2": second}
    text = emotionml.write(trace(readings), WORDS)
    assert emotionml.check(text, WORDS) == []
    assert emotionml.read(text, WORDS) == readings


@given(found=shares, using=st.sampled_from(sorted(emotionml.W3C)))
def test_a_vocabulary_of_the_w3c_says_no_more_than_the_reading(found, using):
    total = sum(found.values())
    scaled = {name: share / max(1, total) for name, share in found.items()}
    try:
        text = emotionml.write(trace({"f1": scaled}), WORDS, using=using)
    except NesyError as error:
        assert error.diagnostics[0].code == "N642"
        wider = {w for name in scaled for w in WORDS.broader("emotion", name)}
        assert not wider & set(emotionml.items(WORDS, using))
        return
    assert emotionml.check(text, WORDS) == []
    (back,) = emotionml.read(text, WORDS).values()
    assert sum(back.values()) <= sum(scaled.values()) + 1e-9
    assert set(back) <= {w for name in scaled for w in WORDS.broader("emotion", name)}


def test_a_kind_of_anger_counts_as_anger():
    text = emotionml.write(trace({"f1": {"annoyance": 0.3, "anger": 0.25}}), WORDS, using="big6")
    assert WORDS.broader("emotion", "annoyance")[-1] == "anger"
    assert emotionml.read(text, WORDS) == {"f1": {"anger": 0.55}}


def test_the_vocabularies_are_those_of_the_ontology():
    schemes = rdflib.Graph().parse(resources.folder("ontology") / "schemes.ttl")
    for scheme, uri in emotionml.W3C.values():
        assert str(schemes.value(NESY[f"scheme.{scheme}"], RDFS.seeAlso)) == uri
    assert set(emotionml.items(WORDS, "big6").values()) == BIG6
    # Each item is the exact counterpart of one emotion, or reading back would be a guess.
    for using in emotionml.W3C:
        said = list(emotionml.items(WORDS, using).values())
        assert len(set(said)) == len(said)


def test_the_document_names_its_vocabulary_and_how_the_emotion_showed():
    seen = trace({"f1": {"joy": 0.5}}, image="faces/é 1.png").with_(
        facts=(Fact(atom="au(f1,12,500,900)", origin="image"),)
    )
    text = emotionml.write(seen, WORDS)
    (emotion,) = elements(text, "emotion")
    assert emotion.get("expressed-through") == "face text"
    (reference,) = elements(text, "reference")
    assert reference.get("uri") == "faces/%C3%A9%201.png"
    assert {item.get("name") for item in elements(text, "item")} == set(WORDS.emotions)
    assert elements(text, "emotionml")[0].get("category-set") == "#nesy"
    # A face that a norm withheld expressed nothing.
    kept = seen.with_(facts=(seen.facts[0].model_copy(update={"withheld": "E101"}),))
    assert elements(emotionml.write(kept, WORDS), "emotion")[0].get("expressed-through") == "text"


GOOD = """<emotionml xmlns="http://www.w3.org/2009/10/emotionml" version="1.0" category-set="#v">
<info><note xmlns="urn:x">ours</note></info>
<emotion id="e1" expressed-through="face" start="1268647331000" dimension-set="http://d">
<info/><category name="a" confidence="0.5"><trace freq="10Hz" samples="0.1 0.2"/></category>
<category name="b" value="1"/><dimension name="x" value=".5"/>
<reference uri="a.png" role="triggeredBy" media-type="image/png"/></emotion>
<emotion category-set="http://www.w3.org/TR/emotion-voc/xml#big6"><category name="fear"/></emotion>
<vocabulary type="category" id="v"><info/><item name="a"/><item name="b"/></vocabulary>
</emotionml>"""


def test_a_document_of_anybody_is_read():
    assert emotionml.check(GOOD, WORDS) == []
    assert emotionml.read(GOOD, WORDS) == {"e1": {"a": 0.5, "b": 1.0}, "e2": {"fear": 1.0}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</emotionml>", ""),
        ("<emotionml", "<!DOCTYPE x [<!ENTITY a 'b'>]><emotionml"),
        ('xmlns="http://www.w3.org/2009/10/emotionml"', ""),
        ('version="1.0"', 'version="2.0"'),
        ('version="1.0"', ""),
        ('category-set="#v"', ""),
        ('category-set="#v"', 'category-set="#w"'),
        ('type="category"', 'type="dimension"'),
        ('type="category"', 'type="colour"'),
        (' id="v"', ""),
        ('<item name="b"/>', ""),
        ('<item name="b"/>', '<item name="a"/>'),
        ('<item name="b"/>', "<item/>"),
        ('<item name="a"/><item name="b"/>', ""),
        ('name="b" value', 'name="a" value'),
        ('name="b" value="1"', 'value="1"'),
        ('value="1"', 'value="1.1"'),
        ('confidence="0.5"', 'confidence="-0.1"'),
        ('confidence="0.5"', 'confidence="nan"'),
        ('confidence="0.5"', 'confidence="high"'),
        ('confidence="0.5"', 'confidence="0.5" value="1"'),
        ('confidence="0.5"', 'probability="0.5"'),
        ('<dimension name="x" value=".5"/>', '<dimension name="x"/>'),
        ('dimension-set="http://d"', ""),
        ('uri="a.png" ', ""),
        ('role="triggeredBy"', 'role="madeBy"'),
        ('<category name="fear"/>', ""),
        ('<category name="fear"/>', '<category name="joy"/>'),
        ('<category name="fear"/>', '<feeling name="fear"/>'),
        ('<category name="fear"/>', '<category name="fear"><item name="x"/></category>'),
        ("<info/><category", "<info/><info/><category"),
        ('id="v"', 'id="e1"'),
        ("</emotionml>", '<category name="a"/></emotionml>'),
    ],
)
def test_each_rule_of_emotionml_is_kept(old, new):
    assert old in GOOD
    with pytest.raises(NesyError) as told:
        emotionml.read(GOOD.replace(old, new, 1), WORDS)
    assert {fault.code for fault in told.value.diagnostics} == {"N641"}


@given(
    st.text(max_size=200) | st.text('<>/&!emotionl"= ', max_size=80).map(lambda t: GOOD[:90] + t)
)
def test_no_text_does_more_than_be_refused(text):
    with pytest.raises(NesyError, match="N641"):
        emotionml.read(text, WORDS)


def test_from_the_command_line(nesy, shipped, tmp_path):
    (told,) = pipeline.run([Case(id="c", line="I am so angry and sad")], engine=shipped)
    file = tmp_path / "t.json"
    file.write_text(told.as_json())
    shown = nesy("show", "emotionml", file)
    assert shown.code == 0
    assert emotionml.read(shown.out, WORDS) == {"f1": told.reading["f1"].distribution}
    piped = nesy("show", "emotionml", "-", "--json", stdin=told.as_json())
    assert json.loads(piped.out)["emotionml"].strip() == shown.out.strip()
    wide = nesy("show", "emotionml", file, "--vocabulary", "big6")
    assert set(emotionml.read(wide.out, WORDS)["f1"]) <= BIG6
    unknown = nesy("show", "emotionml", file, "--vocabulary", "big7")
    assert unknown.code == 2 and "did you mean big6?" in unknown.err
    file.write_text(told.with_(reading=None).as_json())
    assert "N503" in nesy("show", "emotionml", file).err
    file.write_text(told.as_json() + "\n" + told.as_json())
    assert "N505" in nesy("show", "emotionml", file).err
    proud = trace({"f1": {"neutral": 1.0}})
    file.write_text(proud.as_json())
    none = nesy("show", "emotionml", file, "--vocabulary", "big6")
    assert none.code == 2 and "N642" in none.err
