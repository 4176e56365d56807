"""The story as functions: perceive, reason, run (both), why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, Any

from nesy import line, registry, rulebook, turns
from nesy.beside import beside as beside_of
from nesy.beside import voiced
from nesy.diagnostics import Diagnostic, NesyError
from nesy.line.reader import Reader, read_line
from nesy.perceive import Outcome, Perceiver, perceive_cases
from nesy.reason.bulk import CHUNK, chunks, together
from nesy.reason.engine import Engine, Steps, alone, reasoned
from nesy.reason.workers import spread
from nesy.reply.draft import Drafter
from nesy.reply.reader import ReplyReader
from nesy.reply.task import Desk
from nesy.speaker import bound
from nesy.trace import Case, LineReading, Observation, Trace
from nesy.vocabulary import Vocabulary

if TYPE_CHECKING:
    from nesy.explain.why.justify import Node

BATCH = 8
READER = "line"


def perceive(
    cases: Iterable[Case],
    *,
    perceiver: str | Perceiver = "embedded",
    reader: str | Reader | None = None,
    beside: str | Perceiver | None = None,
    engine: Engine | None = None,
    seed: int = 0,
) -> Iterator[Trace]:
    """Yield a Trace with an observation for each case, in order; a bad case carries its ``error``.

    A case without a picture is read from its line alone and needs no model. A named ``reader``
    reads the words in place of the perceiver; without one the lexical reader reads what it left.
    A perceiver ``beside`` looks as well, and the Trace tells how far the two agree.
    """
    words = (engine or _engine()).vocabulary
    second = registry.perceiver(beside, words) if isinstance(beside, str) else beside
    chosen = reader_for(reader, words)
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
            versions: dict[str, Any] = {"seed": seed, **read_by(chosen)}
            if case.image is not None:
                versions |= seen_by(described)
            trace = _observed(found, words, versions, chosen)
            yield trace if second is None else _beside(trace, second, words, seed)


def _beside(trace: Trace, second: Perceiver, words: Vocabulary, seed: int) -> Trace:
    """Return a trace with what the second perceiver saw, where the first saw something."""
    if trace.case.image is None or trace.observation is None:
        return trace
    (seen,) = perceive_cases(second, (trace.case,), vocabulary=words, seed=seed)
    described = second.describe()
    name = str(described.get("version") or f"{described['name']}:{described['model']}")
    answer = seen.observation or seen.error
    if answer is None:
        raise LookupError("an outcome holds an observation or an error")
    if isinstance(answer, Observation):
        try:
            answer = bound(trace.case, answer)
        except NesyError as error:
            answer = error
    return trace.with_(beside=beside_of(trace.observation, answer, name, words))


def _observed(
    found: Outcome, vocabulary: Vocabulary, versions: dict[str, Any], reader: Reader | None
) -> Trace:
    trace = Trace(case=found.case, versions=versions)
    try:
        if found.observation is None:
            raise found.error or LookupError("an outcome holds an observation or an error")
        _has_face(found.case, found.observation)
        seen = bound(found.case, found.observation)
        spoken = with_line(seen, found.case, vocabulary, reader)
    except NesyError as error:
        return failed(trace, error)
    return trace.with_(observation=spoken)


def _has_face(case: Case, observation: Observation) -> None:
    if case.image is not None and not observation.faces:
        what = f"{case.image}: the perceiver found no face"
        why = "without a face only the words could be read"
        fix = "crop the picture to the face, or leave the picture out"
        raise NesyError(Diagnostic("N141", what, why, fix))


def seen_by(described: dict[str, Any]) -> dict[str, Any]:
    """Return what a Trace records of the perceiver that describes itself so."""
    return {"perceiver": described.get("version") or described.get("model")}


def reader_for(named: str | Reader | None, vocabulary: Vocabulary) -> Reader | None:
    """Return the reader that is named, or None where none is."""
    return registry.reader(named, vocabulary) if isinstance(named, str) else named


def read_by(reader: Reader | None) -> dict[str, Any]:
    """Return what a Trace records of a reader that was named."""
    described = reader.describe() if reader is not None else {}
    return {"reader": described.get("version") or described.get("model")} if described else {}


def with_line(
    observation: Observation, case: Case, vocabulary: Vocabulary, reader: Reader | None = None
) -> Observation:
    """Return an observation whose words are read: by the reader, the perceiver, or lexically.

    So are earlier turns. The cues of a crisis that the lexical reader finds are always kept.
    Raises NesyError N130-N132 for a line or a turn that cannot be read, or what the reader raises.
    """
    if case.image is None and not case.line.strip():
        what = f"case {case.id} has neither a line nor a picture"
        raise NesyError(Diagnostic("N132", what, "there is nothing to read", "give it a line"))
    words = line.read(case.line, vocabulary)
    said, earlier, read = observation.line or words, observation.turns, None
    if reader is not None:
        read = partial(read_line, reader, vocabulary=vocabulary)
        said = read(case.line) if case.line.strip() else words
    if case.turns and (earlier is None or read is not None):
        earlier = turns.read(case, vocabulary, read)
    said = turns.with_crises(said, words, vocabulary)
    if reader is None and words.unread:
        said = said.model_copy(update={"unread": words.unread})
    return observation.model_copy(update={"line": said, "turns": earlier})


def _with_signs(
    observation: Observation, words: LineReading, trace: Trace, engine: Engine
) -> Observation:
    """Return an observation whose reading of the line has what the lexical reader cannot miss."""
    said = turns.with_crises(observation.line or words, words, engine.vocabulary)
    if words.unread and "reader" not in trace.versions:
        said = said.model_copy(update={"unread": words.unread})
    return observation.model_copy(update={"line": said})


def is_read(observation: Observation, case: Case) -> bool:
    """Tell whether the words of a case were read: its line, and its earlier turns if it has any."""
    return observation.line is not None and (observation.turns is not None or not case.turns)


def failed(trace: Trace, error: NesyError) -> Trace:
    """Return a trace that records why its case went no further."""
    return trace.with_(error=error.as_json())


def reason(
    trace: Trace,
    *,
    reader: str | Reader | None = None,
    desk: Desk | None = None,
    engine: Engine | None = None,
) -> Trace:
    """Fill in facts, reading, verdict and response; a trace with an ``error`` is left alone.

    A named ``reader`` reads the words again. A ``desk`` says who drafts; without one templates do,
    and drafts of others that the trace holds are judged again.
    """
    using = engine or _engine()
    return alone(*_way(trace, reader_for(reader, using.vocabulary), using, desk))


def reason_many(
    traces: Iterable[Trace],
    *,
    reader: str | Reader | None = None,
    desk: Desk | None = None,
    engine: Engine | None = None,
    chunk: int = CHUNK,
    jobs: int = 1,
) -> Iterator[Trace]:
    """Yield what `reason` returns for each trace, in order, ``chunk`` of them solved at once.

    With ``jobs`` > 1 in so many processes, to which a ``reader`` goes by its name. With a ``desk``
    one by one in this one: a model is not sent to another, and what it drafted does not wait.
    """
    using = engine or _engine()
    some = chunks(traces, chunk if desk is None else 1)
    if jobs > 1 and desk is None:
        held = (reader, using)
        yield from chain.from_iterable(spread(_reasoned_by_worker, held, some, jobs=jobs))
        return
    chosen = reader_for(reader, using.vocabulary)
    for each in some:
        yield from together([_way(trace, chosen, using, desk) for trace in each])


def _reasoned_by_worker(
    held: tuple[str | Reader | None, Engine], traces: list[Trace]
) -> list[Trace]:
    reader, engine = held
    chosen = reader_for(reader, engine.vocabulary)
    return together([_way(trace, chosen, engine) for trace in traces])


def _way(
    trace: Trace, reader: Reader | None, engine: Engine, desk: Desk | None = None
) -> tuple[Steps[Trace], Engine]:
    """Return the way of a trace, and the engine of its day that answers it."""
    using = engine
    with suppress(NesyError):
        using = engine.dated(trace)
    return _steps(trace, reader, using, desk), using


def _steps(trace: Trace, reader: Reader | None, engine: Engine, desk: Desk | None) -> Steps[Trace]:
    if trace.error is not None:
        return trace
    seen = trace.observation
    try:
        if seen is None and trace.facts is None:
            seen = Observation(perceiver=READER)
        if seen is not None and (reader is not None or not is_read(seen, trace.case)):
            seen = with_line(seen, trace.case, engine.vocabulary, reader)
            trace = trace.with_(versions={**trace.versions, **read_by(reader)})
        elif seen is not None and trace.case.line.strip():
            # Whoever read the words: no report takes a sign of a crisis away (E202, E312).
            seen = _with_signs(seen, line.read(trace.case.line, engine.vocabulary), trace, engine)
        ready = trace.with_(observation=seen)
        task = desk.task(ready, engine.vocabulary) if desk is not None else None
        done = yield from reasoned(ready, engine.dated(ready), task)
        if done.beside is None or done.beside.observation is None or done.observation is None:
            return done
        # What the second saw, read with the words as they were read: nothing rests on it.
        words = {"line": done.observation.line, "turns": done.observation.turns}
        other = done.beside.observation.model_copy(update=words)
        bare = Trace(case=done.case, observation=other, versions=done.versions)
        with suppress(NesyError):
            done = voiced(
                done, (yield from reasoned(bare, engine.dated(bare), None)), engine.vocabulary
            )
        return done
    except NesyError as error:
        return failed(trace, error)


def run(
    cases: Iterable[Case],
    *,
    perceiver: str | Perceiver = "embedded",
    reader: str | Reader | None = None,
    beside: str | Perceiver | None = None,
    desk: Desk | None = None,
    engine: Engine | None = None,
    seed: int = 0,
) -> Iterator[Trace]:
    """Yield the whole Trace of each case, in order."""
    using = engine or _engine()
    seen = perceive(
        cases, perceiver=perceiver, reader=reader, beside=beside, engine=using, seed=seed
    )
    # Looking takes long: what was looked at does not wait for what comes after.
    for pictured, traces in groupby(seen, lambda trace: trace.case.image is not None):
        chunk = BATCH if pictured else CHUNK
        yield from reason_many(traces, desk=desk, engine=using, chunk=chunk)


def desk_for(
    drafter: str | Drafter | None,
    readers: Sequence[str | ReplyReader] | None,
    vocabulary: Vocabulary,
    *,
    seed: int = 0,
) -> Desk | None:
    """Return who drafts and who reads replies, by name or as they are; None where nobody is named.

    Raises NesyError N101-N103 for a name, or what building a model raises.
    """
    if drafter is None and not readers:
        return None
    writes = registry.drafter(drafter, vocabulary) if isinstance(drafter, str) else drafter
    others = [
        registry.reply_reader(r, vocabulary) if isinstance(r, str) else r for r in readers or ()
    ]
    return Desk(writes, tuple(others), seed=seed)


def why(trace: Trace, atom: str | None = None, *, engine: Engine | None = None) -> Node:
    """Return the justification of an atom of a trace, or of its response when none is named."""
    # Loading what explains takes as long as reasoning over a case.
    from nesy.explain import outcome

    return outcome.why(trace, engine or _engine(), atom)


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine.load()


def engine_for(packs: Sequence[str] | None = None, **more: Any) -> Engine:
    """Return an Engine: the shipped packs by name, with the user's rules, weights and ontology."""
    if not any(more.values()) and (packs is None or frozenset(packs) == rulebook.default()):
        return _engine()
    return Engine.load(packs, **more)
