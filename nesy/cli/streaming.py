"""Reason over lines as they come, text in and text out: little waits and little is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from nesy import pipeline, strict_json
from nesy.cli import options
from nesy.cli.running import faults_of
from nesy.diagnostics import NesyError
from nesy.reason.bulk import CHUNK, chunks
from nesy.reason.workers import spread
from nesy.trace import Trace, parse_trace

if TYPE_CHECKING:
    from nesy.line.reader import Reader
    from nesy.reason.engine import Engine
    from nesy.reply.task import Desk
    from nesy.vocabulary import Vocabulary

# A line with its number.
Line = tuple[int, bytes]


@dataclass(frozen=True)
class Asked:
    """What is asked of every line of a file.

    ``today`` is the day put into each Trace, ``json`` tells a Trace from its summary.
    """

    file: str
    engine: Engine
    reader: str | Reader | None
    today: str | None
    json: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What is written of one line, on stdout and on stderr; the exit code it asks for."""

    out: str | None
    told: tuple[str, ...]
    code: int


def written(asked: Asked, lines: Iterable[Line], *, jobs: int = 1) -> Iterator[list[Written]]:
    """Yield what is written of the lines, in order, a chunk at a time; in ``jobs`` processes.

    A line that is no Trace is told and takes no other with it.
    """
    some = chunks(lines, CHUNK)
    if jobs > 1:
        # A reader may be a model, which brings threads; without one the process is ours alone.
        yield from spread(_written, asked, some, jobs=jobs, inherit=asked.reader is None)
    else:
        yield from (_written(asked, each) for each in some)


def one_by_one(
    asked: Asked,
    lines: Iterable[Line],
    desk: Desk | None,
    kept: Callable[[Iterable[Trace]], Iterable[Trace]],
    *,
    jobs: int = 1,
) -> Iterator[list[Written]]:
    """Yield what is written of each line once its Trace is ``kept``; a ``desk`` drafts."""
    wrong: list[Written] = []

    def given() -> Iterator[Trace]:
        for line in lines:
            try:
                yield parsed(line, asked.file, asked.today)
            except NesyError as error:
                wrong.append(_wrong(error))

    reasoned = pipeline.reason_many(
        given(), reader=asked.reader, desk=desk, engine=asked.engine, jobs=jobs
    )
    for trace in kept(reasoned):
        yield [_of(asked, trace)]
    yield wrong


def _wrong(error: NesyError) -> Written:
    return Written(None, (str(error),), error.exit_code)


def _written(asked: Asked, lines: list[Line]) -> list[Written]:
    found: list[Written | None] = []
    traces: list[Trace] = []
    for line in lines:
        try:
            traces.append(parsed(line, asked.file, asked.today))
            found.append(None)
        except NesyError as error:
            found.append(_wrong(error))
    reader = asked.reader
    if isinstance(reader, str):
        reader = _reader(reader, asked.engine.vocabulary)
    reasoned = pipeline.reason_many(traces, reader=reader, engine=asked.engine, chunk=len(lines))
    return [known or _of(asked, next(reasoned)) for known in found]


# A reader may be a model, to be loaded once.
@lru_cache(maxsize=1)
def _reader(name: str, words: Vocabulary) -> Reader | None:
    return pipeline.reader_for(name, words)


def _of(asked: Asked, trace: Trace) -> Written:
    from nesy.cli.summary import summary

    faults, code = faults_of(trace)
    out = trace.as_json() if asked.json else summary(trace, asked.engine.vocabulary)
    return Written(out, tuple(map(str, faults)), code)


def parsed(line: Line, file: str, today: str | None) -> Trace:
    """Return the Trace of a line, on this day if one is named; raises NesyError N110-N113."""
    number, data = line
    text = strict_json.decode(data, file, number)
    value = strict_json.loads(text, file=file, line=number)
    (trace,) = options.on_day([parse_trace(value, file=file, line=number)], today)
    return trace
