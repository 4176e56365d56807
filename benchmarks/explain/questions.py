"""What is asked of an item of kb.lp: why, why not, why rather than, what if."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import clingo

from nesy.benchmarks.explain.items import ACTS, ASKED, CUES, EXPRESSIONS, facts
from nesy.explain.what_if.variants import Variants
from nesy.explain.why.derivation import Steps
from nesy.explain.why.program import Justified, Program
from nesy.explain.why_not.conditions import Atom, Condition
from nesy.explain.why_not.core import core
from nesy.explain.why_not.match import Atoms, Key
from nesy.explain.why_not.nearmiss import NO_HEAD, NearMiss, Way, ways
from nesy.explain.why_not.whynot import Index, near_misses
from nesy.explain.why_not.wording import is_negative
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


def explain(program: Program, items: Sequence[int]) -> list[str]:
    """Return the trees of what is asked of items, solved together."""
    given = asp.symbols([fact for item in items for fact in facts(item)])
    (one,) = program.answer_sets(given, limit=1)
    asked = sorted(atom for atom in one.instances if atom.name in ASKED)
    return [tree(one, atom, one.steps(atom)) for atom in asked]


def tree(one: Justified, atom: clingo.Symbol, steps: Steps, indent: str = "") -> str:
    """Return a justification as an indented tree: rule and place, absent atoms, comparisons."""
    step = steps.get(atom)
    if step is None:
        return f"{indent}{atom}"
    lines = [f"{indent}{atom}  ({step.instance.rule.place})"]
    lines += [tree(one, ground, steps, indent + "  ") for ground in step.grounds]
    lines += [f"{indent}  not {absent}" for absent in step.absent]
    lines += [f"{indent}  {text}" for text in step.instance.compared]
    return "\n".join(lines)


def solved(program: Program, item: int) -> Justified:
    """Return the answer set of an item."""
    (one,) = program.answer_sets(asp.symbols(facts(item)), limit=1)
    return one


def index(program: Program) -> Index:
    """Return in which ways the rules of a program conclude each predicate."""
    found: dict[Key, list[Way]] = defaultdict(list)
    for rule in program.rules:
        for way in ways(rule):
            found[way.head.key].append(way)
    constraints = tuple(found.pop(NO_HEAD.key, ()))
    return Index({key: tuple(of) for key, of in found.items()}, constraints, frozenset())


class WhyNot:
    """The near misses of an item: of what is asked, and of what that lacks, down to facts."""

    def __init__(self, one: Justified, of: Index) -> None:
        self._one, self._index = one, of
        self._atoms = Atoms(one.atoms.union(one.facts))
        self._misses: dict[clingo.Symbol, list[NearMiss]] = {}

    def told(self, atom: str) -> str:
        """Return why an atom does not hold, as an indented tree."""
        lines: list[str] = []
        self._missing(clingo.parse_term(atom), (), lines)
        return "\n".join(lines)

    def _missing(
        self, wanted: clingo.Symbol, above: tuple[clingo.Symbol, ...], lines: list[str]
    ) -> None:
        indent = "  " * len(above)
        lines.append(f"{indent}not {wanted}")
        if wanted in above:
            return
        if wanted not in self._misses:
            found = near_misses(wanted, self._index, self._atoms)
            self._misses[wanted] = sorted(found, key=lambda near: near.order)[:TOLD]
        for near in self._misses[wanted]:
            lines.append(f"{indent} {near.way.rule.place} fails:")
            for condition in near.failing:
                self._fails(condition, near, (*above, wanted), lines)

    def _fails(
        self,
        condition: Condition,
        near: NearMiss,
        above: tuple[clingo.Symbol, ...],
        lines: list[str],
    ) -> None:
        indent = "  " * len(above)
        if not isinstance(condition, Atom):
            lines.append(f"{indent}{condition.text}")
        elif not is_negative(condition):
            self._missing(condition.pattern.text(near.env), above, lines)
        else:
            for atom in condition.matching(near.env, self._atoms):
                lines.append(tree(self._one, atom, self._one.steps(atom), indent))


def rather_than(program: Program, item: int, foil: str) -> int:
    """Return the size of a minimal set of facts against another reading of an item."""
    other = clingo.Function("reading", [clingo.Number(item), clingo.Function(foil)])
    return len(core(program.statements, asp.symbols(facts(item)), other) or ())


def variants(program: Program) -> Variants:
    """Return a program over variants of its facts, to be asked for readings."""
    return Variants(program.statements, GIVEN, frozenset({("reading", 2)}))


def what_if(of: Variants, cases: Sequence[frozenset[clingo.Symbol]], item: int) -> list[bool]:
    """Tell of each change of an item whether joy is read then."""
    return of.holding(cases, ("reading", (clingo.Number(item), clingo.Function("joy"))))


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


def goals(item: int) -> list[str]:
    """Return the mismatches of an item and what may be blocked, whether they hold or not."""
    kinds = [f"mismatch({item},{kind})" for kind in ("masking", "sarcasm")]
    return kinds + [f"blocked({item},{act})" for act in (*ACTS, "infer")]
