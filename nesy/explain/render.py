"""Render an explanation: text, JSON, DOT or HTML from the same sentences."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator

import networkx as nx

from nesy import strict_json
from nesy.explain.english import WORDS
from nesy.explain.tell import Told

DEEPEST = 99


def as_text(told: Told, depth: int = DEEPEST) -> str:
    """Return the explanation as an indented tree; what was told before is not told again."""
    return "\n".join(_lines(told, "", "", depth, set())) + "\n"


def _lines(told: Told, first: str, rest: str, depth: int, before: set[Told]) -> Iterator[str]:
    head = told.sentence
    if told.contribution is not None:
        head += f"  [{told.contribution:+.2f}]"
    if told.kind in ("fact", "ontology") and told.origin:
        head += f"  — {told.origin}"
    if told.kind == "brief":
        head += f"  — rule {told.rule} · {told.place}"
        head += f" · literature: {told.support}" if told.support else ""
    if told.because and told in before:
        yield f"{first}{head}  ({WORDS['above']})"
        return
    before.add(told)
    shown = told.because if depth > 0 else ()
    if told.because and not shown:
        head += f"  ({WORDS['deeper'].format(atom=told.atom)})" if told.atom else " …"
    yield first + head
    for detail in details(told):
        yield rest + ("│    " if shown else "     ") + detail
    for number, child in enumerate(shown, 1):
        last = number == len(shown)
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _lines(child, rest + branch, rest + below, depth - 1, before)


def details(told: Told) -> list[str]:
    """Return the small print of a line: rule and place, source, citation."""
    if told.kind == "brief":
        return []
    found = []
    if told.rule:
        found.append(f"rule {told.rule} · {told.place}")
    if told.source:
        found.append(f"source: {told.source}")
    if told.support:
        found.append(f"literature: {told.support}. {told.evidence}")
    if told.citation:
        found.append(told.citation)
    return found


def as_json(told: Told) -> str:
    """Return the explanation as JSON."""
    return strict_json.dumps(told.as_json(), indent=2) + "\n"


def graph(told: Told) -> nx.DiGraph[Told]:
    """Return the explanation as a directed acyclic graph: each ground → what rests on it.

    A line that is used twice is one node.
    """
    found: nx.DiGraph[Told] = nx.DiGraph()
    pending, expanded = [told], set[Told]()
    while pending:
        line = pending.pop()
        if line not in expanded:
            expanded.add(line)
            found.add_node(line)
            found.add_edges_from((child, line) for child in line.because)
            pending += line.because
    return found


def as_dot(told: Told) -> str:
    """Return the explanation as a Graphviz graph."""
    found = graph(told)
    names = {line: f"n{number}" for number, line in enumerate(found)}
    lines = ["digraph why {", "  rankdir=LR;", '  node [shape=box, fontname="Helvetica"];']
    for line, name in names.items():
        label = "\\n".join(_escaped(part) for part in (line.sentence, *details(line)))
        style = ', style=filled, fillcolor="#eef4ee"' if line.kind in ("fact", "ontology") else ""
        lines.append(f'  {name} [label="{label}"{style}];')
    lines += [f"  {names[ground]} -> {names[line]};" for ground, line in found.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def as_html(told: Told, title: str = "why") -> str:
    """Return the explanation as one self-contained page of foldable details."""
    return _PAGE.format(title=html.escape(title), body=tree_html(told))


def tree_html(told: Told, depth: int = 0) -> str:
    """Return the explanation as nested ``details``: it folds, by keyboard too, without a script."""
    line = f'<span class="{told.kind}">{html.escape(told.sentence)}</span>'
    if told.contribution is not None:
        line += f' <b class="share">{told.contribution:+.2f}</b>'
    if told.kind in ("fact", "ontology") and told.origin:
        line += f' <i class="origin">{html.escape(told.origin)}</i>'
    if told.kind == "brief":
        line += f' <i class="origin">{html.escape(f"{told.rule} · {told.place}")}</i>'
    small = "".join(f"<small>{html.escape(d)}</small>" for d in details(told))
    if not told.because:
        return f'<div class="leaf">{line}{small}</div>'
    children = "".join(f"<li>{tree_html(child, depth + 1)}</li>" for child in told.because)
    opened = " open" if depth < 2 else ""
    return f"<details{opened}><summary>{line}</summary>{small}<ul>{children}</ul></details>"


STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#777}
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
ul{list-style:none;margin:.2rem 0;padding-left:1.1rem;border-left:2px solid var(--line)}
li{margin:.35rem 0}summary{cursor:pointer}summary:focus-visible{outline:2px solid #4a7}
small{display:block;color:var(--soft);padding-left:1rem}
.origin{color:var(--soft)}.share{font-variant-numeric:tabular-nums;color:#286}
.absent,.condition,.group{color:var(--soft)}
"""

_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title>'
    "<style>" + STYLE.replace("{", "{{").replace("}", "}}") + "</style></head>"
    "<body><main><h1>{title}</h1>{body}</main></body></html>\n"
)

FORMATS: dict[str, Callable[..., str]] = {
    "text": as_text,
    "json": as_json,
    "dot": as_dot,
    "html": as_html,
}
