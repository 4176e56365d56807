"""Judges of replies: a language model held to numbers, or a person's table of ratings.

A judge that fails gives no number. Its agreement with experts (``calibrate``) stands beside its
ratings, or they say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from nesy.benchmarks.records import Answer, Judgement, content_key
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.vocabulary import Vocabulary

from .agreement import calibrate

__all__ = ["Judge", "calibrate", "judge", "judgements"]


class Judge(Protocol):
    """Who rates replies from 1 to 5 by criterion."""

    def describe(self) -> dict[str, Any]:
        """Return what this judge is: ``name``, ``model`` or ``file``."""

    def rate_reply(
        self, sample: Sample, reply: str, *, condition: str, seed: int
    ) -> dict[str, int]:
        """Return ratings of a reply, empty where there are none; raises NesyError for a failure."""

    def rate_dialogue(self, sample: Sample, *, seed: int) -> dict[str, int]:
        """Return ratings of the supporter in a dialogue that experts have rated."""


def judge(spec: str, vocabulary: Vocabulary) -> Judge:
    """Return the judge of ``transformers:MODEL`` or ``people:RATINGS.csv``.

    Raises NesyError N744 (no such judge), N743 (the ratings), N901-N904 (the model).
    """
    name, _, of = spec.partition(":")
    if of and name == "transformers":
        from nesy.adapters.transformers.loading import WORDS, load

        from .model import ModelJudge

        return ModelJudge(load(of, kind=WORDS), vocabulary)
    if of and name == "people":
        from .people import PeopleJudge

        return PeopleJudge(Path(of))
    what, why = f"there is no judge {spec[:80]!r}", "a judge is a language model, or a rater's file"
    fix = "write transformers:MODEL or people:RATINGS.csv"
    raise NesyError(Diagnostic("N744", what, why, fix))


def judgements(
    judge: Judge, samples: Sequence[Sample], answers: Sequence[Answer], *, seed: int = 0
) -> Iterator[Judgement]:
    """Yield a judgement of each answer's reply, in order; without ratings it says why.

    Raises MissingError where the judge can rate nothing on this machine.
    """
    name = str(judge.describe().get("name", "judge"))
    for sample, answer in zip(samples, answers, strict=True):
        made: dict[str, Any]
        if not answer.reply:
            made = {"status": "skipped", "reason": "the answer has no reply"}
        else:
            made = _rated(judge, sample, answer.reply, answer.condition, seed)
        yield Judgement(
            key=content_key(judge=judge.describe(), answer=answer.key, seed=seed),
            task=answer.task,
            sample=answer.sample,
            condition=answer.condition,
            judge=name,
            **made,
        )


def _rated(judge: Judge, sample: Sample, reply: str, condition: str, seed: int) -> dict[str, Any]:
    try:
        ratings = judge.rate_reply(sample, reply, condition=condition, seed=seed)
    except MissingError:
        raise
    except NesyError as error:
        fault = error.diagnostics[0]
        return {"status": "failed", "reason": f"{fault.code} {fault.what}"}
    if not ratings:
        return {"status": "skipped", "reason": "the judge did not rate this answer"}
    return {"ratings": ratings}
