"""A table of the user's own as a task: CSV with a heading, or one JSON object a line.

Every fault of the file is told at once, each with its line and column. README.md lists the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from nesy import resources
from nesy.benchmarks.samples import Sample, Task
from nesy.diagnostics import Diagnostic, NesyError
from nesy.vocabulary import Vocabulary

from . import columns, definition
from .table import Row, rows

SUFFIXES = (".csv", ".jsonl")
README = "benchmarks/tasks/README.md"
# Which measures a table is scored by follows from what its references hold.
MEASURES = {
    "votes": ("nll", "jsd", "agreement", "ece", "brier"),
    "emotions": ("wheel_f1",),
    "texts": ("rouge1", "rouge2", "rougeL", "bleu4", "cosine"),
    "units": ("unit_f1",),
    "expressions": ("expression_f1",),
}


# Answers by name that a measure scores; `columns.ANSWERS` says what may be answered.
ANSWERS = {"boundary": "boundary", "sarcastic": "sarcasm"}


def load(path: Path, words: Vocabulary) -> tuple[Task, list[Sample]]:
    """Return a table as a task, and its samples; raises NesyError N734 for every fault in it."""
    faults: list[Diagnostic] = []
    found: list[Sample] = []
    seen: dict[str, int] = {}
    names: dict[str, None] = {}
    for row in rows(path, lambda name: columns.wrong(name, words), faults):
        names |= dict.fromkeys(row.names)
        given = next(iter(row.fields.get("id", ())), "").strip()
        if given in seen:
            why = f"line {seen[given]} has the same id"
            faults.append(_fault(row, "id", f"{given[:40]!r} is there twice", why))
        elif given:
            seen[given] = row.line
        sample = _sample(row, path, words, faults)
        if sample is not None:
            found.append(sample)
    if not found and not faults:
        faults.append(wrong("it holds no row", "nothing can be asked", path, 1).diagnostics[0])
    if faults:
        raise NesyError(sorted(faults, key=lambda f: (f.line or 0, f.column or 0)))
    found = _with_all_labels(found)
    return _task(path, found, _cluster(names, found)), found


def _cluster(names: Iterable[str], samples: Sequence[Sample]) -> str:
    """Return the first group of the heading that any row has: the first row may lack it."""
    held = {group for sample in samples for group in sample.groups}
    groups = (name.partition("_")[2] or name for name in names if columns.is_group(name))
    return next((group for group in groups if group in held), "row")


def _with_all_labels(samples: list[Sample]) -> list[Sample]:
    """Return samples whose votes name every answer of the table: 0 where nobody chose it."""
    held = [s.reference.votes for s in samples if s.reference and s.reference.votes]
    labels = dict.fromkeys(label for votes in held for label in votes)
    filled = []
    for sample in samples:
        reference = sample.reference
        if reference is not None and reference.votes:
            votes = {label: reference.votes.get(label, 0.0) for label in labels}
            reference = reference.model_copy(update={"votes": votes})
        filled.append(sample.model_copy(update={"reference": reference}))
    return filled


def _sample(row: Row, path: Path, words: Vocabulary, faults: list[Diagnostic]) -> Sample | None:
    """Return a row as a sample; what is wrong with it is added to the faults."""
    before = len(faults)
    value = columns.Made(path.parent, words)
    for name, given in row.fields.items():
        try:
            columns.put(value, name, given)
        except columns.Refused as error:
            faults.append(_fault(row, name, error.what, error.why, error.fix))
    if len(faults) == before and value.image is None and not value.line:
        why = "a case is a picture, a line, or both"
        faults.append(_fault(row, "line", "neither a picture nor a line", why))
    if len(faults) > before:
        return None
    try:
        return Sample.model_validate(value.as_sample(f"r{row.line}"))
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            where = ".".join(str(part) for part in fault["loc"])
            faults.append(_fault(row, "", f"{where}: {fault['msg']}", "a sample has another form"))
    return None


def _fault(row: Row, name: str, what: str, why: str, fix: str | None = None) -> Diagnostic:
    line, column = row.place(name)
    fix = fix or f"see the columns in {README}"
    return Diagnostic("N734", what, why, fix, row.file, line, column)


def wrong(what: str, why: str, file: Path, line: int | None = None) -> NesyError:
    """Return the fault of rows that are no samples."""
    fix = f"see the columns in {README}"
    return NesyError(Diagnostic("N734", what, why, fix, resources.shown(file), line))


def _task(path: Path, samples: list[Sample], cluster: str) -> Task:
    """Return the task that a table is: what its references allow to be measured."""
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    return Task(
        name=(name if name[:1].isalpha() else f"own_{name}")[:64],
        version=1,
        title=path.name,
        asks="What do people read in this face, beside this line?",
        measures=tuple(_measures(samples)),
        cluster=cluster,
        licence="the user's own",
        source=path.name,
        rows=path.name,
        sha256=definition.digest(1, [path]),
        limits=("the user's own table: who labelled it, and how, is not known to this program",),
    )


def _measures(samples: list[Sample]) -> Iterator[str]:
    held = [sample.reference for sample in samples if sample.reference is not None]
    for kind, measures in MEASURES.items():
        if any(getattr(reference, kind) is not None for reference in held):
            yield from measures
    # An answer by name is scored by the measure of that name, where there is one.
    named = {name for reference in held for name in reference.expected or ()}
    yield from (ANSWERS[name] for name in sorted(named & set(ANSWERS)))
