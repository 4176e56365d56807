"""MELD: the emotion of a line of a sitcom, by people who saw the scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from nesy.benchmarks.people import tables, words_data
from nesy.benchmarks.samples import Reference, Sample
from nesy.benchmarks.tasks import labels
from nesy.vocabulary import Vocabulary

PARTS = ("train", "dev", "test")
FORMS = (tuple(f"data/MELD/{part}_sent_emo.csv" for part in PARTS), ("utterances.csv",))
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:
    """Yield a sample an utterance, with the turns of its dialogue before it."""
    if len(files) == len(PARTS):
        parts = zip(PARTS, files, strict=True)
        lines = chain.from_iterable(words_data.meld(path, part) for part, path in parts)
    else:
        lines = words_data.meld(files[0])
    for line in lines:
        (label,) = line.labels
        emotion = labels.emotion(label, words, "meld")
        number = int(line.case.id[1:])
        if emotion is None:
            raise tables.refused(files[0], number, f"{label[:40]!r} is no label of MELD")
        name = f"{line.split}-{number}"
        yield Sample.model_validate(
            {
                "id": name,
                "case": line.case.model_copy(update={"id": name}),
                "reference": Reference(
                    origin="people", emotions=(emotion,), expected={"sentiment": line.sentiment}
                ),
                "groups": {"dialogue": line.group},
                "split": _SPLITS.get(line.split),
            }
        )
