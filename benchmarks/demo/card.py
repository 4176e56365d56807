"""One case of the page: picture, what was seen, reading, verdict, reply, and why."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path

from PIL import Image

from nesy.explain.render import tree_html
from nesy.explain.tell import Told
from nesy.trace import Case, Face, FaceReading, NormApplied, SeenExpression, Trace
from nesy.vocabulary import Vocabulary

from . import cases

WIDEST = 440
BARS = 4
SHOWN = 0.02
SEEN = 500
STATUS = {"release": "reply released", "block": "reply blocked", "hold": "reply held"}
FORCE = {
    "obligatory": "must",
    "preferred": "should",
    "forbidden": "must not",
    "warned": "with care",
    "hold": "held",
}


def card(trace: Trace, told: Told | None, words: Vocabulary, *, heading: str = "h3") -> str:
    """Return one case as an article."""
    case = trace.case
    title = cases.text(case, "title") or case.id
    parts = [
        *_picture(case, title),
        f"<{heading}>{escape(title)}</{heading}>",
        *_line(case),
        *_known(case),
        *_seen(trace, words),
        *_reading(trace, words),
        *_withheld(trace, words),
        *_outcome(trace),
        *_folds(trace, told, words),
    ]
    return f'<article class="card" id="{escape(case.id)}">{"".join(parts)}</article>'


def _picture(case: Case, title: str) -> Iterator[str]:
    path = cases.picture(case)
    if path is None:
        yield f'<div class="words" aria-hidden="true">“{escape(case.line)}”</div>'
        return
    kind = "Drawn face" if case.model_extra and "drawn" in case.model_extra else "Photograph"
    source, (width, height) = _embedded(path)
    shape = "tall" if height > 0.9 * width else "wide"
    size = f'width="{width}" height="{height}"'
    yield f'<img class="{shape}" src="{source}" {size} alt="{kind}: {escape(title)}">'


@lru_cache(maxsize=64)
def _embedded(path: Path) -> tuple[str, tuple[int, int]]:
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((WIDEST, WIDEST))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=82, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}", picture.size


def _line(case: Case) -> Iterator[str]:
    if case.line and case.image:
        yield f'<p class="line">“{escape(case.line)}”</p>'


def _known(case: Case) -> Iterator[str]:
    """Say what is known of the picture from elsewhere than the model."""
    human = cases.extra(case, "human")
    if not isinstance(human, dict):
        return
    yield f'<p class="known"><b>Darwin</b> {escape(str(human["interpretation"]))}</p>'
    if votes := human.get("votes"):
        asked = f"{human['respondents']} people asked" if "respondents" in human else "People asked"
        rows = "".join(
            _vote(answer, count, human.get("respondents")) for answer, count in votes.items()
        )
        yield f'<div class="votes"><h4>{asked}</h4><ul class="bars">{rows}</ul></div>'


def _vote(answer: str, count: int | None, asked: int | None) -> str:
    share = count / asked if count and asked else 1.0
    return _bar(escape(answer), share, "all" if count is None else str(count))


def _bar(label: str, share: float, value: str) -> str:
    return (
        f'<li><span>{label}</span><b>{value}</b><i aria-hidden="true">'
        f'<i style="width:{share:.1%}"></i></i></li>'
    )


def _seen(trace: Trace, words: Vocabulary) -> Iterator[str]:
    if trace.case.image is None or trace.observation is None:
        return
    drawn = cases.extra(trace.case, "drawn")
    for face in trace.observation.faces:
        made = [words.phrase("expression", e.expression) for e in _sure(face)]
        yield f'<p class="seen"><b>Seen</b> {escape(", ".join(made) or "no expression")}</p>'
        if chips := "".join(_chips(face, drawn if isinstance(drawn, list) else None, words)):
            yield f'<ul class="units" aria-label="FACS units">{chips}</ul>'


def _sure(face: Face) -> list[SeenExpression]:
    return [seen for seen in face.expressions if seen.confidence >= SEEN]


def _chips(face: Face, drawn: list[int] | None, words: Vocabulary) -> Iterator[str]:
    """Yield the units seen; where the drawing is known, also what was missed or made up."""
    seen = {unit.unit for unit in face.action_units if unit.confidence >= SEEN}
    for unit in sorted(seen | set(drawn or ())):
        kind, told = "hit", "seen"
        if drawn is not None:
            kind, told = ("hit", "drawn and seen") if unit in drawn else ("extra", "not drawn")
            kind, told = ("missed", "drawn, not seen") if unit not in seen else (kind, told)
        name = words.units[unit].label
        yield (
            f'<li class="{kind}" title="{escape(name)}: {told}">AU{unit}'
            f"<small> {escape(name.lower())}, {told}</small></li>"
        )


def _reading(trace: Trace, words: Vocabulary) -> Iterator[str]:
    for reading in (trace.reading or {}).values():
        rows = [
            _bar(escape(words.phrase("emotion", emotion)), share, f"{share:.0%}")
            for emotion, share in top(reading)
        ]
        yield f'<ul class="bars" aria-label="Reading">{"".join(rows)}</ul>'
        badges = [words.phrase("mismatch", kind) for kind in reading.mismatches]
        badges += ["ambiguous"] if reading.ambiguous else []
        if badges:
            items = "".join(f"<li>{escape(badge)}</li>" for badge in badges)
            yield f'<ul class="badges" aria-label="Words and face">{items}</ul>'


def top(reading: FaceReading, count: int = BARS) -> list[tuple[str, float]]:
    """Return the likeliest emotions of a reading, the likeliest first."""
    ranked = sorted(reading.distribution.items(), key=lambda item: (-item[1], item[0]))
    return [(emotion, share) for emotion, share in ranked[:count] if share >= SHOWN]


def _withheld(trace: Trace, words: Vocabulary) -> Iterator[str]:
    norms = {fact.withheld for fact in trace.facts or () if fact.withheld}
    for norm in sorted(norms):
        known = words.norms.get(norm.lower())
        rule = f"{norm.upper()}, {known.phrase}" if known else norm.upper()
        yield f'<p class="withheld">The face was not used: {escape(rule)}</p>'


def _outcome(trace: Trace) -> Iterator[str]:
    if trace.error is not None:
        faults = trace.error.get("diagnostics", [])
        said = "; ".join(f"{fault['code']} {fault['what']}" for fault in faults)
        yield f'<p class="status hold">not read</p><p class="reply">{escape(said)}</p>'
    if trace.verdict is not None:
        status = trace.verdict.status
        crisis = "".join(f" · crisis: {escape(c.replace('_', ' '))}" for c in trace.verdict.crisis)
        yield f'<p class="status {status}">{STATUS[status]}{crisis}</p>'
    if trace.response is not None:
        yield f'<blockquote class="reply">{escape(trace.response.text)}</blockquote>'


def _folds(trace: Trace, told: Told | None, words: Vocabulary) -> Iterator[str]:
    if told is not None:
        yield _fold("Why this reply", f'<div class="tree">{tree_html(told)}</div>')
    if trace.verdict is not None and trace.verdict.norms:
        yield _fold(f"{len(trace.verdict.norms)} norms apply", _norms(trace.verdict.norms, words))
    if trace.facts:
        rows = "".join(
            f"<li><code>{escape(fact.atom)}</code> {fact.origin}"
            + (f" <em>withheld by {escape(fact.withheld.upper())}</em>" if fact.withheld else "")
            + "</li>"
            for fact in trace.facts
        )
        yield _fold(f"{len(trace.facts)} facts", f'<ul class="facts">{rows}</ul>')


def _fold(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>{body}</details>"


def _norms(norms: tuple[NormApplied, ...], words: Vocabulary) -> str:
    rows = []
    for norm in sorted(norms, key=lambda n: (list(FORCE).index(n.force), n.norm)):
        known = words.norms.get(norm.norm.lower())
        act = escape(words.phrase("reply act", norm.act)) if norm.act else "no reply goes out"
        beaten = (
            f" <em>gives way to {escape(norm.overridden_by)}</em>" if norm.overridden_by else ""
        )
        cited = f"{escape(norm.norm)} {escape(known.label if known else '')}"
        rows.append(f"<li><b>{FORCE[norm.force]}</b> {act}{beaten}<small>{cited}</small></li>")
    return f'<ul class="norms">{"".join(rows)}</ul>'
