"""Hold the answers against what people said: scores, figures, and what each change is worth."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from nesy import strict_json

from ..measures import MEASURES, compare, corrected, likert, named
from ..measures.measure import Judgements, Measure
from ..records import Answer, Score, content_key
from ..samples import Sample, Task
from . import keys, manifest, store
from .cache import Cache
from .folder import Run
from .progress import Progress
from .setup import Setup

MOST_VALUES = 15
NO_ANSWER = "there is no answer"
EXPLAINED, VETO = ("soundness", "coverage", "explanation_length"), "veto"


@dataclass(frozen=True)
class Block:
    """The scores of one task by one measure under one condition, and their figures."""

    key: str
    lines: bytes
    figures: list[dict[str, Any]]

    def scores(self) -> list[Score]:
        """Return the scores."""
        return [Score.model_validate_json(line) for line in self.lines.splitlines()]


def ready(tasks: Iterable[Task]) -> None:
    """Raise what would keep the answers from being scored, before a model has looked for hours.

    NesyError N710 for an unknown measure, MissingError N902 for a package that is not installed.
    """
    for name in sorted({name for task in tasks for name in task.measures}):
        named(name).score([], [], None)


def score(run: Run, setup: Setup, cache: Cache, *, quiet: bool = False) -> dict[str, Any]:
    """Score every answer of a run; write ``scores/`` and ``results.json``, and return these."""
    samples = run.samples()
    conditions = run.conditions
    blocks: dict[tuple[str, str, str], Block] = {}
    wanted = {task.name: _wanted(run, task) for task in run.tasks}
    total = len(conditions) * sum(map(len, wanted.values()))
    progress = Progress("score", total, quiet)
    for condition in conditions:
        answers = _answers(run, condition)
        for task in run.tasks:
            mine = _Scoring(task, samples[task.name], condition, answers.get(task.name, {}), run)
            for name in wanted[task.name]:
                blocks[condition, task.name, name] = mine.block(MEASURES[name], cache)
                progress.advance(1)
        written = (blocks[place].lines for place in blocks if place[0] == condition)
        store.replace(run.scores(condition).path, b"".join(written))
    progress.end()
    results = {
        "figures": [figure for block in blocks.values() for figure in block.figures],
        "differences": _differences(run, wanted, samples, blocks, cache),
        "versions": manifest.versions(setup.vocabulary),
    }
    text = strict_json.dumps(results, indent=1).encode() + b"\n"
    store.replace(run.path / "results.json", text)
    return results


def _wanted(run: Run, task: Task) -> list[str]:
    """Return a task's measures, and those of what was asked for beside it: judges, explanations."""
    from ..conditions import CONDITIONS

    found = [*task.measures]
    if any(each.task == task.name for each in run.judgements.rows.read()):
        found += likert.CRITERIA
    if run.manifest["setup"].get("explain_every"):
        found += EXPLAINED
    if any(CONDITIONS[c].governed for c in run.conditions if c in CONDITIONS):
        found.append(VETO)
    return list(dict.fromkeys(found))


def _answers(run: Run, condition: str) -> dict[str, dict[str, Answer]]:
    found: dict[str, dict[str, Answer]] = {}
    for answer in run.answers(condition).rows.read():
        found.setdefault(answer.task, {})[answer.sample] = answer
    return found


class _Scoring:
    """One task under one condition: samples and answers paired, and the key of both."""

    def __init__(
        self,
        task: Task,
        samples: Sequence[Sample],
        condition: str,
        answers: Mapping[str, Answer],
        run: Run,
    ) -> None:
        self.task, self.samples, self.condition = task, samples, condition
        self.answers = [answers.get(each.id) or self._no_answer(each) for each in samples]
        self.judgements = _judgements(run, task.name, condition)
        self.clusters = clusters(task, samples)
        self.slices = _slices(samples)
        self.content = _digest(
            chain(
                (keys.content_of(sample) for sample in samples),
                (store.line_of(answer) for answer in self.answers),
                (store.line_of(each) for some in self.judgements.values() for each in some),
            )
        )

    def _no_answer(self, sample: Sample) -> Answer:
        names: dict[str, Any] = {"task": self.task.name, "sample": sample.id}
        why: dict[str, Any] = {"status": "failed", "reason": NO_ANSWER}
        return Answer(key="", **names, **why, condition=self.condition)

    def block(self, measure: Measure, cache: Cache) -> Block:
        """Return the scores by one measure: those made before of the same content, or new ones."""
        key = content_key(
            content=self.content,
            task=self.task.name,
            condition=self.condition,
            cluster=self.task.cluster,
            measure=measure.name,
            signature=measure.signature,
            programs=keys.of_programs("benchmarks/measures", "nesy", "ontology"),
        )
        known = cache.get(key)
        if known is not None:
            told, _, rest = known.partition("\n")
            return Block(key, rest.encode(), strict_json.loads(told))
        scores = measure.score(self.samples, self.answers, self.judgements or None)
        lines = b"".join(map(store.line_of, scores))
        figures = [self._figure(measure, scores, None), *self._sliced(measure, scores)]
        cache.put([(key, f"{strict_json.dumps(figures)}\n{lines.decode()}")])
        return Block(key, lines, figures)

    def _sliced(self, measure: Measure, scores: Sequence[Score]) -> Iterator[dict[str, Any]]:
        for (name, value), members in self.slices.items():
            yield self._figure(measure, scores, {name: value}, members)

    def _figure(
        self,
        measure: Measure,
        scores: Sequence[Score],
        slice_: dict[str, str] | None,
        members: Sequence[int] | None = None,
    ) -> dict[str, Any]:
        places = range(len(scores)) if members is None else members
        found = measure.figure([scores[i] for i in places], [self.clusters[i] for i in places])
        names = {"task": self.task.name, "condition": self.condition, "measure": measure.name}
        told = {**names, **found.as_json(), "signature": measure.signature}
        return told | ({"slice": slice_} if slice_ else {})


def clusters(task: Task, samples: Sequence[Sample]) -> list[str]:
    """Return the group of each sample whose members are drawn together; alone without one."""
    return [each.groups.get(task.cluster, f"alone {each.id}") for each in samples]


def _slices(samples: Sequence[Sample]) -> dict[tuple[str, str], list[int]]:
    """Return the samples of each slice; one that holds them all tells nothing more.

    What has more than ``MOST_VALUES`` values is left out: nobody reads so many rows.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for number, sample in enumerate(samples):
        for name, value in sample.slices.items():
            found.setdefault((name, value), []).append(number)
    values = Counter(name for name, _ in found)
    return {
        (name, value): some
        for (name, value), some in sorted(found.items())
        if len(some) < len(samples) and values[name] <= MOST_VALUES
    }


def _judgements(run: Run, task: str, condition: str) -> Judgements:
    found: dict[str, list[Any]] = {}
    for each in run.judgements.rows.read():
        if (each.task, each.condition) == (task, condition):
            found.setdefault(each.sample, []).append(each)
    return found


def _digest(lines: Iterable[bytes]) -> str:
    sha = hashlib.sha256()
    for line in lines:
        sha.update(line)
    return sha.hexdigest()


def _differences(
    run: Run,
    wanted: Mapping[str, Sequence[str]],
    samples: Mapping[str, Sequence[Sample]],
    blocks: Mapping[tuple[str, str, str], Block],
    cache: Cache,
) -> list[dict[str, Any]]:
    """Return what each condition changes against the one it differs from, paired by sample.

    ``p_corrected`` is for all differences of a task by the same measure (Holm).
    """
    from ..conditions import CONDITIONS

    found: list[dict[str, Any]] = []
    for task in run.tasks:
        groups = clusters(task, samples[task.name])
        for name in wanted[task.name]:
            of_measure: list[dict[str, Any]] = []
            for condition in run.conditions:
                base = CONDITIONS[condition].base if condition in CONDITIONS else None
                one, other = ((c, task.name, name) for c in (condition, base or ""))
                if one in blocks and other in blocks:
                    told = _difference(MEASURES[name], blocks[one], blocks[other], groups, cache)
                    names = {"task": task.name, "condition": condition, "base": base}
                    of_measure.append({**names, "measure": name, **told})
            found += _with_corrected(of_measure)
    return found


def _difference(
    measure: Measure, one: Block, other: Block, groups: Sequence[str], cache: Cache
) -> dict[str, Any]:
    key = content_key(difference=[one.key, other.key])
    known = cache.get(key)
    if known is not None:
        told: dict[str, Any] = strict_json.loads(known)
        return told
    told = compare(measure, one.scores(), other.scores(), groups).as_json()
    cache.put([(key, strict_json.dumps(told))])
    return told


def _with_corrected(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ps = iter(corrected([each["p"] for each in told if each["p"] is not None]))
    return [
        {**each, "p_corrected": None if each["p"] is None else round(next(ps), 6)} for each in told
    ]
