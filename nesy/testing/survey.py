"""What the cases of a suite say of its rules: which fail, what they cover, what goes unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from nesy.diagnostics import NesyError
from nesy.testing.case import RuleCase
from nesy.testing.mutants import Change, Mutant
from nesy.testing.run import Bench, Outcome, World
from nesy.testing.suites import Suite

# How many cases a change is tried on at once: more each time that none noticed it.
TRIED = (1, 2, 4, 8, 16)
Progress = Callable[[int, int], None]


@dataclass
class Survey:
    """The outcomes of a suite's cases, and what became of changes to its rules.

    ``covered`` holds the changes that may be noticed: for a rule, that it fired; for a condition,
    that a case meets all the others of its rule and not this one.
    """

    suite: Suite
    bench: Bench
    outcomes: list[Outcome] = field(default_factory=list)
    refused: list[tuple[RuleCase, NesyError]] = field(default_factory=list)
    noticing: dict[int, list[RuleCase]] = field(default_factory=dict)
    caught: set[int] = field(default_factory=set)
    tried: set[int] = field(default_factory=set)

    @property
    def failed(self) -> list[Outcome]:
        """Return the outcomes in which an expectation is unmet."""
        return [outcome for outcome in self.outcomes if outcome.unmet]

    def of(self, change: Change) -> list[tuple[int, Mutant]]:
        """Return the changes of a kind, with their numbers."""
        return [(n, m) for n, m in enumerate(self.bench.mutants) if m.change == change]

    def uncovered(self, change: Change) -> list[Mutant]:
        """Return the changes of a kind that no case may notice."""
        return [mutant for n, mutant in self.of(change) if n not in self.noticing]

    def survivors(self, change: Change) -> list[Mutant]:
        """Return the changes of a kind that were tried and that no case noticed."""
        return [m for n, m in self.of(change) if n in self.tried and n not in self.caught]


def survey(suite: Suite, changes: Iterable[Change]) -> Survey:
    """Solve the cases of a suite as they are; one that fails so notices no change."""
    bench = Bench(suite.engine, suite.rules, changes)
    found = Survey(suite, bench)
    for case, outcome in zip(suite.cases, bench.watch(suite.cases), strict=True):
        if isinstance(outcome, NesyError):
            found.refused.append((case, outcome))
            continue
        found.outcomes.append(outcome)
        for number in bench.may_notice(outcome) if not outcome.unmet else ():
            found.noticing.setdefault(number, []).append(case)
    for number, cases in found.noticing.items():
        pack = bench.mutants[number].rule.id.partition(".")[0]
        cases.sort(key=lambda case: not case.name.startswith(f"{pack}/"))
    return found


def mutate(found: Survey, progress: Progress) -> None:
    """Try each change on the cases that may notice it, until one does; what was found is kept."""
    total = len(found.bench.mutants)
    unnoticeable = set(range(total)) - set(found.noticing)
    found.tried |= unnoticeable
    for worlds in _rounds(found):
        for world, outcome in zip(worlds, found.bench.change(worlds), strict=True):
            if world.number is None:
                continue
            if isinstance(outcome, NesyError) or outcome.unmet:
                found.caught.add(world.number)
                found.tried.add(world.number)
            elif world.case is found.noticing[world.number][-1]:
                found.tried.add(world.number)
            progress(len(found.tried), total)


def _rounds(found: Survey) -> Iterator[Sequence[World]]:
    """Yield the worlds to solve next: of each change not yet noticed, some more cases."""
    begin, step = 0, 0
    while True:
        most = TRIED[min(step, len(TRIED) - 1)]
        worlds = [
            World(case, number)
            for number, cases in found.noticing.items()
            if number not in found.caught
            for case in cases[begin : begin + most]
        ]
        if not worlds:
            return
        yield worlds
        begin, step = begin + most, step + 1
