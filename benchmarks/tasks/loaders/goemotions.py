"""GoEmotions: the emotions of a comment, by people who read it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy import strict_json
from nesy.benchmarks.people import tables, words_data
from nesy.benchmarks.samples import Reference, Sample
from nesy.benchmarks.tasks import labels
from nesy.trace import Case
from nesy.vocabulary import Vocabulary

PARTS = ("dev", "test")
_NAMES = "data/original/labels.txt"
FORMS = ((*(f"data/original/{part}.tsv" for part in PARTS), _NAMES), ("comments.csv",))
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
# The head of MiniLM learned from four fifths of these lines.
_SEEN = {True: "seen", False: "unseen"}
_Comment = tuple[Path, int, str, str, str, list[str]]


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:
    """Yield a sample a comment."""
    for path, number, split, name, text, given in _comments(files):
        found = [labels.emotion(label, words, "goemotions") for label in given]
        if not found or None in found:
            raise tables.refused(path, number, f"{given!r:.60} are no labels of GoEmotions")
        yield Sample.model_validate(
            {
                "id": name,
                "case": Case(id=name, line=text),
                "reference": Reference(origin="people", emotions=tuple(e for e in found if e)),
                "groups": {"comment": name},
                "slices": {"minilm": _SEEN[words_data.was_trained_on(text)]},
                "split": _SPLITS.get(split),
            }
        )


def _comments(files: Sequence[Path]) -> Iterator[_Comment]:
    """Yield file, line, part, id, text and labels: as published, or of one table."""
    if len(files) == 1:
        for number, row in tables.rows(files[0], ("split", "id", "text", "emotions")):
            if row["text"].strip():
                given = row["emotions"].split("|")
                yield files[0], number, row["split"], row["id"], row["text"], given
        return
    *parts, listed = files
    names = strict_json.read_text(listed).split()
    for part, path in zip(PARTS, parts, strict=True):
        text = strict_json.read_text(path, most=tables.LARGEST)
        lines = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(lines, 1):
            try:
                said, codes, name = row
                given = [names[int(code)] for code in codes.split(",")]
            except (ValueError, IndexError) as error:
                raise tables.refused(path, number, str(error)) from error
            yield path, number, part, name, said, given
