"""What it would take to release a reply: what to strike from it, what to add, what is missing.

A norm is never what should go, and no act that it asks for in a crisis; each set of changes of the
reply is held against all norms again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import clingo

from nesy.explain.english import WORDS
from nesy.explain.what_if.flips import Edit, Edits, Facts, Found, search
from nesy.explain.what_if.supposed import Supposing
from nesy.explain.what_if.whatif import Answer, Bounds
from nesy.govern import Norms
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.bulk import bulk_of
from nesy.reason.engine import Stages, conclude, stages_of
from nesy.trace import Violation

# What a draft's facts are called when one of its acts, its tone or a claim is struck.
_ACTS = (("reply_act", 1), ("says_act", 1))
_TONES = (("reply_tone", 1), ("says_tone", 1))
_CLAIMS = (("reply_claims", 3), ("says_claim", 3))
_DRAFTED = clingo.Function("drafted")


@dataclass(frozen=True)
class Mend:
    """How a reply that was not released could be mended.

    ``sets`` are the smallest sets of changes of the reply with which it is released; ``missing``
    says what no change of the reply brings; ``broken`` are the norms it breaks and by which words.
    """

    supposing: Supposing
    sets: tuple[Edits, ...] = ()
    missing: tuple[str, ...] = ()
    broken: tuple[Violation, ...] = ()


def changes_of_the_reply(answer: Answer, bounds: Bounds) -> Mend:
    """Return what would have a blocked or held reply released; nothing where that is not asked."""
    case = answer.supposing
    if case.asked.status is None or case.now.status == "release":
        return Mend(case)
    stages = stages_of(case.trace, case.engine)
    broken = stages.rounds[-1].broken if stages.rounds else ()
    missing = tuple(_missing(stages))
    if stages.norms is None or _DRAFTED not in stages.final_facts:
        return Mend(case, missing=missing, broken=broken)
    # What has to be struck or added is at most what is broken, and one act more where striking
    # leaves something out.
    found = _mended(case, stages, range(1, len(broken) + 2), bounds)
    return Mend(case, found.sets[: bounds.limit], missing, broken)


def _mended(case: Supposing, stages: Stages, sizes: Sequence[int], bounds: Bounds) -> Found:
    rest = tuple(a for a in stages.final_facts if not _is_draft(a))
    draft = frozenset(a for a in stages.final_facts if _is_draft(a))
    bulk = bulk_of(case.engine)

    def released(drafts: Sequence[Facts]) -> list[bool]:
        judged = bulk.govern([(*rest, *sorted(one)) for one in drafts])
        return [
            isinstance(norms, Norms) and _status(stages, norms) == "release" for norms in judged
        ]

    until = time.monotonic() + bounds.seconds
    pool = _pool(draft, stages.norms)
    return search(draft, pool, released, sizes=sizes, until=until, go_on=False)


def _status(stages: Stages, norms: Norms) -> str:
    return conclude(replace(stages, norms=norms)).status


def _pool(draft: Facts, norms: Norms | None) -> list[Edit]:
    """Return what can be struck from a draft, and what norms ask for and it lacks."""
    struck: dict[str, set[clingo.Symbol]] = {}
    for atom in draft:
        for kind, names in (("act", _ACTS), ("tone", _TONES), ("claim", _CLAIMS)):
            if asp.signature(atom) in names:
                struck.setdefault(f"{kind} {' '.join(asp.words(atom))}", set()).add(atom)
    edits = [
        Edit(frozenset(atoms), frozenset(), slot, "strike", kind="strike")
        for slot, atoms in sorted(struck.items())
    ]
    for act in norms.acts("obligatory") if norms else ():
        said = clingo.Function("reply_act", [clingo.Function(act)])
        if said not in draft:
            edits.append(Edit(frozenset(), frozenset([said]), f"act {act}", "add", kind="say"))
    return edits


def _is_draft(atom: clingo.Symbol) -> bool:
    predicate = PREDICATES.get(asp.signature(atom))
    return predicate is not None and predicate.origin == "draft"


def _missing(stages: Stages) -> list[str]:
    """Return what keeps a reply from a verdict, whatever it says."""
    if stages.norms is None:
        return [WORDS["missing_verdict"]]
    unread = {asp.words(a)[0] for a in asp.named(stages.final_facts, "reply_unread", 1)}
    found = [WORDS[f"missing_{why}"] for why in sorted(unread) if f"missing_{why}" in WORDS]
    if "e601" in stages.norms.held_by:
        found += [
            WORDS["missing_e601"].format(act=act, norm=norm.upper(), other=other.upper())
            for act, norm, other in _contradictions(stages.norms)
        ]
    if "e602" in stages.norms.held_by:
        found.append(WORDS["missing_e602"])
    return found


def _contradictions(norms: Norms) -> list[tuple[str, str, str]]:
    asked, forbidden = norms.acts("obligatory"), norms.acts("forbidden")
    return [
        (act, norm, other)
        for act in sorted(asked.keys() & forbidden.keys())
        for norm in asked[act]
        for other in forbidden[act]
    ]


def lines(mend: Mend) -> list[str]:
    """Return how a reply could be mended as lines, none where that was not asked."""
    told = [_capital(WORDS["mend_missing"].format(missing=one)) for one in mend.missing]
    if mend.sets:
        told += [WORDS["mend"], *(f"- {_told(edits, mend)}" for edits in mend.sets)]
    return told


def as_json(mend: Mend) -> dict[str, Any]:
    """Return it as plain data: ``reply`` with ``mended``, sets of changes, and ``missing``."""
    if mend.supposing.asked.status is None or mend.supposing.now.status == "release":
        return {}
    return {
        "reply": {
            "mended": [
                {
                    "sentence": _told(edits, mend),
                    "changes": [
                        {"kind": e.kind, "about": e.slot, "words": _change(e, mend)} for e in edits
                    ],
                }
                for edits in mend.sets
            ],
            "missing": list(mend.missing),
        }
    }


def _told(edits: Edits, mend: Mend) -> str:
    """Return a set of changes of the reply in words; what one sentence does wrong is told once."""
    by_quote: dict[str, list[str]] = {}
    told = []
    for edit in edits:
        quote, phrase = _quote(edit, mend), _phrase(edit, mend)
        if quote is None:
            told.append(_change(edit, mend))
        else:
            by_quote.setdefault(quote, []).append(phrase)
    told += [
        WORDS["mend_quote"].format(quote=quote, act=WORDS["if_and"].join(phrases))
        for quote, phrases in by_quote.items()
    ]
    return "; ".join(told)


def _quote(edit: Edit, mend: Mend) -> str | None:
    act = edit.slot.partition(" ")[2]
    if edit.kind != "strike":
        return None
    return next((v.quote for v in mend.broken if v.act == act and v.quote), None)


def _phrase(edit: Edit, mend: Mend) -> str:
    """Return what a reply does with an act, and the norms against or for it."""
    act = edit.slot.partition(" ")[2]
    norms = ", ".join(dict.fromkeys(v.norm for v in mend.broken if v.act == act))
    phrase = mend.supposing.engine.vocabulary.phrase("reply act", act)
    return f"{phrase} ({norms})" if norms else phrase


def _change(edit: Edit, mend: Mend) -> str:
    """Return a change of the reply in words, with its norms and the words it is about."""
    words = mend.supposing.engine.vocabulary
    kind, _, term = edit.slot.partition(" ")
    if kind == "tone":
        return WORDS["mend_tone"].format(tone=words.phrase("tone", term))
    if kind == "claim":
        _, emotion, modality = term.split(" ")
        said = words.phrase("emotion", emotion), words.phrase("modality", modality)
        return WORDS["mend_claim"].format(emotion=said[0], modality=said[1])
    phrase, quote = _phrase(edit, mend), _quote(edit, mend)
    if quote is not None:
        return WORDS["mend_quote"].format(act=phrase, quote=quote)
    return WORDS["mend_say" if edit.kind == "say" else "mend_strike"].format(act=phrase)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
