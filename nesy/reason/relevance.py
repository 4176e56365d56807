"""Relevance: which rules the facts of a case can reach, and which rules a goal can rest on.

A grounder pays for each rule it is given, whether or not the rule has an instance. What is left out
here has none: some positive condition of its body is met by no fact and by no head of a rule that
is reached. Arguments count where they are constants or numbers with bounds, so the choice errs only
on the side of keeping a rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import clingo
from clingo import ast

from nesy.reason.conditions import Argument, Atom, Conditions, Pattern
from nesy.rulebook import Signature

_Table = dict[tuple[Argument, ...], list[tuple[int, Pattern]]]


@dataclass(frozen=True, slots=True)
class Slice:
    """The rules chosen, what their bodies look at and what their heads derive.

    ``places`` are theirs among all rules.
    """

    rules: tuple[Conditions, ...]
    places: tuple[int, ...]

    @property
    def statements(self) -> list[ast.AST]:
        """Return the rules as clingo takes them."""
        return [rule.statement for rule in self.rules]

    @property
    def body(self) -> frozenset[Signature]:
        """Return the signatures that bodies look at."""
        return frozenset[Signature]().union(*(rule.body for rule in self.rules))

    @property
    def heads(self) -> frozenset[Signature]:
        """Return the signatures that heads derive."""
        return frozenset[Signature]().union(*(rule.heads for rule in self.rules))


class Relevance:
    """The rules of a program, ready to be chosen from."""

    def __init__(self, rules: Sequence[Conditions]) -> None:
        self._rules = rules
        self._by_head: dict[Signature, list[tuple[int, Atom, Pattern]]] = defaultdict(list)
        for at, rule in enumerate(self._rules):
            for atom in rule.atoms:
                self._by_head[atom.signature].append((at, atom, rule.gives(atom)))
        self._link()
        self._met_by = lru_cache(maxsize=2**14)(self._patterns_met)
        self._met, self._found = set[int](), [n for n, k in enumerate(self._needs) if not k]
        given = [n for at in self._found for n in self._gives[at]]
        self._spread(given, self._needs, self._met, self._found)

    def _link(self) -> None:
        """Lay out which patterns each rule needs and which it gives.

        Where a rule gives a pattern only for some value of its variables, that is a step of its
        own, after the rules: it needs the rule's conditions for that value.
        """
        steps = [rule.needs() for rule in self._rules]
        self._gives: list[list[int]] = [[] for _ in steps]
        number: dict[Pattern, int] = {}
        pending = [pattern for needed in steps for pattern in needed]
        while pending:
            pattern = pending.pop()
            if pattern in number:
                continue
            number[pattern] = len(number)
            for at, atom, given in self._by_head.get(pattern.signature, ()):
                if not pattern.meets(given):
                    continue
                needed = self._rules[at].needs(atom, pattern)
                if needed == steps[at]:
                    self._gives[at].append(number[pattern])
                else:
                    steps.append(needed)
                    self._gives.append([number[pattern]])
                    pending += needed
        self._of: dict[Signature, dict[tuple[int, ...], _Table]] = defaultdict(dict)
        for pattern, n in number.items():
            places = pattern.constants
            table = self._of[pattern.signature].setdefault(places, {})
            value = tuple(pattern.arguments[place] for place in places)
            table.setdefault(value, []).append((n, pattern))
        self._users: list[list[int]] = [[] for _ in number]
        for at, needed in enumerate(steps):
            for pattern in needed:
                self._users[number[pattern]].append(at)
        self._needs = [len(needed) for needed in steps]

    def reached(self, facts: Iterable[clingo.Symbol]) -> Slice:
        """Return the rules that may have an instance over these facts, in their order."""
        needs, met, found = list(self._needs), set(self._met), list(self._found)
        self._spread([n for fact in facts for n in self._met_by(fact)], needs, met, found)
        return self._slice(at for at in found if at < len(self._rules))

    def _spread(self, given: list[int], needs: list[int], met: set[int], found: list[int]) -> None:
        """Count off the conditions met, and add each rule that has none left to what is found."""
        while given:
            pattern = given.pop()
            if pattern in met:
                continue
            met.add(pattern)
            for at in self._users[pattern]:
                needs[at] -= 1
                if not needs[at]:
                    found.append(at)
                    given += self._gives[at]

    def _patterns_met(self, fact: clingo.Symbol) -> tuple[int, ...]:
        given = fact.arguments
        name = (fact.name if fact.positive else f"-{fact.name}", len(given))
        return tuple(
            n
            for places, table in self._of.get(name, {}).items()
            for n, pattern in table.get(tuple(given[place] for place in places), ())
            if pattern.bounds(given)
        )

    def _slice(self, numbers: Iterable[int]) -> Slice:
        places = tuple(sorted(numbers))
        return Slice(tuple(self._rules[at] for at in places), places)

    def behind(self, goals: Iterable[Pattern]) -> Slice:
        """Return the rules that atoms of these patterns can rest on, through negation as well."""
        seen, found = set[Pattern](), set[int]()
        pending = list(goals)
        while pending:
            goal = pending.pop()
            if goal in seen:
                continue
            seen.add(goal)
            for at, atom, given in self._by_head.get(goal.signature, ()):
                if goal.meets(given):
                    found.add(at)
                    pending += self._rules[at].behind(atom, goal)
        return self._slice(found)


def upon(rules: Sequence[Conditions], late: frozenset[Signature]) -> frozenset[Signature]:
    """Return these signatures and all that depend on one of them."""
    found = set(late)
    while grown := {
        each for rule in rules if rule.body & found for each in rule.heads if each not in found
    }:
        found |= grown
    return frozenset(found)
