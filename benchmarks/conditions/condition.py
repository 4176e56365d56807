"""A condition: one way to answer samples, which differs from another by one change."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from nesy.benchmarks.governance.classify import kind_of
from nesy.benchmarks.records import Answer, content_key
from nesy.benchmarks.samples import Sample
from nesy.diagnostics import NesyError
from nesy.ground import LEAST_CONFIDENCE
from nesy.reason.bulk import CHUNK
from nesy.reason.engine import Engine
from nesy.trace import Observation, Trace

from . import own, parsing, shown, wording
from .explained import explained
from .ruled import Read, governed_many, read_many
from .settings import Settings, Weighing, refused
from .shown import Generations, Mode, NotShown

SARCASM = "sarcasm"
# Digits kept of a probability: sums of the same numbers differ behind them between machines.
DIGITS = 9
Sees = Literal["words", "report", "text"]
Shown = Trace | parsing.Said | NotShown
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a system sees, and what reads it; ``base`` is the condition it differs from.

    ``sees`` is the words alone, a model's report on face and words, or its free text. ``weighing``
    names the weights of rules, None where no rule reads; ``governed`` asks the norms too, and
    ``without`` is a pack that is off.
    """

    name: str
    title: str
    base: str | None
    change: str
    sees: Sees
    weighing: Weighing | None = None
    governed: bool = False
    without: str | None = None

    @property
    def needs(self) -> tuple[Mode, ...]:
        """Return the modes of generation it needs of samples without a recorded observation."""
        found: dict[Sees, tuple[Mode, ...]] = {"report": ("constrained",), "text": ("free",)}
        return found.get(self.sees, ())

    def key(self, sample: Sample, generations: Generations, settings: Settings) -> str:
        """Return the key of an answer: the hash of all that it is made from."""
        given = [generations.get((sample.id, mode)) for mode in self.needs]
        key: str = content_key(
            sample=sample.id,
            case=sample.case.model_dump(mode="json", exclude={"image"}),
            is_pictured=sample.case.image is not None,
            observation=_json(sample.observation) if sample.observation else None,
            stranger=sample.rules,
            generations=[g.key if g else None for g in given],
            by=self.by(settings),
        )
        return key

    def by(self, settings: Settings) -> dict[str, Any]:
        """Return what an answer depends on beside sample and generation, as JSON."""
        return {
            "condition": self.name,
            "digest": self._using(settings).digest(self.weighing),
            "explain_every": settings.explain_every if self.weighing else 0,
        }

    def answers(
        self,
        samples: Sequence[Sample],
        generations: Generations,
        settings: Settings,
        keys: Sequence[str] | None = None,
    ) -> Iterator[Answer]:
        """Yield an answer to each sample, in order, as soon as its chunk is reasoned over.

        The same input gives the same answers, whatever stands beside a sample. ``generations`` are
        by the sample's id and the mode; ``keys`` are what the answers are to be known by, where the
        caller has keys of its own. What a sample lacks its answer tells by status and reason.
        Raises NesyError where the settings themselves are refused.
        """
        made = self._fields(samples, generations, self._using(settings))
        for number, (sample, fields) in enumerate(made):
            yield Answer(
                key=keys[number] if keys else self.key(sample, generations, settings),
                task=settings.task,
                sample=sample.id,
                condition=self.name,
                **fields,
            )

    def _using(self, settings: Settings) -> Settings:
        return settings.without(self.without) if self.without else settings

    def _shown(self, sample: Sample, generations: Generations, settings: Settings) -> Shown:
        if self.sees == "words":
            return shown.words(sample, settings)
        if self.sees == "report":
            seen = shown.face(sample, generations, settings)
            # Rules read the words where there is nothing else; a model alone has nothing to see.
            alone = seen == shown.NO_PICTURE and self.weighing is not None
            return shown.words(sample, settings) if alone else seen
        text = shown.text(sample, generations)
        return text if isinstance(text, NotShown) else parsing.parse(text, settings.vocabulary)

    def _own(self, trace: Trace, settings: Settings) -> Fields:
        """Return what a reader or a model says by itself."""
        seen = trace.observation or Observation(perceiver="none")
        if self.sees == "words":
            return _reading(own.of_words(seen.line), settings)
        claims = own.of_claims(seen)
        if not claims:
            return {"status": "skipped", "reason": "the report claims no emotion", **_seen(seen)}
        return {**_reading(claims, settings), **_seen(seen)}

    def _fields(
        self, samples: Sequence[Sample], generations: Generations, settings: Settings
    ) -> Iterator[tuple[Sample, Fields]]:
        """Yield each sample with the fields of its answer; those of one stranger's file at once."""
        # Few samples are not worth the start of processes.
        jobs = settings.jobs if len(samples) > CHUNK else 1
        for rules, group in groupby(samples, key=lambda sample: sample.rules):
            shown_ = ((sample, self._shown(sample, generations, settings)) for sample in group)
            if self.weighing is None:
                for sample, seen in shown_:
                    yield sample, self._plain(seen, settings)
                continue
            try:
                engine = settings.engine(self.weighing, rules)
            except NesyError as error:
                if rules is None:
                    raise
                for sample, _ in shown_:
                    yield sample, {"status": "refused", "reason": refused(error)}
                continue
            yield from self._reasoned(shown_, engine, settings, jobs if rules is None else 1)

    def _plain(self, seen: Shown, settings: Settings) -> Fields:
        """Return what is answered without rules."""
        if isinstance(seen, NotShown):
            return {"status": seen.status, "reason": seen.reason}
        return self._own(seen, settings) if isinstance(seen, Trace) else _said(seen, settings)

    def _reasoned(
        self,
        cases: Iterator[tuple[Sample, Shown]],
        engine: Engine,
        settings: Settings,
        jobs: int,
    ) -> Iterator[tuple[Sample, Fields]]:
        """Yield what rules answer; what cannot be reasoned over keeps its place."""
        waiting: deque[tuple[Sample, Shown]] = deque()

        def traces() -> Iterator[Trace]:
            for case in cases:
                waiting.append(case)
                if isinstance(case[1], Trace):
                    yield case[1]

        made: Iterator[Fields]
        if self.governed:
            made = (_governed(each, settings) for each in governed_many(traces(), engine, jobs))
        else:
            made = (_ruled(each, settings) for each in read_many(traces(), engine, jobs))
        for fields in made:
            while not isinstance(waiting[0][1], Trace):
                sample, seen = waiting.popleft()
                yield sample, self._plain(seen, settings)
            sample, seen = waiting.popleft()
            if self._explains(sample, settings) and "distribution" in fields:
                fields["explained"] = explained(_trace(seen), engine)
            yield sample, {**_seen(_trace(seen).observation), **fields}
        for sample, seen in waiting:
            yield sample, self._plain(seen, settings)

    def _explains(self, sample: Sample, settings: Settings) -> bool:
        """Tell whether a sample is among those explained: by its name, not by its place."""
        if not settings.explain_every or self.without:
            return False
        drawn = int.from_bytes(hashlib.sha256(sample.id.encode()).digest()[:6])
        return drawn % settings.explain_every == 0


def _trace(seen: Shown) -> Trace:
    if not isinstance(seen, Trace):
        raise TypeError(f"{type(seen).__name__} cannot be reasoned over")
    return seen


def _said(said: parsing.Said, settings: Settings) -> Fields:
    """Return what free text answers; its emotions share equally."""
    shares = {emotion: 1 / len(said.emotions) for emotion in said.emotions}
    found, replied = _reading(shares, settings), _replied(said.text)
    found |= replied | {"flags": found["flags"] | replied["flags"]}
    if said.ratings:
        found["self_ratings"] = said.ratings
    return {**found, **_seen(said.observation)}


def _reading(distribution: Mapping[str, float], settings: Settings) -> dict[str, Any]:
    """Return the fields of a reading: shares, the emotions it names, and they in words."""
    ranked = sorted(distribution.items(), key=lambda pair: (-pair[1], pair[0]))
    shares = {emotion: round(share, DIGITS) for emotion, share in ranked}
    emotions = wording.named(shares)
    return {
        "distribution": shares,
        "emotions": emotions,
        "text": wording.in_words(emotions, settings.vocabulary),
        "flags": {"sarcastic": "yes" if SARCASM in emotions else "no"},
    }


def _ruled(read: Read | NesyError, settings: Settings) -> dict[str, Any]:
    if isinstance(read, NesyError):
        return {"status": "failed", "reason": shown.reason_of(read)}
    found = {**_reading(read.distribution, settings), "mismatches": read.mismatches}
    return _with_sarcasm(found)


def _governed(trace: Trace, settings: Settings) -> dict[str, Any]:
    """Return reading, verdict and reply; a case that is held for a fault failed, and says so."""
    found: dict[str, Any] = {}
    if trace.reading:
        reading = trace.reading[min(trace.reading)]
        found |= _reading(reading.distribution, settings)
        found |= {"mismatches": reading.mismatches, "ambiguous": reading.ambiguous}
        found = _with_sarcasm(found)
    if trace.verdict is not None:
        standing = [n for n in trace.verdict.norms if n.overridden_by is None]
        found |= {
            "verdict": trace.verdict.status,
            "norms": tuple(sorted({n.norm for n in standing})),
        }
    if trace.response is not None:
        replied = _replied(trace.response.text)
        found |= replied | {"flags": found.get("flags", {}) | replied["flags"]}
    if trace.error is not None:
        fault = trace.error["diagnostics"][0]
        found |= {"status": "failed", "reason": f"{fault['code']} {fault['what']}"}
    return found


def _with_sarcasm(found: dict[str, Any]) -> dict[str, Any]:
    """Count words that may be meant the other way round as sarcastic too."""
    if SARCASM in found["mismatches"]:
        found["flags"] = {**found["flags"], "sarcastic": "yes"}
    return found


def _replied(text: str) -> dict[str, Any]:
    """Return the reply, and what it does where a reader can tell."""
    kind = kind_of(text)
    flags: dict[str, str] = {}
    if kind is not None:
        flags = {
            "boundary": "set" if kind.declines else "none",
            "yields": "yes" if kind.yields else "no",
        }
    return {"reply": text, "flags": flags}


def _seen(observation: Observation | None) -> dict[str, Any]:
    """Return units and expressions of the first face that are held more likely than not."""
    if observation is None or not observation.faces:
        return {}
    face = min(observation.faces, key=lambda face: face.id)
    units = {u.unit for u in face.action_units if u.confidence >= LEAST_CONFIDENCE}
    shown_ = {e.expression for e in face.expressions if e.confidence >= LEAST_CONFIDENCE}
    return {"units": tuple(sorted(units)), "expressions": tuple(sorted(shown_))}


def _json(observation: Observation) -> dict[str, Any]:
    return observation.model_dump(mode="json")
