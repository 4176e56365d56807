"""The smallest sets of changes of facts that flip an answer: the search, whatever is asked of what.

Sets are tried by growing size; a set that goes further than one found, by more changes or by the
same ones taken further, is not tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import clingo

Facts = frozenset[clingo.Symbol]
CHUNK = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of facts: what it takes away and what it puts there.

    Of one ``slot`` a set has one edit. Edits of one ``way`` of a slot differ by how ``far`` they
    go; one that does something else after the whole of another way names it in ``beyond``.
    ``cost`` orders what is tried: the likelier change first. ``kind`` says how it is told.
    """

    removed: Facts
    added: Facts
    slot: str
    way: str = ""
    far: int = 0
    beyond: str | None = None
    cost: int = 1
    kind: str = ""


Edits = tuple[Edit, ...]
Possible = Callable[[Edits], bool]
# Told of each chunk: how many sets were solved, and how many changes each of them has.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """The minimal sets that flip the answer, smallest first, and how far the search went.

    ``whole`` is the largest size of which every set was tried; ``stopped`` says why there is no
    more: ``time`` or ``limit``, None where nothing was left out.
    """

    sets: tuple[Edits, ...]
    solved: int
    whole: int
    stopped: str | None = None


def edited(facts: Facts, edits: Iterable[Edit]) -> Facts:
    """Return the facts after a set of edits: all that go are taken away before others come."""
    changes = tuple(edits)
    gone = frozenset[clingo.Symbol]().union(*(e.removed for e in changes))
    return (facts - gone).union(*(e.added for e in changes))


def goes_further(edits: Iterable[Edit], than: Iterable[Edit]) -> bool:
    """Tell whether a set has every change of another, each taken as far or further."""
    mine = tuple(edits)
    return all(any(_further(edit, other) for edit in mine) for other in than)


def _further(one: Edit, other: Edit) -> bool:
    if one.slot == other.slot:
        return one.beyond == other.way or (one.way == other.way and one.far >= other.far)
    return one.removed >= other.removed and one.added >= other.added


def search(
    facts: Facts,
    pool: Sequence[Edit],
    flips: Callable[[Sequence[Facts]], Sequence[bool]],
    *,
    sizes: Sequence[int],
    enough: int | None = None,
    until: float | None = None,
    possible: Possible | None = None,
    progress: Progress | None = None,
    chunk: int = CHUNK,
    go_on: bool = True,
) -> Found:
    """Return the minimal sets of edits whose facts ``flips`` says the answer is another for.

    All sets of one size are tried before a larger one, the cheapest first; ``enough`` found end
    the search with their size, ``until`` (of ``time.monotonic``) at once. Without ``go_on`` no
    larger size is tried than the first that flips the answer.
    """
    found: list[Edits] = []
    solved = whole = 0
    for size in sizes:
        if found and (not go_on or (enough is not None and len(found) >= enough)):
            return Found(tuple(found), solved, whole, "limit" if go_on else None)
        mine: list[Edits] = []
        untried = _sets(pool, size)
        while some := _next(untried, [*found, *mine], possible, chunk):
            if until is not None and time.monotonic() > until:
                return Found((*found, *_least(mine)), solved, whole, "time")
            answers = flips([edited(facts, edits) for edits in some])
            solved += len(some)
            mine += [e for e, flipped in zip(some, answers, strict=True) if flipped]
            if progress is not None:
                progress(solved, size)
        found += _least(mine)
        whole = size
    return Found(tuple(found), solved, whole)


def _sets(pool: Sequence[Edit], size: int) -> Iterator[Edits]:
    """Yield the sets of a size, no two edits of one slot, cheapest and mildest first."""
    ordered = sorted(pool, key=_reach)
    every = (c for c in combinations(ordered, size) if len({e.slot for e in c}) == size)
    if size == 1:
        return every
    return iter(sorted(every, key=lambda c: (sum(e.cost for e in c), sum(e.far for e in c))))


def _reach(edit: Edit) -> tuple[int, int, str, str]:
    return edit.cost, edit.far, edit.slot, edit.way


def _next(
    untried: Iterator[Edits],
    found: Sequence[Edits],
    possible: Possible | None,
    chunk: int,
) -> list[Edits]:
    """Return the next sets to try: those that go no further than one found, and can be."""
    some: list[Edits] = []
    for edits in untried:
        if any(goes_further(edits, than) for than in found):
            continue
        if possible is None or possible(edits):
            some.append(edits)
            if len(some) == chunk:
                break
    return some


def _least(found: Sequence[Edits]) -> list[Edits]:
    """Return the sets that go no further than another of the same size."""
    return [
        edits
        for edits in found
        if not any(than is not edits and goes_further(edits, than) for than in found)
    ]
