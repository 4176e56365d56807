"""What a run writes down, one JSON object a line: generations, answers, judgements, scores.

Every record names the content it came from (``key``), so a stage that is run again finds what it
already did. A record that could not be made says why: nothing counts as zero by having failed.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from nesy import strict_json
from nesy.observation import Observation, Term, Value

Status = Literal["done", "failed", "refused", "unparseable", "skipped"]


def content_key(**parts: Any) -> str:
    """Return the SHA-256 of named JSON values: the same parts give the same key on any machine."""
    named = dict(sorted(parts.items()))
    return hashlib.sha256(strict_json.dumps(named).encode()).hexdigest()


def short_key(*parts: str) -> str:
    """Return the SHA-256 of texts in order: a key of what has keys already, made a million times.

    >>> short_key("ab", "c") == short_key("a", "bc")
    False
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class Record(Value):
    """One line of a run's file; ``reason`` says why where ``status`` is not ``done``."""

    key: str
    task: Term
    sample: str
    status: Status = "done"
    reason: str | None = None


class Generation(Record):
    """What a model gave for a sample: an ``observation`` under constraint, or ``text`` without."""

    mode: Literal["constrained", "free"]
    observation: Observation | None = None
    text: str | None = None
    seconds: float | None = None


class Answer(Record):
    """What a system (a model under one condition) says of a sample.

    ``distribution`` is over emotions of the ontology; ``emotions`` are those it names, ``text`` its
    interpretation in words, ``reply`` what it would say to the person. ``verdict`` is the status
    and ``norms`` those that apply. ``flags`` are other answers by name (``sarcastic``: ``yes``).
    ``explained`` holds figures of its explanation (``leaves``, ``rules``, ``sound``),
    ``self_ratings`` what a model gave itself by criterion, 1-5, where it was asked to.
    """

    condition: str
    distribution: dict[Term, float] | None = None
    emotions: tuple[str, ...] | None = None
    text: str | None = None
    reply: str | None = None
    units: tuple[int, ...] | None = None
    expressions: tuple[Term, ...] | None = None
    mismatches: tuple[Term, ...] | None = None
    ambiguous: bool | None = None
    verdict: Literal["release", "block", "hold"] | None = None
    norms: tuple[str, ...] | None = None
    flags: dict[Term, str] | None = None
    explained: dict[Term, float] | None = None
    self_ratings: dict[Term, int] | None = None


class Judgement(Record):
    """One judge's ratings of one answer, 1-5 by criterion; ``judge`` is a model or a file."""

    condition: str
    judge: str
    ratings: dict[Term, int] | None = None


class Score(Record):
    """One measure of one answer; without a ``value`` it was not scored, and ``reason`` says why."""

    condition: str
    measure: str
    value: float | None = None
