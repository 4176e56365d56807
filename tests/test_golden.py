"""Explanations, word for word: ``tests/golden/<case>.json`` is told as ``<case>.txt``.

``NESY_ACCEPT=1 pytest tests/test_golden.py`` rewrites the texts; read the difference first.
"""

from __future__ import annotations

import os
from contextvars import copy_context
from pathlib import Path

import pytest

from nesy import pipeline, strict_json
from nesy.explain import language, render, short, tell
from nesy.explain.why_not import otherwise
from nesy.pipeline import engine_for
from nesy.trace import parse_trace

FOLDER = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_the_explanation_reads_as_agreed(name: str) -> None:
    told = copy_context().run(_told, name)
    expected = FOLDER / f"{name}.txt"
    if os.environ.get("NESY_ACCEPT"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")


def _told(name: str) -> str:
    engine = engine_for()
    given = strict_json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    asked, denied, other = (given.pop(key, None) for key in ("why", "not", "rather_than"))
    depth = given.pop("depth", render.DEEPEST)
    spoken, is_short = given.pop("language", "en"), given.pop("short", False)
    trace = pipeline.reason(parse_trace(given, file=name), engine=engine)
    engine = language.speak(spoken, engine)
    if denied is not None:
        node = otherwise.why_not(trace, engine, denied)
    elif other is not None:
        node = otherwise.rather_than(trace, engine, asked, other)
    else:
        node = pipeline.why(trace, asked, engine=engine)
    told = tell.tell(node, engine)
    return render.as_text(short.short(told) if is_short else told, depth)


def test_every_text_has_its_case() -> None:
    assert {p.stem for p in FOLDER.glob("*.txt")} == {p.stem for p in FOLDER.glob("*.json")}
