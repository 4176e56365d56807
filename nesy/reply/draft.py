"""Draft: a reply before release, and the seam to whatever writes one.

A drafter is one module with ``create_drafter(model, vocabulary)``, found by its name
(``nesy.registry``). What it says of its own draft is a claim: readers decide what stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Asserted, Brief
from nesy.vocabulary import Vocabulary

GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply before release, with what its author says it does: acts in order, tone, claims."""

    acts: tuple[str, ...]
    tone: str | None
    text: str
    claims: tuple[Asserted, ...] = ()
    author: str = "templates"


@runtime_checkable
class Drafter(Protocol):
    """What every drafter offers."""

    def describe(self) -> dict[str, Any]:
        """Return ``name``, ``model``, ``licence`` and ``needs`` (packages)."""

    def draft(self, line: str, brief: Brief, *, seed: int) -> Draft:
        """Return a draft that answers a line by the brief; raises NesyError where there is none.

        ``brief.broken`` names what the draft before did wrong; the same arguments, the same draft.
        """


def drafted_by(drafter: Drafter, line: str, brief: Brief, words: Vocabulary, seed: int) -> Draft:
    """Return a drafter's draft, in the vocabulary.

    Raises NesyError N102 (the drafter breaks its contract), N201 (a term of its own), or its error.
    """
    name = str(drafter.describe().get("name", type(drafter).__name__))
    draft: object = drafter.draft(line, brief, seed=seed)
    if not isinstance(draft, Draft) or not isinstance(draft.text, str):
        what = f"the drafter {name} breaks its contract"
        why = f"draft() returns a {type(draft).__name__}"
        fix = "return a nesy.reply.draft.Draft (adapters/README.md)"
        raise NesyError(Diagnostic("N102", what, why, fix))
    named = [("reply act", act) for act in draft.acts]
    named += [("tone", draft.tone)] if draft.tone is not None else []
    named += [("emotion", claim.emotion) for claim in draft.claims]
    named += [("modality", claim.modality) for claim in draft.claims]
    if faults := [fault for kind, term in named for fault in words.lacking(kind, term)]:
        raise NesyError(faults)
    return Draft(draft.acts, draft.tone, draft.text, draft.claims, author=name)
