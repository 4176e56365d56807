"""Empathy: whether the severity of what replies break orders conversations as experts do.

Three experts, and a crowd and three language models beside them, rated 50 conversations from 1 to 5
in six dimensions ("Lend an Ear", shipped as the task `empathy`). Every reply of the supporter is
judged by the norms in its place in the dialogue; a conversation's severity is the mean over its
replies of the gravest norm that each breaks (1 to 5 in the ontology, 0 where none). Nothing is
tuned here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesy.benchmarks.measures.agreement import spearman
from nesy.benchmarks.measures.distributions import Array
from nesy.benchmarks.measures.intervals import HIGH, LOW, Interval
from nesy.benchmarks.people import tables
from nesy.benchmarks.report.table import Cell, Table
from nesy.reason.engine import Engine
from nesy.trace import Case, Trace, Turn

from .guard import Asked, judged

EXPERTS = ("expert1", "expert2", "expert3")
OTHERS = ("crowd", "gpt", "gemini", "claude")
# Each dimension, and whether more of it is better.
DIMENSIONS = {
    "validating_emotions": True,
    "encouraging_elaboration": True,
    "demonstrating_understanding": True,
    "advice_giving": False,
    "self_oriented": False,
    "dismissing_emotions": False,
}
DRAWS = 2000
_SAID = re.compile(r"^(Seeker|Supporter):\s*", re.MULTILINE)
Indices = NDArray[np.int_]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A dialogue as (speaker, words), and the ratings by dimension and rater."""

    name: str
    turns: tuple[tuple[str, str], ...]
    ratings: Mapping[tuple[str, str], float]

    @property
    def scenario(self) -> str:
        """Return the words it begins with: every conversation of a scenario begins alike."""
        return self.turns[0][1]

    def replies(self) -> Iterator[Asked]:
        """Yield each reply of the supporter, with the line it answers and what came before."""
        for place, (speaker, words) in enumerate(self.turns):
            before = self.turns[:place]
            if speaker == "Supporter" and before and before[-1][0] == "Seeker":
                earlier = tuple(
                    Turn(speaker="assistant" if who == "Supporter" else "user", line=said)
                    for who, said in before[:-1]
                )
                case = Case(
                    id=f"{self.name}-{place}", line=before[-1][1], speaker="user", turns=earlier
                )
                yield Asked(case, words)


def read(folder: Path) -> list[Conversation]:
    """Return the rated conversations of a folder; raises NesyError N112 where a table is not so."""
    ratings: dict[str, dict[tuple[str, str], float]] = {}
    table = folder / "lend_an_ear_long.csv"
    for line, row in tables.rows(table, ("item", "dimension", "annotator", "rating")):
        try:
            rating = float(row["rating"])
        except ValueError:
            raise tables.refused(table, line, f"{row['rating'][:20]!r} is no rating") from None
        ratings.setdefault(row["item"], {})[row["dimension"], row["annotator"]] = rating
    found = []
    table = folder / "lend_an_ear_conversations.csv"
    for line, row in tables.rows(table, ("conversation_id", "full_conversation")):
        parts = _SAID.split(row["full_conversation"].strip())[1:]
        turns = tuple(zip(parts[::2], (" ".join(p.split()) for p in parts[1::2]), strict=True))
        name = row["conversation_id"]
        if not turns or name not in ratings:
            raise tables.refused(table, line, f"{name[:40]} is no rated conversation")
        found.append(Conversation(name, turns, ratings[name]))
    return found


@dataclass(frozen=True, slots=True)
class Judged:
    """What the verdicts say of a conversation's replies, as means over them."""

    replies: int
    severity: float
    broken: float
    stopped: float
    wanted: float


def measure(folder: Path, engine: Engine, draws: int = DRAWS) -> list[Table]:
    """Return the tables; raises NesyError N112 where the data cannot be read."""
    said = read(folder)
    asked = [(c.name, reply) for c in said for reply in c.replies()]
    traces = list(judged([reply for _, reply in asked], engine))
    by_name: dict[str, list[Trace]] = {c.name: [] for c in said}
    for (name, _), trace in zip(asked, traces, strict=True):
        by_name[name].append(trace)
    found = [_summed(by_name[c.name], engine) for c in said]
    drawn = _draws([c.scenario for c in said], draws)
    against = _correlations(said, found, drawn)
    return [against, _references(said, drawn), _norms(traces), _scores(found)]


def _summed(traces: Sequence[Trace], engine: Engine) -> Judged:
    each = [_of_reply(trace, engine) for trace in traces]
    mean = np.mean(np.array(each or [(0.0,) * 4]), axis=0)
    return Judged(len(each), *map(float, mean))


def _of_reply(trace: Trace, engine: Engine) -> tuple[float, float, float, float]:
    """Return severity, norms broken, stopped or not, and the share of preferred acts it does."""
    rounds = trace.response.rounds if trace.response else ()
    broken = {v.norm.lower() for round_ in rounds for v in round_.broken}
    severities = [int(engine.vocabulary.norms[norm].one("severity", "0")) for norm in broken]
    norms = trace.verdict.norms if trace.verdict else ()
    wanted = {n.act for n in norms if n.force in ("preferred", "obligatory") and n.act}
    did = {act for round_ in rounds for reading in round_.found for act in reading.acts}
    share = len(wanted & did) / len(wanted) if wanted else 0.0
    stopped = trace.verdict is None or trace.verdict.status != "release"
    return float(max(severities, default=0)), float(len(broken)), float(stopped), share


def composite(said: Sequence[Conversation], raters: Sequence[str]) -> Array:
    """Return each conversation's rating over all dimensions: standardised, the bad ones turned."""
    parts = []
    for dimension, good in DIMENSIONS.items():
        values = _mean(said, dimension, raters)
        spread = values.std() or 1.0
        parts.append((values - values.mean()) / spread * (1 if good else -1))
    whole: Array = np.mean(parts, axis=0)
    return whole


def _mean(said: Sequence[Conversation], dimension: str, raters: Sequence[str]) -> Array:
    return np.array([np.mean([c.ratings[dimension, rater] for rater in raters]) for c in said])


def _correlations(
    said: Sequence[Conversation], found: Sequence[Judged], draws: Sequence[Indices]
) -> Table:
    scores = {
        "severity": np.array([f.severity for f in found]),
        "norms broken": np.array([f.broken for f in found]),
        "wanted acts done": np.array([f.wanted for f in found]),
    }
    rows: list[tuple[Cell, ...]] = []
    for dimension, good in DIMENSIONS.items():
        rated = _mean(said, dimension, EXPERTS)
        cells = [_rho(score, rated, draws) for score in scores.values()]
        rows.append((dimension, "–" if good else "+", *cells))
    rated = composite(said, EXPERTS)
    rows.append(("all six", "–", *(_rho(score, rated, draws) for score in scores.values())))
    notes = (
        f"Spearman's rank correlation over {len(said)} conversations with the mean of the experts. "
        "expected: the sign a severity should have; that of wanted acts is the other.",
        "In brackets: 95 %, conversations drawn with replacement within their scenario "
        f"({len({c.scenario for c in said})} scenarios). An interval with 0 in it shows no order.",
        "wanted acts done: the share of acts that norms ask for or prefer which a reply does; it "
        "is no part of the verdict and stands here for comparison.",
    )
    columns = ("experts' rating", "expected", *scores)
    return Table("Verdicts against experts", columns, tuple(rows), notes)


def _references(said: Sequence[Conversation], draws: Sequence[Indices]) -> Table:
    """Return how raters agree among each other: what any judge can be hoped to reach."""
    rows: list[tuple[Cell, ...]] = []
    for rater in (*EXPERTS, *OTHERS):
        rest = [name for name in EXPERTS if name != rater]
        cells: list[Cell] = []
        for measured in (*DIMENSIONS, None):
            own, theirs = (
                composite(said, names) if measured is None else _mean(said, measured, names)
                for names in ([rater], rest)
            )
            cells.append(_rho(own, theirs, draws))
        rows.append((rater, *cells))
    note = "Spearman's rank correlation of each rater with the mean of the (other) experts."
    return Table("Raters against experts", ("rater", *DIMENSIONS, "all six"), tuple(rows), (note,))


def _norms(traces: Sequence[Trace]) -> Table:
    """Return which norms the replies break, so that a correlation can be understood."""
    counted: dict[tuple[str, str], list[str]] = {}
    for trace in traces:
        for round_ in trace.response.rounds if trace.response else ():
            for v in round_.broken:
                shown = v.quote or f"[{v.by}] {round_.text}"
                counted.setdefault((v.norm, v.act), []).append(shown)
    rows = [
        (norm, act, len(quotes), quotes[0][:100])
        for (norm, act), quotes in sorted(counted.items(), key=lambda item: -len(item[1]))
    ]
    statuses = [t.verdict.status if t.verdict else "not read" for t in traces]
    note = f"{len(traces)} replies: " + ", ".join(
        f"{statuses.count(s)} {s}" for s in ("release", "block", "hold", "not read")
    )
    return Table(
        "What the replies break", ("norm", "act", "replies", "first"), tuple(rows), (note,)
    )


def _scores(found: Sequence[Judged]) -> Table:
    fields: dict[str, Callable[[Judged], float]] = {
        "severity": lambda f: f.severity,
        "norms broken": lambda f: f.broken,
        "stopped": lambda f: f.stopped,
        "wanted acts done": lambda f: f.wanted,
    }
    rows = []
    for name, of in fields.items():
        values = np.array([of(f) for f in found])
        at = np.percentile(values, [0, 25, 50, 75, 100])
        rows.append((name, *map(float, at), int((values > 0).sum())))
    columns = ("of a conversation", "least", "25 %", "median", "75 %", "most", "above 0")
    return Table("The verdicts' scores", columns, tuple(rows))


def _rho(one: Array, other: Array, draws: Sequence[Indices]) -> Interval:
    drawn = [spearman(one[some], other[some]) for some in draws]
    low, high = np.percentile(drawn, [LOW, HIGH])
    return Interval(spearman(one, other), float(low), float(high))


def _draws(scenarios: Sequence[str], count: int, seed: int = 0) -> list[Indices]:
    """Return draws of conversations with replacement, as many of each scenario as there are."""
    chance = np.random.default_rng(seed)
    names = np.array(scenarios)
    strata = [np.flatnonzero(names == name) for name in dict.fromkeys(scenarios)]
    return [
        np.concatenate([chance.choice(of, size=len(of)) for of in strata]) for _ in range(count)
    ]
