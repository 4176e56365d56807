"""Order the rule instances of an answer set: what rests on what, down to facts.

An atom is derived by an instance whose grounds were derived before, so no atom rests on itself.
Where several instances derive it, the one that rests on the fewest leaves is taken. What an answer
set holds up by itself (``not not p``, an aggregate that recursion makes true) is taken as given
only where nothing else is left, and called assumed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, NoReturn, TypeGuard

import clingo

from nesy.explain.why.counted import Aggregate, Counting, Need, Part
from nesy.explain.why.instances import Instance

Leaf = tuple[Literal["fact", "absent", "assumed"], clingo.Symbol]
Leaves = frozenset[Leaf]
Known = dict[clingo.Symbol, Leaves]


class Step(NamedTuple):
    """An instance as one justification uses it: of what it counts, only what is needed."""

    instance: Instance
    grounds: tuple[clingo.Symbol, ...]
    absent: tuple[clingo.Symbol, ...]
    assumed: tuple[clingo.Symbol, ...]


Steps = dict[clingo.Symbol, Step]


@dataclass(frozen=True, slots=True)
class Demand:
    """What an instance rests on; ``early`` where it went ahead with what there was by then."""

    positive: tuple[clingo.Symbol, ...]
    absent: tuple[clingo.Symbol, ...]
    assumed: tuple[clingo.Symbol, ...]
    needs: tuple[Need, ...]
    early: bool = False

    def atoms(self) -> Iterator[clingo.Symbol]:
        """Yield every atom that may be used."""
        yield from self.positive
        for need in self.needs:
            for _, parts in need.shares:
                for part in parts:
                    yield from part.positive


class Derivation:
    """The instances of one answer set over facts, and how its atoms are derived."""

    def __init__(self, instances: Iterable[Instance], facts: Collection[clingo.Symbol]) -> None:
        self.facts = facts
        self.instances: dict[clingo.Symbol, list[Instance]] = defaultdict(list)
        for instance in instances:
            self.instances[instance.head].append(instance)
        self._demands: dict[int, Demand] = {}
        self._known: Known = {}
        self._steps: Steps = {}
        self._least: dict[clingo.Symbol, Steps] = {}

    def demand(self, instance: Instance) -> Demand:
        """Return what an instance rests on, as far as the order has found it out."""
        found = self._demands.get(id(instance))
        if found is None:
            needs = tuple(need for each in instance.counting for need in each.needs())
            positive = (*instance.positive, *instance.doubly)
            found = Demand(positive, instance.negative, (), needs)
            self._demands[id(instance)] = found
        return found

    def below(self, *roots: clingo.Symbol) -> dict[clingo.Symbol, list[Instance]]:
        """Return the instances that derivations of atoms may use, by their heads.

        A fact that rules derive as well is among the heads.
        """
        found: dict[clingo.Symbol, list[Instance]] = {}
        pending = list(roots)
        while pending:
            atom = pending.pop()
            if atom in found or atom not in self.instances:
                continue
            found[atom] = self.instances[atom]
            for instance in found[atom]:
                pending += self.demand(instance).atoms()
        return found

    def steps(self, root: clingo.Symbol) -> Steps:
        """Return how an atom is derived: none of its leaves can go. Empty for a fact."""
        if root not in self._least:
            below = self.below(root)
            self._order(below)
            self._least[root] = self._least_steps(root, below)
        return self._least[root]

    def leaves(self, root: clingo.Symbol) -> Leaves:
        """Return the leaves of ``steps``."""
        return _leaves_of(root, self.steps(root))

    def through(self, instance: Instance) -> tuple[Step, Steps]:
        """Return how one instance derives its head, and what its grounds rest on."""
        below = self.below(*self.demand(instance).atoms())
        self._order(below)
        step, leaves = self._step(instance, self._known) or _underived(instance)
        steps = _reached(step.grounds, self._steps)
        needed = self._needed_by(instance, self._needed(below))
        for leaf in sorted(leaves - needed, key=str):
            less = _Restricted(self, leaves - {leaf})
            known, again = less.run(below)
            found = less._step(instance, known)
            if found is not None:
                step, leaves = found
                steps = _reached(step.grounds, again)
        return step, steps

    def _order(self, below: dict[clingo.Symbol, list[Instance]]) -> None:
        """Order the instances not ordered before; those that are stuck start from assumptions."""
        pending = [i for head, of in below.items() if head not in self._known for i in of]
        while pending:
            pending = self._run(pending, self._known, self._steps)
            stuck = [i for i in pending if i.head not in self._known]
            if not stuck or not self._release(stuck):
                break
            pending = stuck

    def _run(self, pending: list[Instance], known: Known, steps: Steps) -> list[Instance]:
        """Derive what can be, in rounds; return the instances that stay without their grounds."""
        while True:
            waiting: list[Instance] = []
            new: dict[clingo.Symbol, tuple[Step, Leaves]] = {}
            for instance in pending:
                if instance.head in self.facts:
                    continue
                found = self._step(instance, known)
                if found is None:
                    waiting.append(instance)
                elif instance.head not in known:
                    held = new.get(instance.head)
                    if held is None or len(found[1]) < len(held[1]):
                        new[instance.head] = found
            if not new:
                return waiting
            for head, (step, leaves) in new.items():
                known[head], steps[head] = leaves, step
            pending = [i for i in waiting if i.head not in known]

    def _leaves(self, atom: clingo.Symbol, known: Known) -> Leaves | None:
        """Return what an atom rests on, None where it is not derived yet."""
        found = known.get(atom)
        if found is None and (atom in self.facts or atom not in self.instances):
            found = known[atom] = frozenset([("fact", atom)])
        return found

    def _step(self, instance: Instance, known: Known) -> tuple[Step, Leaves] | None:
        """Return how an instance derives its head from what is known, None where it cannot."""
        demand = self.demand(instance)
        under: set[Leaf] = {("absent", atom) for atom in demand.absent}
        under |= {("assumed", atom) for atom in demand.assumed}
        for atom in demand.positive:
            leaves = self._leaves(atom, known)
            if leaves is None:
                return None
            under |= leaves
        grounds, absent = list(demand.positive), list(demand.absent)
        for need in demand.needs:
            used = self._met(need, known)
            if used is None:
                return None
            for part in used:
                grounds += part.positive
                absent += part.negative
                under |= self._under(part, known) or frozenset()
        step = Step(instance, _once(grounds), _once(absent), demand.assumed)
        return step, frozenset(under)

    def _under(self, part: Part, known: Known) -> Leaves | None:
        """Return the leaves of a part, None where some of it is not derived."""
        under: set[Leaf] = {("absent", atom) for atom in part.negative}
        for atom in part.positive:
            leaves = self._leaves(atom, known)
            if leaves is None:
                return None
            under |= leaves
        return frozenset(under)

    def _met(self, need: Need, known: Known) -> list[Part] | None:
        """Return parts that meet a need, the weightiest and best grounded, none of them idle."""
        offers: list[tuple[int, int, Part]] = []
        for weight, parts in need.shares:
            held = [(len(u), p) for p in parts if (u := self._under(p, known)) is not None]
            if held:
                size, part = min(held, key=lambda offer: offer[0])
                offers.append((-weight, size, part))
        if -sum(weight for weight, _, _ in offers) < need.least:
            return None
        used: list[tuple[int, int, Part]] = []
        reached = 0
        for offer in sorted(offers, key=lambda offer: offer[:2]):
            if reached >= need.least:
                break
            used.append(offer)
            reached -= offer[0]
        for offer in reversed(used.copy()):
            if reached + offer[0] >= need.least:
                used.remove(offer)
                reached += offer[0]
        return [part for _, _, part in used]

    def _release(self, stuck: Sequence[Instance]) -> bool:
        """Let instances go ahead that only wait for what the answer set itself holds up."""
        asked = {a for i in stuck for a in (*i.positive, *i.doubly, *i.together)}
        there = {a for a in asked if self._leaves(a, self._known) is not None}
        freed = False
        for instance in stuck:
            held = all(atom in there for atom in instance.positive)
            if held and all(_doubly(c) or c.holds_at(there) for c in instance.counting):
                self._demands[id(instance)] = _early(instance, there)
                freed = True
        return freed

    def derives(self, root: clingo.Symbol, leaves: Leaves) -> Steps | None:
        """Return how an atom is derived from these leaves alone, None where it is not."""
        if ("fact", root) in leaves:
            return {}
        below = self.below(root)
        self._order(below)
        _, steps = _Restricted(self, leaves).run(below)
        return _reached([root], steps) if root in steps else None

    def _least_steps(
        self, root: clingo.Symbol, below: dict[clingo.Symbol, list[Instance]]
    ) -> Steps:
        """Return the steps of an atom once every leaf that can go is gone."""
        if root not in self._steps:
            return {}
        steps = _reached([root], self._steps)
        if all(map(self._is_only_way, below, below.values())):
            return steps
        leaves = _leaves_of(root, steps)
        needed = self._needed(below)[root]
        for leaf in sorted(leaves - needed, key=str):
            found = self.derives(root, leaves - {leaf})
            if found is not None:
                steps, leaves = found, _leaves_of(root, found)
        return steps

    def _is_only_way(self, atom: clingo.Symbol, instances: Sequence[Instance]) -> bool:
        """Tell whether an atom has one derivation at most, in which nothing is counted."""
        (first, *others) = instances
        return not others and atom not in self.facts and not self.demand(first).needs

    def _needed(self, below: dict[clingo.Symbol, list[Instance]]) -> Known:
        """Return by atom leaves that no derivation does without: often all, soon found out."""
        # A fact that rules derive as well may be derived without itself.
        needed = {
            atom: frozenset() if atom in self.facts else self._known[atom]
            for atom in below
            if atom in self._known
        }
        changed = True
        while changed:
            changed = False
            for atom in needed:
                if atom in self.facts:
                    continue
                ways = [self._needed_by(instance, needed) for instance in below[atom]]
                least = needed[atom].intersection(*ways)
                if least != needed[atom]:
                    needed[atom], changed = least, True
        return needed

    def _needed_by(self, instance: Instance, needed: Known) -> Leaves:
        demand = self.demand(instance)
        found: set[Leaf] = {("absent", atom) for atom in demand.absent}
        found |= {("assumed", atom) for atom in demand.assumed}
        for atom in demand.positive:
            found |= needed.get(atom, frozenset([("fact", atom)]))
        for need in demand.needs:
            spare = sum(weight for weight, _ in need.shares) - need.least
            for weight, (part, *others) in need.shares:
                if weight > spare and not others:
                    found |= {("absent", atom) for atom in part.negative}
                    for atom in part.positive:
                        found |= needed.get(atom, frozenset([("fact", atom)]))
        return frozenset(found)


class _Restricted(Derivation):
    """A derivation that has only some leaves."""

    def __init__(self, of: Derivation, leaves: Leaves) -> None:
        self.facts = frozenset(atom for kind, atom in leaves if kind == "fact")
        self.instances = of.instances
        self._demands = of._demands
        self._allowed = leaves

    def run(self, below: dict[clingo.Symbol, list[Instance]]) -> tuple[Known, Steps]:
        """Return what of these instances' heads is derived, and how."""
        known: Known = {}
        steps: Steps = {}
        self._run([instance for of in below.values() for instance in of], known, steps)
        return known, steps

    def _leaves(self, atom: clingo.Symbol, known: Known) -> Leaves | None:
        found = known.get(atom)
        if found is None and atom in self.facts:
            found = known[atom] = frozenset([("fact", atom)])
        return found

    def _step(self, instance: Instance, known: Known) -> tuple[Step, Leaves] | None:
        demand = self.demand(instance)
        lacking = any(("absent", a) not in self._allowed for a in demand.absent)
        if lacking or any(("assumed", a) not in self._allowed for a in demand.assumed):
            return None
        return super()._step(instance, known)

    def _under(self, part: Part, known: Known) -> Leaves | None:
        if any(("absent", atom) not in self._allowed for atom in part.negative):
            return None
        return super()._under(part, known)


def _early(instance: Instance, there: Collection[clingo.Symbol]) -> Demand:
    """Return what an instance rests on that goes ahead with what is there."""
    held = tuple(atom for atom in instance.doubly if atom in there)
    assumed = tuple(atom for atom in instance.doubly if atom not in there)
    needs = []
    for each in instance.counting:
        if _doubly(each) and not each.holds_at(there):
            assumed += (clingo.String(each.text),)
        usable = [
            tuple(part for part in parts if all(atom in there for atom in part.positive))
            for _, parts in each.counted
        ]
        shares = tuple((1, parts) for parts in usable if parts)
        needs.append(Need(len(shares), shares))
    return Demand((*instance.positive, *held), instance.negative, assumed, tuple(needs), early=True)


def _doubly(counting: Counting) -> TypeGuard[Aggregate]:
    return isinstance(counting, Aggregate) and counting.doubly


def _underived(instance: Instance) -> NoReturn:
    raise LookupError(f"nothing derives what {instance.rule.id} rests on for {instance.head}")


def _reached(roots: Iterable[clingo.Symbol], steps: Steps) -> Steps:
    """Return the steps that atoms rest on."""
    found: Steps = {}
    pending = list(roots)
    while pending:
        atom = pending.pop()
        if atom in steps and atom not in found:
            found[atom] = steps[atom]
            pending += steps[atom].grounds
    return found


def _leaves_of(root: clingo.Symbol, steps: Steps) -> Leaves:
    """Return the leaves that the steps of an atom end in."""
    found: set[Leaf] = set() if root in steps else {("fact", root)}
    for step in steps.values():
        found |= {("fact", atom) for atom in step.grounds if atom not in steps}
        found |= {("absent", atom) for atom in step.absent}
        found |= {("assumed", atom) for atom in step.assumed}
    return frozenset(found)


def _once(atoms: Iterable[clingo.Symbol]) -> tuple[clingo.Symbol, ...]:
    return tuple(dict.fromkeys(atoms))
