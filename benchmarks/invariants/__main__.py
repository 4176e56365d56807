"""Try the invariants on made-up cases: ``python -m nesy.benchmarks.invariants --count 20000``.

With ``-o FILE`` what is done is written there chunk by chunk, and the same command goes on from it.
Exit code 0 where no invariant was broken, 1 where one was.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from nesy import strict_json
from nesy.benchmarks.invariants.trial import CHUNK, Trial


def main() -> int:
    """Run the trials, print what was broken and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--out", type=Path, help="keep progress here, and go on from it")
    given = parser.parse_args()
    known = {"seed": given.seed, "count": given.count}
    done = _done(given.out, known)
    trial, found = Trial.load(), list(done.values())
    for start in range(0, given.count, CHUNK):
        if start in done:
            continue
        began = time.monotonic()
        report = trial.chunk(range(start, min(start + CHUNK, given.count)), given.seed)
        row = {"start": start, **known, "seconds": time.monotonic() - began, **report}
        found.append(row)
        if given.out:
            with given.out.open("a", encoding="utf-8") as stream:
                stream.write(strict_json.dumps(row) + "\n")
        print(f"{start + CHUNK} of {given.count}", file=sys.stderr)
    return _told(found)


def _done(path: Path | None, known: dict[str, int]) -> dict[int, dict[str, Any]]:
    """Return the chunks that were done before with the same seed and count."""
    if path is None or not path.exists():
        return {}
    rows = [v for _, v in strict_json.lines(path) if known.items() <= v.items()]
    return {row["start"]: row for row in rows}


def _told(rows: list[dict[str, Any]]) -> int:
    cases = sum(row["cases"] for row in rows)
    seconds = sum(row["seconds"] for row in rows)
    outcomes: Counter[str] = sum((Counter(row["outcomes"]) for row in rows), Counter())
    broken = [violation for row in rows for violation in row["violations"]]
    print(f"cases        {cases}")
    print(f"outcomes     {', '.join(f'{k} {v}' for k, v in sorted(outcomes.items()))}")
    print(f"violations   {len(broken)}")
    print(f"seconds      {seconds:.0f} ({1000 * seconds / max(cases, 1):.1f} ms a case)")
    for violation in broken[:50]:
        print(f"  {violation}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
