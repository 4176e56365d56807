"""Named labels against those that are so: action units, expressions, sarcasm, boundaries."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from . import intervals
from .distributions import Array
from .measure import Additive, NotScored, Pair, Scored, beside

NO_LABEL = "no label is true, and none was named"


def overlap(named: Iterable[Hashable], true: Iterable[Hashable]) -> tuple[int, int]:
    """Return how many labels are both named and true, and how many named or true in all."""
    one, other = set(named), set(true)
    return len(one & other), len(one) + len(other)


def micro_f1(hits: int, both: int) -> float | None:
    """Return F1 from counts pooled over samples (`overlap`); None where there is no label at all.

    >>> micro_f1(*overlap((6, 12), (12, 25)))
    0.5
    """
    return 2 * hits / both if both else None


def _pooled(sums: Array) -> Array:
    return 2 * intervals.ratio(sums)


def _score(named: Iterable[Hashable], true: Iterable[Hashable]) -> Scored:
    hits, both = overlap(named, true)
    # Where there was nothing to find and nothing was named, all is right.
    f1 = micro_f1(hits, both)
    return Scored(1.0 if f1 is None else f1, {"hits": hits, "both": both})


def _units(pair: Pair) -> Scored:
    true, named = pair.reference.units, pair.answer.units
    if true is None:
        raise NotScored("the reference has no action units")
    if named is None:
        raise NotScored("the answer has no action units")
    return _score(named, true)


def _expressions(pair: Pair) -> Scored:
    true, named = pair.reference.expressions, pair.answer.expressions
    if true is None:
        raise NotScored("the reference has no expressions")
    if named is None:
        raise NotScored("the answer has no expressions")
    return _score(named, true)


def _flag(name: str) -> Callable[[Pair], tuple[str, str]]:
    def told(pair: Pair) -> tuple[str, str]:
        true = (pair.reference.expected or {}).get(name)
        said = (pair.answer.flags or {}).get(name)
        if true is None:
            raise NotScored(f"the reference does not say {name}")
        if said is None:
            raise NotScored(f"the answer does not say {name}")
        return said, true

    return told


_sarcastic, _set = _flag("sarcastic"), _flag("boundary")


def _sarcasm(pair: Pair) -> Scored:
    said, true = _sarcastic(pair)
    hits, both = overlap(*((name,) if name == "yes" else () for name in (said, true)))
    return Scored(float(said == true), {"hits": hits, "both": both, "expected": true})


def _boundary(pair: Pair) -> Scored:
    said, true = _set(pair)
    return Scored(float(said == true), {"expected": true})


def _micro(name: str, title: str, signature: str, of: Callable[[Pair], Scored]) -> Additive:
    extras = ("hits", "both")
    figure: dict[str, Any] = {"columns": beside, "extras": extras, "figure_of": _pooled}
    return Additive(name, title, "higher", signature, of, **figure, undefined=NO_LABEL)


MEASURES = (
    _micro("unit_f1", "action units, F1", "own code; counts pooled over samples (micro)", _units),
    _micro("expression_f1", "expressions, F1", "own code; counts pooled (micro)", _expressions),
    _micro("sarcasm", "sarcasm, F1", "own code; F1 of being sarcastic", _sarcasm),
    Additive(
        "boundary",
        "boundary where one is due",
        "higher",
        "own code; share of replies that set one where it is due, and none where it is not",
        _boundary,
        share=True,
    ),
)
