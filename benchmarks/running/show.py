"""One sample of a run: what was seen, what each condition answers, what people said, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from nesy import pipeline, strict_json
from nesy.diagnostics import Diagnostic, NesyError, nearest, visible
from nesy.explain import outcome, render, short, tell
from nesy.reason.engine import Engine
from nesy.trace import Trace

from .. import conditions
from ..conditions import shown as seeing
from ..records import Answer, Generation, Judgement, Score
from ..samples import Sample
from .folder import Run
from .setup import Setup

MOST = 5
# How deep reasons are told.
DEPTH = 3
# Confidence from which a unit is held to be there.
SEEN = 500


@dataclass(frozen=True)
class Shown:
    """All that a run holds of one sample."""

    task: str
    sample: Sample
    generations: tuple[Generation, ...]
    answers: tuple[Answer, ...]
    judgements: tuple[Judgement, ...]
    scores: tuple[Score, ...]


def shown(run: Run, name: str, condition: str | None, *, as_json: bool) -> str:
    """Return all that a run holds of a sample, as text or JSON.

    Of one ``condition`` its Trace too, made again, and why its reply is what it is. Raises
    NesyError N725 for a sample the run has not, N740 for an unknown condition.
    """
    task, sample = _find(run, name)
    chosen = run.conditions
    if condition is not None:
        chosen = [each.name for each in conditions.named(condition)]
    found = Shown(
        task,
        sample,
        tuple(g for g in run.generations.rows.read() if _is_of(g, task, sample)),
        tuple(a for name in chosen for a in _answers(run, name) if _is_of(a, task, sample)),
        tuple(j for j in run.judgements.rows.read() if _is_of(j, task, sample)),
        tuple(s for c in chosen for s in run.scores(c).read() if _is_of(s, task, sample)),
    )
    made = reasoned(run, task, sample, condition) if condition else None
    if as_json:
        told = {field.name: _plain(getattr(found, field.name)) for field in fields(found)}
        told["trace"] = strict_json.loads(made[0].as_json()) if made else None
        return strict_json.dumps(told, indent=2)
    lines = [*_lines(found)]
    if made and condition:
        lines += ["", *why(*made, governed=conditions.named(condition)[0].governed)]
    return "\n".join(lines)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _find(run: Run, name: str) -> tuple[str, Sample]:
    held = [(task, sample) for task, some in run.samples().items() for sample in some]
    found = [pair for pair in held if name in (pair[1].id, f"{pair[0]}/{pair[1].id}")]
    if len(found) == 1:
        return found[0]
    if found:
        what, why = f"{len(found)} samples are called {name!r}", "each of another task"
        fix = f"write {' or '.join(f'{task}/{name}' for task, _ in found)}"
    else:
        what, why = f"there is no sample {name!r}", f"the run holds {len(held)} others"
        fix = nearest(name, [sample.id for _, sample in held])
    raise NesyError(Diagnostic("N725", what, why, fix, str(run.path)))


def _is_of(record: Generation | Answer | Judgement | Score, task: str, sample: Sample) -> bool:
    return (record.task, record.sample) == (task, sample.id)


def _answers(run: Run, condition: str) -> list[Answer]:
    return run.answers(condition).rows.read()


def reasoned(run: Run, task: str, sample: Sample, condition: str) -> tuple[Trace, Engine] | None:
    """Return the Trace of a sample by a condition's rules, made again; None where no rule reads."""
    (using,) = conditions.named(condition)
    if using.weighing is None:
        return None
    about = next(each for each in run.tasks if each.name == task)
    settings = Setup.of_json(run.manifest["setup"], run.inputs).settings(about)
    settings = settings.without(using.without) if using.without else settings
    seen = (
        seeing.words(sample, settings)
        if using.sees == "words"
        else seeing.face(sample, _generations(run, task, sample), settings)
    )
    if isinstance(seen, seeing.NotShown):
        return None
    engine = settings.engine(using.weighing, sample.rules)
    return pipeline.reason(seen, engine=engine), engine


def _generations(run: Run, task: str, sample: Sample) -> seeing.Generations:
    """Return what the model gave of one sample; the lines of others are not read."""
    some = run.generations.rows.read(f'"sample":{strict_json.dumps(sample.id)}')
    return {(g.sample, g.mode): g for g in some if _is_of(g, task, sample)}


def _lines(found: Shown) -> Iterator[str]:
    case, reference = found.sample.case, found.sample.reference
    yield f"{found.task}/{visible(found.sample.id)}"
    if case.image:
        yield f"  picture    {case.image}"
    yield f"  line       “{visible(case.line)}”"
    told = reference.model_dump(mode="json") if reference else {}
    yield from (f"  {name:<10} {_told(value)}" for name, value in told.items())
    for made in found.generations:
        yield from _generated(made)
    for answer in found.answers:
        yield from _answered(answer)
        yield from _scored([s for s in found.scores if s.condition == answer.condition])
        for each in found.judgements:
            if each.condition == answer.condition:
                yield f"  judged     {each.judge}: {_told(each.ratings or each.reason)}"


def _generated(made: Generation) -> Iterator[str]:
    yield f"{made.mode}: {made.status}" + (f", {made.reason}" if made.reason else "")
    if made.text is not None:
        yield f"  {visible(made.text)}"
    for face in made.observation.faces if made.observation else ():
        units = " ".join(f"AU{u.unit}" for u in face.action_units if u.confidence >= SEEN)
        seen = ", ".join(e.expression for e in face.expressions if e.confidence >= SEEN)
        yield f"  {face.id}: {units or 'no unit'}; {seen or 'no expression'}"


def _answered(answer: Answer) -> Iterator[str]:
    yield f"{answer.condition}: {answer.status}" + (f", {answer.reason}" if answer.reason else "")
    if answer.distribution:
        top = sorted(answer.distribution.items(), key=lambda pair: -pair[1])[:MOST]
        yield "  reading    " + ", ".join(f"{name} {share:.1%}" for name, share in top)
    for name in ("text", "mismatches", "verdict", "norms", "reply"):
        if (value := getattr(answer, name)) not in (None, ()):
            yield f"  {name:<10} {_told(value)}"


def _scored(scores: Sequence[Score]) -> Iterator[str]:
    told = [f"{s.measure} {s.value:.3f}" for s in scores if s.value is not None]
    if told:
        yield "  scores     " + ", ".join(told)
    for score in scores:
        if score.value is None:
            yield f"  not scored {score.measure}: {score.reason}"


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_told, value))
    return visible(f"{value:g}" if isinstance(value, float) else str(value))


def why(trace: Trace, engine: Engine, *, governed: bool) -> Iterator[str]:
    """Tell why the reply is what it is, or the reading where no norm is asked."""
    if trace.failure is not None:
        yield from (f"no Trace: {fault.code} {fault.what}" for fault in trace.failure.diagnostics)
        return
    face, reading = next(iter((trace.reading or {}).items()))
    top = next(iter(reading.distribution))
    node = outcome.why(trace, engine, None if governed else f"reads({face}, {top}, _)")
    yield render.as_text(short.short(tell.tell(node, engine)), DEPTH).rstrip()
