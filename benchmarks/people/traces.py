"""Score Traces that went through `nesy reason` against what people said of their cases."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nesy.benchmarks.measures.distributions import Mask, disagree, shares
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.report.table import Table
from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Trace
from nesy.vocabulary import Vocabulary

from . import rulework
from .scoring import scored


def score(traces: Iterable[Trace], words: Vocabulary, name: str = "these Traces") -> list[Table]:
    """Return the table of the readings in Traces; raises NesyError N114 where none can be scored.

    Labels are what people voted for anywhere in the file. A reading counts for the label itself,
    else for the label it is a kind of; what is left counts as wrong.
    """
    given = list(traces)
    kept = [t for t in given if t.people and sum(t.people.votes.values()) > 0 and _reading(t)]
    if not kept:
        what = "no Trace holds both a reading and what people said"
        fix = "give `nesy reason FILE --json` of Traces with the field `people`"
        raise NesyError(Diagnostic("N114", what, f"{len(given)} Traces were given", fix))
    votes = [t.people.votes if t.people else {} for t in kept]
    labels = sorted({e for of in votes for e, n in of.items() if n > 0})
    predicted = rulework.over_labels(map(_reading, kept), [*labels, rulework.OTHER], words)
    said = shares([[of.get(e, 0.0) for e in (*labels, rulework.OTHER)] for of in votes])
    if not predicted[:, -1].any():
        said, predicted = said[:, :-1], predicted[:, :-1]
    groups = [(t.people.group if t.people else None) or t.case.id for t in kept]
    draws = Bootstrap(groups)
    title = f"{name}: {len(kept)} of {len(given)} Traces have votes and a reading"
    return [scored(title, said, {"as read": predicted}, draws, _conflict(kept, labels))]


def _reading(trace: Trace) -> dict[str, float]:
    """Return the distribution of the speaker's face, the first where several are read."""
    if not trace.reading:
        return {}
    return dict(trace.reading[min(trace.reading)].distribution)


def _conflict(traces: list[Trace], labels: list[str]) -> Mask | None:
    """Tell where claims of a face and emotions of the line disagree; None without both."""
    face, line = [], []
    for trace in traces:
        seen = trace.observation
        if seen is None or not seen.faces or not seen.faces[0].claims or seen.line is None:
            return None
        claimed = {c.emotion: c.confidence for c in seen.faces[0].claims}
        spoken = {e.emotion: e.confidence for e in seen.line.emotions}
        if not spoken:
            return None
        face.append([claimed.get(label, 0) for label in labels])
        line.append([spoken.get(label, 0) for label in labels])
    return disagree(np.array(face, float), np.array(line, float))
