"""Two perceivers of one picture: how far they agree, for the Trace; the reading rests on the first.

Compared is only what both could tell: units that both could see, expressions and claims where both
name some. Of several faces the two that are bound to the line are compared; where none is, nothing:
which face is which nobody said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nesy.observation import Agreement, Beside, Face, Observation, Opinions, Voices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nesy.diagnostics import NesyError
    from nesy.observation import Term
    from nesy.trace import Trace
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
    one, other = _speaker(first), _speaker(second)
    if one is None or other is None:
        return found
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


def _speaker(seen: Observation) -> Face | None:
    """Return the only face, or of several the only one that is bound to the line."""
    bound = [face for face in seen.faces if face.speaker or len(seen.faces) == 1]
    return bound[0] if len(bound) == 1 else None


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


def voiced(first: Trace, second: Trace, vocabulary: Vocabulary) -> Trace:
    """Return the first trace with what each perceiver claims and what the rules read of each.

    ``second`` is the same case, read from what the second perceiver saw. Joy is a happiness, so
    the two do not differ. Where a norm keeps the face from the rules, no opinion of it is told.
    """
    if first.beside is None or any(fact.withheld for fact in first.facts or ()):
        return first
    said = {
        "claim": _claimed(first),
        "read": _read(first),
        "beside_claim": _claimed(second),
        "beside_read": _read(second),
    }
    told = [
        {wider for emotion in emotions for wider in vocabulary.broader("emotion", emotion)}
        for emotions in said.values()
        if emotions
    ]
    differ = bool(told) and not set.intersection(*told)
    voices = Voices(**said, differ=differ)
    return first.with_(beside=first.beside.model_copy(update={"voices": voices}))


def _claimed(trace: Trace) -> tuple[Term, ...]:
    face = _speaker(trace.observation) if trace.observation else None
    return _likeliest({c.emotion: c.confidence for c in face.claims}) if face else ()


def _read(trace: Trace) -> tuple[Term, ...]:
    face = _speaker(trace.observation) if trace.observation else None
    reading = (trace.reading or {}).get(face.id) if face else None
    return _likeliest(reading.distribution) if reading else ()


def _likeliest(shares: Mapping[Term, float]) -> tuple[Term, ...]:
    """Return the emotions that share the largest share, as a Trace rounds it."""
    most = max(shares.values(), default=0)
    return tuple(sorted(emotion for emotion, share in shares.items() if share >= most - 1e-9))


def in_words(found: Beside) -> str:
    """Return in a line how two perceivers agree."""
    if found.error is not None:
        return f"{found.perceiver} could not tell"
    compared = (found.units, found.expressions, found.claims)
    if found.faces is not None and found.faces != (1, 1) and compared == (None, None, None):
        return f"{found.perceiver} sees {found.faces[1]} faces, the first {found.faces[0]}"
    told = []
    for noun, each in (("units", found.units), ("expressions", found.expressions)):
        if each is not None:
            kappa = "" if each.kappa is None else f" (kappa {each.kappa:.2f})"
            told.append(f"agrees on {each.same} of {each.asked} {noun}{kappa}")
            told += [f"only the first sees {', '.join(each.first_only)}"] * bool(each.first_only)
            told += [f"only it sees {', '.join(each.second_only)}"] * bool(each.second_only)
    if found.voices is not None and found.voices.differ:
        told.append("what is claimed and what is read of both disagree")
    if found.claims is not None and not found.claims.same:
        told.append(f"claims {found.claims.second}, the first {found.claims.first}")
    elif found.claims is not None:
        told.append(f"claims {found.claims.second} as well")
    return f"{found.perceiver} " + ("; ".join(told) or "tells nothing that the first tells")
