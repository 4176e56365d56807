"""What a Trace says already: atoms that need no rule to run, if it was made with these rules."""

from __future__ import annotations

from collections.abc import Iterator

import clingo

from nesy.interpret import LEAST_READ
from nesy.reason.engine import Engine
from nesy.rulebook import Signature
from nesy.trace import Trace

_FORCES = frozenset({("forbidden", 2), ("obligatory", 2), ("preferred", 2), ("warned", 2)})
SIGNATURES = _FORCES | {("reads", 3), ("ambiguous", 1), ("hold", 1)}
_DECIDING = ("rules", "packs", "ontology", "weights")


def is_current(trace: Trace, engine: Engine) -> bool:
    """Tell whether a Trace was reasoned over whole, with these rules, words and weights."""
    whole = trace.facts is not None and trace.reading is not None and trace.verdict is not None
    recorded = [trace.versions.get(part) for part in _DECIDING]
    return whole and trace.error is None and recorded == [engine.versions[p] for p in _DECIDING]


def atoms(of: Signature, trace: Trace) -> list[clingo.Symbol]:
    """Return the atoms of one of the signatures here that a current Trace records, sorted."""
    return sorted(set(_atoms(of, trace)))


def _atoms(of: Signature, trace: Trace) -> Iterator[clingo.Symbol]:
    word, name = clingo.Function, of[0]
    for face, reading in (trace.reading or {}).items():
        if name == "reads":
            for emotion, probability in reading.distribution.items():
                if (permille := round(1000 * probability)) >= LEAST_READ:
                    yield word(name, [word(face), word(emotion), clingo.Number(permille)])
        elif name == "ambiguous" and reading.ambiguous:
            yield word(name, [word(face)])
    for applied in trace.verdict.norms if trace.verdict else ():
        if applied.force == name:
            norm = word(applied.norm.lower())
            yield word(name, [word(applied.act), norm] if applied.act is not None else [norm])
