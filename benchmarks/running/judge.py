"""Let a judge rate the replies, each rating on disk before the next is asked for.

Beside the ratings of a run stands how far the same judge agrees with experts (``judges.json``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nesy import strict_json

from .. import tasks
from ..judging.people import PeopleJudge
from ..records import Answer, Judgement, content_key
from ..samples import Sample
from . import keys, store
from .session import Session
from .stages import Tally, Wanted

PEOPLE = "people:"
# Experts' ratings of replies, which every judge is held against.
CALIBRATION = "empathy"
Answers = dict[tuple[str, str, str], Answer]


def judge(work: Session, spec: str) -> Tally:
    """Fill the judgements of the chosen samples by one judge, and calibrate it."""
    from .. import judging

    name, identity = _named(spec), _identity(work, spec)
    answers = {
        (answer.task, answer.sample, f"{condition} {name}"): answer
        for condition in work.conditions()
        for answer in work.run.answers(condition).rows.read()
        if answer.reply is not None
    }
    wanted = [
        Wanted(*place, _key(identity, sample, answer))
        for task, sample in work.chosen
        for condition in work.conditions()
        if (answer := answers.get((task, sample.id, f"{condition} {name}"))) is not None
        for place in [(task, sample, f"{condition} {name}")]
    ]
    by = judging.judge(spec, work.setup.vocabulary)
    _warn(work, by, name, wanted)
    tally = work.run.judgements.fill(
        wanted,
        partial(_judged, by=by, name=name, answers=answers, seed=work.setup.seed),
        work.cache,
        order=_order(work, name),
        again=work.only_failed,
        quiet=work.quiet,
    )
    _calibrate(work, by, name, identity)
    return tally


def _warn(work: Session, by: Any, name: str, wanted: Sequence[Wanted]) -> None:
    """Say on stderr which of a person's rows rate nothing here, and whose ratings give way."""
    if isinstance(by, PeopleJudge):
        held = {sample.id for _, sample in work.samples}
        here = {(sample, condition) for sample in held for condition in work.run.conditions}
        if others := sorted(" ".join(place) for place in by.ratings if place not in here):
            some = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
            told = f"{len(others)} of {len(by.ratings)} rows rate nothing in this run: {some}"
            print(f"{by.path}: {told}", file=sys.stderr)
    before = work.run.judgements.found()
    if any(each.key != before[each.place].key for each in wanted if each.place in before):
        told = "ratings of before under this name are replaced; another rater needs another name"
        print(f"{name}: {told}", file=sys.stderr)


def _key(identity: dict[str, Any], sample: Sample, answer: Answer) -> str:
    of = {"condition": answer.condition, "reply": answer.reply}
    key: str = content_key(judge=identity, question=keys.of_question(sample), **of)
    return key


def _named(spec: str) -> str:
    """Return a judge's name: the adapter and the last part of the model's."""
    adapter, _, model = spec.partition(":")
    return f"{adapter}:{Path(model).name}" if model else adapter


def _identity(work: Session, spec: str) -> dict[str, Any]:
    """Return what ratings depend on beside the reply and what it answers."""
    known = {"program": keys.of_programs("benchmarks/judging"), "seed": work.setup.seed}
    if spec.startswith(PEOPLE):
        return {**known, "file": keys.of_file(spec.removeprefix(PEOPLE))}
    return {**known, "model": keys.of_model(spec, work.setup.vocabulary, work.cache)}


def _judged(
    left: Sequence[Wanted], *, by: Any, name: str, answers: Answers, seed: int
) -> Iterator[list[Judgement]]:
    from .. import judging

    samples, given = [each.sample for each in left], [answers[each.place] for each in left]
    found = judging.judgements(by, samples, given, seed=seed)
    for each, made in zip(left, found, strict=True):
        yield [made.model_copy(update={"key": each.key, "judge": name})]


def _order(work: Session, name: str) -> list[tuple[str, str, str]]:
    judges = sorted({name, *(each.judge for each in work.run.judgements.rows.read())})
    return [
        (task, sample.id, f"{condition} {judge}")
        for task, sample in work.samples
        for condition in work.run.conditions
        for judge in judges
    ]


def _calibrate(work: Session, by: Any, name: str, identity: dict[str, Any]) -> None:
    """Keep how far a judge agrees with experts."""
    from .. import judging

    _, experts = tasks.load(CALIBRATION)
    key = content_key(calibration=identity, samples=[str(keys.content_of(e)) for e in experts])
    known = work.cache.get(key)
    if known is None:
        known = strict_json.dumps(judging.calibrate(by, experts, seed=work.setup.seed))
        work.cache.put([(key, known)])
    path = work.run.path / "judges.json"
    told = strict_json.loads(strict_json.read_text(path)) if path.exists() else {}
    told[name] = strict_json.loads(known)
    store.replace(path, strict_json.dumps(told, indent=2).encode() + b"\n")
