"""The page of the demo: one self-contained HTML file, without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from string import Template
from typing import NamedTuple

from nesy.explain.tell import Told
from nesy.trace import Trace
from nesy.vocabulary import Vocabulary

from . import cases
from .card import card


class Section(NamedTuple):
    """One part of the page: the group of cases it shows, and what it says of them."""

    group: str
    heading: str
    intro: str
    grid: str


SECTIONS = (
    Section(
        "fine",
        "One line, many faces",
        "Everybody here says “I’m fine.” Only the face differs, and with it the reading, what "
        "words and face are to each other, and what may be said in reply.",
        "grid",
    ),
    Section(
        "pairs",
        "The words alone, and with a face",
        "Each line is read twice: first as text, then with a picture of who says it.",
        "pair",
    ),
    Section(
        "situations",
        "The same face and words, elsewhere",
        "One picture and one line throughout. What the caller declares about the situation decides "
        "what may be concluded from the face at all, and what the reply owes the person.",
        "grid three",
    ),
    Section(
        "london",
        "Photographs, asked to smile",
        "Four people of the Face Research Lab London Set, each asked to look neutral and to smile, "
        "all with “I’m fine.”",
        "pair",
    ),
    Section(
        "darwin",
        "Photographs Darwin asked about",
        "Beside each reading stands what people answered when Darwin showed them the picture, "
        "around 1870.",
        "grid three",
    ),
)


def page(
    traces: Sequence[Trace], whys: Mapping[str, Told], words: Vocabulary, *, perceiver: str
) -> str:
    """Return the page that shows these traces, each with its explanation."""
    parts = [
        _section(
            section,
            [t for t in traces if cases.text(t.case, "group") == section.group],
            whys,
            words,
        )
        for section in SECTIONS
    ]
    links = "".join(f'<a href="#{s.group}">{escape(s.heading)}</a>' for s in SECTIONS)
    return _template("page.html").substitute(
        style=(cases.FOLDER / "page.css").read_text(encoding="utf-8"),
        links=links,
        body="".join(parts),
        count=len(traces),
        perceiver=escape(perceiver),
        versions=_versions(traces),
    )


def _template(name: str) -> Template:
    return Template((cases.FOLDER / name).read_text(encoding="utf-8"))


def _section(
    section: Section, traces: Sequence[Trace], whys: Mapping[str, Told], words: Vocabulary
) -> str:
    if section.grid == "pair":
        body = "".join(
            f'<section class="pair"><h3>{_pair_heading(group)}</h3><div class="two">'
            + "".join(card(t, whys.get(t.case.id), words, heading="h4") for t in group)
            + "</div></section>"
            for group in (list(found) for _, found in groupby(traces, key=_pair_of))
        )
        body = f'<div class="pairs">{body}</div>'
    else:
        body = "".join(card(t, whys.get(t.case.id), words) for t in traces)
        body = f'<div class="{section.grid}">{body}</div>'
    heading = f'<h2 id="{section.group}">{escape(section.heading)}</h2>'
    return f'<section>{heading}<p class="intro">{escape(section.intro)}</p>{body}</section>'


def _pair_of(trace: Trace) -> str:
    return cases.text(trace.case, "pair") or cases.text(trace.case, "title")


def _pair_heading(traces: Sequence[Trace]) -> str:
    return escape(_pair_of(traces[0]))


def _versions(traces: Sequence[Trace]) -> str:
    """Name everything that the result depends on."""
    found: dict[str, str] = {}
    for trace in traces:
        for name in ("nesy", "perceiver", "rules", "ontology", "weights", "seed"):
            if (value := trace.versions.get(name)) is not None:
                found[name] = str(value)
    return " · ".join(
        f"{escape(name)} <code>{escape(value)}</code>" for name, value in found.items()
    )
