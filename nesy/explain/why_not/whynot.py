"""Why not: for an atom that does not hold, each rule's near miss and the condition it fails.

Everything is read off the atoms that hold: nothing is solved again, but for what stands in the way
of a ``not``, which is justified like any other atom, and for packs that are switched off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import clingo

from nesy.explain.english import WORDS
from nesy.explain.tell import Lexicon
from nesy.explain.why.justify import Explainer, Node
from nesy.explain.why_not import wording
from nesy.explain.why_not.conditions import Atom, Condition, Conditional
from nesy.explain.why_not.match import ANYTHING, Atoms, Constant, Key, Pattern, Term, native, parts
from nesy.explain.why_not.match import symbol_of as as_symbol
from nesy.explain.why_not.nearmiss import FIXED, NO_HEAD, NearMiss, Way, nearest, ways
from nesy.interpret import READING_CHOICE, prepared
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.engine import Engine, Stages
from nesy.rulebook import Rulebook, Strata, everything

# So many rules are told of an atom asked about, and of one that a rule lacked; the nearest first.
TOLD, TOLD_BELOW = 5, 2
# So many atoms that do not hold are followed, one below the other.
DEPTH = 4
ANY = clingo.String("_")
STRATA: tuple[Strata, ...] = ("interpret", "govern")


@dataclass(frozen=True, eq=False)
class Index:
    """The ways in which the rules of a stratum conclude each predicate, and its constraints.

    ``fixed`` are the predicates that follow from the ontology alone.
    """

    ways: dict[Key, tuple[Way, ...]]
    constraints: tuple[Way, ...]
    fixed: frozenset[Key]


@lru_cache(maxsize=32)
def index_of(rulebook: Rulebook, stratum: Strata) -> Index:
    """Return the compiled rules of a stratum."""
    found: dict[Key, list[Way]] = defaultdict(list)
    for rule in rulebook.rules(stratum):
        for way in ways(rule):
            found[way.head.key].append(way)
    constraints = tuple(found.pop(NO_HEAD.key, ()))
    fixed = {(n, a, True) for (n, a), p in PREDICATES.items() if p.stratum == "ontology"}
    while True:
        more = {
            key
            for key, of in found.items()
            if key not in fixed and (key[:2] not in PREDICATES)
            if all(_rests_on(way, fixed) for way in of)
        }
        if not more:
            return Index({k: tuple(w) for k, w in found.items()}, constraints, frozenset(fixed))
        fixed |= more


def _rests_on(way: Way, fixed: set[Key]) -> bool:
    atoms = [c for c in way.conditions if isinstance(c, Atom)]
    others = [c for c in way.conditions if wording.counts(c)]
    return not way.chosen and not others and all(c.pattern.key in fixed for c in atoms)


@lru_cache(maxsize=8)
def _ontology(engine: Engine) -> Atoms:
    return Atoms(engine.static)


class WhyNot:
    """The near misses of one case. ``every`` tells of all rules and all their alternatives."""

    def __init__(self, stages: Stages, engine: Engine, *, every: bool = False) -> None:
        self.stages, self.engine, self.every = stages, engine, every
        self.lexicon = Lexicon.of(engine)
        self._misses: dict[clingo.Symbol, list[NearMiss]] = {}
        self._distances: dict[clingo.Symbol, int] = {}

    @cached_property
    def explainer(self) -> Explainer:
        """Return what justifies the atoms that stand in the way."""
        return Explainer(self.stages, self.engine)

    @cached_property
    def atoms(self) -> dict[Strata, Atoms]:
        """Return what holds in each stratum."""
        stages, base = self.stages, _ontology(self.engine)
        norms = stages.norms.atoms if stages.norms else frozenset()
        early = [*stages.admitted, *stages.interpretation.atoms]
        late = dict.fromkeys([*stages.final_facts, *norms])
        return {"interpret": Atoms(early, base), "govern": Atoms(late, base)}

    def fixed(self, stratum: Strata) -> frozenset[Key]:
        """Return the predicates that follow from the ontology alone."""
        return index_of(self.engine.rulebook, stratum).fixed

    def why_not(self, wanted: clingo.Symbol) -> Node:
        """Return why an atom, whose strings ``_`` stand for anything, does not hold."""
        return self._absent(wanted, (), DEPTH)

    def misses(self, wanted: clingo.Symbol) -> list[NearMiss]:
        """Return the near miss of each rule that could conclude an atom, the nearest first.

        What a rule lacks counts as far as it is itself from holding.
        """
        known = self._misses.get(wanted)
        if known is None:
            found = []
            for stratum in STRATA:
                index = index_of(self.engine.rulebook, stratum)
                found += near_misses(wanted, index, self.atoms[stratum])
            self._misses[wanted] = known = sorted(found, key=lambda n: n.order)
            known.sort(key=lambda n: (self._distance(n, (str(wanted),)), n.order))
            if not self.every:
                self._misses[wanted] = known = _by_rule(known)
        return known

    def _distance(self, near: NearMiss, above: tuple[str, ...]) -> int:
        """Return how many facts or comparisons a near miss lacks, those below it included."""
        return sum(self._far(condition, near, above) for condition in near.failing)

    def _far(self, condition: Condition, near: NearMiss, above: tuple[str, ...]) -> int:
        if not isinstance(condition, Atom) or wording.is_negative(condition):
            return 1
        wanted = condition.pattern.text(near.env)
        stated = PREDICATES.get(asp.signature(wanted))
        if (stated is not None and stated.stratum == "ontology") or str(wanted) in above:
            return FIXED
        if (stated is not None and stated.stratum == "input") or len(above) == DEPTH:
            return 1
        if wanted not in self._distances:
            below = (*above, str(wanted))
            index = index_of(self.engine.rulebook, self._stratum(wanted))
            found = near_misses(wanted, index, self.atoms[self._stratum(wanted)])
            self._distances[wanted] = min((self._distance(n, below) for n in found), default=FIXED)
        return self._distances[wanted]

    def _stratum(self, wanted: clingo.Symbol) -> Strata:
        early = index_of(self.engine.rulebook, "interpret").ways
        return "interpret" if parts(wanted)[0] in early else "govern"

    def _absent(self, wanted: clingo.Symbol, above: tuple[str, ...], depth: int) -> Node:
        text = str(wanted)
        below = (*above, text)
        if text in above or depth == 0:
            return Node("absent", text)
        stated = PREDICATES.get(asp.signature(wanted))
        if stated is not None and stated.stratum in ("input", "ontology"):
            return Node("absent", text, because=tuple(self._unstated(wanted, stated.origin)))
        near = self.misses(wanted)
        shown = near if self.every else _near(near, TOLD if depth == DEPTH else TOLD_BELOW)
        because = [self._miss(n, below, depth) for n in shown]
        if rest := len(near) - len(shown):
            because.append(_said("farther", count=rest))
        because += self._switched_off(wanted) if depth == DEPTH else ()
        because += self._lapsed(wanted)
        if not near and not because:
            because.append(_said("no_rule"))
        return Node("absent", text, because=tuple(because))

    def _miss(self, near: NearMiss, above: tuple[str, ...], depth: int) -> Node:
        because: list[Node] = []
        for condition in near.failing:
            because += self._fails(condition, near, above, depth)
        for condition in near.undecided:
            if told := wording.condition(condition, near, self.lexicon):
                because.append(_said("undecided", condition=told))
        if not near.failing and not near.undecided:
            because += self._not_chosen(near)
        return Node(
            "miss",
            str(near.way.head.text(near.env)),
            rule=near.way.rule,
            bindings=tuple((name, as_symbol(value)) for name, value in sorted(near.env.items())),
            text=wording.lacking(near),
            because=tuple(because),
        )

    def _fails(
        self, condition: Condition, near: NearMiss, above: tuple[str, ...], depth: int
    ) -> Iterator[Node]:
        """Yield why a condition fails: what is missing, or what stands in its way."""
        atoms = self.atoms[self._stratum(near.way.head.text(near.env))]
        if isinstance(condition, Atom) and not wording.is_negative(condition):
            yield self._absent(condition.pattern.text(near.env), above, depth - 1)
        elif isinstance(condition, Atom):
            for atom in sorted(condition.matching(near.env, atoms))[:2]:
                yield self.against(atom)
        else:
            told = wording.fails(condition, near, atoms, self.lexicon)
            broken: tuple[Node, ...] = ()
            if isinstance(condition, Conditional) and isinstance(condition.literal, Atom):
                inner = next(condition.breaking(near.env, atoms), near.env)
                missing = condition.literal.pattern.text(inner)
                if not wording.is_negative(condition.literal):
                    broken = (self._absent(missing, above, depth - 1),)
            yield Node("condition", "", text=told, because=broken)

    def against(self, atom: clingo.Symbol) -> Node:
        """Return the justification of an atom that stands in the way; what is given needs none."""
        stated = PREDICATES.get(asp.signature(atom))
        if stated is not None and stated.stratum in ("input", "ontology"):
            return Node("against", str(atom))
        node = self.explainer.why(atom)
        return Node("against", node.atom, node.rule, node.bindings, because=node.because)

    def _not_chosen(self, near: NearMiss) -> Iterator[Node]:
        """Yield why what may hold does not: a constraint that it would break, or nothing."""
        head = near.way.head.text(near.env)
        for stratum in STRATA:
            atoms = Atoms([head], self.atoms[stratum])
            for way in index_of(self.engine.rulebook, stratum).constraints:
                broken = nearest(way, (), atoms, lambda _key: False)
                if broken is not None and not broken.failing and not broken.undecided:
                    env = tuple((n, as_symbol(v)) for n, v in sorted(broken.env.items()))
                    yield Node("against", "", way.rule, env, text=str(way.rule.statement))
                    return
        yield _said("may_hold")

    def _unstated(self, wanted: clingo.Symbol, origin: str) -> Iterator[Node]:
        """Yield why a fact that nobody derives is not there."""
        held = [f for f in self.stages.facts if f.withheld and agrees(wanted, _atom(f.atom))]
        if held and self.stages.norms is not None:
            norm = clingo.Function(str(held[0].withheld).lower())
            forbidden = clingo.Function("forbidden", [clingo.Function("infer_from_face"), norm])
            yield self.against(forbidden)
            return
        if origin == "declared" and wanted.name != "speaker":
            value = wanted.arguments[0]
            shown = "…" if value == ANY else str(value)
            yield _said("undeclared", kind=wanted.name, value=shown)
        if wanted.name in ("au", "au_side"):
            yield from self._unseen(wanted.arguments[0], wanted.arguments[1])

    def _unseen(self, face: clingo.Symbol, unit: clingo.Symbol) -> Iterator[Node]:
        """Yield whether a unit could have been seen: not seen is not absent."""
        if ANY in (face, unit):
            return
        seen = clingo.Function("observable", [face, unit])
        if agrees(seen, *self.stages.admitted):
            yield _said("unseen")
        else:
            yield _said("unobservable")

    def _lapsed(self, wanted: clingo.Symbol) -> Iterator[Node]:
        """Yield the exceptions to a norm that ran out."""
        if wanted.name != "exempt" or self.stages.norms is None:
            return
        for atom in self.stages.norms.answer.named("lapsed", 1):
            if agrees(clingo.Function("lapsed", wanted.arguments), atom):
                yield self.against(atom)

    def _switched_off(self, wanted: clingo.Symbol) -> Iterator[Node]:
        """Yield the packs not in force that would have concluded an atom."""
        book = self.engine.rulebook
        for wider in _wider(book):
            pack = wider.packs[-1]
            if asp.signature(wanted) not in {head for rule in pack.rules for head in rule.heads}:
                continue
            extra = asp.ALL_DEFINED + (READING_CHOICE if prepared(wider)[2] else "")
            facts = [*self.stages.admitted, *self.engine.static]
            statements = wider.statements("interpret")
            found = asp.solve(statements, facts, extra=extra, guarded=book.strangers)
            if found and all(agrees(wanted, *answer.atoms) for answer in found):
                yield _said("switched_off", pack=pack.name, title=pack.title)


@lru_cache(maxsize=16)
def _wider(book: Rulebook) -> tuple[Rulebook, ...]:
    """Return the rulebooks that have one more shipped pack each, as the last."""
    used = {pack.name for pack in book.packs}
    others = [p for p in everything().packs if p.name not in used]
    return tuple(Rulebook((*book.packs, pack), book.lapsed) for pack in others)


def near_misses(wanted: clingo.Symbol, index: Index, atoms: Atoms) -> list[NearMiss]:
    """Return the near miss of each way in which the rules conclude an atom, in their order."""
    key, row = parts(wanted)
    terms: list[Term] = [ANYTHING if value == ANY else Constant(value) for value in row]
    found = (nearest(w, terms, atoms, index.fixed.__contains__) for w in index.ways.get(key, ()))
    return [near for near in found if near is not None]


def agrees(wanted: clingo.Symbol, *atoms: clingo.Symbol) -> bool:
    """Tell whether one of the atoms is the one wanted, a string ``_`` standing for anything."""
    key, row = parts(wanted)
    terms: list[Term] = [
        ANYTHING if value == ANY else Constant(native(as_symbol(value))) for value in row
    ]
    found = Atoms(a for a in atoms if parts(a)[0] == key)
    return next(Pattern(key, tuple(terms)).matches({}, found), None) is not None


def _by_rule(misses: Iterable[NearMiss]) -> list[NearMiss]:
    """Return the nearest miss of each rule, with how many of its alternatives are as near."""
    best: dict[str, NearMiss] = {}
    for near in misses:
        held = best.setdefault(near.way.rule.id, near)
        if held is not near and held.order == near.order:
            best[near.way.rule.id] = replace(held, level=held.level + near.level)
    return list(best.values())


def _near(misses: Sequence[NearMiss], most: int) -> Sequence[NearMiss]:
    """Return the nearest; rules for which nothing of the case speaks only where there are none."""
    near = [n for n in misses if n.supported or len(n.failing) <= 1]
    return (near or misses)[:most]


def _atom(text: str) -> clingo.Symbol:
    return asp.symbols([text])[0]


def _said(key: str, **slots: object) -> Node:
    return Node("condition", "", text=WORDS[key].format(**slots))
