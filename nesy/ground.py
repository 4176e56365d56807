"""Ground an observation: typed data in, facts (ground atoms with an origin) out.

Atoms are built from vocabulary terms and bounded integers only, so no string from outside can
become program text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from nesy import turns
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.perceive import unknown_terms
from nesy.predicates import DECLARABLE, PREDICATES, kind_of
from nesy.reason.rows import Row, written
from nesy.trace import Case, Face, Fact, LineReading, Observation, Origin
from nesy.vocabulary import Vocabulary

# What a perceiver holds less likely than not is no fact; the Observation keeps it. Opinions of an
# emotion are shares of a whole, where the small ones count: they are facts from the least share on.
LEAST_CONFIDENCE = 500
LEAST_SHARE = 1

# The person whose line it is, where the picture shows nobody who could be bound to it.
SPEAKER = "f1"
# The same where faces are seen and none is known to be the speaker's: the words are still read.
UNBOUND = "f0"

# How many arguments, the predicate's name, the arguments: as clingo orders atoms.
_Atom = tuple[int, str, Row]

_KIND_OF_DECLARED = {name: name for name in DECLARABLE} | {"stated": "emotion"}


def ground(case: Case, observation: Observation, vocabulary: Vocabulary) -> tuple[Fact, ...]:
    """Return the facts of a case, sorted within their channel.

    Raises NesyError with every N201 (an unknown term), N210 (a key nobody may declare) and N212 (a
    turn that the case has not).
    """
    faults = [*_undeclarable(case, vocabulary), *unknown_terms(observation, vocabulary)]
    if faults := [*faults, *_turns_too_many(case, observation)]:
        raise NesyError(faults)
    found: dict[Origin, list[_Atom]] = {
        "declared": [*_declared(case, vocabulary), *_speakers(observation)],
        "line": [*_line(observation, vocabulary), *_turns(case, observation, vocabulary)],
        "image": [(1, "faces", (len(observation.faces),))] if case.image is not None else [],
        "model": [],
        "caption": [(1, "caption", (observation.caption,))] if observation.caption else [],
    }
    for face in observation.faces:
        found["image"] += _face(face, vocabulary)
        found["model"] += _claims(face, vocabulary)
    unique = ((origin, atom) for origin, atoms in found.items() for atom in sorted(set(atoms)))
    return tuple(_fact(atom, origin) for origin, atom in unique)


# Cases have most facts in common.
@lru_cache(maxsize=2**14)
def _fact(atom: _Atom, origin: Origin) -> Fact:
    _, name, arguments = atom
    return Fact(atom=written(name, arguments), origin=origin)


def declarable(key: str, value: str, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    """Yield what is wrong with a declaration; nothing where it is sound."""
    if key not in _KIND_OF_DECLARED:
        what = f"{key!r} cannot be declared"
        fix = nearest(key, _KIND_OF_DECLARED)
        yield Diagnostic("N210", what, "rules know no such declaration", fix)
    else:
        yield from vocabulary.lacking(_KIND_OF_DECLARED[key], value)


def _undeclarable(case: Case, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    for key, values in case.declared.items():
        for value in values:
            yield from declarable(key, value, vocabulary)


def _declared(case: Case, vocabulary: Vocabulary) -> Iterator[_Atom]:
    for key, values in case.declared.items():
        kind = _KIND_OF_DECLARED[key]
        for value in values:
            # Who said they feel annoyed did not say they feel angry: only circumstances widen.
            wider = (value,) if kind == "emotion" else vocabulary.broader(kind, value)
            for name in wider:
                yield 1, key, (name,)


def _speakers(observation: Observation) -> Iterator[_Atom]:
    """Name the speaker: the face that is bound to the line, or nobody's face where none is."""
    bound = [face.id for face in observation.faces if face.speaker]
    for face in bound or [UNBOUND if observation.faces else SPEAKER]:
        yield 1, "speaker", (face,)


def _line(observation: Observation, vocabulary: Vocabulary) -> Iterator[_Atom]:
    if observation.line is None:
        return
    names = {"valence": "line_valence", "emotion": "line_emotion", "line act": "line_act"}
    for kind, term, confidence in _said(observation.line, vocabulary):
        yield 2, names.get(kind, kind), (term, confidence)
    for reason in observation.line.unread or ():
        yield 1, "line_unread", (reason,)


def _turns_too_many(case: Case, observation: Observation) -> Iterator[Diagnostic]:
    read, had = len(observation.turns or ()), len(case.turns)
    if read > had:
        what = f"{read} earlier turns were read and the case has {had}"
        why = "whose a turn was stands in the case"
        yield Diagnostic("N212", what, why, "give the case its `turns`, oldest first")


def _turns(case: Case, observation: Observation, vocabulary: Vocabulary) -> Iterator[_Atom]:
    names = {"line act": "act"}
    pairs = zip(turns.counted(case), reversed(observation.turns or ()), strict=False)
    for (back, turn), reading in pairs:
        said = tuple(_said(reading, vocabulary))
        if said or back <= turns.NEAREST:
            yield 2, "turn", (back, turns.party(turn, case))
        for kind, term, confidence in said:
            predicate = f"turn_{names.get(kind, kind)}"
            yield 3, predicate, (back, term, confidence)


def _said(line: LineReading, vocabulary: Vocabulary) -> Iterator[tuple[str, str, int]]:
    """Yield the kind, the term and the confidence of what words say, where it counts as a fact."""
    channels = (
        ("valence", ((v.valence, v.confidence) for v in line.valence)),
        ("emotion", ((e.emotion, e.confidence) for e in line.emotions)),
        ("line act", ((a.act, a.confidence) for a in line.acts)),
        ("cue", ((c.cue, c.confidence) for c in line.cues)),
    )
    for kind, reported in channels:
        least = LEAST_SHARE if kind == "emotion" else LEAST_CONFIDENCE
        for term, confidence in reported:
            known = vocabulary.require(kind, term)
            if confidence >= least:
                yield kind, known.id, confidence


def _face(face: Face, vocabulary: Vocabulary) -> Iterator[_Atom]:
    yield 1, "face", (face.id,)
    if face.action_units:
        unseen = set(face.unobservable)
        for code in vocabulary.reported_units:
            if code not in unseen:
                yield 2, "observable", (face.id, code)
    seen_units = [u for u in face.action_units if u.confidence >= LEAST_CONFIDENCE]
    # One muscle votes once: a unit reported for each side, or twice, is the surest report of it.
    surest = {u.unit: u for u in sorted(seen_units, key=lambda u: (u.confidence, u.intensity))}
    for unit in surest.values():
        yield 4, "au", (face.id, unit.unit, unit.intensity, unit.confidence)
    for code in surest:
        sides = {unit.side for unit in seen_units if unit.unit == code and unit.side is not None}
        if sides:
            side = sides.pop() if len(sides) == 1 else "both"
            yield 3, "au_side", (face.id, code, side)
    shown: dict[str, int] = {}
    for seen in face.expressions:
        known = vocabulary.require("expression", seen.expression)
        shown[known.id] = max(seen.confidence, shown.get(known.id, 0))
    for expression, confidence in shown.items():
        if confidence >= LEAST_CONFIDENCE:
            yield 3, "expression", (face.id, expression, confidence)


def _claims(face: Face, vocabulary: Vocabulary) -> Iterator[_Atom]:
    for claim in face.claims:
        known = vocabulary.require("emotion", claim.emotion)
        if claim.confidence >= LEAST_SHARE:
            yield 3, "claim", (face.id, known.id, claim.confidence)


# Exactly what this module writes: a predicate over small-letter words and integers of 0-9999.
_TERM = r"(?:[a-z][a-z0-9_]{0,63}|0|[1-9][0-9]{0,3})"
_ATOM = re.compile(rf"([a-z][a-z0-9_]{{0,63}})\(({_TERM}(?:,{_TERM}){{0,3}})\)")


_NUMBER = re.compile(r"1000|[0-9]{1,3}")
_FORM = {
    "Face": re.compile(r"f(?:0|[1-9][0-9]?)"),
    "Intensity": _NUMBER,
    "Confidence": _NUMBER,
    "Count": _NUMBER,
    "Back": re.compile(r"[1-9][0-9]{0,2}|1000"),
    "Relation": re.compile(r"same|differs"),
    "Side": re.compile(r"left|right|both"),
    "Reason": re.compile(r"language"),
}


def checked(facts: Iterable[Fact], vocabulary: Vocabulary) -> tuple[Fact, ...]:
    """Return the facts of a Trace from outside, each as if it had been grounded here.

    Raises NesyError with every N211 (no fact of its channel) and N201 (an unknown term).
    """
    kept = tuple(facts)
    if faults := [fault for fact in kept for fault in _faults_of(fact, vocabulary)]:
        raise NesyError(faults)
    return kept


def _faults_of(fact: Fact, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    found = _ATOM.fullmatch(fact.atom)
    terms = found[2].split(",") if found else []
    predicate = PREDICATES.get((found[1], len(terms))) if found else None
    stated = predicate is not None and predicate.stratum == "input"
    formed = predicate is not None and all(
        _FORM[name].fullmatch(term)
        for name, term in zip(predicate.arguments, terms, strict=True)
        if name in _FORM
    )
    if predicate is None or predicate.origin != fact.origin or not (stated and formed):
        what = f"{fact.atom[:60]!r} is no fact of the channel {fact.origin}"
        why = "each channel states facts of its own, from words of the vocabulary and numbers"
        fix = "leave `facts` out: `nesy reason` grounds the observation"
        yield Diagnostic("N211", what, why, fix)
        return
    for name, term in zip(predicate.arguments, terms, strict=True):
        kind = kind_of(predicate, name)
        if kind is not None:
            yield from vocabulary.lacking(kind, f"au{term}" if kind == "unit" else term)
