"""Explanations, word for word: ``tests/golden/<case>.json`` is told as ``<case>.txt``.

``NESY_ACCEPT=1 pytest tests/test_golden.py`` rewrites the texts; read the difference first.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nesy import pipeline, strict_json
from nesy.explain import render, tell
from nesy.pipeline import engine_for
from nesy.trace import parse_trace

FOLDER = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_the_explanation_reads_as_agreed(name: str) -> None:
    engine = engine_for()
    given = strict_json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    asked = given.pop("why", None)
    trace = pipeline.reason(parse_trace(given, file=name), engine=engine)
    told = render.as_text(tell.tell(pipeline.why(trace, asked, engine=engine), engine))
    expected = FOLDER / f"{name}.txt"
    if os.environ.get("NESY_ACCEPT"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")


def test_every_text_has_its_case() -> None:
    assert {p.stem for p in FOLDER.glob("*.txt")} == {p.stem for p in FOLDER.glob("*.json")}
