"""Face Research Lab London Set: the same people asked to look neutral, and to smile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nesy.benchmarks.people import tables
from nesy.benchmarks.samples import Reference, Sample
from nesy.trace import Case
from nesy.vocabulary import Vocabulary

from .people import age_band, plain

FORMS = (("data-raw/london_info.csv",), ("labels.csv",))
# What each pose shows if the person did as asked: the reference is the instruction. A smile pulls
# the corners of the lips, so both names hold.
POSES: dict[str, tuple[str, ...]] = {"neutral": (), "smiling": ("lip_corner_puller", "smile")}
_PERSON = ("face_id", "face_age", "face_gender", "face_eth")


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample a picture, of a table of pictures or of the people in the published set."""
    table = files[0]
    if table.name != "labels.csv":
        yield from _published(table)
        return
    for line, row in tables.rows(table, ("file", "pose", *_PERSON)):
        if row["pose"] not in POSES:
            raise tables.refused(table, line, f"pose is {row['pose'][:20]!r}")
        yield _sample(table.parent / row["file"], row["pose"], row)


def _published(table: Path) -> Iterator[Sample]:
    root = table.parent.parent / "inst"
    for _, row in tables.rows(table, _PERSON):
        for pose in POSES:
            found = sorted((root / f"{pose}_front").glob(f"{row['face_id']}_*.jpg"))
            for image in found[:1]:
                yield _sample(image, pose, row)


def _sample(image: Path, pose: str, row: Mapping[str, str]) -> Sample:
    name = f"{row['face_id']}_{pose}"
    return Sample(
        id=name,
        case=Case(id=name, image=str(image.resolve())),
        reference=Reference(origin="posed", expressions=POSES[pose]),
        groups={"face": row["face_id"]},
        slices={
            "pose": pose,
            "age": age_band(row["face_age"]),
            "gender": plain(row["face_gender"]),
            "ethnicity": plain(row["face_eth"]),
        },
    )
