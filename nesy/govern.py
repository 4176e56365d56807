"""Govern: which acts the norms forbid, ask for, prefer or warn of; one answer set, or hold.

The same rules are solved three times a case, each time over more facts: before interpretation (what
may be inferred at all), after it (what a reply may and must do), and over the drafted reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import clingo

from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.rulebook import Rulebook
from nesy.trace import NormApplied, Verdict

Force = Literal["forbidden", "obligatory", "preferred", "warned"]
FORCES: tuple[Force, ...] = ("forbidden", "obligatory", "preferred", "warned")
INFER_FROM_FACE = "infer_from_face"

# What the norms may withhold from interpretation: what was seen of a face, never that one is there.
OF_A_FACE = frozenset({"au", "expression", "claim", "observable"})


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
        beaten = {(str(a.arguments[0]), str(a.arguments[1])) for a in self._named("overridden", 3)}
        found: dict[str, tuple[str, ...]] = {}
        for atom in self._named(force, 2):
            act, norm = map(str, atom.arguments)
            if (act, norm) not in beaten:
                found[act] = (*found.get(act, ()), norm)
        return found

    def _named(self, name: str, arity: int) -> list[clingo.Symbol]:
        return self.answer.named(name, arity)

    @property
    def withheld_by(self) -> str | None:
        """Return the norm that forbids reading emotion from the face, if one does."""
        return next(iter(self.acts("forbidden").get(INFER_FROM_FACE, ())), None)

    @property
    def violations(self) -> tuple[tuple[str, str], ...]:
        """Return (norm, act) for each norm the draft breaks."""
        pairs = (atom.arguments for atom in self._named("violated", 2))
        return tuple((str(norm), str(act)) for norm, act in pairs)

    @property
    def held_by(self) -> tuple[str, ...]:
        """Return the norms that hold the reply whatever it says."""
        return tuple(str(a.arguments[0]) for a in self._named("hold", 1))

    def tones(self) -> tuple[str, ...]:
        """Return the preferred tones, sorted."""
        return tuple(sorted({str(a.arguments[0]) for a in self._named("preferred_tone", 2)}))

    def applied(self) -> tuple[NormApplied, ...]:
        """Return every norm that applies, the losers with the norm that beat them."""
        beaten: dict[tuple[str, str], str] = {}
        for atom in self._named("overridden", 3):
            act, norm, by = map(str, atom.arguments)
            beaten.setdefault((act, norm), by)
        found = []
        for force in FORCES:
            for atom in self._named(force, 2):
                act, norm = map(str, atom.arguments)
                found.append(
                    NormApplied(
                        norm=norm.upper(),
                        force=force,
                        act=act,
                        overridden_by=beaten[act, norm].upper() if (act, norm) in beaten else None,
                    )
                )
        found += [NormApplied(norm=norm.upper(), force="hold") for norm in self.held_by]
        return tuple(found)

    def verdict(
        self, status: Literal["release", "block", "hold"], crises: Iterable[str]
    ) -> Verdict:
        """Return the verdict as the Trace stores it."""
        return Verdict(status=status, norms=self.applied(), crisis=tuple(sorted(crises)))


def govern(
    rulebook: Rulebook, facts: Sequence[clingo.Symbol], static: Sequence[clingo.Symbol]
) -> Norms | None:
    """Return the norms that apply, or None where there is not exactly one answer set."""
    statements = rulebook.statements("govern")
    found = asp.solve(
        statements,
        [*facts, *static],
        extra=asp.ALL_DEFINED,
        models=2,
        name="rules/govern",
        guarded=bool(rulebook.foreign),
        show=rulebook.heads("govern"),
    )
    return Norms(found[0]) if len(found) == 1 else None


def withhold(atom: clingo.Symbol) -> bool:
    """Tell whether an atom is what a prohibition to read faces keeps from interpretation."""
    return atom.name in OF_A_FACE
