"""Respond: compose a reply from the obligatory and preferred acts, and read it again.

Texts come from ``rules/replies/english.toml``; a language model can take the composer's place.
What a draft does is not what its author says: an independent lexical reader finds the acts in it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import clingo

from nesy import resources
from nesy.govern import Norms
from nesy.vocabulary import Vocabulary

DEFAULT_ACTS = ("acknowledge", "invite")


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply before release: acts in order, tone and text."""

    acts: tuple[str, ...]
    tone: str
    text: str


def compose(norms: Norms, conditions: Sequence[str], vocabulary: Vocabulary) -> Draft:
    """Compose a reply of the obligatory and preferred acts that no norm forbids.

    ``conditions`` are ids that choose between variants of a text, the most telling first: crisis,
    mismatch, valence, jurisdiction.
    """
    known = vocabulary.terms["reply act"]
    wanted = [*norms.acts("obligatory"), *norms.acts("preferred")]
    forbidden = norms.acts("forbidden")
    acts = {a for a in wanted if a in known and a not in forbidden and _texts().get(a)}
    acts = acts or set(DEFAULT_ACTS)
    ordered = sorted(acts, key=_place)
    tone = next(iter(norms.tones()), "warm")
    return Draft(tuple(ordered), tone, _joined(wording(a, conditions) for a in ordered))


def _joined(parts: Iterable[str]) -> str:
    """Return the parts as one text; what two acts say alike is said once."""
    return " ".join(dict.fromkeys(filter(None, parts)))


def wording(act: str, conditions: Sequence[str]) -> str:
    """Return the text of an act, the variant of the first condition that has one."""
    entry = _texts().get(act, {})
    variants = entry.get("when", {})
    for condition in conditions:
        if condition in variants:
            return str(variants[condition][0])
    return str(entry["text"][0]) if entry.get("text") else ""


def safe(kind: Literal["hold", "block"]) -> Draft:
    """Return the fixed reply that is sent where no other may be."""
    return Draft(("acknowledge",), "neutral", str(_replies()["safe"][kind]))


def read_acts(text: str) -> tuple[str, ...]:
    """Return the acts an independent reader finds in a reply's text."""
    return tuple(sorted(act for act, pattern in _patterns().items() if pattern.search(text)))


def drafted(draft: Draft, vocabulary: Vocabulary) -> list[clingo.Symbol]:
    """Return the facts of a draft: its claimed acts and those its text is found to contain."""
    known = vocabulary.terms["reply act"]
    found = {*draft.acts, *read_acts(draft.text)} & set(known)
    facts = [clingo.Function("drafted")]
    facts += [clingo.Function("reply_act", [clingo.Function(act)]) for act in sorted(found)]
    return [*facts, clingo.Function("reply_tone", [clingo.Function(draft.tone)])]


def repaired(
    draft: Draft, violations: Iterable[tuple[str, str]], conditions: Sequence[str], norms: Norms
) -> Draft:
    """Return a draft with forbidden acts struck and missing acts added."""
    broken = {act for _, act in violations}
    forbidden = set(norms.acts("forbidden"))
    acts = {a for a in draft.acts if a not in forbidden} | (broken - forbidden)
    ordered = sorted(acts, key=_place)
    parts = [wording(act, conditions) for act in ordered]
    kept = [part for part in parts if not forbidden & set(read_acts(part))]
    return Draft(tuple(ordered), draft.tone, _joined(kept))


def _place(act: str) -> tuple[int, str]:
    """Return where an act stands in a reply; an act that the order leaves out comes last."""
    order: list[str] = _replies()["order"]
    return (order.index(act) if act in order else len(order)), act


@lru_cache(maxsize=1)
def _replies() -> Mapping[str, Any]:
    path = resources.folder("rules") / "replies" / "english.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _texts() -> Mapping[str, Any]:
    acts: Mapping[str, Any] = _replies()["acts"]
    return acts


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    """Compile the reader's patterns: one alternation an act."""
    found = {}
    for act, patterns in _replies().get("reader", {}).items():
        many = [patterns] if isinstance(patterns, str) else patterns
        found[act] = re.compile("|".join(f"(?:{p})" for p in many), re.IGNORECASE)
    return found
