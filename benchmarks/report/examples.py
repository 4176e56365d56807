"""Samples to look at: as each condition answered them, and why the last one did."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable

from nesy.benchmarks.records import Answer
from nesy.benchmarks.running.show import reasoned, why
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import NesyError
from nesy.picture import open_picture

from .found import Found, condition_title
from .section import Example, Section

EACH = 2
WIDEST = 320
Kind = Callable[[Sample, dict[str, Answer]], bool]


def _top(answer: Answer | None) -> str | None:
    of = answer.distribution if answer is not None and answer.status == "done" else None
    return min(of, key=lambda e: (-of[e], e)) if of else None


def _majority(sample: Sample) -> set[str]:
    votes = sample.reference.votes if sample.reference else None
    if not votes or not sum(votes.values()):
        return set(sample.reference.emotions or ()) if sample.reference else set()
    most = max(votes.values())
    return {emotion for emotion, count in votes.items() if count == most}


def _mended(sample: Sample, answers: dict[str, Answer]) -> bool:
    people = _majority(sample)
    before, after = _top(answers.get("constrained")), _top(answers.get("learned"))
    return bool(people) and before is not None and before not in people and after in people


def _spoiled(sample: Sample, answers: dict[str, Answer]) -> bool:
    people = _majority(sample)
    before, after = _top(answers.get("constrained")), _top(answers.get("learned"))
    return bool(people) and after is not None and before in people and after not in people


def _at_odds(_: Sample, answers: dict[str, Answer]) -> bool:
    found = answers.get("governed") or answers.get("rules")
    return found is not None and bool(found.mismatches)


def _stopped(_: Sample, answers: dict[str, Answer]) -> bool:
    governed = answers.get("governed")
    return governed is not None and governed.verdict in ("block", "hold")


KINDS: dict[str, Kind] = {
    "The rules mended it": _mended,
    "The rules spoiled it": _spoiled,
    "Words and face disagree": _at_odds,
    "A norm stopped the reply": _stopped,
}


def examples(found: Found) -> Section:
    """Return a few samples of each kind, chosen by a hash of their names and not by hand."""
    answers = {condition: found.answers(condition) for condition in found.conditions}
    told: list[Example] = []
    for title, is_kind in KINDS.items():
        kept: list[tuple[str, str, Sample, dict[str, Answer]]] = []
        for task in found.tasks:
            for sample in found.samples[task.name]:
                of = {
                    condition: by[task.name][sample.id]
                    for condition, by in answers.items()
                    if sample.id in by.get(task.name, {})
                }
                if is_kind(sample, of):
                    lot = hashlib.sha256(f"{task.name}/{sample.id}".encode()).hexdigest()
                    kept.append((lot, task.name, sample, of))
        kept.sort(key=lambda each: each[0])
        told += [_example(found, title, *each[1:]) for each in kept[:EACH]]
    intro = "Drawn by lot among the samples of each kind: none was picked by hand."
    if not told:
        intro = "No sample of this run was mended, spoiled, at odds or stopped."
    return Section("examples", "Examples", intro, examples=tuple(told))


def _example(
    found: Found, title: str, task: str, sample: Sample, answers: dict[str, Answer]
) -> Example:
    shown = {name: answer for name, answer in answers.items() if not name.startswith("-")}
    rows = [(condition_title(name), _answered(answer)) for name, answer in shown.items()]
    return Example(
        f"{title}: {task}/{sample.id}",
        _picture(sample),
        sample.case.line or "(no words)",
        _said(sample),
        tuple(rows),
        _why(found, task, sample, answers),
    )


def _answered(answer: Answer) -> str:
    if answer.status != "done":
        return f"{answer.status}: {answer.reason}"
    parts = [answer.text or "no reading"]
    if answer.mismatches:
        parts.append(f"({', '.join(answer.mismatches)})")
    if answer.verdict:
        parts.append(f"· {answer.verdict}")
    if answer.verdict and answer.reply:
        parts.append(f"· “{answer.reply}”")
    return " ".join(parts)


def _said(sample: Sample) -> str:
    reference = sample.reference
    if reference is None:
        return "Nothing is held against it."
    if reference.votes:
        ranked = sorted(reference.votes.items(), key=lambda pair: (-pair[1], pair[0]))[:4]
        return "People: " + ", ".join(f"{name} {count:g}" for name, count in ranked if count)
    named = ", ".join(reference.emotions or reference.texts or reference.expressions or ())
    return f"Held against ({reference.origin}): {named or 'nothing in words'}"


def _picture(sample: Sample) -> str | None:
    if sample.case.image is None:
        return None
    try:
        image = open_picture(sample.case.image)
    except NesyError:
        return None
    image.thumbnail((WIDEST, WIDEST))
    out = io.BytesIO()
    image.save(out, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _why(found: Found, task: str, sample: Sample, answers: dict[str, Answer]) -> str:
    for condition in ("governed", "learned", "rules", "text_rules"):
        if condition in answers and answers[condition].status == "done":
            made = reasoned(found.run, task, sample, condition)
            if made is not None:
                return "\n".join(why(*made, governed=condition == "governed"))
    return ""
