"""Two perceivers of one picture: how far they agree, for the Trace; the reading rests on the first.

Compared is only what both could tell: units that both could see, expressions and claims where both
name some. Two readings of several faces are not compared: which face is which nobody said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nesy.observation import Agreement, Beside, Face, Observation, Opinions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nesy.diagnostics import NesyError
    from nesy.vocabulary import Vocabulary

# The same as where a perceiver's word becomes a fact (nesy.ground).
PRESENT = 500


def beside(
    first: Observation, second: Observation | NesyError, name: str, vocabulary: Vocabulary
) -> Beside:
    """Return how what a perceiver of this name reported agrees with what the first did."""
    if not isinstance(second, Observation):
        return Beside(perceiver=name, error=second.as_json())
    found = Beside(perceiver=name, observation=second, faces=(len(first.faces), len(second.faces)))
    if found.faces != (1, 1):
        return found
    one, other = first.faces[0], second.faces[0]
    return found.model_copy(
        update={
            "units": _agreement(
                (f"au{code}" for code in _visible(one, vocabulary) & _visible(other, vocabulary)),
                {f"au{u.unit}" for u in one.action_units if u.confidence >= PRESENT},
                {f"au{u.unit}" for u in other.action_units if u.confidence >= PRESENT},
            ),
            "expressions": _agreement(
                vocabulary.expressions if one.expressions and other.expressions else (),
                {e.expression for e in one.expressions if e.confidence >= PRESENT},
                {e.expression for e in other.expressions if e.confidence >= PRESENT},
            ),
            "claims": _opinions(one, other),
        }
    )


def _visible(face: Face, vocabulary: Vocabulary) -> set[int]:
    """Return the units a perceiver scored or could have seen; who reports none looked for none."""
    if not face.action_units:
        return set()
    told = {unit.unit for unit in face.action_units}
    return told | (set(vocabulary.reported_units) - set(face.unobservable))


def _agreement(asked: Iterable[str], one: set[str], other: set[str]) -> Agreement | None:
    names = sorted(asked, key=lambda name: (len(name), name))
    if not names:
        return None
    first_only = tuple(n for n in names if n in one and n not in other)
    second_only = tuple(n for n in names if n in other and n not in one)
    total = len(names)
    same = total - len(first_only) - len(second_only)
    held, also = sum(n in one for n in names), sum(n in other for n in names)
    # Whole numbers until the last step: the same counts give the same kappa everywhere.
    chance = held * also + (total - held) * (total - also)
    kappa = None
    if chance < total * total:
        kappa = round((same * total - chance) / (total * total - chance), 6)
    return Agreement(
        asked=total, same=same, kappa=kappa, first_only=first_only, second_only=second_only
    )


def _opinions(one: Face, other: Face) -> Opinions | None:
    if not (one.claims and other.claims):
        return None
    first, second = (
        min(face.claims, key=lambda c: (-c.confidence, c.emotion)).emotion for face in (one, other)
    )
    return Opinions(first=first, second=second, same=first == second)


def in_words(found: Beside) -> str:
    """Return in a line how two perceivers agree."""
    if found.error is not None:
        return f"{found.perceiver} could not tell"
    if found.faces is not None and found.faces != (1, 1):
        return f"{found.perceiver} sees {found.faces[1]} faces, the first {found.faces[0]}"
    told = []
    for noun, each in (("units", found.units), ("expressions", found.expressions)):
        if each is not None:
            kappa = "" if each.kappa is None else f" (kappa {each.kappa:.2f})"
            told.append(f"agrees on {each.same} of {each.asked} {noun}{kappa}")
            told += [f"only the first sees {', '.join(each.first_only)}"] * bool(each.first_only)
            told += [f"only it sees {', '.join(each.second_only)}"] * bool(each.second_only)
    if found.claims is not None and not found.claims.same:
        told.append(f"claims {found.claims.second}, the first {found.claims.first}")
    elif found.claims is not None:
        told.append(f"claims {found.claims.second} as well")
    return f"{found.perceiver} " + ("; ".join(told) or "tells nothing that the first tells")
