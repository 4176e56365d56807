"""A trial: make cases up, decide them, decide them again in other ways, and check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nesy import pipeline, strict_json
from nesy.benchmarks.invariants import checks
from nesy.benchmarks.invariants.made import Hostile, answer, made
from nesy.diagnostics import NesyError
from nesy.reason.engine import Engine
from nesy.reply.judge import Submission, judge_case
from nesy.reply.task import Desk
from nesy.trace import Trace, parse_trace

CHUNK = 200
# Of so many cases one is also drafted by the hostile drafter, one decided alone, and one answered
# by somebody else.
DRAFTED, ALONE, ANSWERED = 4, 10, 5


@dataclass(frozen=True)
class Trial:
    """The engine under attack."""

    engine: Engine

    @classmethod
    def load(cls) -> Trial:
        """Load what is shipped."""
        return cls(Engine.load())

    def chunk(self, numbers: Iterable[int], seed: int) -> dict[str, Any]:
        """Return how many cases there were, how they ended, and every violation with its case."""
        words, broken = self.engine.vocabulary, []
        outcomes: Counter[str] = Counter()
        sent: list[tuple[int, Trace]] = []
        count = 0
        for number in numbers:
            count += 1
            try:
                text = strict_json.dumps(made(words, number, seed))
                sent.append((number, parse_trace(strict_json.loads(text))))
            except NesyError as error:
                outcomes[error.diagnostics[0].code] += 1
        traces = [trace for _, trace in sent]
        decided = list(pipeline.reason_many(traces, engine=self.engine))
        again = list(pipeline.reason_many(map(_replayed, decided), engine=self.engine))
        unseen = list(pipeline.reason_many(map(_without_faces, traces), engine=self.engine))
        rows = zip(sent, decided, again, unseen, strict=True)
        for (number, trace), first, second, blind in rows:
            outcomes[_outcome(first)] += 1
            found = [*checks.violations(first, words), *checks.lowered(first, blind)]
            if first.failure is None:
                found += checks.same(first, second, "replayed")
            if number % ALONE == 0:
                found += checks.same(first, pipeline.reason(trace, engine=self.engine), "alone")
            if number % DRAFTED == 0 and first.failure is None:
                desk = Desk(Hostile(words), seed=number)
                drafted = pipeline.reason(trace, desk=desk, engine=self.engine)
                found += checks.violations(drafted, words)
                outcomes[f"drafted: {_outcome(drafted)}"] += 1
            if number % ANSWERED == 0 and first.failure is None:
                judged = self._judged(trace, number)
                found += checks.violations(judged, words)
                outcomes[f"answered: {_outcome(judged)}"] += 1
            broken += [f"c{number}: {violation}" for violation in found]
        return {"cases": count, "outcomes": dict(outcomes), "violations": broken}

    def _judged(self, trace: Trace, number: int) -> Trace:
        """Return the Trace of a reply of somebody else to the words alone."""
        case = _without_faces(trace).case
        return judge_case(case, Submission(reply=answer(number)), engine=self.engine)


def _outcome(trace: Trace) -> str:
    if trace.failure is not None:
        return trace.failure.diagnostics[0].code
    return trace.verdict.status if trace.verdict else "nothing"


def _replayed(trace: Trace) -> Trace:
    return parse_trace(strict_json.loads(trace.as_json()))


def _without_faces(trace: Trace) -> Trace:
    """Return a Trace of the words alone."""
    seen = trace.observation
    blind = seen.model_copy(update={"faces": (), "caption": None}) if seen else None
    case = trace.case.model_copy(update={"image": None})
    return trace.with_(case=case, observation=blind)
