"""Every kind of line in every format: what is written can be read back, and is all there."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from contextvars import copy_context
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import clingo
import html5rdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import pipeline, strict_json
from nesy.diagnostics import visible
from nesy.explain import diagram, render, tell
from nesy.explain.short import short
from nesy.explain.tell import Told
from nesy.explain.why.justify import Kind, Node
from nesy.explain.why_not import otherwise
from nesy.interpret import Voice
from nesy.pipeline import engine_for
from nesy.trace import parse_trace

ENGINE = engine_for()
GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
FACT = Node("fact", "expression(f1,smile,930)", origin="image")
RULE = ENGINE.rulebook.by_id("table1.smile.joy")
FACE = (("Face", clingo.Function("f1")), ("Confidence", clingo.Number(930)))
VOICE = Voice("f1", "joy", RULE.id, 930, 2.79, ("f1", "930"))
ANSWER = 'evil </text><script>alert("x")</script> & "quoted" \\ back'

KINDS: dict[str, Node] = {
    "rule": Node("rule", "evidence(f1,joy,930)", RULE, FACE, because=(FACT,)),
    "fact": FACT,
    "ontology": Node("ontology", "unit(12)", origin="ontology"),
    "absent": Node("absent", "crisis(self_harm)"),
    "assumed": Node("assumed", "crisis(self_harm)"),
    "condition": Node("condition", "", text=ANSWER),
    "marginal": Node("marginal", "reads(f1,joy,510)", because=(FACT,)),
    "voice": Node("voice", "evidence(f1,joy,930)", RULE, FACE, voice=VOICE, because=(FACT,)),
    "balance": Node("balance", "", scores=(("joy", 2.79), ("anger", 0.0))),
    "group": Node("group", "", text="rivals", because=(FACT,)),
    "reply": Node("reply", "", text=ANSWER, because=(FACT,)),
    "miss": Node("miss", 'evidence(f1,joy,"_")', RULE, FACE[:1], text="1 of 2 conditions fails"),
    "against": Node("against", "crisis(self_harm)"),
    "contrast": Node("contrast", "", text=ANSWER, because=(FACT,)),
}
BRIEF = Node("rule", "evidence(f1,joy,930)", RULE, FACE, because=(FACT,), brief=True)
EVERY = Node("reply", "", text="all of them", because=(*KINDS.values(), BRIEF, KINDS["rule"]))
# Told by which class a kind is drawn.
CLASSES = {"fact": "seen", "ontology": "seen"}


class _Text(HTMLParser):
    """The text of a page's tree, and every tag closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page(text: str) -> _Text:
    """Return a page that an HTML5 parser reads without a single fault."""
    html5rdf.HTMLParser(strict=True).parse(text)
    read = _Text()
    read.feed(text)
    assert not read.open
    return read


def lines(told: Told) -> list[Told]:
    return [told, *(line for child in told.because for line in lines(child))]


def boxes(text: str) -> list[tuple[float, float, float, float]]:
    """Return where the boxes of a picture lie: left, top, right, bottom."""
    rects = ET.fromstring(text).iter(f"{SVG}rect")
    found = [[float(rect.attrib[key]) for key in ("x", "y", "width", "height")] for rect in rects]
    return [(x, y, x + width, y + height) for x, y, width, height in found]


def test_every_kind_of_line_is_tried() -> None:
    assert set(KINDS) == set(get_args(Kind))


@pytest.mark.parametrize("kind", [*KINDS, "brief", "every"])
@pytest.mark.parametrize("form", render.FORMATS)
def test_each_kind_is_told_in_each_format(kind: str, form: str) -> None:
    node = {**KINDS, "brief": BRIEF, "every": EVERY}[kind]
    told = tell.tell(node, ENGINE)
    text = render.FORMATS[form](told)
    assert text.endswith("\n") and "None" not in text
    sentences = {line.sentence for line in lines(told)}
    assert all(sentences) and not any("{" in sentence for sentence in sentences)
    read = READERS[form](text)
    assert all(squeezed(sentence) in read for sentence in sentences)


def _of_json(text: str) -> str:
    found: list[str] = []

    def walk(value: dict) -> None:
        found.append(value["sentence"])
        for child in value.get("because", ()):
            walk(child)

    walk(json.loads(text))
    return squeezed("\n".join(found))


def _of_dot(text: str) -> str:
    labels = re.findall(
        r'^ {2}n\d+ \[label="((?:[^"\\]|\\.)*)"(?:, [^"]*"#[0-9a-f]+")?\];$', text, re.M
    )
    edges = re.findall(r"^ {2}n\d+ -> n\d+;$", text, re.M)
    assert len(labels) + len(edges) + 4 == len(text.splitlines())
    return squeezed(
        "\n".join(
            re.sub(r"\\(.)", lambda m: " " if m[1] == "n" else m[1], label) for label in labels
        )
    )


def _of_svg(text: str) -> str:
    root = ET.fromstring(text)
    assert root.attrib["role"] == "img"
    ids = root.attrib["aria-labelledby"].split()
    named = {e.attrib["id"]: e.text for e in root if "id" in e.attrib}
    assert all(named[name] for name in ids)
    return squeezed(" ".join(root.itertext()))


READERS = {
    "text": lambda text: squeezed(text),
    "json": _of_json,
    "dot": _of_dot,
    "svg": _of_svg,
    "html": lambda text: squeezed(" ".join(page(text).text)),
}


def squeezed(text: str) -> str:
    """Return a text without the space that breaking lines adds or takes."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("name", ["crisis_behind_a_smile", "masking_smile", "tutor", "words_alone"])
def test_a_reply_fits_a_screen_and_its_picture_and_page_are_sound(name: str) -> None:
    given = strict_json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    case = {key: value for key, value in given.items() if key not in ("why", "depth")}
    trace = pipeline.reason(parse_trace(case), engine=ENGINE)
    told = tell.tell(pipeline.why(trace, engine=ENGINE), ENGINE)
    brief = render.as_text(short(told), 3)
    assert len(brief.splitlines()) <= 60
    assert not re.search(r", from [A-Z]", brief)
    assert ANSWERED.search(brief)
    picture = render.as_svg(short(told))
    placed = boxes(picture)
    assert 1 < len(placed) <= diagram.MOST_BOXES
    for n, (left, top, right, bottom) in enumerate(placed):
        for x1, y1, x2, y2 in placed[:n]:
            assert right <= x1 or x2 <= left or bottom <= y1 or y2 <= top
    assert picture.count('class="arrow"') == len(placed) - 1
    read = page(render.as_html(told))
    assert read.tags.count("h1") == 1 and {"details", "summary", "svg", "main"} <= set(read.tags)
    linked = set(re.findall(r'href="#([^"]+)"', render.as_html(told)))
    ids = re.findall(r' id="([^"]+)"', render.as_html(told))
    assert linked <= set(ids) and len(ids) == len(set(ids))
    told_whole = {line.sentence for line in lines(told)}
    assert all(squeezed(s) in squeezed(" ".join(read.text)) for s in told_whole)


ANSWERED = re.compile(r"nesy why '\w+|nesy why --depth")


@pytest.mark.parametrize("question", ["not", "rather"])
def test_denials_and_contrasts_are_sound_in_every_format(question: str) -> None:
    given = strict_json.loads((GOLDEN / "sarcasm.json").read_text(encoding="utf-8"))
    case = {key: value for key, value in given.items() if key in ("schema", "case", "observation")}
    trace = pipeline.reason(parse_trace(case), engine=ENGINE)
    if question == "not":
        node = otherwise.why_not(trace, ENGINE, "mismatch(f1, masking_smile)")
    else:
        node = otherwise.rather_than(trace, ENGINE, "reads(f1, sarcasm)", "happiness")
    told = tell.tell(node, ENGINE)
    sentences = {line.sentence for line in lines(told)}
    for form in ("text", "json", "dot", "html"):
        read = READERS[form](render.FORMATS[form](told))
        assert all(squeezed(sentence) in read for sentence in sentences), form
    assert len(boxes(render.as_svg(told))) > 1


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1).filter(str.strip), st.text())
def test_no_text_of_a_stranger_breaks_a_format_out(said: str, quoted: str) -> None:
    node = Node("reply", "", text=said, because=(Node("condition", "", text=quoted or "…"),))
    told = tell.tell(node, ENGINE)
    assert told.sentence == visible(said) and told.sentence.isprintable()
    assert len(render.as_text(told).splitlines()) == 2
    assert json.loads(render.as_json(told))["sentence"] == told.sentence
    assert "digraph" in render.as_dot(told) and _of_dot(render.as_dot(told)) is not None
    assert len(boxes(render.as_svg(told))) == 2
    assert page(render.as_html(told)).tags.count("script") == 1


def test_what_is_told_twice_is_unfolded_once_and_linked() -> None:
    shared = KINDS["rule"]
    deep = Node(
        "contrast", "", text="deep", because=(Node("group", "", text="x", because=(shared,)),)
    )
    told = tell.tell(Node("reply", "", text="all", because=(deep, shared)), ENGINE)
    text = render.as_html(told)
    assert text.count("<details") == 4 and len(re.findall(r"as told below</a>", text)) == 1
    assert render.as_text(told).count("as told above") == 1
    assert "id=" not in render.tree_html(told)


def test_a_long_list_is_counted_and_calculations_are_left_out() -> None:
    absent = tuple(Node("absent", f"crisis({kind})") for kind in ("abuse", "imminent", "self_harm"))
    compared = Node("condition", "", text="930 >= 500, from Confidence >= 500")
    named = Node("condition", "", text="93, from Strength = (Confidence/10)")
    rule = Node(
        "rule", "evidence(f1,joy,930)", RULE, FACE, because=(FACT, compared, named, *absent)
    )
    standing = Node("group", "", text="standing", because=(BRIEF, BRIEF))
    told = tell.tell(Node("reply", "", text="all", because=(rule, standing)), ENGINE)
    assert "93, from" not in render.as_text(told) and "930 >= 500" in render.as_text(told)
    brief = render.as_text(short(told))
    assert "930 >= 500" not in brief
    assert "no sign of 3 things" in brief and "nesy why 'evidence(f1,joy,930)'" in brief
    assert "what no reply here may do: 2 rules" in brief


def test_a_picture_says_what_it_leaves_out() -> None:
    deep = FACT
    for level in range(6):
        deep = Node("group", "", text=f"level {level}", because=(deep,))
    text = render.as_svg(tell.tell(deep, ENGINE))
    assert len(boxes(text)) == diagram.LEVELS
    assert "1 below" in text and "3 lines further down are left out" in text


def test_the_same_explanation_is_the_same_picture() -> None:
    told = tell.tell(EVERY, ENGINE)
    one, other = (copy_context().run(render.as_svg, told) for _ in range(2))
    assert one == other
