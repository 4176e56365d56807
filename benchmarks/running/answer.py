"""Let each condition answer from what was generated: by rules, for many samples at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING

from nesy.diagnostics import MissingError, NesyError

from ..records import Answer, Generation, content_key, short_key
from ..samples import Sample
from . import keys
from .cache import Cache
from .folder import Run
from .setup import Setup
from .stages import CHUNK, Tally, Wanted, batched

if TYPE_CHECKING:
    from ..conditions import Settings

Generations = Mapping[tuple[str, str], Generation]
# What one worker of a cluster answers at a time.
BATCH = 500
# Our own text and the shipped rules: all that answers depend on beside what the user gives.
PROGRAMS = ("nesy", "rules", "ontology", "benchmarks/conditions")


def generations(run: Run) -> dict[str, dict[tuple[str, str], Generation]]:
    """Return what the model gave, by task, then by sample and mode."""
    found: dict[str, dict[tuple[str, str], Generation]] = {}
    for made in run.generations.rows.read():
        found.setdefault(made.task, {})[made.sample, made.mode] = made
    return found


class Asked:
    """What the conditions of a run answer from, each hashed once: questions and generations."""

    def __init__(self, run: Run) -> None:
        self.made = generations(run)
        self._keys: dict[tuple[str, str], str] = {}
        self._generated: dict[tuple[str, str, str], str] = {}

    def key(self, task: str, sample: Sample, modes: Sequence[str]) -> str:
        """Return the key of a sample's question and of what was generated in these modes."""
        place = task, sample.id
        if place not in self._keys:
            self._keys[place] = content_key(question=keys.of_question(sample))
        given = [self._key(task, sample.id, mode) for mode in modes]
        return short_key(self._keys[place], *filter(None, given))

    def _key(self, task: str, sample: str, mode: str) -> str:
        place = task, sample, mode
        if place not in self._generated:
            found = self.made.get(task, {}).get((sample, mode))
            self._generated[place] = keys.of_generation(found) if found else ""
        return self._generated[place]


def answer(
    run: Run,
    samples: Sequence[tuple[str, Sample]],
    chosen: Sequence[tuple[str, Sample]],
    condition: str,
    setup: Setup,
    cache: Cache,
    asked: Asked,
    *,
    again: bool = False,
    quiet: bool = False,
) -> Tally:
    """Fill the answers of one condition for the chosen ones among a run's samples."""
    settings = {task.name: setup.settings(task) for task in run.tasks}
    return run.answers(condition).fill(
        wanted(chosen, condition, settings, asked),
        partial(_answered, condition=condition, setup=setup, settings=settings, made=asked.made),
        cache,
        order=[(task, sample.id, condition) for task, sample in samples],
        again=again,
        quiet=quiet,
    )


def wanted(
    samples: Sequence[tuple[str, Sample]],
    condition: str,
    settings: Mapping[str, Settings],
    asked: Asked,
) -> list[Wanted]:
    """Return the answers a condition is to give."""
    from ..conditions import CONDITIONS

    programs, system = keys.of_programs(*PROGRAMS), CONDITIONS[condition]
    by = {
        task: content_key(by=system.by(settings[task]), programs=programs)
        for task in {task for task, _ in samples}
    }
    return [
        Wanted(
            task,
            sample,
            condition,
            short_key(by[task], sample.id, asked.key(task, sample, system.needs)),
        )
        for task, sample in samples
    ]


def _answered(
    left: Sequence[Wanted],
    *,
    condition: str,
    setup: Setup,
    settings: Mapping[str, Settings],
    made: Mapping[str, Generations],
) -> Iterator[list[Answer]]:
    for task, of_task in groupby(left, lambda each: each.task):
        some, seen = list(of_task), made.get(task, {})
        if setup.engine == "ray":
            from . import ray_data

            maker = partial(_worker, condition, replace(settings[task], jobs=1))
            batches = ([(e, _of(e, seen)) for e in batch] for batch in batched(some, BATCH))
            # Replaced now and then: clingo never forgets a symbol.
            yield from ray_data.mapped(batches, maker, setup.jobs, life=20)
        else:
            found = answers(some, condition, settings[task], seen)
            while chunk := list(islice(found, CHUNK)):
                yield chunk


def _of(wanted: Wanted, made: Generations) -> dict[tuple[str, str], Generation]:
    modes = ("constrained", "free")
    places = [(wanted.sample.id, mode) for mode in modes]
    return {place: made[place] for place in places if place in made}


Sent = tuple[Wanted, dict[tuple[str, str], Generation]]


def _worker(condition: str, settings: Settings) -> Callable[[list[Sent]], list[Answer]]:
    return partial(_by_worker, condition, settings)


def _by_worker(condition: str, settings: Settings, batch: list[Sent]) -> list[Answer]:
    made = {place: found for _, some in batch for place, found in some.items()}
    return list(answers([each for each, _ in batch], condition, settings, made))


def answers(
    wanted: Sequence[Wanted], condition: str, settings: Settings, made: Generations
) -> Iterator[Answer]:
    """Yield the answer to each sample, in order; one that raises is told as failed.

    Raises MissingError where this machine lacks something, as it would for every sample.
    """
    from ..conditions import CONDITIONS

    system = CONDITIONS[condition]
    at = 0
    while at < len(wanted):
        rest = wanted[at:]
        try:
            some, known = [each.sample for each in rest], [each.key for each in rest]
            for given in system.answers(some, made, settings, known):
                yield given
                at += 1
        except MissingError:
            raise
        except NesyError as error:
            failed, at = wanted[at], at + 1
            yield Answer(
                key=failed.key,
                task=failed.task,
                sample=failed.sample.id,
                condition=condition,
                status="failed",
                reason=keys.without_host(str(error.diagnostics[0]).partition("\n")[0])[:500],
            )
