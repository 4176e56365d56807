"""What if: the smallest sets of changes of facts that flip a conclusion, a reading or a verdict.

Every alternative is solved for real. A number of a set that flips the answer is taken no further
than it has to be.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nesy.diagnostics import Diagnostic, NesyError
from nesy.explain.what_if.changes import Changes, least_of, numbers_of
from nesy.explain.what_if.flips import CHUNK, Edit, Edits, Facts, Progress, edited, search
from nesy.explain.what_if.supposed import Asked, Outcome, Supposing, asked
from nesy.reason.engine import Engine
from nesy.trace import Trace

SIZE = 2
LIMIT = 10
# So many times more than are shown are looked into, so that the nearest of them are.
_LOOKED_INTO = 3
SECONDS = 5.0
# Rules of users are solved one case after the other, so the time is looked at more often.
_FEW = 10


@dataclass(frozen=True, slots=True)
class Alternative:
    """A minimal set of changes and what comes of it.

    ``turning`` are those of its changes whose number is the first that flips the answer: one less
    far does not.
    """

    edits: Edits
    outcome: Outcome
    turning: frozenset[Edit] = frozenset()


@dataclass(frozen=True)
class Answer:
    """What flips the answer to a question, the likeliest changes first.

    ``tried`` is how many sets were solved, ``whole`` the largest size of which all were;
    ``stopped`` says what ended the search: ``time``, ``limit``, or None for nothing.
    ``unshown`` alternatives were found beyond the limit.
    """

    supposing: Supposing
    alternatives: tuple[Alternative, ...]
    tried: int
    whole: int
    stopped: str | None
    unshown: int
    declared: bool

    @property
    def asked(self) -> Asked:
        """Return what was asked."""
        return self.supposing.asked


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far to search: sets of at most ``size`` changes, ``limit`` of them, so many seconds.

    Without a ``size`` no larger sets are tried than the first that flip the answer, at most two.
    """

    size: int | None = None
    limit: int = LIMIT
    seconds: float = SECONDS


def supposing(trace: Trace, engine: Engine, about: str | None) -> Supposing:
    """Return the case to suppose other facts of.

    Raises NesyError N503 for a trace without facts, N501, N201 or N520 for what is asked about.
    """
    if trace.facts is None:
        what = f"the trace of case {trace.case.id} has no facts yet"
        fix = "pipe it through `nesy reason` first"
        raise NesyError(Diagnostic("N503", what, "there is nothing to suppose otherwise", fix))
    found = Supposing(trace, engine.dated(trace), asked(about, engine))
    faces = found.now.marginals
    if found.asked.of_reading and found.asked.face not in (None, *faces):
        what, why = f"{about}: there is no such face", f"the case has {', '.join(faces) or 'none'}"
        raise NesyError(Diagnostic("N520", what, why, "name one of these"))
    return found


def changes_of(case: Supposing) -> Changes:
    """Return the changes that make sense for a case and matter to its question."""
    return Changes(
        case.facts,
        case.engine.vocabulary,
        case.turns_at,
        case.looks,
        case.in_the_way,
        crises=case.asked.status is None,
    )


def what_if(
    trace: Trace,
    engine: Engine,
    about: str | None = None,
    *,
    declared: bool = False,
    bounds: Bounds = Bounds(),
    progress: Progress | None = None,
) -> Answer:
    """Return the smallest sets of changes that flip what is asked about.

    ``about`` is an atom (``reads(f1, joy)``: joy being the most probable reading), ``release``,
    ``block`` or ``hold``, or None for the reply. What the caller declares changes only where
    ``declared`` allows it. Raises as ``supposing`` does.
    """
    case = supposing(trace, engine, about)
    changes = changes_of(case)
    found = search(
        case.facts,
        changes.pool(declared=declared),
        case.flips,
        sizes=range(1, (bounds.size or SIZE) + 1),
        enough=bounds.limit,
        until=time.monotonic() + bounds.seconds,
        possible=changes.possible,
        progress=progress,
        chunk=_FEW if case.engine.rulebook.foreign else CHUNK,
        go_on=bounds.size is not None,
    )
    looked_into = refined(case, changes, found.sets[: _LOOKED_INTO * bounds.limit])
    kept = tuple(sorted(looked_into, key=_reach)[: bounds.limit])
    unshown = len(found.sets) - len(kept)
    return Answer(case, kept, found.solved, found.whole, found.stopped, unshown, declared)


def _reach(one: Alternative) -> tuple[int, int, int]:
    """Order alternatives: fewer changes, likelier ones, and those that go less far."""
    edits = one.edits
    return len(edits), sum(e.cost for e in edits), sum(e.far for e in edits)


def refined(case: Supposing, changes: Changes, sets: Sequence[Edits]) -> tuple[Alternative, ...]:
    """Return sets that flip the answer with each number taken as little far as still flips it.

    Between a number that flips and one that does not, the first that flips is found by halving.
    """
    found = list(sets)
    turning: list[set[int]] = [set() for _ in found]
    for place in range(max(map(len, found), default=0)):
        open_ = {n: _span(e[place]) for n, e in enumerate(found) if place < len(e)}
        spans = {n: span for n, span in open_.items() if span is not None}
        for n in spans:
            turning[n].add(place)
        while asking := {n: (lo + hi) // 2 for n, (lo, hi) in spans.items() if abs(hi - lo) > 1}:
            tried = {n: _with(found[n], place, changes, value) for n, value in asking.items()}
            flipped = case.flips([edited(case.facts, edits) for edits in tried.values()])
            for (n, value), flips in zip(asking.items(), flipped, strict=True):
                low, high = spans[n]
                spans[n] = (low, value) if flips else (value, high)
        for n, (_, high) in spans.items():
            found[n] = _with(found[n], place, changes, high)
    outcomes = case.outcomes([edited(case.facts, edits) for edits in found])
    return tuple(
        Alternative(edits, outcome, frozenset(edits[n] for n in at))
        for edits, outcome, at in zip(found, outcomes, turning, strict=True)
    )


def _span(edit: Edit) -> tuple[int, int] | None:
    """Return from which number, which does not flip the answer, to which, which does.

    Something added is least sure just below the least that counts, where it is no fact.
    """
    if edit.kind not in ("moved", "strength", "added") or len(edit.added) != 1:
        return None
    (new,) = edit.added
    places = numbers_of(new)
    if not places:
        return None
    place = places[0] if edit.kind == "strength" else places[-1]
    reached = new.arguments[place].number
    for old in edit.removed:
        return old.arguments[place].number, reached
    return least_of(new) - 1, reached


def _with(edits: Edits, place: int, changes: Changes, value: int) -> Edits:
    edit = edits[place]
    if _span(edit) is None:
        return edits
    changed = replace(changes.at(edit, value), cost=edit.cost)
    return (*edits[:place], changed, *edits[place + 1 :])


def facts_of(case: Supposing, alternative: Alternative) -> Facts:
    """Return the facts of an alternative."""
    return edited(case.facts, alternative.edits)
