"""Draw an explanation as SVG: what was asked on the left, what it rests on to the right of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from nesy.explain.english import WORDS
from nesy.explain.tell import Told

# Sizes in pixels. Letters differ in width by font, so lines are broken before they are full.
WIDTH, GAP, BETWEEN = 236, 44, 10
LETTERS, LINE, PAD = 30, 17, 9
MOST_LINES = 7
# So many levels fit a screen; so much deeper there is the tree of the page.
LEVELS = 4
# Beyond so many boxes a picture is not looked at: fewer levels are drawn.
MOST_BOXES = 60


@dataclass(slots=True)
class _Box:
    """A line in its place; ``above`` is what rests on it, ``again`` tells it has a box already."""

    told: Told
    level: int
    above: _Box | None
    text: list[str]
    small: str
    again: bool = False
    y: float = 0.0

    @property
    def height(self) -> float:
        return 2 * PAD + LINE * (len(self.text) + bool(self.small))

    @property
    def x(self) -> float:
        return PAD + self.level * (WIDTH + GAP)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def as_svg(told: Told) -> str:
    """Return the explanation as a picture that stands alone, for light and dark."""
    return drawing(told, "why") + "\n"


def drawing(told: Told, name: str) -> str:
    """Return the picture; ``name`` keeps its ids apart from those of others on a page."""
    boxes, left_out = _fitting(told)
    height = _placed(boxes) + PAD
    width = max(box.x for box in boxes) + WIDTH + PAD
    said = WORDS["picture"]
    if left_out:
        said += " " + WORDS["picture_cut"].format(count=left_out)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="why" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}">',
        f'<title id="{name}-title">{escape(told.sentence)}</title>',
        f'<desc id="{name}-desc">{escape(said)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<defs><marker id="{name}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 0 8 4 0 8z"/>'
        "</marker></defs>",
        *(_arrow(box, name) for box in boxes if box.above),
        *(_drawn(box) for box in boxes),
        "</svg>",
    ]
    return "".join(parts)


def _fitting(told: Told) -> tuple[list[_Box], int]:
    """Return the boxes of as many levels as can be looked at, and how many lines are left out."""
    every = set(_walk(told))
    for levels in range(LEVELS, 1, -1):
        boxes = list(_boxes(told, levels))
        if len(boxes) <= MOST_BOXES:
            break
    return boxes, len(every) - len({box.told for box in boxes})


def _walk(told: Told) -> Iterator[Told]:
    pending, seen = [told], set[Told]()
    while pending:
        line = pending.pop()
        if line not in seen:
            seen.add(line)
            pending += line.because
            yield line


def _boxes(told: Told, levels: int) -> Iterator[_Box]:
    """Yield the boxes from the top down; a line told twice is drawn once."""
    drawn: set[Told] = set()
    pending: list[tuple[Told, _Box | None, int]] = [(told, None, 0)]
    while pending:
        line, above, level = pending.pop()
        again = bool(line.because) and line in drawn
        drawn.add(line)
        below = line.because if level + 1 < levels and not again else ()
        box = _Box(line, level, above, _text(line), _small(line, again, bool(below)), again)
        pending += [(child, box, level + 1) for child in reversed(below)]
        yield box


def _text(told: Told) -> list[str]:
    # Bold letters are wider.
    text = textwrap.wrap(told.sentence, LETTERS - 4 * (told.kind == "group")) or [""]
    if len(text) <= MOST_LINES:
        return text
    return [*text[: MOST_LINES - 1], text[MOST_LINES - 1][: LETTERS - 2] + " …"]


def _small(told: Told, again: bool, below: bool) -> str:
    """Return the line of small print that a box has room for."""
    if again:
        return WORDS["above"]
    share = f"{told.contribution:+.2f}" if told.contribution is not None else ""
    said = told.origin if told.kind in ("fact", "ontology") else told.rule
    hidden = WORDS["picture_more"].format(count=len(told.because))
    more = hidden if told.because and not below else ""
    room = LETTERS + 3 - len(more) - len(share)
    if said and len(said) > room:
        said = said[: room - 1] + "…"
    return " · ".join(filter(None, (share, said, more)))


def _placed(boxes: list[_Box]) -> float:
    """Place the boxes: those that rest on nothing one below the other; return the height."""
    own: dict[int, list[_Box]] = {}
    for box in boxes:
        if box.above is not None:
            own.setdefault(id(box.above), []).append(box)
    bottom = float(PAD)
    # A box may not reach into the one above it in its column, however few it rests on.
    free: dict[int, float] = {}
    for box in boxes:
        if id(box) not in own:
            box.y = max(bottom, free.get(box.level, 0.0))
            bottom = box.y + box.height + BETWEEN
    for box in reversed(boxes):
        if below := own.get(id(box)):
            box.y = (below[0].middle + below[-1].middle) / 2 - box.height / 2
    for box in boxes:
        box.y = max(box.y, free.get(box.level, float(PAD)))
        free[box.level] = box.y + box.height + BETWEEN
    return max(box.y + box.height for box in boxes)


def _arrow(box: _Box, name: str) -> str:
    """Draw the arrow from a ground to what rests on it."""
    to = box.above
    if to is None:
        return ""
    x1, y1, x2, y2 = box.x, box.middle, to.x + WIDTH, to.middle
    bend = GAP / 2
    path = f"M{x1:g} {y1:g}C{x1 - bend:g} {y1:g} {x2 + bend:g} {y2:g} {x2 + 3:g} {y2:g}"
    return f'<path class="arrow" d="{path}" marker-end="url(#{name}-tip)"/>'


def _drawn(box: _Box) -> str:
    kind = "seen" if box.told.kind in ("fact", "ontology") else box.told.kind
    kind = "again" if box.again else kind
    x, y = box.x, box.y
    lines = [
        f'<tspan x="{x + PAD:g}" dy="{LINE}">{escape(line, quote=False)}</tspan>'
        for line in box.text
    ]
    if box.small:
        small = escape(box.small, quote=False)
        lines.append(f'<tspan class="small" x="{x + PAD:g}" dy="{LINE}">{small}</tspan>')
    return (
        f'<g class="{kind}"><rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{box.height:g}" '
        f'rx="6"/><text y="{y + PAD - 4:g}">{"".join(lines)}</text></g>'
    )


_STYLE = """
.why{--ink:#1d2127;--soft:#59616c;--box:#fff;--edge:#8a93a0;--fact:#eaf4ec;--head:#e9effb;
font:13px system-ui,"Helvetica Neue",Arial,sans-serif}
@media (prefers-color-scheme:dark){.why{--ink:#e8eaee;--soft:#a5adb8;--box:#22262c;--edge:#76808d;
--fact:#1e3226;--head:#233049}}
.why rect{fill:var(--box);stroke:var(--edge)}
.why text{fill:var(--ink)}.why .small{fill:var(--soft);font-size:11.5px}
.why .seen rect{fill:var(--fact)}
.why .reply rect,.why .contrast rect,.why .marginal rect{fill:var(--head)}
.why .group rect{stroke:none;fill:none}.why .group text{font-weight:600}
.why .absent rect,.why .assumed rect,.why .miss rect{stroke-dasharray:5 3}
.why .arrow{fill:none;stroke:var(--edge)}.why .again rect{stroke-dasharray:2 3}
.why .tip{fill:var(--edge)}
""".replace("\n", "")
