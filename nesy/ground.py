"""Ground an observation: typed data in, facts (ground atoms with an origin) out.

Atoms are built from vocabulary terms and bounded integers only, so no string from outside can become
program text.
"""

from __future__ import annotations

from collections.abc import Iterator

import clingo
from clingo import Function, Number

from nesy.diagnostics import Diagnostic, NesyError
from nesy.predicates import DECLARABLE
from nesy.trace import Case, Face, Fact, LineReading, Observation, Origin
from nesy.vocabulary import Vocabulary

# What a perceiver holds less likely than not is no fact; the Observation keeps it.
LEAST_CONFIDENCE = 500

# The person whose line it is, where the picture shows nobody who could be bound to it.
SPEAKER = "f1"

_KIND_OF_DECLARED = {name: name for name in DECLARABLE} | {"stated": "emotion"}


def ground(case: Case, observation: Observation, vocabulary: Vocabulary) -> tuple[Fact, ...]:
    """Return the facts of a case, sorted within their channel.

    Raises NesyError N201 (a term the ontology lacks) or N210 (a key nobody may declare).
    """
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


def _declared(case: Case, vocabulary: Vocabulary) -> Iterator[clingo.Symbol]:
    for key, values in case.declared.items():
        if key not in _KIND_OF_DECLARED:
            what = f"{key} cannot be declared"
            why = "rules know no such declaration"
            fix = f"declare one of: {', '.join(sorted(_KIND_OF_DECLARED))}"
            raise NesyError(Diagnostic("N210", what, why, fix))
        for value in values:
            kind = _KIND_OF_DECLARED[key]
            term = vocabulary.require(kind, value)
            # Who said they feel annoyed did not say they feel angry: only circumstances widen.
            wider = (term.id,) if kind == "emotion" else vocabulary.broader(kind, term.id)
            for name in wider:
                yield Function(key, [Function(name)])


def _speakers(observation: Observation) -> Iterator[clingo.Symbol]:
    """Name the speaker: the face that is bound to the line, or nobody's face where none is."""
    bound = [face.id for face in observation.faces if face.speaker]
    for face in bound or ([] if observation.faces else [SPEAKER]):
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
        if unit.unit not in vocabulary.units:
            what = f"unknown unit {unit.unit}"
            why = f"FACS, as the ontology has it, numbers {len(vocabulary.units)} units"
            raise NesyError(Diagnostic("N201", what, why, "see `nesy list units`"))
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
