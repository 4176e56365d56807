"""``nesy reason``: fill in what a Trace lacks."""

from __future__ import annotations

from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from nesy.cli import options
from nesy.cli.auditing import Audit, AuditAs, AuditLines, audited
from nesy.cli.options import (
    DraftWith,
    Jobs,
    Json,
    Ontology,
    Packs,
    Reader,
    ReadReplyWith,
    Rules,
    Today,
    WeightsFile,
)


def reason(
    file: Annotated[
        Path | None, typer.Argument(help="TRACES.jsonl; standard input if none.")
    ] = None,
    reader: Reader = None,
    draft_with: DraftWith = None,
    read_reply_with: ReadReplyWith = None,
    packs: Packs = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    today: Today = None,
    audit: Audit = None,
    audit_lines: AuditLines = False,
    audit_as: AuditAs = None,
    jobs: Jobs = 1,
    json_: Json = False,
) -> None:
    """Fill in facts, reading, verdict and response."""
    import sys

    from nesy import pipeline, strict_json
    from nesy.cli.streaming import Asked, one_by_one, written
    from nesy.reason.workers import collect_rarely

    engine = options.engine(packs, rules, weights, ontology)
    chosen = pipeline.reader_for(reader, engine.vocabulary)
    desk = pipeline.desk_for(draft_with, read_reply_with, engine.vocabulary)
    day = options.day(today).isoformat() if today is not None else None
    as_json = json_ or not sys.stdout.isatty()
    failed, count = 0, 0
    collect_rarely()
    with options.opened(file) as (name, stream):
        lines = strict_json.streamed(stream, name)
        asked = Asked(name, engine, reader if jobs > 1 and desk is None else chosen, day, as_json)
        if audit is None and desk is None:
            found = written(asked, lines, jobs=jobs)
        else:
            log = partial(audited, engine=engine, log=audit, verb="reason", lines=audit_lines)
            found = one_by_one(asked, lines, desk, partial(log, operator=audit_as), jobs=jobs)
        for each in chain.from_iterable(found):
            for fault in each.told:
                print(fault, file=sys.stderr)
            if each.out is not None:
                print(each.out)
            failed, count = max(failed, each.code), count + 1
    if not count:
        raise options.no_trace(name)
    if failed:
        raise typer.Exit(failed)
