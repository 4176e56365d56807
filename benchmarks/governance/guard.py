"""What governance makes of a reply to a line: many at once, by the engine's own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nesy import pipeline
from nesy.reason.bulk import CHUNK, chunks, together
from nesy.reason.engine import Engine, reasoned
from nesy.reply.draft import GIVEN, Draft, Drafter
from nesy.reply.loop import Task
from nesy.reply.task import Desk, given
from nesy.trace import Case, Trace


@dataclass(frozen=True, slots=True)
class Asked:
    """A case, and the reply that somebody else gave; None where nesy is to reply itself."""

    case: Case
    reply: str | None = None


def judged(
    asked: Sequence[Asked], engine: Engine, *, drafter: Drafter | None = None
) -> Iterator[Trace]:
    """Yield the decided Trace of each, in order; a line that cannot be read carries its ``error``.

    A given reply is judged as ``nesy judge`` does. Others are written by the templates, or by
    ``drafter`` with the templates behind it.
    """
    for some in chunks(asked, CHUNK):
        seen = list(pipeline.perceive([one.case for one in some], engine=engine))
        open_ = [n for n, trace in enumerate(seen) if trace.error is None]
        tasks = [_task(some[n], seen[n], engine, drafter) for n in open_]
        ways = [
            (reasoned(seen[n], engine, task), engine) for n, task in zip(open_, tasks, strict=True)
        ]
        for n, trace in zip(open_, together(ways), strict=True):
            seen[n] = trace
        yield from seen


def _task(one: Asked, trace: Trace, engine: Engine, drafter: Drafter | None) -> Task:
    if one.reply is not None:
        return given(one.case.line, Draft((), None, one.reply, author=GIVEN))
    return Desk(drafter).task(trace, engine.vocabulary)
