"""``nesy reason``: fill in what a Trace lacks."""

from __future__ import annotations

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
from nesy.cli.running import failure


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

    from nesy import pipeline
    from nesy.cli.summary import summary

    engine = options.engine(packs, rules, weights, ontology)
    chosen = pipeline.reader_for(reader, engine.vocabulary)
    failed = 0
    given = options.on_day(options.traces(file), today)
    desk = pipeline.desk_for(draft_with, read_reply_with, engine.vocabulary)
    reasoned = pipeline.reason_many(
        given, reader=reader if jobs > 1 else chosen, desk=desk, engine=engine, jobs=jobs
    )
    for found in audited(
        reasoned, engine, audit, verb="reason", lines=audit_lines, operator=audit_as
    ):
        failed = max(failed, failure(found))
        if json_ or not sys.stdout.isatty():
            print(found.as_json())
        else:
            print(summary(found, engine.vocabulary))
    if failed:
        raise typer.Exit(failed)
