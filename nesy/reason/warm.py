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
from nesy.reason.sliced import Facts, SlicedProgram
from nesy.rulebook import Rulebook
from nesy.weights import Weights

# Laying the rules out takes as long as answering about this many questions over all of them.
FEW = 40


class Warm:
    """What interprets and governs cases one by one, and remembers what it solved.

    The first ``few`` questions are answered over all rules: who asks no more is not kept waiting.
    """

    def __init__(
        self, rulebook: Rulebook, weights: Weights, static: Facts, *, few: int = FEW
    ) -> None:
        self._rulebook, self._weights, self._static = rulebook, weights, static
        self._few = few

    def interpret(self, facts: Facts) -> Interpretation:
        """Return what `interpret` returns."""
        found = self._interpreting[0].solve(facts) if self._pays() and self._interpreting else None
        if found is None:
            return interpret(self._rulebook, self._weights, facts, self._static)
        rules = self._rulebook.rules("interpret")
        return interpreting.closed_form(found, rules, self._weights, interpreting.subjects(facts))

    def admit(self, facts: Facts) -> Norms | None:
        """Return, of what `govern` returns, what decides whether a face may be read."""
        found = self._governing[0].solve(facts) if self._pays() and self._governing else None
        return Norms(found) if found is not None else self.govern(facts)

    def govern(self, facts: Facts) -> Norms | None:
        """Return what `govern` returns; over a draft, from what was solved without it."""
        if not (self._pays() and self._governing):
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

    def _pays(self) -> bool:
        """Count a question, and tell whether so many came that slices pay."""
        self._few -= 1
        return self._few < 0

    @cached_property
    def _interpreting(self) -> Sequence[SlicedProgram]:
        part = parts.interpreting(self._rulebook)
        return [SlicedProgram(part, self._static)] if part is not None else []

    @cached_property
    def _governing(self) -> Sequence[SlicedProgram]:
        found = parts.governing(self._rulebook)
        wanted = [found.admission, found.whole, found.over] if found is not None else []
        return [SlicedProgram(part, self._static) for part in wanted]
