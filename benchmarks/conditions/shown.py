"""What a condition is shown of a sample: the words alone, or face and words; or why it cannot be.

A recorded observation stands for the model's constrained report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from nesy import pipeline
from nesy.benchmarks.records import Generation, Status
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import NesyError
from nesy.trace import Case, LineReading, Observation, Trace

from .settings import Settings, vocabulary_of

Mode = Literal["constrained", "free"]
Generations = Mapping[tuple[str, str], Generation]


@dataclass(frozen=True, slots=True)
class NotShown:
    """Why a sample gets no answer: the status and the reason that its answer carries."""

    status: Status
    reason: str


NO_PICTURE = NotShown("skipped", "the sample has no picture")


def reason_of(error: NesyError) -> str:
    """Return an error as a reason: its first code and what it says, without paths."""
    first = error.diagnostics[0]
    return f"{first.code} {first.what}"


def words(sample: Sample, settings: Settings) -> Trace | NotShown:
    """Return the case without its picture, its words read."""
    recorded = sample.observation
    case = sample.case.model_copy(update={"image": None})
    if not case.line.strip():
        return NotShown("skipped", "the sample has no words")
    seen = Observation(perceiver=pipeline.READER)
    if recorded is not None:
        seen = recorded.model_copy(update={"faces": (), "caption": None})
    return _read(Trace(case=case, observation=seen), settings)


def report(sample: Sample, generations: Generations) -> Observation | NotShown:
    """Return the constrained report on a sample, or why there is none."""
    if sample.observation is not None:
        return _with_face(sample.observation)
    generation = _generated(sample, generations, "constrained")
    if isinstance(generation, NotShown):
        return generation
    if generation.observation is None:
        return NotShown("failed", generation.reason or "no report")
    return _with_face(generation.observation)


def text(sample: Sample, generations: Generations) -> str | NotShown:
    """Return a model's free text on a sample, or why there is none."""
    generation = _generated(sample, generations, "free")
    if isinstance(generation, NotShown):
        return generation
    if generation.text is None:
        return NotShown("failed", generation.reason or "no text")
    return str(generation.text)


def _generated(sample: Sample, generations: Generations, mode: Mode) -> Generation | NotShown:
    """Return what the model gave of a sample in one mode, or why it gave nothing."""
    if sample.case.image is None:
        return NO_PICTURE
    generation = generations.get((sample.id, mode))
    if generation is None:
        return NotShown("failed", "nothing was generated")
    if generation.status != "done":
        missing = "no report" if mode == "constrained" else "no text"
        return NotShown(generation.status, generation.reason or missing)
    return generation


def _with_face(found: Observation) -> Observation | NotShown:
    return found if found.faces else NotShown("failed", "no face was found")


def face(sample: Sample, generations: Generations, settings: Settings) -> Trace | NotShown:
    """Return the case with what a model reports of it, its words read."""
    found = report(sample, generations)
    if isinstance(found, NotShown):
        return found
    return _read(Trace(case=sample.case, observation=found), settings)


def _read(trace: Trace, settings: Settings) -> Trace | NotShown:
    seen = trace.observation
    if seen is None:
        raise ValueError("a shown case has an observation")
    case = trace.case
    try:
        reader = pipeline.reader_for(settings.reader, settings.vocabulary)
        if case.turns:
            seen = pipeline.with_line(seen, case, settings.vocabulary, reader)
        elif case.line.strip():
            line = _line(case.line, seen.line, settings.reader, settings.ontology)
            seen = seen.model_copy(update={"line": line})
    except NesyError as error:
        return NotShown("failed", reason_of(error))
    return trace.with_(observation=seen)


@lru_cache(maxsize=32768)
def _line(
    line: str, seen: LineReading | None, reader: str | None, ontology: tuple[Path, ...]
) -> LineReading | None:
    """Return a line as it is read: all conditions read the same ones."""
    words = vocabulary_of(ontology)
    alone = Observation(perceiver=pipeline.READER, line=seen)
    by = pipeline.reader_for(reader, words)
    return pipeline.with_line(alone, Case(id="line", line=line), words, by).line
