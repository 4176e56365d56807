"""Write an explanation as one page: it folds, by keyboard too, and needs no script to be read."""

from __future__ import annotations

from html import escape
from pathlib import Path

from nesy.explain.diagram import drawing
from nesy.explain.english import WORDS
from nesy.explain.short import short
from nesy.explain.tell import Told, details

# So many levels are unfolded at first.
UNFOLDED = 3


def as_html(told: Told, title: str | None = None) -> str:
    """Return the explanation as one self-contained page of foldable details and a picture."""
    words = {key: escape(WORDS[key]) for key in _PAGE_WORDS}
    head = escape(title or WORDS["page"].format(asked=told.sentence))
    return _PAGE.format(
        **words,
        language=WORDS["language"],
        title=head,
        style=STYLE,
        tree=tree_html(told, anchor="line"),
        drawing=drawing(short(told), "drawing"),
        script=_SCRIPT,
    )


def tree_html(told: Told, *, anchor: str = "") -> str:
    """Return the explanation as nested ``details``; what is told twice is unfolded in one place.

    That is where it lies least deep. With an ``anchor``, ids begin with it and the other places
    link there.
    """
    return _tree(told, 0, anchor, _levels(told), set())


def _levels(told: Told) -> dict[Told, tuple[int, int]]:
    """Return how deep each line lies where it lies least deep, and its number."""
    found: dict[Told, tuple[int, int]] = {}
    row, depth = [told], 0
    while row:
        row = [line for line in dict.fromkeys(row) if line not in found]
        found |= {line: (depth, len(found) + n) for n, line in enumerate(row, 1)}
        row = [child for line in row for child in line.because]
        depth += 1
    return found


def _tree(
    told: Told, depth: int, anchor: str, levels: dict[Told, tuple[int, int]], before: set[Told]
) -> str:
    line = _line(told)
    if not told.because:
        return f'<div class="leaf">{line}{_small(told)}</div>'
    level, number = levels[told]
    name = f"{anchor}-{number}"
    if told in before or level < depth:
        there = escape(WORDS["above" if told in before else "below"])
        if anchor:
            there = f'<a href="#{name}">{there}</a>'
        return f'<div class="leaf">{line} <i class="origin">{there}</i></div>'
    before.add(told)
    children = "".join(
        f"<li>{_tree(c, depth + 1, anchor, levels, before)}</li>" for c in told.because
    )
    opened = " open" if depth < UNFOLDED else ""
    named = f' id="{name}"' if anchor else ""
    return (
        f"<details{opened}{named}><summary>{line}</summary>{_small(told)}"
        f"<ul>{children}</ul></details>"
    )


def _line(told: Told) -> str:
    line = f'<span class="{told.kind}">{escape(told.sentence, quote=False)}</span>'
    if told.contribution is not None:
        line += f' <b class="share">{told.contribution:+.2f}</b>'
    if told.kind in ("fact", "ontology") and told.origin:
        line += f' <i class="origin">{escape(told.origin)}</i>'
    if told.kind == "brief":
        line += f' <i class="origin">{escape(f"{told.rule} · {told.place}")}</i>'
    if told.more:
        more = WORDS["more"].format(command=told.more)
        line += f' <i class="origin">{escape(more, quote=False)}</i>'
    return line


def _small(told: Told) -> str:
    return "".join(f"<small>{escape(detail, quote=False)}</small>" for detail in details(told))


_PAGE_WORDS = (
    "page_skip",
    "page_reasons",
    "page_help",
    "page_find",
    "page_found",
    "page_unfold",
    "page_fold",
    "page_picture",
    "picture",
)
_FOLDER = Path(__file__).parent
_PAGE = (_FOLDER / "page.html").read_text(encoding="utf-8")
STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
_SCRIPT = (_FOLDER / "page.js").read_text(encoding="utf-8")
