"""Answer one case after the other, quickly: as `interpret` and `govern` do, without a grounder.

Rules of users, whose grounding is guarded, packs whose answer sets have to be enumerated and
whatever else is not evaluated bottom-up go the general way.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property

from nesy import interpret as interpreting
from nesy.govern import Norms, govern
from nesy.interpret import Interpretation, interpret
from nesy.reason import parts
from nesy.reason.bottom_up import BottomUp, Facts
from nesy.reason.conditions import CannotSlice
from nesy.rulebook import Rulebook, Signature
from nesy.weights import Weights

# Laying the rules out takes as long as answering about this many questions over all of them.
FEW = 24
# A case asks about so many.
QUESTIONS = 4


class Warm:
    """What interprets and governs cases one by one, and remembers what it solved.

    The first ``few`` questions are answered over all rules: who asks no more is not kept waiting.
    """

    def __init__(
        self, rulebook: Rulebook, weights: Weights, static: Facts, *, few: int = FEW
    ) -> None:
        self._rulebook, self._weights, self._static = rulebook, weights, static
        self._few = few

    def is_quick(self, cases: int) -> bool:
        """Tell whether so many cases that come at once are evaluated bottom-up.

        They are not where the rules are not, or where laying these out would take longer.
        """
        if QUESTIONS * cases > self._few:
            self._few = 0
        return self._few <= 0 and bool(self._interpreting) and bool(self._governing)

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
        found = self._governing[1].solve(facts) if self._pays() and self._governing else None
        return Norms(found) if found is not None else govern(self._rulebook, facts, self._static)

    def _pays(self) -> bool:
        """Count a question, and tell whether so many came that laying out the rules pays."""
        self._few -= 1
        return self._few < 0

    @cached_property
    def _interpreting(self) -> Sequence[BottomUp]:
        part = parts.interpreting(self._rulebook)
        return self._evaluated([part] if part is not None else [])

    @cached_property
    def _governing(self) -> Sequence[BottomUp]:
        found = parts.governing(self._rulebook)
        if found is None:
            return []
        return self._evaluated([found.admission, found.whole], parts.DRAFT)

    def _evaluated(
        self, wanted: Sequence[parts.Part], late: frozenset[Signature] = frozenset()
    ) -> Sequence[BottomUp]:
        """Return the parts, none where one of them is not evaluated bottom-up."""
        with suppress(CannotSlice):
            return [BottomUp(part, self._static, late) for part in wanted]
        return []
