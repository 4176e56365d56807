"""Judge: hold a reply that somebody else wrote against the norms, as a guard does.

What the reply's author says of it is a claim: it can break a norm and never meets one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from nesy import pipeline
from nesy.diagnostics import Diagnostic, NesyError
from nesy.line.reader import Reader
from nesy.perceive import Perceiver
from nesy.reason import engine as reasoning
from nesy.reason.engine import Engine
from nesy.reply.draft import GIVEN, Draft
from nesy.reply.reader import ReplyReader
from nesy.reply.task import given
from nesy.trace import Asserted, Case, Term, Trace, parse_trace, validate

Declared = Mapping[str, str | Sequence[str]]


class Says(BaseModel):
    """What a reply's author says of it; nothing need be said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    acts: tuple[Term, ...] = ()
    tone: Term | None = None
    claims: tuple[Asserted, ...] = ()


class Submission(BaseModel):
    """One line of a file of replies: the reply beside the fields of its case."""

    model_config = ConfigDict(frozen=True, extra="allow")

    reply: str
    says: Says = Says()


def judge(
    reply: str,
    *,
    line: str,
    image: str | None = None,
    declared: Declared | None = None,
    says: Says | None = None,
    perceiver: str | Perceiver = "embedded",
    reader: str | Reader | None = None,
    reply_readers: Sequence[str | ReplyReader] = (),
    engine: Engine | None = None,
) -> Trace:
    """Return the Trace of a reply to a line, judged.

    ``verdict.status`` is ``release``, ``block`` (``response.rounds[0].broken`` says which norms,
    by which words, and what to change) or ``hold`` (no verdict was reached); ``response.text`` is
    what may be sent: the reply, or a fixed safe one. Raises NesyError N630 for an empty reply and
    N113 for a case that is none; what keeps the case from being read is its ``error``.
    """
    told = {k: [v] if isinstance(v, str) else list(v) for k, v in (declared or {}).items()}
    value = {"id": "reply", "image": image, "line": line, "declared": told}
    case = validate(Case, value)
    return judge_case(
        case,
        Submission(reply=_whole(reply), says=says or Says()),
        perceiver=perceiver,
        reader=reader,
        reply_readers=reply_readers,
        engine=engine,
    )


def judge_case(
    case: Case,
    submitted: Submission,
    *,
    perceiver: str | Perceiver = "embedded",
    reader: str | Reader | None = None,
    reply_readers: Sequence[str | ReplyReader] = (),
    engine: Engine | None = None,
) -> Trace:
    """Return the Trace of one submitted reply; see ``judge``."""
    using = engine or pipeline.engine_for()
    (seen,) = pipeline.perceive([case], perceiver=perceiver, reader=reader, engine=using)
    if seen.error is not None:
        return seen
    words = using.vocabulary
    desk = pipeline.desk_for(None, reply_readers, words)
    says = submitted.says
    draft = Draft(says.acts, says.tone, submitted.reply, says.claims, GIVEN)
    try:
        _known(says, using)
        task = given(case.line, draft, desk.readers if desk else ())
        return reasoning.reason(seen, using, task)
    except NesyError as error:
        return pipeline.failed(seen, error)


def submission(value: Any, *, file: str, line: int) -> tuple[Case, Submission]:
    """Read one line of a file of replies; raises NesyError N113 or N630."""
    found = validate(Submission, value, file=file, line=line)
    case = {key: part for key, part in value.items() if key not in ("reply", "says")}
    _whole(found.reply)
    return parse_trace({"line": "", **case}, file=file, line=line).case, found


def _whole(reply: str) -> str:
    if reply.strip():
        return reply
    what, why = "the reply is empty", "there is nothing to judge"
    raise NesyError(Diagnostic("N630", what, why, "give the text of the reply"))


def _known(says: Says, engine: Engine) -> None:
    named = [("reply act", act) for act in says.acts]
    named += [("tone", says.tone)] if says.tone is not None else []
    named += [("emotion", claim.emotion) for claim in says.claims]
    named += [("modality", claim.modality) for claim in says.claims]
    if faults := [f for kind, term in named for f in engine.vocabulary.lacking(kind, term)]:
        raise NesyError(faults)
