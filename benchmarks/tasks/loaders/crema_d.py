"""CREMA-D: what voters of the face and voters of the voice said, against those who had both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy.benchmarks.people import crema_d, tables
from nesy.benchmarks.samples import Reference, Sample
from nesy.benchmarks.tasks.template import with_words
from nesy.vocabulary import Vocabulary

from .people import UNKNOWN, age_band, plain

FORMS = (("votes.csv", "actors.csv"), ("votes.csv",))


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:
    """Yield a sample a clip; slices tell of a conflict of face and voice, and of the actor."""
    votes = crema_d.read(files[0])
    actors = _actors(files[1]) if len(files) > 1 else {}
    for trace, actor, conflict in zip(
        crema_d.traces(votes), votes.actor, votes.conflict, strict=True
    ):
        said = trace.people.votes if trace.people else {}
        votes_of = {label: said.get(label, 0.0) for label in crema_d.LABELS}
        _, _, rest = trace.case.id.partition("_")
        yield Sample(
            id=trace.case.id,
            case=trace.case,
            observation=trace.observation,
            reference=with_words(Reference(origin="people", votes=votes_of), words),
            groups={"actor": actor, "line": rest.partition("_")[0] or UNKNOWN},
            slices={"conflict": "yes" if conflict else "no", **actors.get(actor, {})},
            split=crema_d.split(actor),
        )


def _actors(path: Path) -> dict[str, dict[str, str]]:
    needed = ("ActorID", "Age", "Sex", "Race", "Ethnicity")
    return {
        row["ActorID"]: {
            "age": age_band(row["Age"]),
            "sex": plain(row["Sex"]),
            "race": plain(row["Race"]),
            "ethnicity": plain(row["Ethnicity"]),
        }
        for _, row in tables.rows(path, needed)
    }
