"""The report as one self-contained HTML file, without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from . import forms
from .section import Example, Plot, Section

FOLDER = Path(__file__).parent


def page(
    title: str,
    lead: str,
    sections: Sequence[Section],
    limits: Sequence[str],
    made: Mapping[str, str],
) -> str:
    """Return the page: every table, plot and picture is inside it."""
    template = Template((FOLDER / "page.html").read_text(encoding="utf-8"))
    links = "".join(f'<a href="#{s.key}">{escape(s.heading)}</a>' for s in sections)
    facts = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in made.items())
    return template.substitute(
        title=escape(title),
        lead=escape(lead),
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        limits="".join(f"<li>{escape(limit)}</li>" for limit in limits),
        links=links,
        body="\n".join(map(_section, sections)),
        made=facts,
    )


def _section(section: Section) -> str:
    points = "".join(f"<li>{escape(point)}</li>" for point in section.points)
    parts = [
        f'<h2 id="{section.key}">{escape(section.heading)}</h2>',
        f'<p class="intro">{escape(section.intro)}</p>' if section.intro else "",
        f"<ul>{points}</ul>" if points else "",
        *map(forms.html, section.tables),
        *map(_plot, section.plots),
    ]
    if section.examples:
        parts.append(f'<div class="examples">{"".join(map(_example, section.examples))}</div>')
    return f'<section aria-labelledby="{section.key}">{"".join(parts)}</section>'


def _plot(plot: Plot) -> str:
    note = f" {escape(plot.note)}" if plot.note else ""
    caption = f"<figcaption><b>{escape(plot.title)}.</b>{note}</figcaption>"
    return f'<figure tabindex="0"><div>{plot.svg}</div>{caption}</figure>'


def _example(example: Example) -> str:
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in example.rows)
    picture = (
        f'<img src="{example.picture}" alt="the face of this sample" loading="lazy">'
        if example.picture
        else ""
    )
    why = (
        f"<details><summary>Why</summary><pre>{escape(example.why)}</pre></details>"
        if example.why
        else ""
    )
    return (
        f'<article class="example"><h3>{escape(example.title)}</h3>{picture}'
        f"<blockquote>{escape(example.line)}</blockquote><p>{escape(example.said)}</p>"
        f"<dl>{rows}</dl>{why}</article>"
    )
