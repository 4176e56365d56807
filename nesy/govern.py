"""Govern: which acts the norms forbid, ask for, prefer or warn of; one answer set, or hold.

The same rules are solved three times a case, each time over more facts: before interpretation (what
may be inferred at all), after it (what a reply may and must do), and over the drafted reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import clingo

from nesy import exemption
from nesy.exemption import EXCEPTION
from nesy.predicates import GOVERN_HEADS
from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.rulebook import Rulebook, Signature
from nesy.trace import ExceptionMet, NormApplied, Verdict

Force = Literal["forbidden", "obligatory", "preferred", "warned"]
FORCES: tuple[Force, ...] = ("forbidden", "obligatory", "preferred", "warned")
# What of the norms' atoms decides on a reply or is in its Trace; what else there is tells why.
NEEDED = (GOVERN_HEADS - {("in_force", 1), ("exempt", 1), ("lapsed", 1)}) | {
    ("preferred_tone", 2),
    ("danger", 1),
    EXCEPTION,
}
INFER_FROM_FACE = "infer_from_face"

# What the norms may withhold from interpretation: what was seen of a face, never that one is there.
OF_A_FACE = frozenset({"au", "au_side", "expression", "claim", "observable"})


@dataclass(frozen=True, slots=True)
class Norms:
    """The atoms the govern packs derive for one stage."""

    answer: AnswerSet

    @property
    def atoms(self) -> frozenset[clingo.Symbol]:
        """Return every atom derived."""
        return self.answer.atoms

    def acts(self, force: Force) -> dict[str, tuple[str, ...]]:
        """Return act → norms for one force, without those that gave way to a stronger norm."""
        beaten = {(act, norm) for act, norm, _ in self._words("overridden", 3)}
        found: dict[str, tuple[str, ...]] = {}
        for act, norm in self._words(force, 2):
            if (act, norm) not in beaten:
                found[act] = (*found.get(act, ()), norm)
        return found

    def _words(self, name: str, arity: int) -> Sequence[tuple[str, ...]]:
        return self.answer.words(name, arity)

    @property
    def withheld_by(self) -> str | None:
        """Return the norm that forbids reading emotion from the face, if one does."""
        return next(iter(self.acts("forbidden").get(INFER_FROM_FACE, ())), None)

    @property
    def violations(self) -> tuple[tuple[str, str], ...]:
        """Return (norm, act) for each norm the draft breaks."""
        return tuple((norm, act) for norm, act in self._words("violated", 2))

    @property
    def held_by(self) -> tuple[str, ...]:
        """Return the norms that hold the reply whatever it says."""
        return tuple(norm for (norm,) in self._words("hold", 1))

    def tones(self) -> tuple[str, ...]:
        """Return the preferred tones, sorted."""
        return tuple(sorted({tone for tone, _ in self._words("preferred_tone", 2)}))

    def applied(self) -> tuple[NormApplied, ...]:
        """Return every norm that applies, the losers with the norm that beat them."""
        beaten: dict[tuple[str, str], str] = {}
        for act, norm, by in self._words("overridden", 3):
            beaten.setdefault((act, norm), by)
        found = []
        for force in FORCES:
            for act, norm in self._words(force, 2):
                found.append(_applied(norm, force, act, beaten.get((act, norm))))
        found += [_applied(norm, "hold") for norm in self.held_by]
        return tuple(found)

    def exceptions(self) -> tuple[ExceptionMet, ...]:
        """Return the exceptions to norms in force whose conditions are met, in their order."""
        found = []
        for atom in self.answer.named(*EXCEPTION):
            norm, rule, owner, until, status = atom.arguments
            found.append(
                ExceptionMet(
                    norm=norm.name.upper(),
                    rule=rule.string,
                    owner=owner.string,
                    until=until.string,
                    status="lapsed" if status.name == "lapsed" else "applied",
                )
            )
        return tuple(found)

    def verdict(
        self, status: Literal["release", "block", "hold"], crises: Iterable[str]
    ) -> Verdict:
        """Return the verdict as the Trace stores it."""
        return Verdict(
            status=status,
            norms=self.applied(),
            crisis=tuple(sorted(crises)),
            exceptions=self.exceptions() or None,
        )


# Cases have most norms in common.
@lru_cache(maxsize=2**12)
def _applied(
    norm: str, force: Force | Literal["hold"], act: str | None = None, by: str | None = None
) -> NormApplied:
    return NormApplied(norm=norm.upper(), force=force, act=act, overridden_by=by and by.upper())


def govern(
    rulebook: Rulebook, facts: Sequence[clingo.Symbol], static: Sequence[clingo.Symbol]
) -> Norms | None:
    """Return the norms that apply, or None where there is not exactly one answer set."""
    statements = rulebook.statements("govern")
    found = asp.solve(
        statements,
        [*facts, *static],
        extra=companions(rulebook),
        models=2,
        name="rules/govern",
        guarded=rulebook.strangers,
        show=rulebook.heads("govern") | {EXCEPTION},
    )
    return Norms(found[0]) if len(found) == 1 else None


@lru_cache(maxsize=16)
def companions(rulebook: Rulebook) -> str:
    """Return what is solved beside the norms: which exceptions to them were met."""
    return asp.ALL_DEFINED + " " + exemption.companions(rulebook.rules("govern"))


def withhold(of: Signature) -> bool:
    """Tell whether atoms are what a prohibition to read faces keeps from interpretation."""
    return of[0] in OF_A_FACE
