"""Which instances of which rules fired in an answer set, for the case asked about only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import clingo
from clingo import ast

from nesy.explain.english import WORDS
from nesy.explain.why.counted import Aggregate, Counting, Every, Part
from nesy.explain.why.instrument import (
    ANYTHING,
    COUNTED,
    EVERY,
    FIRED,
    WITNESS,
    Companion,
    Count,
    companions,
)
from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.reason.conditions import conditions_of_any
from nesy.reason.relevance import Relevance
from nesy.rulebook import Rule, Rulebook, Strata

__all__ = ["ANYTHING", "Instance", "Instrumented", "instrumented", "read", "solve_instrumented"]

_CALCULATED = re.compile(r"[-+*/@]")
Symbols = tuple[clingo.Symbol, ...]


@dataclass(frozen=True, eq=False)
class Instance:
    """A rule with its variables bound, whose body holds.

    What it rests on is read from clingo's term when it is first asked for: of the instances of a
    case, few lie below one atom.
    """

    rule: Rule
    head: clingo.Symbol
    _values: Symbols
    _companion: Companion
    _counted: Sequence[clingo.Symbol]

    @cached_property
    def bindings(self) -> tuple[tuple[str, clingo.Symbol], ...]:
        """Return the variables of the rule and of its witnesses (``_W1``), bound."""
        return tuple(zip(self._companion.names, self._values, strict=False))

    @cached_property
    def named_bindings(self) -> tuple[tuple[str, clingo.Symbol], ...]:
        """Return the bindings of the variables that the rule names."""
        return tuple((n, v) for n, v in self.bindings if not n.startswith(WITNESS))

    @cached_property
    def positive(self) -> Symbols:
        """Return the atoms its positive literals stand for."""
        return tuple(of(self._values) for of in self._companion.positive)

    @cached_property
    def negative(self) -> Symbols:
        """Return the atoms that are absent, ``"_"`` in them for anything."""
        return tuple(of(self._values) for of in self._companion.negative)

    @cached_property
    def doubly(self) -> Symbols:
        """Return the atoms under ``not not``."""
        return tuple(of(self._values) for of in self._companion.doubly)

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Return its comparisons and its aggregates, with values, as they are told."""
        told_of = {each.text: each.told() for each in self.counting}
        told = (
            told_of.get(text)
            or _told(text, [s if isinstance(s, str) else _said(s(self._values)) for s in sides])
            for text, sides in self._companion.compared
        )
        return tuple(filter(None, told))

    @cached_property
    def counting(self) -> tuple[Counting, ...]:
        """Return its aggregates and conditional literals with what they count."""
        found: dict[int, dict[clingo.Symbol, list[Part]]] = defaultdict(dict)
        for atom in self._counted:
            _, _, place, key, held, absent = atom.arguments
            part = Part(tuple(held.arguments), tuple(absent.arguments))
            found[place.number].setdefault(key, []).append(part)
        values = iter([of(self._values) for of in self._companion.guards])
        return tuple(
            _counting(count, found[place], values)
            for place, count in enumerate(self._companion.counts)
        )

    @property
    def together(self) -> Symbols:
        """Return all the atoms that its aggregates and conditional literals count."""
        parts = (p for c in self.counting for _, parts in c.counted for p in parts)
        return tuple(dict.fromkeys(atom for part in parts for atom in part.positive))

    @property
    def chosen(self) -> str | None:
        """Return the head as the rule has it where the head left a choice, else None."""
        if self.rule.statement.ast_type != ast.ASTType.Rule:
            return None
        head = self.rule.statement.head
        return None if head.ast_type == ast.ASTType.Literal else str(head)


def _counting(
    count: Count, found: dict[clingo.Symbol, list[Part]], values: Iterable[clingo.Symbol]
) -> Counting:
    if count.function == EVERY:
        every = ((tuple(key.arguments[1].arguments), parts) for key, parts in found.items())
        return Every(tuple((c, tuple(parts)) for c, parts in every), count.text)
    guards = tuple(zip(count.comparisons, values, strict=False))
    counted = tuple((tuple(key.arguments), tuple(parts)) for key, parts in found.items())
    return Aggregate(count.function, guards, counted, count.opaque, count.doubly, count.text)


@dataclass(frozen=True, eq=False)
class Instrumented:
    """The companions of some rules as statements, and by number whose they are."""

    statements: tuple[ast.AST, ...]
    owners: tuple[Rule, ...]
    companions: tuple[Companion, ...]


def instrumented(rules: Iterable[Rule], constants: Collection[str] = ()) -> Instrumented:
    """Return the companions of rules and weak constraints; ``constants`` are those of #const."""
    found: list[Companion] = []
    owners: list[Rule] = []
    for rule in rules:
        added = companions(rule.statement, len(owners), constants)
        found += added
        owners += [rule] * len(added)
    statements = asp.parsed("\n".join(each.text for each in found))
    return Instrumented(tuple(statements), tuple(owners), tuple(found))


def solve_instrumented(
    rulebook: Rulebook, stratum: Strata, facts: Sequence[clingo.Symbol], *, extra: str = ""
) -> list[tuple[AnswerSet, list[Instance]]]:
    """Return each answer set of a stratum's rules with the rule instances that fired in it."""
    beside, told = _beside(rulebook, stratum, extra)
    chosen = told.reached(facts)
    heads = rulebook.heads(stratum)
    read_or_shown = chosen.body | heads
    known = [fact for fact in facts if asp.signature(fact) in read_or_shown]
    found = asp.solve(
        chosen.statements,
        known,
        name=f"rules/{stratum}",
        guarded=rulebook.strangers,
        show=heads & (chosen.heads | set(map(asp.signature, known))) | {FIRED, COUNTED},
    )
    return [(answer, read(answer.atoms, beside)) for answer in found]


@lru_cache(maxsize=16)
def _beside(rulebook: Rulebook, stratum: Strata, extra: str) -> tuple[Instrumented, Relevance]:
    """Return the companions of a stratum's rules, and all of it ready to be chosen from."""
    beside = instrumented(r for r in rulebook.rules(stratum) if r.heads)
    every = [*rulebook.statements(stratum), *asp.parsed(extra), *beside.statements]
    return beside, Relevance(conditions_of_any(every))


def read(atoms: Iterable[clingo.Symbol], beside: Instrumented) -> list[Instance]:
    """Return the instances that the companions derived, in the order of their rules."""
    fired: list[list[Symbols]] = [[] for _ in beside.owners]
    counted: dict[tuple[int, Symbols], list[clingo.Symbol]] = defaultdict(list)
    for atom in atoms:
        name = atom.name
        if name == FIRED[0]:
            number, bound = atom.arguments
            fired[number.number].append(tuple(bound.arguments))
        elif name == COUNTED[0]:
            number, bound, *_ = atom.arguments
            counted[number.number, tuple(bound.arguments)].append(atom)
    found = []
    for place, instances in enumerate(fired):
        rule, companion = beside.owners[place], beside.companions[place]
        for values in sorted(instances) if len(instances) > 1 else instances:
            key = (place, values[: len(companion.names)])
            held = sorted(counted.get(key, ())) if companion.counts else ()
            found.append(Instance(rule, companion.head(values), values, companion, held))
    return found


def _said(symbol: clingo.Symbol) -> str:
    return symbol.string if symbol.type == clingo.SymbolType.String else str(symbol)


def _told(text: str, sides: Sequence[str]) -> str:
    """Return a comparison as ``930 >= 500, from C >= 500``, or "" where it only names a value."""
    if not sides:
        return text
    values = sides[::2]
    if len(set(values)) == 1 and sides[1] == "=":
        is_calculated = _CALCULATED.search(text)
        return WORDS["calculated"].format(told=values[0], text=text) if is_calculated else ""
    told = " ".join(sides)
    return told if told == text else WORDS["calculated"].format(told=told, text=text)
