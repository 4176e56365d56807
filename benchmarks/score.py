"""Score Traces against what was drawn: ``python -m nesy.benchmarks.score TRACES.jsonl``.

A case with ``drawn`` (FACS units) has a truth. A unit counts as seen where the perceiver holds it
more likely than not; micro-F1 pools the units of all scored cases. Cases that failed are counted
beside the score, never as zeros in it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from nesy import strict_json
from nesy.benchmarks.measures.labels import micro_f1
from nesy.diagnostics import NesyError
from nesy.ground import LEAST_CONFIDENCE
from nesy.trace import Trace, read_traces


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts over Traces: what was scored, what failed, what came out."""

    cases: int
    scored: int
    failed: int
    without_truth: int
    unit_precision: float | None
    unit_recall: float | None
    unit_f1: float | None
    verdicts: dict[str, int]
    ambiguous: int
    mismatches: dict[str, int]


def score(traces: Iterable[Trace]) -> Scores:
    """Return the scores of Traces."""
    hits = seen_units = drawn_units = scored = failed = without = cases = ambiguous = 0
    verdicts: Counter[str] = Counter()
    mismatches: Counter[str] = Counter()
    for trace in traces:
        cases += 1
        if trace.verdict is not None:
            verdicts[trace.verdict.status] += 1
        for reading in (trace.reading or {}).values():
            ambiguous += reading.ambiguous
            mismatches.update(reading.mismatches)
        drawn = (trace.case.model_extra or {}).get("drawn")
        if trace.error is not None:
            failed += 1
        elif not isinstance(drawn, list):
            without += 1
        else:
            scored += 1
            seen, truth = _seen(trace), set(drawn)
            hits += len(seen & truth)
            seen_units += len(seen)
            drawn_units += len(truth)
    precision = hits / seen_units if seen_units else None
    recall = hits / drawn_units if drawn_units else None
    return Scores(
        cases=cases,
        scored=scored,
        failed=failed,
        without_truth=without,
        unit_precision=_rounded(precision),
        unit_recall=_rounded(recall),
        unit_f1=_rounded(micro_f1(hits, seen_units + drawn_units)),
        verdicts=dict(sorted(verdicts.items())),
        ambiguous=ambiguous,
        mismatches=dict(sorted(mismatches.items())),
    )


def _seen(trace: Trace) -> set[int]:
    faces = trace.observation.faces if trace.observation else ()
    return {u.unit for f in faces for u in f.action_units if u.confidence >= LEAST_CONFIDENCE}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _table(scores: Scores) -> str:
    rows = []
    for name, value in asdict(scores).items():
        shown = (
            ", ".join(f"{k} {n}" for k, n in value.items()) if isinstance(value, dict) else value
        )
        rows.append(f"{name.replace('_', ' '):<16}{'none' if shown in (None, '') else shown}")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Print the scores of a file of Traces; 2 where the file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.score", description=__doc__)
    parser.add_argument("traces", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        scores = score(read_traces(given.traces))
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(strict_json.dumps(asdict(scores), indent=2) if given.json else _table(scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
