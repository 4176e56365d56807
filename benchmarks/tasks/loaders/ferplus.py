"""FER+: from one person's label of a picture, what the others say; the parts that test only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nesy.benchmarks.people import ferplus
from nesy.benchmarks.samples import Reference, Sample
from nesy.benchmarks.tasks.template import with_words
from nesy.trace import Case
from nesy.vocabulary import Vocabulary

FORMS = (("fer2013new.csv",), ("votes.csv",))
_SPLITS = {"PublicTest": "validation", "PrivateTest": "test"}


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:
    """Yield a sample a picture; whose label is seen is drawn by the seed of the people's bench."""
    votes = ferplus.read(files[0])
    seen, rest = ferplus.drawn(votes.counts)
    observed = [ferplus.trace(label).observation for label in ferplus.LABELS]
    for index in np.flatnonzero(votes.tested):
        name = f"p{index:05d}"
        said = dict(zip(ferplus.LABELS, map(float, rest[index]), strict=True))
        reference = Reference(origin="people", votes=said)
        yield Sample.model_validate(
            {
                "id": name,
                "case": Case(id=name),
                "observation": observed[seen[index]],
                "reference": with_words(reference, words),
                "groups": {"picture": name},
                "slices": {"label_seen": ferplus.LABELS[seen[index]]},
                "split": _SPLITS[str(votes.part[index])],
            }
        )
