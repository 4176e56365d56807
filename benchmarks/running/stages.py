"""What every stage does: find what is there, make what is missing, write each at once, sort."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from ..records import Record
from ..samples import Sample
from . import store
from .cache import Cache
from .progress import Progress
from .store import Rows

Made = TypeVar("Made", bound=Record)
# Records that cost little are written so many at a time.
CHUNK = 200


@dataclass(frozen=True)
class Wanted:
    """A record to be there: of which sample, which ``part`` (a mode, a condition), of what key."""

    task: str
    sample: Sample
    part: str
    key: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Return what no two records of a file share."""
        return self.task, self.sample.id, self.part


@dataclass(frozen=True)
class Tally:
    """What a stage found and did."""

    wanted: int
    kept: int = 0
    cached: int = 0
    made: int = 0
    failed: int = 0

    def as_json(self) -> dict[str, int]:
        """Return the counts."""
        return asdict(self)


Maker = Callable[[Sequence[Wanted]], Iterator[Sequence[Made]]]


@dataclass(frozen=True)
class Stage(Generic[Made]):
    """A file of records and how they are told apart: ``part`` is a record's mode or condition.

    ``pure`` says that making a record that failed again would fail again: other runs take it too.
    """

    name: str
    rows: Rows[Made]
    part: Callable[[Made], str]
    pure: bool = False

    def place(self, record: Made) -> tuple[str, str, str]:
        """Return what no two records of the file share."""
        return record.task, record.sample, self.part(record)

    def found(self) -> dict[Hashable, Made]:
        """Return the records there are; of two for the same place, the later."""
        return {self.place(record): record for record in self.rows.read()}

    def fill(
        self,
        wanted: Sequence[Wanted],
        make: Maker[Made],
        cache: Cache,
        *,
        order: Sequence[Hashable],
        again: bool = False,
        quiet: bool = False,
    ) -> Tally:
        """Make what is wanted and missing, and leave the file in ``order``.

        A record whose key is another is of other content, and is made again; so is, with
        ``again``, one that failed. What has no place in ``order`` is dropped.
        """
        if cut := self.rows.recover():
            print(f"{self.rows.path.name}: {cut} bytes cut short are dropped", file=sys.stderr)
        found = self.found()
        missing = [each for each in wanted if _is_missing(found.get(each.place), each, again)]
        cached = self._cached(missing, cache)
        left = [each for each in missing if each.place not in cached]
        with self.rows.appending() as append:
            for some in _chunks(list(cached.values())):
                append(some)
            found |= cached
            progress = Progress(self.name, len(left), quiet)
            for made in make(left) if left else ():
                append(made)
                found |= {self.place(record): record for record in made}
                failed = sum(record.status == "failed" for record in made)
                kept = [r for r in made if self.pure or r.status != "failed"]
                cache.put((r.key, store.line_of(r).decode()) for r in kept)
                progress.advance(len(made), failed)
        progress.end()
        self.rows.rewrite(found[place] for place in order if place in found)
        places = [each.place for each in wanted]
        failed = sum(place in found and found[place].status == "failed" for place in places)
        counts = (len(wanted), len(wanted) - len(missing), len(cached), progress.done, failed)
        return Tally(*counts)

    def _cached(self, missing: Sequence[Wanted], cache: Cache) -> dict[Hashable, Made]:
        texts = cache.many([each.key for each in missing])
        found: dict[Hashable, Made] = {}
        for each in missing:
            if each.key not in texts:
                continue
            try:
                record = self.rows.kind.model_validate_json(texts[each.key])
            except ValidationError:
                continue  # of another version of the form: made again
            names: dict[str, Any] = {"task": each.task, "sample": each.sample.id}
            found[each.place] = record.model_copy(update=names)
        return found


def _is_missing(record: Record | None, wanted: Wanted, again: bool) -> bool:
    return record is None or record.key != wanted.key or (again and record.status == "failed")


def _chunks(records: Sequence[Made]) -> Iterator[Sequence[Made]]:
    for at in range(0, len(records), CHUNK):
        yield records[at : at + CHUNK]


def batched(wanted: Iterable[Wanted], size: int) -> Iterator[list[Wanted]]:
    """Yield batches of one part each, no larger than ``size``."""
    batch: list[Wanted] = []
    for each in wanted:
        if batch and (len(batch) == size or batch[0].part != each.part):
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch
