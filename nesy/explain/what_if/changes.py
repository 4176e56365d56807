"""What could have been otherwise in a case: what a person could do, or a perceiver mistake.

An expression or a unit seen or not seen, a confidence or an intensity that lies on another side of
a number the rules compare with, other words, another opinion. A sign of a crisis in the words is
never taken away, nor made less sure; what the caller declares changes only where that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import clingo
from clingo import Function, Number

from nesy.explain.what_if.dependence import Dependence, Pattern, fits, sides
from nesy.explain.what_if.flips import Edit, Edits, Facts
from nesy.ground import LEAST_CONFIDENCE, LEAST_SHARE
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.vocabulary import Vocabulary

MOST = 1000
# Where there are numbers that differ by how sure something is.
_OPINIONS = frozenset({"claim", "line_emotion", "turn_emotion"})
_SEEN = frozenset({"expression", "au"})
_SAID = ("line_act", "cue", "line_emotion")
_KIND_OF = {"line_act": "line act", "cue": "cue", "line_emotion": "emotion"}
# What may be declared otherwise: not who somebody is, nor what they said they feel.
DECLARED = ("context", "purpose", "notice", "consent", "jurisdiction")

# What is tried first: what is declared, where that is asked for; what was seen or said less surely
# or not at all; what looks alike; what was neither seen nor said; last, a crisis that is not there.
_DECLARED, _LIKELY, _ALIKE, _MORE, _CRISIS = 0, 1, 2, 3, 6


@dataclass(frozen=True)
class Changes:
    """The changes that make sense for the facts of a case.

    ``looks`` are the patterns of what matters to the question; None leaves everything in. A set of
    changes has to matter to each of ``in_the_way``. Without ``crises`` no sign of one comes.
    """

    facts: Facts
    vocabulary: Vocabulary
    dependence: Dependence
    looks: Sequence[Pattern] | None = None
    in_the_way: Sequence[Sequence[Pattern]] = ()
    crises: bool = True

    def pool(self, *, declared: bool = False) -> list[Edit]:
        """Return every single change that could make a difference."""
        edits = [*self._numbers(), *self._gone(), *self._alike(), *self._more()]
        if declared:
            edits += self._declared()
        found = [edit for edit in edits if self.matters(*(edit.removed ^ edit.added))]
        within_reach = all(
            any(_touches(e, patterns) for e in found) for patterns in self.in_the_way
        )
        return found if within_reach else []

    def possible(self, edits: Edits) -> bool:
        """Tell whether nothing stands in the way, and no unit that comes is excluded by another."""
        if not all(any(_touches(e, patterns) for e in edits) for patterns in self.in_the_way):
            return False
        come = [a for edit in edits if not edit.removed for a in edit.added if a.match("au", 4)]
        if not come:
            return True
        gone = frozenset[clingo.Symbol]().union(*(edit.removed for edit in edits))
        there = [a for a in self._seen_units if a not in gone] + come
        exclusive = _exclusive(self.vocabulary)
        return not any(
            (new.arguments[1].number, other.arguments[1].number) in exclusive
            for new in come
            for other in there
            if new.arguments[0] == other.arguments[0]
        )

    def at(self, edit: Edit, value: int) -> Edit:
        """Return a change of a number, or of something added, taken to another value."""
        (old,) = edit.added
        place = numbers_of(old)[0 if edit.kind == "strength" else -1]
        before = next(iter(edit.removed), None)
        if before is None:
            return _addition(with_number(old, place, value), edit.cost)
        return _moved(before, place, value)

    def steps(self, atom: clingo.Symbol, place: int) -> list[tuple[int, int]]:
        """Return the ranges of a number of a fact in which rules see no difference, ascending."""
        least = 0 if is_intensity(atom, place) else least_of(atom)
        cuts = self.dependence.cuts(atom, place, self.facts)
        return sides(cuts, least, MOST)

    def is_fixed(self, atom: clingo.Symbol) -> bool:
        """Tell whether a fact stands: a sign of a crisis."""
        return atom.name in ("cue", "turn_cue") and bool(
            self.vocabulary.cues[str(atom.arguments[-2])].all("crisis")
        )

    @cached_property
    def _seen_units(self) -> list[clingo.Symbol]:
        return asp.named(self.facts, "au", 4)

    @property
    def _is_gradual(self) -> bool:
        """Tell whether numbers count by their size: where a reading is asked about, they do."""
        return self.looks is None or any(name in ("reads", "evidence") for name, _ in self.looks)

    def matters(self, *atoms: clingo.Symbol) -> bool:
        """Tell whether one of these facts can make a difference to the question."""
        return self.looks is None or any(map(self._is_looked_at, atoms))

    def _is_looked_at(self, atom: clingo.Symbol) -> bool:
        if atom not in self._looked_at:
            self._looked_at[atom] = any(fits(pattern, atom) for pattern in self.looks or ())
        return self._looked_at[atom]

    @cached_property
    def _looked_at(self) -> dict[clingo.Symbol, bool]:
        return {}

    def measured(self) -> Iterator[tuple[clingo.Symbol, int]]:
        """Yield each fact with the place of each number in it, of those that may change."""
        for atom in sorted(self.facts):
            if not self.is_fixed(atom):
                yield from ((atom, place) for place in numbers_of(atom))

    def _numbers(self) -> Iterator[Edit]:
        """Yield a confidence or an intensity moved to the ends of each range rules tell apart."""
        for atom, place in self.measured():
            now = atom.arguments[place].number
            values: set[int] = set()
            for low, high in self.steps(atom, place):
                if self._is_gradual:
                    values |= {low, high}
                elif not low <= now <= high:
                    values.add(low if low > now else high)
            yield from (_moved(atom, place, value) for value in sorted(values - {now}))

    def _gone(self) -> Iterator[Edit]:
        """Yield what was seen or said and might not have been."""
        for atom in sorted(self.facts):
            # A line has some tone: it is changed for another, not taken away.
            if numbers_of(atom) and not self.is_fixed(atom) and atom.name != "line_valence":
                gone = frozenset({atom, *self._side_of(atom)})
                way = ("less", MOST + 1)
                yield Edit(gone, frozenset(), slot_of(atom), *way, cost=_LIKELY, kind="gone")

    def _side_of(self, atom: clingo.Symbol) -> list[clingo.Symbol]:
        if atom.name != "au":
            return []
        return [
            s for s in asp.named(self.facts, "au_side", 3) if s.arguments[:2] == atom.arguments[:2]
        ]

    def _alike(self) -> Iterator[Edit]:
        """Yield expressions taken for those that the same units make, and words of another tone."""
        for atom in sorted(self.facts):
            if atom.match("expression", 3):
                face, shown, confidence = atom.arguments
                for other in _look_alikes(self.vocabulary).get(str(shown), ()):
                    new = Function("expression", [face, Function(other), confidence])
                    if not self._has(new):
                        yield _swap(atom, new, beyond="less")
            elif atom.match("line_valence", 2):
                for other in self.vocabulary.valences:
                    new = Function("line_valence", [Function(other), atom.arguments[1]])
                    if not self._has(new):
                        yield _swap(atom, new)

    def _more(self) -> Iterator[Edit]:
        """Yield what was not seen or said and might have been."""
        for face in (str(f.arguments[0]) for f in asp.named(self.facts, "face", 1)):
            for new in (*self._expressions(face), *self._units(face)):
                if not self._has(new):
                    yield from self._added(new, _MORE)
        if any(atom.name.startswith("line_") or atom.name == "cue" for atom in self.facts):
            for new in self._words():
                crisis = self.is_fixed(new)
                if not self._has(new) and (self.crises or not crisis):
                    yield from self._added(new, _CRISIS if crisis else _MORE)

    def _expressions(self, face: str) -> Iterator[clingo.Symbol]:
        """Yield expressions, where the perceiver of this face names them at all."""
        of_face = [f for f in self.facts if f.name in _SEEN and str(f.arguments[0]) == face]
        if any(f.name == "expression" for f in of_face) or not of_face:
            for name in self.vocabulary.expressions:
                yield Function("expression", [Function(face), Function(name), Number(MOST)])

    def _units(self, face: str) -> Iterator[clingo.Symbol]:
        """Yield the units that the perceiver could have seen on a face."""
        for atom in sorted(asp.named(self.facts, "observable", 2)):
            if str(atom.arguments[0]) == face:
                yield Function("au", [*atom.arguments, Number(MOST), Number(MOST)])

    def _words(self) -> Iterator[clingo.Symbol]:
        for predicate in _SAID:
            for term in self.vocabulary.terms[_KIND_OF[predicate]].values():
                if predicate != "line_emotion" or term.claimable:
                    yield Function(predicate, [Function(term.id), Number(MOST)])

    def _added(self, new: clingo.Symbol, cost: int) -> Iterator[Edit]:
        """Yield a new fact as sure as rules can tell apart; of a unit, as strong as well."""
        places = numbers_of(new)
        atoms = [new]
        if len(places) > 1:
            first, *others = self.steps(new, places[0])
            # The most that counts as a trace, and the least that counts as more.
            strengths = [first[1], *(least for least, _ in others)]
            atoms = [with_number(new, places[0], strength) for strength in strengths]
        for atom in atoms:
            for _, confidence in self.steps(atom, places[-1]):
                yield _addition(with_number(atom, places[-1], confidence), cost)

    def _has(self, new: clingo.Symbol) -> bool:
        return any(slot_of(atom) == slot_of(new) for atom in self.facts if atom.name == new.name)

    def _declared(self) -> Iterator[Edit]:
        """Yield what the caller could declare otherwise: one value less, more, or for another."""
        for key in DECLARED:
            now = {str(a.arguments[0]) for a in asp.named(self.facts, key, 1)}
            narrow = {v for v in now if not any(v in self._wider(key, o) for o in now - {v})}
            for value in sorted(narrow):
                yield self._declaring(key, now, narrow - {value}, f"{key} {value}", "less", "gone")
            for other in self.vocabulary.terms[key]:
                if other in now or (key == "jurisdiction" and other == "any"):
                    continue
                slot = f"{key} {other}"
                yield self._declaring(key, now, narrow | {other}, slot, "add", "added")
                for value in sorted(narrow):
                    rest = (narrow - {value}) | {other}
                    yield self._declaring(key, now, rest, f"{key} {value}", f"for {other}", "swap")

    def _declaring(
        self, key: str, now: set[str], then: set[str], slot: str, way: str, kind: str
    ) -> Edit:
        after = {wide for value in then for wide in self._wider(key, value)}
        gone, come = (
            frozenset(Function(key, [Function(v)]) for v in values)
            for values in (now - after, after - now)
        )
        beyond = "less" if kind == "swap" else None
        return Edit(gone, come, slot, way, beyond=beyond, cost=_DECLARED, kind=kind)

    def _wider(self, key: str, value: str) -> tuple[str, ...]:
        return self.vocabulary.broader(key, value) or (value,)


def numbers_of(atom: clingo.Symbol) -> tuple[int, ...]:
    """Return the places of an observed fact's intensity and confidence."""
    predicate = PREDICATES.get(asp.signature(atom))
    if predicate is None or predicate.stratum != "input":
        return ()
    named = enumerate(predicate.arguments)
    return tuple(n for n, name in named if name in ("Intensity", "Confidence"))


def is_intensity(atom: clingo.Symbol, place: int) -> bool:
    """Tell whether the number at this place says how strong, not how sure."""
    return PREDICATES[asp.signature(atom)].arguments[place] == "Intensity"


def least_of(atom: clingo.Symbol) -> int:
    """Return the least confidence with which something of this predicate is a fact."""
    return LEAST_SHARE if atom.name in _OPINIONS else LEAST_CONFIDENCE


def slot_of(atom: clingo.Symbol) -> str:
    """Return what a fact is about, its numbers left out."""
    numbers = numbers_of(atom)
    words = [str(a) for n, a in enumerate(atom.arguments) if n not in numbers]
    return f"{atom.name}({','.join(words)})"


def with_number(atom: clingo.Symbol, place: int, value: int) -> clingo.Symbol:
    """Return a fact with another number at a place."""
    return Function(
        atom.name, [Number(value) if n == place else a for n, a in enumerate(atom.arguments)]
    )


def _moved(atom: clingo.Symbol, place: int, value: int) -> Edit:
    far = abs(value - atom.arguments[place].number)
    down = value < atom.arguments[place].number
    strength = is_intensity(atom, place)
    kind = "strength" if strength else "moved"
    way = ("weaker" if down else "stronger") if strength else ("less" if down else "more")
    new = frozenset([with_number(atom, place, value)])
    return Edit(frozenset([atom]), new, slot_of(atom), way, far, cost=_LIKELY, kind=kind)


def _addition(atom: clingo.Symbol, cost: int) -> Edit:
    far = 0
    for place in numbers_of(atom):
        far = far * (MOST + 1) + atom.arguments[place].number
    return Edit(frozenset(), frozenset([atom]), slot_of(atom), "add", far, cost=cost, kind="added")


def _touches(edit: Edit, patterns: Sequence[Pattern]) -> bool:
    return any(fits(p, atom) for atom in edit.removed ^ edit.added for p in patterns)


def _swap(old: clingo.Symbol, new: clingo.Symbol, beyond: str | None = None) -> Edit:
    gone, come = frozenset([old]), frozenset([new])
    way = f"for {slot_of(new)}"
    return Edit(gone, come, slot_of(old), way, beyond=beyond, cost=_ALIKE, kind="swap")


@lru_cache(maxsize=8)
def _exclusive(words: Vocabulary) -> frozenset[tuple[int, int]]:
    pairs = [(u, int(other[2:])) for u, t in words.units.items() for other in t.all("excludesUnit")]
    return frozenset(pairs)


@lru_cache(maxsize=8)
def _look_alikes(words: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return the expressions that share a unit, and so are taken for each other."""
    units = {x.id: set(x.all("realisedBy")) for x in words.expressions.values()}
    return {x: tuple(o for o in units if o != x and units[o] & units[x]) for x in units}
