"""``nesy run`` and ``nesy perceive``: from pictures and lines to Traces."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli import options
from nesy.cli.auditing import Audit, AuditAs, AuditLines, audited
from nesy.cli.options import (
    BesideWith,
    Declare,
    DraftWith,
    Json,
    Ontology,
    Packs,
    PictureBox,
    PictureForm,
    Quiet,
    ReadCaption,
    Reader,
    ReadReplyWith,
    Rules,
    Seed,
    SpeakerFace,
    Today,
    WeightsFile,
    With,
)

if TYPE_CHECKING:
    from nesy.diagnostics import Diagnostic
    from nesy.journal import Journal
    from nesy.line.reader import Reader as LineReader
    from nesy.perceive import Perceiver
    from nesy.trace import Case, Trace
    from nesy.vocabulary import Vocabulary

Given = Annotated[
    Path | None, typer.Argument(help="A picture, a folder of pictures, or CASES.jsonl.")
]
Line = Annotated[str | None, typer.Option("--line", help="The line that was said.")]
_EXIT = {"release": 0, "block": 1, "hold": 3}

Out = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="Append each Trace to this file; continues it if it exists."),
]


def run(
    given: Given = None,
    line: Line = None,
    declare: Declare = None,
    with_: With = "embedded",
    beside: BesideWith = None,
    picture_form: PictureForm = None,
    face: SpeakerFace = None,
    box: PictureBox = None,
    read_caption: ReadCaption = False,
    reader: Reader = None,
    draft_with: DraftWith = None,
    read_reply_with: ReadReplyWith = None,
    packs: Packs = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    today: Today = None,
    out: Out = None,
    audit: Audit = None,
    audit_lines: AuditLines = False,
    audit_as: AuditAs = None,
    seed: Seed = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Do all of it: perceive, reason, reply."""
    from nesy import pipeline
    from nesy.cli.cases import cases_for
    from nesy.cli.looking import looked_at, looking
    from nesy.cli.summary import summary
    from nesy.journal import Journal

    engine = options.engine(packs, rules, weights, ontology, today)
    said = options.declared(declare, engine.vocabulary)
    named = cases_for(given, line, said, with_, engine.vocabulary)
    cases = looked_at(named, picture_form, face, box)
    looks = looking(with_, engine.vocabulary) if read_caption else with_
    with Journal(out, {**engine.versions, "seed": seed}) if out else nullcontext() as journal:
        voice = pipeline.reader_for(reader, engine.vocabulary)
        left = journal.remaining(cases) if journal else cases
        if journal:
            looks = _same_makers(journal, left, looks, voice, engine.vocabulary)
        desk = pipeline.desk_for(draft_with, read_reply_with, engine.vocabulary, seed=seed)
        found = pipeline.run(
            left, perceiver=looks, reader=voice, beside=beside, desk=desk, engine=engine, seed=seed
        )
        found = audited(found, engine, audit, verb="run", lines=audit_lines, operator=audit_as)
        kept = journal.keep(found) if journal else found
        if journal and len(left) < len(cases) and not quiet:
            print(f"{out}: {len(cases) - len(left)} of {len(cases)} done before", file=sys.stderr)
        failed = journal.failed if journal else 0
        for trace in progress(kept, len(left), quiet=quiet or len(left) < 2):
            failed = max(failed, failure(trace))
            warn(trace)
            if json_:
                print(trace.as_json())
            elif journal is None:
                print(summary(trace, engine.vocabulary))
    if failed:
        raise typer.Exit(failed)


def _same_makers(
    journal: Journal,
    left: Iterable[Case],
    looks: str | Perceiver,
    reader: LineReader | None,
    vocabulary: Vocabulary,
) -> str | Perceiver:
    """Return who looks, built where a picture is left; raises NesyError N150 for another."""
    from nesy import pipeline, registry

    journal.require({"reader": None, **pipeline.read_by(reader)})
    if all(case.image is None for case in left):
        return looks
    built = registry.perceiver(looks, vocabulary) if isinstance(looks, str) else looks
    journal.require(pipeline.seen_by(built.describe()))
    return built


def perceive(
    given: Given = None,
    line: Line = None,
    declare: Declare = None,
    with_: With = "embedded",
    beside: BesideWith = None,
    picture_form: PictureForm = None,
    face: SpeakerFace = None,
    box: PictureBox = None,
    read_caption: ReadCaption = False,
    reader: Reader = None,
    ontology: Ontology = None,
    seed: Seed = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Only look: write a Trace with its observation, always as JSON."""
    from nesy import pipeline
    from nesy.cli.cases import cases_for
    from nesy.cli.looking import looked_at, looking

    del json_
    engine = options.engine(None, None, None, ontology)
    said = options.declared(declare, engine.vocabulary)
    named = cases_for(given, line, said, with_, engine.vocabulary)
    cases = looked_at(named, picture_form, face, box)
    looks = looking(with_, engine.vocabulary) if read_caption else with_
    found = pipeline.perceive(
        cases, perceiver=looks, reader=reader, beside=beside, engine=engine, seed=seed
    )
    failed = 0
    for trace in progress(found, len(cases), quiet=quiet or len(cases) < 2):
        failed = max(failed, failure(trace))
        warn(trace)
        print(trace.as_json())
    if failed:
        raise typer.Exit(failed)


def failure(trace: Trace) -> int:
    """Print a failed case's diagnostics; return its exit code."""
    faults, code = faults_of(trace)
    for fault in faults:
        print(fault, file=sys.stderr)
    return code


def warn(trace: Trace) -> None:
    """Say on stderr where a model was made to say what it would not have said."""
    from nesy.perceive import alarm

    for seen in (trace.observation, trace.beside.observation if trace.beside else None):
        if seen is not None and (said := alarm(seen)):
            print(f"warn: {said} (case {trace.case.id})", file=sys.stderr)


def faults_of(trace: Trace) -> tuple[list[Diagnostic], int]:
    """Return a failed case's diagnostics, and its exit code.

    0 where the reply was released, 1 where a norm blocked it, 3 where no verdict was reached.
    """
    found = trace.failure
    if found is None:
        return [], _EXIT.get(trace.verdict.status, 0) if trace.verdict else 0
    faults = [fault.diagnostic() for fault in found.diagnostics]
    named = [replace(fault, what=f"case {trace.case.id}: {fault.what}") for fault in faults]
    return named, found.exit_code


def progress(traces: Iterable[Trace], total: int, *, quiet: bool) -> Iterator[Trace]:
    """Yield what is given, with a progress bar on stderr."""
    if quiet:
        yield from traces
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task("cases", total=total)
        for trace in traces:
            yield trace
            bar.advance(task)
