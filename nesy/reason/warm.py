"""Solve one case after the other, quickly: what `interpret` and `govern` answer, from slices.

Rules of users, whose grounding is guarded, packs whose answer sets have to be enumerated and
whatever else has no slice go the general way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from nesy import interpret as interpreting
from nesy.govern import Norms, govern
from nesy.interpret import Interpretation, interpret
from nesy.reason import parts
from nesy.reason.asp import signature
from nesy.reason.lift import CannotLift
from nesy.reason.relevance import CannotSlice
from nesy.reason.sliced import Facts, SlicedProgram
from nesy.rulebook import Rulebook
from nesy.weights import Weights


class Warm:
    """What interprets and governs cases one by one, and remembers what it solved."""

    def __init__(self, rulebook: Rulebook, weights: Weights, static: Facts) -> None:
        self._rulebook, self._weights, self._static = rulebook, weights, static

    def interpret(self, facts: Facts) -> Interpretation:
        """Return what `interpret` returns."""
        found = self._interpreting[0].solve(facts) if self._interpreting else None
        if found is None:
            return interpret(self._rulebook, self._weights, facts, self._static)
        rules = self._rulebook.rules("interpret")
        return interpreting.closed_form(found, rules, self._weights, interpreting.subjects(facts))

    def admit(self, facts: Facts) -> Norms | None:
        """Return, of what `govern` returns, what decides whether a face may be read."""
        found = self._governing[0].solve(facts) if self._governing else None
        return Norms(found) if found is not None else self.govern(facts)

    def govern(self, facts: Facts) -> Norms | None:
        """Return what `govern` returns; over a draft, from what was solved without it."""
        if not self._governing:
            return govern(self._rulebook, facts, self._static)
        _, whole, over = self._governing
        undrafted = parts.undrafted(facts)
        found = whole.solve(undrafted)
        if found is not None and len(undrafted) < len(facts):
            known = [atom for atom in found.atoms if signature(atom) in over.given]
            found = over.solve([*facts, *known])
        if found is None:
            return govern(self._rulebook, facts, self._static)
        return Norms(found)

    @cached_property
    def _interpreting(self) -> Sequence[SlicedProgram]:
        part = parts.interpreting(self._rulebook)
        return self._sliced([part] if part is not None else [])

    @cached_property
    def _governing(self) -> Sequence[SlicedProgram]:
        found = parts.governing(self._rulebook)
        return self._sliced([found.admission, found.whole, found.over] if found else [])

    def _sliced(self, wanted: Sequence[parts.Part]) -> list[SlicedProgram]:
        try:
            return [SlicedProgram(part, self._static) for part in wanted]
        except (CannotLift, CannotSlice):
            return []
