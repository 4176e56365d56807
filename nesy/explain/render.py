"""Render an explanation: text, JSON, DOT, SVG or HTML from the same sentences."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

import networkx as nx

from nesy import strict_json
from nesy.explain.diagram import as_svg
from nesy.explain.english import WORDS
from nesy.explain.page import as_html, tree_html
from nesy.explain.tell import Told, details, heading

__all__ = ["DEEPEST", "FORMATS", "as_dot", "as_html", "as_json", "as_svg", "as_text", "tree_html"]

DEEPEST = 99
# So many letters of a label stand on one line.
LETTERS = 48


def as_text(told: Told, depth: int = DEEPEST) -> str:
    """Return the explanation as an indented tree; what was told before is not told again."""
    return "\n".join(_lines(told, "", "", depth, set())) + "\n"


def _lines(told: Told, first: str, rest: str, depth: int, before: set[Told]) -> Iterator[str]:
    head = heading(told)
    if told.because and told in before:
        yield f"{first}{head}  ({WORDS['above']})"
        return
    before.add(told)
    shown = told.because if depth > 0 else ()
    if told.because and not shown:
        deeper = WORDS["deeper_not" if told.kind in ("absent", "miss") else "deeper"]
        asked = told.atom.replace('"_"', "_")
        head += f"  ({deeper.format(atom=asked)})" if told.atom else " …"
    yield first + head
    for detail in details(told):
        yield rest + ("│    " if shown else "     ") + detail
    for number, child in enumerate(shown, 1):
        last = number == len(shown)
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _lines(child, rest + branch, rest + below, depth - 1, before)


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
    lines = ["digraph why {", "  rankdir=RL;", '  node [shape=box, fontname="Helvetica"];']
    for line, name in names.items():
        parts = (heading(line), *details(line))
        label = "\\n".join(_escaped(row) for part in parts for row in textwrap.wrap(part, LETTERS))
        style = ', style=filled, fillcolor="#eef4ee"' if line.kind in ("fact", "ontology") else ""
        lines.append(f'  {name} [label="{label}"{style}];')
    lines += [f"  {names[ground]} -> {names[line]};" for ground, line in found.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


FORMATS: dict[str, Callable[..., str]] = {
    "text": as_text,
    "json": as_json,
    "dot": as_dot,
    "svg": as_svg,
    "html": as_html,
}
