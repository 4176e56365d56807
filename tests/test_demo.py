"""The demo: its cases are whole, and its page is one accessible file that shows every case."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from nesy.benchmarks.demo import __main__ as demo
from nesy.benchmarks.demo import cases, page, render_faces
from nesy.trace import read_traces

CASES = {case.id: case for case in cases.load()}
SOME = ("fine_words", "fine_eye_roll", "great_words", "great_face", "situation_workplace")
LONDON = "london_099_smiling"
DARWIN = "darwin_plate3_fig6"
VOID = {"meta", "img", "link", "br"}


class Page(HTMLParser):
    """Collects ids, images and sources, and checks that every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.images, self.sources, self.tags = [], [], [], [], set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.sources += [found[name] for name in ("src", "href") if name in found]
        self.images += [found] if tag == "img" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Run the demo on a few cases with hand-written observations; one photograph has none."""
    folder = tmp_path_factory.mktemp("demo")
    recording = folder / "recording.jsonl"
    units = {"fine_eye_roll": [63], "great_face": [63], "situation_workplace": [1, 4, 15]}
    with recording.open("w", encoding="utf-8") as file:
        for name, seen in {**units, DARWIN: [12]}.items():
            face = {
                "id": "f1",
                "action_units": [{"unit": u, "intensity": 700, "confidence": 900} for u in seen],
                "expressions": [{"expression": "eye_roll", "confidence": 900}]
                if 63 in seen
                else [],
            }
            file.write(json.dumps({"id": name, "perceiver": "hand", "faces": [face]}) + "\n")
    chosen = tuple(CASES[name] for name in (*SOME, LONDON, DARWIN))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cases, "load", lambda: chosen)
        for name in ("report", "again"):
            arguments = ["-o", str(folder / name), "--with", f"replay:{recording}"]
            assert demo.main(arguments) == 0
    return folder


def test_cases_are_whole():
    assert len(CASES) >= 30
    for case in CASES.values():
        assert cases.text(case, "group") in {section.group for section in page.SECTIONS}
        assert cases.text(case, "title")
        path = cases.picture(case)
        assert path is None or path.is_file()
        if path and path.suffix == ".png":
            drawn = render_faces.DRAWN[path.stem].units
            assert cases.extra(case, "drawn") == sorted(drawn)
        elif path:
            assert case.source


def test_pictures_are_small_and_all_in_use():
    files = {path for path in (cases.FOLDER / "faces").iterdir() if path.suffix != ".md"}
    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert files == {cases.picture(case) for case in CASES.values()} - {None}


def test_photographed_people_are_kept_from_training():
    numbers = [int(name.split("_")[1]) for name in CASES if name.startswith("london")]
    assert numbers
    assert min(numbers) >= 83


def test_attribution_covers_every_photograph():
    text = (cases.FOLDER / "faces" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text
    for case in CASES.values():
        path = cases.picture(case)
        if path and path.suffix == ".jpg":
            assert f"`{path.stem.partition('_')[0]}_*.jpg`" in text


@pytest.mark.parametrize("name", sorted(render_faces.DRAWN))
def test_drawn_faces_are_what_the_renderer_draws(name):
    drawn = np.asarray(render_faces.draw(name).convert("RGB"), int)
    with Image.open(render_faces.FACES / f"{name}.png") as opened:
        shipped = np.asarray(opened.convert("RGB"), int)
    assert np.abs(drawn - shipped).mean() < 1, "python -m nesy.benchmarks.demo.render_faces"


def test_page_is_one_wellformed_file(report):
    found = Page((report / "report" / "index.html").read_text(encoding="utf-8"))
    assert len(found.ids) == len(set(found.ids))
    assert set(SOME) <= set(found.ids)
    assert "script" not in found.tags
    assert all(source.startswith(("data:image/", "#")) for source in found.sources)
    assert all(image.get("alt") for image in found.images)


def test_page_says_what_it_must(report):
    text = " ".join((report / "report" / "index.html").read_text(encoding="utf-8").split())
    assert "drawn faces" in text and "posed smile" in text
    assert "not to be trusted" in text
    assert "CC BY 4.0" in text
    assert "24 people asked" in text
    assert "The face was not used: E101" in text
    assert str(cases.FOLDER) not in text


def test_rolled_eyes_change_the_reading(report):
    traces = {t.case.id: t for t in read_traces(report / "report" / "traces.jsonl")}
    assert traces["great_face"].reading["f1"].mismatches == ("sarcasm",)
    assert traces["great_words"].reading["f1"].mismatches == ()


def test_a_case_that_fails_is_shown_as_not_read(report):
    traces = {t.case.id: t for t in read_traces(report / "report" / "traces.jsonl")}
    assert traces[LONDON].error["diagnostics"][0]["code"] == "N108"
    article = re.search(
        rf'<article class="card" id="{LONDON}">.*?</article>',
        (report / "report" / "index.html").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert "not read" in article[0]


def test_same_input_gives_the_same_bytes(report):
    for name in ("index.html", "traces.jsonl"):
        first, second = (report / run / name for run in ("report", "again"))
        assert first.read_bytes() == second.read_bytes()


def test_an_unknown_adapter_is_told(tmp_path, capsys):
    assert demo.main(["-o", str(tmp_path), "--with", "no_such_adapter"]) == 2
    assert "N101" in capsys.readouterr().err
