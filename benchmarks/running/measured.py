"""One measure of all answers of a run: scores, figures, and what each change is worth."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesy import strict_json

from ..measures import MEASURES, compare, corrected
from ..measures.kept import Kept
from ..measures.measure import Judgements, Measure
from ..records import Answer, Judgement, Score, content_key
from ..samples import Sample, Task
from . import keys, pool, store
from .cache import Cache
from .folder import Run

MOST_VALUES = 15
NO_ANSWER = "there is no answer"
# A measure, and the tasks it is asked of.
Unit = tuple[str, list[str]]


@dataclass(frozen=True)
class Block:
    """The scores of one task by one measure under one condition, and their figures."""

    key: str
    lines: bytes
    figures: list[dict[str, Any]]


@dataclass(frozen=True)
class Measured:
    """One task by one measure: a block a condition, and the differences between them."""

    task: str
    measure: str
    blocks: dict[str, Block]
    differences: list[dict[str, Any]]


def scoring(path: Path, cache: Path | None) -> Callable[[list[Unit]], list[list[Measured]]]:
    """Return what scores, in the process that is to score."""
    pool.one_thread()
    run = _Answered(Run(path), Cache(cache))
    return lambda units: [[run.measured(task, name) for task in tasks] for name, tasks in units]


def clusters(task: Task, samples: Sequence[Sample]) -> list[str]:
    """Return the group of each sample whose members are drawn together; alone without one."""
    return [each.groups.get(task.cluster, f"alone {each.id}") for each in samples]


class _Answered:
    """A run whose answers are there: what every measure of it reads, read once."""

    def __init__(self, run: Run, cache: Cache) -> None:
        self.run, self.cache = run, cache
        self.tasks = {task.name: task for task in run.tasks}
        self.conditions = run.conditions
        self.samples = run.samples()
        self.groups = {
            name: np.unique(clusters(task, self.samples[name]), return_inverse=True)[1]
            for name, task in self.tasks.items()
        }
        self.slices = {name: _slices(some) for name, some in self.samples.items()}
        self._sides: dict[tuple[str, str], _Side] = {}

    @cached_property
    def answers(self) -> dict[tuple[str, str], dict[str, Answer]]:
        """Return the answers by task and condition, then by sample."""
        found: dict[tuple[str, str], dict[str, Answer]] = {}
        for condition in self.conditions:
            for answer in self.run.answers(condition).rows.read():
                found.setdefault((answer.task, condition), {})[answer.sample] = answer
        return found

    @cached_property
    def judgements(self) -> dict[tuple[str, str], dict[str, list[Judgement]]]:
        """Return what judges said by task and condition, then by sample."""
        found: dict[tuple[str, str], dict[str, list[Judgement]]] = {}
        for each in self.run.judgements.rows.read():
            of = found.setdefault((each.task, each.condition), {})
            of.setdefault(each.sample, []).append(each)
        return found

    @cached_property
    def content(self) -> dict[str, str]:
        """Return the digest of each task's samples, pictures by content."""
        return {name: _digest(map(keys.content_of, some)) for name, some in self.samples.items()}

    def measured(self, task: str, name: str) -> Measured:
        """Return one measure of one task."""
        measure = MEASURES[name]
        made = {c: self._block(self._side(task, c), measure) for c in self.conditions}
        blocks = {condition: block for condition, (block, _) in made.items()}
        return Measured(task, name, blocks, list(self._differences(task, measure, made)))

    def _side(self, task: str, condition: str) -> _Side:
        place = task, condition
        if place not in self._sides:
            answers, samples = self.answers.get(place, {}), self.samples[task]
            paired = [answers.get(each.id) or _no_answer(*place, each) for each in samples]
            judged = self.judgements.get(place, {})
            said = (*paired, *(each for some in judged.values() for each in some))
            content = self.content[task] + _digest(map(store.line_of, said))
            self._sides[place] = _Side(task, condition, paired, judged, content)
        return self._sides[place]

    def _block(self, side: _Side, measure: Measure) -> tuple[Block, Kept | None]:
        """Return scores made before of the same content, or new ones and what is kept of them."""
        key = content_key(
            content=side.content,
            task=side.task,
            condition=side.condition,
            cluster=self.tasks[side.task].cluster,
            measure=measure.name,
            signature=measure.signature,
            programs=keys.of_programs("benchmarks/measures", "nesy", "ontology"),
        )
        known = self.cache.get(key)
        if known is not None:
            told, _, rest = known.partition("\n")
            return Block(key, rest.encode(), strict_json.loads(told)), None
        samples = self.samples[side.task]
        scores = measure.score(samples, side.answers, side.judgements or None)
        kept, lines = measure.kept(scores), b"".join(map(store.flat_line, scores))
        figures = list(self._figures(side, measure, kept))
        self.cache.put([(key, f"{strict_json.dumps(figures)}\n{lines.decode()}")])
        return Block(key, lines, figures), kept

    def _figures(self, side: _Side, measure: Measure, kept: Kept) -> Iterator[dict[str, Any]]:
        groups = self.groups[side.task]
        names = {"task": side.task, "condition": side.condition, "measure": measure.name}
        signed = {"signature": measure.signature}
        yield names | measure.figure(kept, groups).as_json() | signed
        for (name, value), members in self.slices[side.task].items():
            told = measure.figure(kept.among(members), groups[members]).as_json()
            yield names | told | signed | {"slice": {name: value}}

    def _differences(
        self, task: str, measure: Measure, made: Mapping[str, tuple[Block, Kept | None]]
    ) -> list[dict[str, Any]]:
        """Return what each condition changes against the one it differs from, paired by sample.

        ``p_corrected`` is for all differences of a task by the same measure (Holm).
        """
        from ..conditions import CONDITIONS

        found: list[dict[str, Any]] = []
        for condition in self.conditions:
            base = CONDITIONS[condition].base if condition in CONDITIONS else None
            if base is not None and base in made:
                told = self._difference(task, measure, made[condition], made[base])
                names = {"task": task, "condition": condition, "base": base}
                found.append({**names, "measure": measure.name, **told})
        return _with_corrected(found)

    def _difference(
        self,
        task: str,
        measure: Measure,
        one: tuple[Block, Kept | None],
        other: tuple[Block, Kept | None],
    ) -> dict[str, Any]:
        key = content_key(difference=[one[0].key, other[0].key])
        known = self.cache.get(key)
        if known is not None:
            told: dict[str, Any] = strict_json.loads(known)
            return told
        sides = (_kept(measure, *one), _kept(measure, *other))
        told = compare(measure, *sides, self.groups[task]).as_json()
        self.cache.put([(key, strict_json.dumps(told))])
        return told


@dataclass(frozen=True)
class _Side:
    """One task under one condition: an answer a sample, in order, and the digest of it all."""

    task: str
    condition: str
    answers: list[Answer]
    judgements: Judgements
    content: str


def _no_answer(task: str, condition: str, sample: Sample) -> Answer:
    names: dict[str, Any] = {"task": task, "sample": sample.id, "condition": condition}
    return Answer(key="", **names, status="failed", reason=NO_ANSWER)


def _kept(measure: Measure, block: Block, kept: Kept | None) -> Kept:
    """Return what is kept of a block's scores; of one from the cache they are read."""
    if kept is not None:
        return kept
    return measure.kept([Score.model_validate_json(line) for line in block.lines.splitlines()])


def _slices(samples: Sequence[Sample]) -> dict[tuple[str, str], NDArray[np.int_]]:
    """Return the samples of each slice; one that holds them all tells nothing more.

    What has more than ``MOST_VALUES`` values is left out: nobody reads so many rows.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for number, sample in enumerate(samples):
        for name, value in sample.slices.items():
            found.setdefault((name, value), []).append(number)
    values = Counter(name for name, _ in found)
    return {
        (name, value): np.array(some)
        for (name, value), some in sorted(found.items())
        if len(some) < len(samples) and values[name] <= MOST_VALUES
    }


def _digest(lines: Iterable[bytes]) -> str:
    sha = hashlib.sha256()
    for line in lines:
        sha.update(line)
    return sha.hexdigest()


def _with_corrected(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ps = iter(corrected([each["p"] for each in told if each["p"] is not None]))
    return [
        {**each, "p_corrected": None if each["p"] is None else round(next(ps), 6)} for each in told
    ]
