"""What a rule instance asks of the atoms that its aggregates and conditional literals count.

An aggregate that holds in an answer set needs some of what it counts, not all: two of five faces
for ``#count{...} >= 2``. It is asked to hold whatever else of the counted holds with it, so what is
below zero counts against a lower bound, and what is above zero against an upper one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import clingo

from nesy.explain.english import WORDS

SUMS = ("#count", "#sum", "#sum+")
SHOWN = 8  # so many of what counts are told
HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Part:
    """Atoms that hold, and atoms that do not, which together make something count."""

    positive: tuple[clingo.Symbol, ...]
    negative: tuple[clingo.Symbol, ...] = ()


Share = tuple[int, tuple[Part, ...]]


@dataclass(frozen=True, slots=True)
class Need:
    """Shares, each with the alternatives that bring it, whose sum has to reach ``least``."""

    least: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate of a rule instance that holds: what counts in the answer set, by tuple.

    ``guards`` read "aggregate, comparison, value"; with ``opaque`` what counts is needed whole;
    ``doubly`` is one under ``not``, which an answer set may hold up by itself; ``text`` is as told.
    """

    function: str
    guards: tuple[tuple[str, clingo.Symbol], ...]
    counted: tuple[tuple[tuple[clingo.Symbol, ...], tuple[Part, ...]], ...]
    opaque: bool = False
    doubly: bool = False
    text: str = ""

    def told(self) -> str:
        """Return the aggregate as it is written, with its value and what counts."""
        reached = [terms for terms, _ in self.counted]
        value = _value(self.function, reached)
        from_ = tuples(reached)
        key = "counting_of" if from_ else "counting"
        return WORDS[key].format(condition=self.text, value=value, counted=from_)

    def needs(self) -> list[Need]:
        """Return what is needed of the counted for the aggregate to hold in every case."""
        exact = self.opaque or any(comparison == "!=" for comparison, _ in self.guards)
        if exact:
            return [_all_of(self.counted)]
        found = [need for guard in self.guards for need in self._needed(*guard)]
        return [need for need in found if need.least > 0]

    def _needed(self, comparison: str, value: clingo.Symbol) -> list[Need]:
        below, above = comparison in ("<", "<=", "="), comparison in (">", ">=", "=")
        if self.function in SUMS:
            return [
                *([self._sum(1, comparison, value)] if above else []),
                *([self._sum(-1, comparison, value)] if below else []),
            ]
        if (self.function == "#max") == above and (above != below):
            return [self._some(comparison, value)]
        # An extreme that is one value needs what has it; a bound the other way needs nothing.
        return [self._some("=", value)] if above and below and self.counted else []

    def _sum(self, sign: int, comparison: str, value: clingo.Symbol) -> Need:
        """Return the need of a bound from below, or with ``sign`` -1 of one from above."""
        if value.type != clingo.SymbolType.Number:
            # Numbers come before all other terms: no sum passes or misses such a bound.
            return Need(0, ())
        least = sign * value.number + (comparison in ("<", ">"))
        shares: list[Share] = []
        for terms, parts in self.counted:
            weight = sign * weight_of(self.function, terms)
            if weight < 0:
                least -= weight
            elif weight > 0:
                shares.append((weight, parts))
        return Need(least, tuple(shares))

    def _some(self, comparison: str, value: clingo.Symbol) -> Need:
        fitting = [(t, parts) for t, parts in self.counted if HOLDS[comparison](t[0], value)]
        empty = clingo.Infimum if self.function == "#max" else clingo.Supremum
        least = 0 if HOLDS[comparison](empty, value) else 1
        return Need(least, tuple((1, parts) for _, parts in fitting))

    def holds_at(self, atoms: Collection[clingo.Symbol]) -> bool:
        """Tell whether the aggregate holds where of the counted only these atoms hold."""
        if self.opaque:
            return all(a in atoms for _, ps in self.counted for p in ps for a in p.positive)
        reached = [
            terms
            for terms, parts in self.counted
            if any(all(a in atoms for a in part.positive) for part in parts)
        ]
        value = _value(self.function, reached)
        return all(HOLDS[comparison](value, bound) for comparison, bound in self.guards)


@dataclass(frozen=True, slots=True)
class Every:
    """A conditional literal that holds: for each way its condition does, what then has to hold."""

    counted: tuple[tuple[tuple[clingo.Symbol, ...], tuple[Part, ...]], ...]
    text: str = ""

    def told(self) -> str:
        """Return the conditional literal as it is written, and that it holds of every case."""
        return WORDS["every"].format(condition=self.text)

    def needs(self) -> list[Need]:
        """Return that each of what has to hold does."""
        return [_all_of(self.counted)] if self.counted else []

    def holds_at(self, atoms: Collection[clingo.Symbol]) -> bool:
        """Tell whether, where only these atoms hold, each condition that does has its literal."""
        return all(
            any(all(a in atoms for a in part.positive) for part in parts)
            for condition, parts in self.counted
            if all(a in atoms for a in condition)
        )


Counting = Aggregate | Every


def tuples(counted: Sequence[Sequence[object]]) -> str:
    """Return what counts as it is told: the first few, by their terms."""
    told = ["/".join(map(str, terms)) for terms in counted[:SHOWN]]
    return ", ".join([*told, *(["…"] if len(counted) > SHOWN else [])])


def weight_of(function: str, terms: Sequence[clingo.Symbol]) -> int:
    """Return what a tuple adds to a count or a sum."""
    if function == "#count":
        return 1
    if not terms or terms[0].type != clingo.SymbolType.Number:
        return 0
    return max(0, terms[0].number) if function == "#sum+" else terms[0].number


def _all_of(counted: Sequence[tuple[tuple[clingo.Symbol, ...], tuple[Part, ...]]]) -> Need:
    return Need(len(counted), tuple((1, parts) for _, parts in counted))


def _value(function: str, reached: Sequence[tuple[clingo.Symbol, ...]]) -> clingo.Symbol:
    if function in SUMS:
        return clingo.Number(sum(weight_of(function, terms) for terms in reached))
    if function == "#max":
        return max((terms[0] for terms in reached if terms), default=clingo.Infimum)
    return min((terms[0] for terms in reached if terms), default=clingo.Supremum)
