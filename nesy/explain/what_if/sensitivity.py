"""How sure: how much each number of the facts matters to an answer, and where it turns.

By solving again with the number changed, never by a formula of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import clingo

from nesy.explain.english import WORDS
from nesy.explain.what_if.changes import MOST, Changes, is_intensity, least_of, with_number
from nesy.explain.what_if.conditional import noun, now_told
from nesy.explain.what_if.flips import Edit, edited, search
from nesy.explain.what_if.supposed import Outcome, Supposing
from nesy.explain.what_if.whatif import Alternative, changes_of, refined, supposing
from nesy.reason.engine import Engine
from nesy.trace import Trace

STEP = 100


@dataclass(frozen=True, slots=True)
class Turn:
    """The number at which an answer turns, and what it turns into."""

    value: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Number:
    """How one number of a fact matters.

    ``less`` and ``more`` are the probability of the reading with the number 100 lower or higher,
    as far as it goes; None where no reading is asked about. ``turns`` is the nearest number with
    another answer, ``without`` what comes of the fact not being there, where that is another one.
    """

    atom: clingo.Symbol
    place: int
    less: float | None = None
    more: float | None = None
    turns: Turn | None = None
    without: Outcome | None = None

    @property
    def value(self) -> int:
        """Return the number there is."""
        found: int = self.atom.arguments[self.place].number
        return found

    @property
    def kind(self) -> str:
        """Tell whether it says how strong or how sure."""
        return "intensity" if is_intensity(self.atom, self.place) else "confidence"


@dataclass(frozen=True)
class Sensitivity:
    """The numbers of a case by how much they matter; ``now`` is the probability of the reading."""

    supposing: Supposing
    emotion: tuple[str, str] | None
    now: float | None
    numbers: tuple[Number, ...]


def measure(trace: Trace, engine: Engine, about: str | None = None) -> Sensitivity:
    """Return how sure an answer is of each number behind it, those that matter most first.

    ``about`` is as for ``what_if``, which says what is raised.
    """
    case = supposing(trace, engine, about)
    changes = changes_of(case)
    of = _reading(case)
    numbers = [(a, p) for a, p in changes.measured() if changes.matters(a)]
    now = _share(case.now, of)
    turning = _turning(case, changes)
    found = []
    for (atom, place), (less, more) in zip(numbers, _shares(case, of, numbers), strict=True):
        key = (atom, place)
        found.append(Number(atom, place, less, more, turning.get(key), _without(turning, atom)))
    matters = [n for n in found if n.turns or n.without or _slope(n, now) >= 0.0005]
    ranked = sorted(matters, key=lambda n: (-_slope(n, now), _distance(n), str(n.atom)))
    return Sensitivity(case, of, now, tuple(ranked))


_Turning = dict[tuple[clingo.Symbol, int], Turn]
_GONE = -1


def _turning(case: Supposing, changes: Changes) -> _Turning:
    """Return the nearest number of each place with which the answer is another."""
    pool = [e for e in changes.pool() if e.kind in ("moved", "strength", "gone")]
    found = search(case.facts, pool, case.flips, sizes=(1,))
    turning: _Turning = {}
    for one in refined(case, changes, found.sets):
        atom, place, value = _moved(one)
        held = turning.get((atom, place))
        now = atom.arguments[place].number if place != _GONE else 0
        if held is None or abs(value - now) < abs(held.value - now):
            turning[atom, place] = Turn(value, one.outcome)
    return turning


def _moved(one: Alternative) -> tuple[clingo.Symbol, int, int]:
    """Return the fact of a change, the place of its number and the number it comes to."""
    (edit,) = one.edits
    old = next(a for a in edit.removed if a.name != "au_side")
    for new in edit.added:
        pairs = enumerate(zip(old.arguments, new.arguments, strict=True))
        place, number = next((n, b.number) for n, (a, b) in pairs if a != b)
        return old, place, number
    return old, _GONE, _GONE


def _without(turning: _Turning, atom: clingo.Symbol) -> Outcome | None:
    gone = turning.get((atom, _GONE))
    return gone.outcome if gone else None


def _reading(case: Supposing) -> tuple[str, str] | None:
    """Return the face and the emotion whose probability is followed, if a reading is asked."""
    if not case.asked.of_reading:
        return None
    tops = case.now.tops()
    face = case.asked.face or next(iter(tops), "")
    emotion = case.asked.emotion or tops.get(face, ("", 0.0))[0]
    return face, emotion


def _share(outcome: Outcome, of: tuple[str, str] | None) -> float | None:
    return outcome.marginals.get(of[0], {}).get(of[1], 0.0) if of else None


def _shares(
    case: Supposing, of: tuple[str, str] | None, numbers: list[tuple[clingo.Symbol, int]]
) -> list[tuple[float | None, float | None]]:
    """Return the probability with each number a step lower, and a step higher."""
    if of is None:
        return [(None, None)] * len(numbers)
    cases = []
    for atom, place in numbers:
        for value in _steps(atom, place):
            new = with_number(atom, place, value)
            cases.append(edited(case.facts, [Edit(frozenset([atom]), frozenset([new]), "")]))
    shares = [_share(outcome, of) for outcome in case.outcomes(cases)]
    return list(zip(shares[::2], shares[1::2], strict=True))


def _steps(atom: clingo.Symbol, place: int) -> tuple[int, int]:
    """Return the number of a fact a step lower and a step higher, as far as it goes."""
    least = 0 if is_intensity(atom, place) else least_of(atom)
    now = atom.arguments[place].number
    return max(least, now - STEP), min(MOST, now + STEP)


def _slope(number: Number, now: float | None) -> float:
    reached = [share for share in (number.less, number.more) if share is not None]
    return max((abs(share - (now or 0.0)) for share in reached), default=0.0)


def _distance(number: Number) -> int:
    return abs(number.turns.value - number.value) if number.turns else MOST + 1


def as_json(found: Sensitivity) -> dict[str, Any]:
    """Return the measures as plain data.

    ``asked``, ``now`` (the probability), and ``numbers``: each with its ``fact``, ``kind``,
    ``value``, the probability with it 100 ``less`` and ``more``, where it ``turns`` (``at`` and
    into which ``top``), and whether it turns ``without`` the fact.
    """
    return {
        "schema": "nesy.sure.v1",
        "case": found.supposing.trace.case.id,
        "asked": found.supposing.asked.text,
        "reading": list(found.emotion) if found.emotion else None,
        "now": found.now,
        "numbers": [
            {
                "fact": str(n.atom),
                "kind": n.kind,
                "value": n.value,
                "less": n.less,
                "more": n.more,
                "turns": {"at": n.turns.value, "top": _tops(n.turns.outcome)} if n.turns else None,
                "without": {"top": _tops(n.without)} if n.without else None,
            }
            for n in found.numbers
        ],
    }


def _tops(outcome: Outcome) -> dict[str, list[str | float]]:
    return {face: list(top) for face, top in outcome.tops().items()}


def as_text(found: Sensitivity) -> str:
    """Return the measures as lines, what matters most first."""
    lines = [now_told(found.supposing)]
    if found.emotion and found.now is not None:
        phrase = found.supposing.engine.vocabulary.phrase("emotion", found.emotion[1])
        lines.append(WORDS["sure_of"].format(emotion=phrase, share=f"{100 * found.now:.1f} %"))
    lines += [_line(number, found) for number in found.numbers]
    if not found.numbers:
        lines.append(WORDS["sure_none"])
    return "\n".join(lines) + "\n"


def _line(number: Number, found: Sensitivity) -> str:
    strong = WORDS["if_strong" if number.kind == "intensity" else "if_sure"]
    engine = found.supposing.engine
    told = f"- {noun(number.atom, engine)}, {number.value / 10:g} % {strong}"
    steps = _steps(number.atom, number.place)
    if number.less is not None and number.more is not None:
        for value, share in zip(steps, (number.less, number.more), strict=True):
            if value != number.value:
                at = f"{value / 10:g} %"
                told += WORDS["sure_at"].format(value=at, share=f"{100 * share:.1f} %")
    if number.turns is not None:
        word = "sure_turns_down" if number.turns.value < number.value else "sure_turns_up"
        told += WORDS[word].format(value=f"{number.turns.value / 10:g} %")
        return told + _into(number.turns.outcome, found)
    if number.without is not None:
        return told + WORDS["sure_without"] + _into(number.without, found)
    return told


def _into(outcome: Outcome, found: Sensitivity) -> str:
    """Return what a reading turns into."""
    if found.emotion is None:
        return ""
    top = outcome.tops().get(found.emotion[0])
    if top is None:
        return ""
    return WORDS["sure_into"].format(
        emotion=found.supposing.engine.vocabulary.phrase("emotion", top[0])
    )
