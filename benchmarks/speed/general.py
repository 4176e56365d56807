"""What the faster ways are held against: each question solved over all rules, one control each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from nesy.govern import Norms, govern
from nesy.interpret import Interpretation, interpret
from nesy.reason.bottom_up import Facts
from nesy.reason.engine import Engine
from nesy.reason.warm import Warm


def over_all_rules(today: date, packs: Sequence[str] | None = None) -> Engine:
    """Return an engine that leaves out no rule and remembers nothing."""
    engine = Engine.load(packs, today=today)
    vars(engine)["warm"] = General(engine.rulebook, engine.weights, engine.static)
    return engine


class General(Warm):
    """Every question answered over all rules, by a control of its own."""

    def interpret(self, facts: Facts) -> Interpretation:
        """Return what all rules read."""
        return interpret(self._rulebook, self._weights, facts, self._static)

    def admit(self, facts: Facts) -> Norms | None:
        """Return what all norms say."""
        return self.govern(facts)

    def govern(self, facts: Facts) -> Norms | None:
        """Return what all norms say."""
        return govern(self._rulebook, facts, self._static)
