"""Ground an observation: typed data in, facts (ground atoms with an origin) out.

Atoms are built from vocabulary terms and bounded integers only, so no string from outside can
become program text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import clingo
from clingo import Function, Number

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.perceive import unknown_terms
from nesy.predicates import DECLARABLE, PREDICATES, kind_of
from nesy.trace import Case, Face, Fact, LineReading, Observation, Origin
from nesy.vocabulary import Vocabulary

# What a perceiver holds less likely than not is no fact; the Observation keeps it.
LEAST_CONFIDENCE = 500

# The person whose line it is, where the picture shows nobody who could be bound to it.
SPEAKER = "f1"
# The same where faces are seen and none is known to be the speaker's: the words are still read.
UNBOUND = "f0"

_KIND_OF_DECLARED = {name: name for name in DECLARABLE} | {"stated": "emotion"}


def ground(case: Case, observation: Observation, vocabulary: Vocabulary) -> tuple[Fact, ...]:
    """Return the facts of a case, sorted within their channel.

    Raises NesyError with every N201 (an unknown term) and N210 (a key nobody may declare).
    """
    if faults := [*_undeclarable(case, vocabulary), *unknown_terms(observation, vocabulary)]:
        raise NesyError(faults)
    found: list[tuple[Origin, clingo.Symbol]] = []
    found += [("declared", atom) for atom in _declared(case, vocabulary)]
    if observation.line is not None:
        found += [("line", atom) for atom in _line(observation.line, vocabulary)]
    for face in observation.faces:
        found += [(origin, atom) for origin, atom in _face(face, vocabulary)]
    if case.image is not None:
        found.append(("image", Function("faces", [Number(len(observation.faces))])))
    found += [("declared", atom) for atom in _speakers(observation)]
    if observation.caption is not None:
        found.append(("caption", Function("caption", [Function(observation.caption)])))
    order = {"declared": 0, "line": 1, "image": 2, "model": 3, "caption": 4}
    unique = sorted(set(found), key=lambda pair: (order[pair[0]], pair[1]))
    return tuple(Fact(atom=str(atom), origin=origin) for origin, atom in unique)


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


def _declared(case: Case, vocabulary: Vocabulary) -> Iterator[clingo.Symbol]:
    for key, values in case.declared.items():
        kind = _KIND_OF_DECLARED[key]
        for value in values:
            # Who said they feel annoyed did not say they feel angry: only circumstances widen.
            wider = (value,) if kind == "emotion" else vocabulary.broader(kind, value)
            for name in wider:
                yield Function(key, [Function(name)])


def _speakers(observation: Observation) -> Iterator[clingo.Symbol]:
    """Name the speaker: the face that is bound to the line, or nobody's face where none is."""
    bound = [face.id for face in observation.faces if face.speaker]
    for face in bound or [UNBOUND if observation.faces else SPEAKER]:
        yield Function("speaker", [Function(face)])


def _line(line: LineReading, vocabulary: Vocabulary) -> Iterator[clingo.Symbol]:
    channels = (
        ("line_valence", "valence", ((v.valence, v.confidence) for v in line.valence)),
        ("line_emotion", "emotion", ((e.emotion, e.confidence) for e in line.emotions)),
        ("line_act", "line act", ((a.act, a.confidence) for a in line.acts)),
        ("cue", "cue", ((c.cue, c.confidence) for c in line.cues)),
    )
    for predicate, kind, reported in channels:
        for term, confidence in reported:
            known = vocabulary.require(kind, term)
            if confidence >= LEAST_CONFIDENCE:
                yield Function(predicate, [Function(known.id), Number(confidence)])


def _face(face: Face, vocabulary: Vocabulary) -> Iterator[tuple[Origin, clingo.Symbol]]:
    who = Function(face.id)
    yield "image", Function("face", [who])
    unseen = set(face.unobservable)
    for code in vocabulary.reported_units:
        if code not in unseen and face.action_units:
            yield "image", Function("observable", [who, Number(code)])
    for unit in face.action_units:
        if unit.confidence >= LEAST_CONFIDENCE:
            numbers = [Number(unit.unit), Number(unit.intensity), Number(unit.confidence)]
            yield "image", Function("au", [who, *numbers])
    for seen in face.expressions:
        known = vocabulary.require("expression", seen.expression)
        if seen.confidence >= LEAST_CONFIDENCE:
            arguments = [who, Function(known.id), Number(seen.confidence)]
            yield "image", Function("expression", arguments)
    best = max(face.claims, key=lambda claim: (claim.confidence, claim.emotion), default=None)
    for claim in face.claims:
        known = vocabulary.require("emotion", claim.emotion)
        if claim.confidence >= LEAST_CONFIDENCE or claim is best:
            yield "model", Function("claim", [who, Function(known.id), Number(claim.confidence)])


# Exactly what this module writes: a predicate over small-letter words and integers of 0-9999.
_TERM = r"(?:[a-z][a-z0-9_]{0,63}|0|[1-9][0-9]{0,3})"
_ATOM = re.compile(rf"([a-z][a-z0-9_]{{0,63}})\(({_TERM}(?:,{_TERM}){{0,3}})\)")


_NUMBER = re.compile(r"1000|[0-9]{1,3}")
_FORM = {
    "Face": re.compile(r"f(?:0|[1-9][0-9]?)"),
    "Intensity": _NUMBER,
    "Confidence": _NUMBER,
    "Count": _NUMBER,
    "Relation": re.compile(r"same|differs"),
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
