"""What is asked of an item of kb.lp beside why: why not, why rather than, what if; by us alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import clingo

from nesy.benchmarks.explain.items import ACTS, CUES, EXPRESSIONS, facts
from nesy.explain.conditions import Atom
from nesy.explain.core import core
from nesy.explain.match import Atoms, Key
from nesy.explain.nearmiss import NO_HEAD, NearMiss, Way, ways
from nesy.explain.program import Justified, Program
from nesy.explain.variants import Variants
from nesy.explain.whynot import Index, near_misses
from nesy.explain.wording import is_negative
from nesy.reason import asp
from nesy.reason.asp import signature

# So many rules are told of an atom that is missing, the nearest first.
TOLD = 3
VALENCES = ("positive", "negative", "neutral")
ADDED: dict[str, tuple[str | int, ...]] = {
    "expression": EXPRESSIONS,
    "unit": (4, 6, 12),
    "cue": CUES,
    "wants": ACTS,
    "context": ("work", "home"),
}
# Above and below each number at which a rule of kb.lp turns.
NUMBERS = (250, 350, 450, 550, 700, 900)
GIVEN = frozenset(
    {("expression", 3), ("unit", 3), ("words", 3), ("cue", 2), ("wants", 2), ("context", 2)}
)


@dataclass(frozen=True, eq=False)
class Questions:
    """The questions of a program, with what is read of its rules once."""

    program: Program

    @cached_property
    def index(self) -> Index:
        """Return in which ways the rules conclude each predicate."""
        found: dict[Key, list[Way]] = defaultdict(list)
        for rule in self.program.rules:
            for way in ways(rule):
                found[way.head.key].append(way)
        constraints = tuple(found.pop(NO_HEAD.key, ()))
        return Index({key: tuple(of) for key, of in found.items()}, constraints, frozenset())

    @cached_property
    def variants(self) -> Variants:
        """Return the program over variants of its facts."""
        return Variants(self.program.statements, GIVEN, frozenset({("reading", 2)}))

    def solved(self, item: int) -> Justified:
        """Return the answer set of an item."""
        (one,) = self.program.answer_sets(asp.symbols(facts(item)), limit=1)
        return one

    def why_not(self, one: Justified, atom: str) -> str:
        """Return why an atom does not hold: near misses, and below them what they lack."""
        atoms = Atoms([*one.facts, *one.atoms])
        return "\n".join(self._missing(clingo.parse_term(atom), one, atoms, ()))

    def _missing(
        self, wanted: clingo.Symbol, one: Justified, atoms: Atoms, above: tuple[str, ...]
    ) -> Iterator[str]:
        indent = "  " * len(above)
        yield f"{indent}not {wanted}"
        if str(wanted) in above:
            return
        found = sorted(near_misses(wanted, self.index, atoms), key=lambda near: near.order)
        for near in found[:TOLD]:
            yield f"{indent} {near.way.rule.place} fails:"
            yield from self._fails(near, one, atoms, (*above, str(wanted)))

    def _fails(
        self, near: NearMiss, one: Justified, atoms: Atoms, above: tuple[str, ...]
    ) -> Iterator[str]:
        indent = "  " * len(above)
        for condition in near.failing:
            if not isinstance(condition, Atom):
                yield f"{indent}{condition.text}"
            elif not is_negative(condition):
                yield from self._missing(condition.pattern.text(near.env), one, atoms, above)
            else:
                for atom in sorted(condition.matching(near.env, atoms)):
                    yield f"{indent}{atom} holds by {sorted(map(str, one.steps(atom)))}"

    def rather_than(self, item: int, foil: str) -> int:
        """Return the size of a minimal set of facts against another reading of an item."""
        other = clingo.Function("reading", [clingo.Number(item), clingo.Function(foil)])
        found = core(self.program.statements, asp.symbols(facts(item)), other)
        return len(found or ())

    def what_if(self, cases: Sequence[frozenset[clingo.Symbol]], item: int) -> list[bool]:
        """Tell of each change of an item whether what is read of it is joy then."""
        return self.variants.holding(
            cases, ("reading", (clingo.Number(item), clingo.Function("joy")))
        )


def changed(item: int) -> list[frozenset[clingo.Symbol]]:
    """Return an item with one change each: a fact gone, a number moved, a fact more."""
    given = frozenset(asp.symbols(facts(item)))
    number = clingo.Number(item)
    found = [given - {fact} for fact in given]
    held = {(atom.name, *atom.arguments[:2]) for atom in given}
    for fact in sorted(given):
        if signature(fact)[1] == 3:
            rest = given - {fact}
            moved = (
                clingo.Function(fact.name, [*fact.arguments[:2], clingo.Number(n)]) for n in NUMBERS
            )
            found += [rest | {atom} for atom in moved if atom != fact]
    of = ((name, value) for name, values in ADDED.items() for value in values)
    for name, value in of:
        term = clingo.Number(value) if isinstance(value, int) else clingo.Function(value)
        last = [clingo.Number(NUMBERS[-1])] if (name, 3) in GIVEN else []
        if (name, number, term) not in held:
            found.append(given | {clingo.Function(name, [number, term, *last])})
    for valence in VALENCES:
        words = {a for a in given if a.name == "words"}
        (said,) = words
        other = [number, clingo.Function(valence), said.arguments[2]]
        found.append((given - words) | {clingo.Function("words", other)})
    return [case for case in dict.fromkeys(found) if case != given]


def absent(one: Justified, item: int) -> list[str]:
    """Return the mismatches and blocked acts of an item that do not hold."""
    asked = [f"mismatch({item},{kind})" for kind in ("masking", "sarcasm")]
    asked += [f"blocked({item},{act})" for act in (*ACTS, "infer")]
    there = set(map(str, one.atoms))
    return [atom for atom in asked if atom not in there]
