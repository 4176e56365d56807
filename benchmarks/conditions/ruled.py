"""Readings by rules: interpretation alone, or with the norms, for many cases at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nesy import pipeline
from nesy.diagnostics import NesyError
from nesy.ground import ground
from nesy.interpret import Interpretation
from nesy.reason import asp
from nesy.reason.bulk import CHUNK, chunks, together
from nesy.reason.engine import Engine, Steps, interpreted
from nesy.reason.workers import spread
from nesy.trace import Trace


@dataclass(frozen=True, slots=True)
class Read:
    """What rules read from the speaker: shares by emotion, and how words and face disagree."""

    distribution: dict[str, float]
    mismatches: tuple[str, ...]


def read_many(traces: Iterable[Trace], engine: Engine, jobs: int = 1) -> Iterator[Read | NesyError]:
    """Yield the reading of each case by the rules of interpretation alone, in order.

    No norm is asked, not even whether the face may be read: that is what governance adds.
    """
    some = chunks(traces, CHUNK)
    if jobs > 1:
        for found in spread(_read_all, engine, some, jobs=jobs):
            yield from found
    else:
        for each in some:
            yield from _read_all(engine, each)


def governed_many(traces: Iterable[Trace], engine: Engine, jobs: int = 1) -> Iterator[Trace]:
    """Yield each case with reading, verdict and reply, in order."""
    return pipeline.reason_many(traces, engine=engine, jobs=jobs)


def _read_all(engine: Engine, traces: list[Trace]) -> list[Read | NesyError]:
    return together([(_steps(trace, engine), engine) for trace in traces])


def _steps(trace: Trace, engine: Engine) -> Steps[Read | NesyError]:
    if trace.observation is None:
        raise ValueError("a case is read by what was observed of it")
    try:
        facts = ground(trace.case, trace.observation, engine.vocabulary)
        found = yield from interpreted(asp.symbols([fact.atom for fact in facts]))
    except NesyError as error:
        return error
    return _of_speaker(found)


def _of_speaker(found: Interpretation) -> Read:
    """Return the reading of the speaker: the first face where several are bound to the line."""
    face = min(found.marginals)
    disagree = sorted(asp.named(found.atoms, "mismatch", 2))
    kinds = (atom.arguments for atom in disagree)
    mismatches = tuple(str(kind) for of, kind in kinds if str(of) == face)
    return Read(dict(found.marginals[face]), mismatches)
