"""The story as functions: perceive, reason, run (both), why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from nesy import line, registry
from nesy.diagnostics import Diagnostic, NesyError
from nesy.explain import outcome
from nesy.explain.justify import Node
from nesy.perceive import Outcome, Perceiver, perceive_cases
from nesy.reason import engine as reasoning
from nesy.reason.engine import Engine
from nesy.trace import Case, LineReading, Observation, Trace
from nesy.vocabulary import Vocabulary

BATCH = 8
READER = "line"


def perceive(
    cases: Iterable[Case],
    *,
    perceiver: str | Perceiver = "embedded",
    engine: Engine | None = None,
    seed: int = 0,
) -> Iterator[Trace]:
    """Yield a Trace with an observation for each case, in order; a bad case carries its ``error``.

    A case without a picture is read from its line alone and needs no model.
    """
    words = (engine or _engine()).vocabulary
    model: Perceiver | None = perceiver if not isinstance(perceiver, str) else None
    rest = iter(cases)
    while batch := list(islice(rest, BATCH)):
        pictured = [case for case in batch if case.image is not None]
        if pictured and model is None:
            model = registry.perceiver(str(perceiver), words)
        seen: Iterator[Outcome] = iter(())
        described: dict[str, Any] = {}
        if model is not None and pictured:
            seen = perceive_cases(model, pictured, vocabulary=words, seed=seed)
            described = model.describe()
        for case in batch:
            found = Outcome(case, Observation(perceiver=READER))
            if case.image is not None:
                found = next(seen)
            yield _observed(found, words, described, seed)


def _observed(
    found: Outcome, vocabulary: Vocabulary, described: dict[str, Any], seed: int
) -> Trace:
    versions: dict[str, Any] = {"seed": seed}
    if found.case.image is not None:
        versions |= {"perceiver": described.get("version") or described.get("model")}
    trace = Trace(case=found.case, versions=versions)
    try:
        if found.observation is None:
            raise found.error or LookupError("an outcome holds an observation or an error")
        _has_face(found.case, found.observation)
        spoken = with_line(found.observation, found.case, vocabulary)
    except NesyError as error:
        return failed(trace, error)
    return trace.with_(observation=spoken)


def _has_face(case: Case, observation: Observation) -> None:
    if case.image is not None and not observation.faces:
        what = f"{case.image}: the perceiver found no face"
        why = "without a face only the words could be read"
        fix = "crop the picture to the face, or leave the picture out"
        raise NesyError(Diagnostic("N141", what, why, fix))


def with_line(observation: Observation, case: Case, vocabulary: Vocabulary) -> Observation:
    """Return an observation whose words are read: by the perceiver where it did, and lexically.

    The cues of a crisis that the lexical reader finds are always kept.
    Raises NesyError N130-N132 for a line that cannot be read.
    """
    if case.image is None and not case.line.strip():
        what = f"case {case.id} has neither a line nor a picture"
        raise NesyError(Diagnostic("N132", what, "there is nothing to read", "give it a line"))
    read = line.read(case.line, vocabulary)
    reported = observation.line
    if reported is None:
        return observation.model_copy(update={"line": read})
    found = {cue.cue for cue in reported.cues}
    crises = [c for c in read.cues if c.cue not in found and vocabulary.cues[c.cue].all("crisis")]
    both = LineReading(
        valence=reported.valence,
        emotions=reported.emotions,
        acts=reported.acts,
        cues=(*reported.cues, *crises),
    )
    return observation.model_copy(update={"line": both})


def failed(trace: Trace, error: NesyError) -> Trace:
    """Return a trace that records why its case went no further."""
    return trace.with_(error=error.as_json())


def reason(trace: Trace, *, engine: Engine | None = None) -> Trace:
    """Fill in facts, reading, verdict and response; a trace with an ``error`` is left alone."""
    if trace.error is not None:
        return trace
    using = engine or _engine()
    seen = trace.observation
    try:
        if seen is None and trace.facts is None:
            seen = Observation(perceiver=READER)
        if seen is not None and seen.line is None:
            seen = with_line(seen, trace.case, using.vocabulary)
        return reasoning.reason(trace.with_(observation=seen), using)
    except NesyError as error:
        return failed(trace, error)


def run(
    cases: Iterable[Case],
    *,
    perceiver: str | Perceiver = "embedded",
    engine: Engine | None = None,
    seed: int = 0,
) -> Iterator[Trace]:
    """Yield the whole Trace of each case, in order."""
    using = engine or _engine()
    for trace in perceive(cases, perceiver=perceiver, engine=using, seed=seed):
        yield reason(trace, engine=using)


def why(trace: Trace, atom: str | None = None, *, engine: Engine | None = None) -> Node:
    """Return the justification of an atom of a trace, or of its response when none is named."""
    return outcome.why(trace, engine or _engine(), atom)


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine.load()


def engine_for(packs: Sequence[str] | None = None, **more: Any) -> Engine:
    """Return an Engine: the shipped packs by name, with the user's rules, weights and ontology."""
    if packs is None and not any(more.values()):
        return _engine()
    return Engine.load(packs, **more)
