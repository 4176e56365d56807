"""``nesy judge``: hold replies that somebody else wrote against the norms."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli import options
from nesy.cli.auditing import Audit, AuditAs, AuditLines, audited
from nesy.cli.options import (
    Declare,
    Json,
    Ontology,
    Packs,
    Quiet,
    Reader,
    ReadReplyWith,
    Rules,
    Today,
    WeightsFile,
    With,
)
from nesy.cli.running import Line, failure, progress

if TYPE_CHECKING:
    from nesy.reason.engine import Engine
    from nesy.reply.judge import Submission
    from nesy.trace import Case, Trace
    from nesy.vocabulary import Vocabulary

ROWS = frozenset({".jsonl", ".json"})


def judge(
    given: Annotated[
        Path,
        typer.Argument(
            help="REPLY.txt, `-` for standard input, or REPLIES.jsonl with `line`, `reply` and, "
            "as wanted, `image`, `declared`, `turns`, `says`."
        ),
    ],
    line: Line = None,
    image: Annotated[
        str | None, typer.Option("--image", help="The picture of who said the line.")
    ] = None,
    declare: Declare = None,
    with_: With = "embedded",
    reader: Reader = None,
    read_reply_with: ReadReplyWith = None,
    packs: Packs = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    today: Today = None,
    audit: Audit = None,
    audit_lines: AuditLines = False,
    audit_as: AuditAs = None,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hold replies against the norms: exit 0 released, 1 blocked, 3 where no verdict is reached."""
    from nesy import pipeline
    from nesy.reply.judge import judge_case

    engine = options.engine(packs, rules, weights, ontology, today)
    declared = options.declared(declare, engine.vocabulary)
    submitted = _submitted(given, line, image, declared)
    desk = pipeline.desk_for(None, read_reply_with, engine.vocabulary)
    readers = desk.readers if desk else ()
    judged = (
        judge_case(
            case, reply, perceiver=with_, reader=reader, reply_readers=readers, engine=engine
        )
        for case, reply in submitted
    )
    kept = audited(judged, engine, audit, verb="judge", lines=audit_lines, operator=audit_as)
    failed = 0
    for trace in progress(kept, len(submitted), quiet=quiet or len(submitted) < 2):
        failed = max(failed, failure(trace))
        print(trace.as_json() if json_ else "\n".join(_told(trace, engine)))
    if failed:
        raise typer.Exit(failed)


def _submitted(
    given: Path, line: str | None, image: str | None, declared: dict[str, tuple[str, ...]]
) -> list[tuple[Case, Submission]]:
    """Return the replies and their cases; a picture is found beside the file that names it."""
    from nesy import strict_json
    from nesy.cli.cases import beside
    from nesy.diagnostics import Diagnostic, NesyError
    from nesy.reply.judge import submission

    name = str(given)
    if given.suffix.lower() in ROWS:
        rows = [
            submission(value, file=name, line=number) for number, value in strict_json.lines(given)
        ]
        if not rows:
            what, fix = "this file holds no reply", 'write {"line": "…", "reply": "…"} a line'
            raise NesyError(Diagnostic("N630", what, "it is empty", fix, name))
        return [(beside(case, given.parent, line, declared), reply) for case, reply in rows]
    if name == "-":
        text = strict_json.decode(sys.stdin.buffer.read(), "<stdin>")
    else:
        text = strict_json.read_text(given)
    if line is None:
        what, why = "no line was given", "a reply is judged by what it answers"
        raise NesyError(Diagnostic("N116", what, why, "add --line TEXT"))
    pictured = {"image": image} if image else {}
    value = {"id": "reply", "line": line, "reply": text, **pictured}
    case, reply = submission(value, file=name, line=1)
    return [(case.model_copy(update={"declared": declared}), reply)]


def _told(trace: Trace, engine: Engine) -> Iterator[str]:
    """Yield a judged reply in a few lines: verdict, norms, the words that show it, the change."""
    from nesy.diagnostics import visible

    words = engine.vocabulary
    if trace.verdict is None or trace.response is None:
        yield f"{visible(trace.case.id)}: not judged"
        return
    yield f"{visible(trace.case.id)}: {trace.verdict.status}"
    rounds = trace.response.rounds
    for unread in sorted({u for r in rounds for found in r.found for u in found.unread}):
        yield f"  not read: {unread}"
    for norm in trace.verdict.norms:
        if norm.force == "hold":
            yield f"  {norm.norm} {words.norms[norm.norm.lower()].label}: no verdict is reached"
    for broken in (v for r in rounds for v in r.broken):
        norm_ = words.norms[broken.norm.lower()]
        act = words.phrase("reply act", broken.act)
        how = {"does": "it", "says": "its author says that it", "leaves_out": "what is asked:"}
        yield f"  {broken.norm} {norm_.label}: {how[broken.by]} {act}"
        if broken.quote:
            yield f"    shown by  “{visible(broken.quote)}”"
        yield f"    {broken.cites}"
        yield f"    change    {broken.change}"
    yield from _advised(trace, words)


def _advised(trace: Trace, words: Vocabulary) -> Iterator[str]:
    """Yield what breaks no norm and could be better: acts preferred and missing, acts warned of."""
    response, verdict = trace.response, trace.verdict
    rounds = response.rounds if response else ()
    found = {act for r in rounds for reading in r.found for act in reading.acts}
    for norm in verdict.norms if verdict and rounds else ():
        if norm.act is None or norm.overridden_by is not None:
            continue
        phrase = words.phrase("reply act", norm.act)
        if norm.force == "preferred" and norm.act not in found:
            yield f"  {norm.norm} would prefer a reply that {phrase}"
        elif norm.force == "warned" and norm.act in found:
            yield f"  {norm.norm} warns of a reply that {phrase}"
