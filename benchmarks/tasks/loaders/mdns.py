"""MDNS: a network's opinion of a face against how nine people rated it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy.benchmarks.people import mdns
from nesy.benchmarks.samples import Reference, Sample
from nesy.vocabulary import Vocabulary

FORMS = (("ratings.csv",),)


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample a face; a picture may show several, so pictures are the groups."""
    given = mdns.read(files[0])
    for trace, ratings in zip(mdns.traces(given), given.ratings, strict=True):
        name = trace.case.id
        said = trace.people.votes if trace.people else {}
        yield Sample(
            id=name,
            case=trace.case,
            observation=trace.observation,
            reference=Reference(
                origin="people",
                votes={label: said.get(label, 0.0) for label in mdns.LABELS} if said else None,
                ratings={
                    e: tuple(map(float, of)) for e, of in zip(mdns.LABELS, ratings, strict=True)
                },
            ),
            groups={"picture": name.rpartition("_det")[0] or name},
        )
