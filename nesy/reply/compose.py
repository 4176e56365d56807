"""The template composer: a reply of the obligatory and preferred acts that needs no model.

Texts come from ``rules/replies/english.toml``; a drafter can take the composer's place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from nesy import resources
from nesy.reply.draft import Draft
from nesy.reply.reader import find
from nesy.trace import Brief, Round
from nesy.vocabulary import Vocabulary

TEMPLATES = "templates"
DEFAULT_ACTS = ("acknowledge", "invite")


class Composer:
    """A writer that joins the texts of acts; it drafts anew while a norm is broken."""

    def __init__(self, vocabulary: Vocabulary, most: int) -> None:
        self._known = frozenset(vocabulary.terms["reply act"])
        self._most = most

    def write(self, brief: Brief, rounds: Sequence[Round]) -> Draft | None:
        """Return the next draft: composed, or the last one mended; None after ``most`` drafts."""
        own = [round_ for round_ in rounds if round_.author == TEMPLATES]
        if len(own) >= self._most:
            return None
        return repaired(own[-1], brief) if own else compose(brief, self._known)


def compose(brief: Brief, known: frozenset[str]) -> Draft:
    """Compose a reply of the obligatory and preferred acts that no norm forbids."""
    wanted = [*brief.obligatory, *brief.preferred]
    acts = {a for a in wanted if a in known and a not in brief.forbidden and _texts().get(a)}
    return _of(acts or set(DEFAULT_ACTS), next(iter(brief.tones), "warm"), brief.conditions)


def repaired(last: Round, brief: Brief) -> Draft:
    """Return the last draft with forbidden acts struck and missing acts added."""
    forbidden = set(brief.forbidden)
    acts = {a for a in last.acts if a not in forbidden}
    acts |= {v.act for v in brief.broken} - forbidden
    draft = _of(acts, last.tone or "warm", brief.conditions)
    kept = [text for a in draft.acts if not forbidden & set(find(text := _text(a, brief)).acts)]
    return Draft(draft.acts, draft.tone, _joined(kept))


def _of(acts: Iterable[str], tone: str, conditions: Sequence[str]) -> Draft:
    ordered = tuple(sorted(acts, key=_place))
    return Draft(ordered, tone, _joined(wording(a, conditions) for a in ordered))


def _text(act: str, brief: Brief) -> str:
    return wording(act, brief.conditions)


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
