"""Generated cases: random facts over the vocabulary, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import clingo
from clingo import Function, Number

from nesy.predicates import PREDICATES, Predicate, kind_of
from nesy.vocabulary import Vocabulary

FACES = ("f1", "f2", "f3")
# Where rules draw their lines, and both sides of each line.
NUMBERS = (0, 299, 300, 301, 399, 400, 499, 500, 501, 600, 699, 700, 800, 930, 999, 1000)
_FREE = {"Relation": ("same", "differs"), "Kind": ("state", "mismatch", "diagnosis")}
_OFTEN = {"au": 12, "expression": 4, "observable": 16, "cue": 5, "line_act": 3, "turn": 8}
_OFTEN |= dict.fromkeys(("turn_valence", "turn_emotion", "turn_act", "turn_cue"), 6)


def generated(vocabulary: Vocabulary, count: int, seed: int = 0) -> Iterator[list[clingo.Symbol]]:
    """Yield the input facts of ``count`` cases; a few hold nothing, a few very much."""
    for number in range(count):
        yield case(vocabulary, random.Random(f"{seed}:{number}"))


def case(vocabulary: Vocabulary, chance: random.Random) -> list[clingo.Symbol]:
    """Return random facts of one case, drafted reply included."""
    density = chance.choice((0.0, 0.3, 0.6, 1.0, 1.0, 1.0, 1.5))
    facts: set[clingo.Symbol] = set()
    for predicate in PREDICATES.values():
        if predicate.stratum not in ("input", "marginal"):
            continue
        most = _OFTEN.get(predicate.name, 2)
        for _ in range(round(chance.random() * density * most)):
            arguments = [
                _value(predicate, name, vocabulary, chance) for name in predicate.arguments
            ]
            facts.add(Function(predicate.name, arguments))
    return sorted(facts)


def _value(
    predicate: Predicate, name: str, vocabulary: Vocabulary, chance: random.Random
) -> clingo.Symbol:
    if name == "Face":
        return Function(chance.choices(FACES, (6, 2, 1))[0])
    if name == "Unit":
        return Number(chance.choice(list(vocabulary.units)))
    if name == "Count":
        return Number(chance.randrange(4))
    if name == "Back":
        return Number(chance.randrange(1, 8))
    kind = kind_of(predicate, name)
    words = list(vocabulary.terms[kind]) if kind else _FREE.get(name)
    if words:
        return Function(chance.choice(list(words)))
    return Number(chance.choice(NUMBERS) if chance.random() < 0.7 else chance.randrange(1001))
