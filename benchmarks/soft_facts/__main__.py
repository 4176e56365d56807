"""Soft facts, measured: the scorer against brute force and generating, confidences against truth.

python -m nesy.benchmarks.soft_facts [--faces 150] [--samples 10] [--sampled 40] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch

from nesy import vocabulary
from nesy.adapters.embedded.data import TEST, TEST_SEED, VALID, VALID_SEED
from nesy.benchmarks.soft_facts import drawn, scoring, worth


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; tables go to standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.benchmarks.soft_facts", description=__doc__
    )
    parser.add_argument("--faces", type=int, default=150, help="faces to fit on, and to try on")
    parser.add_argument("--samples", type=int, default=10, help="answers a face")
    parser.add_argument("--sampled", type=int, default=40, help="faces that are asked so often")
    parser.add_argument("--json", type=Path, help="keep all figures in this file")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    words = vocabulary.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exact = []
        for row in scoring.rows(folder, words):
            print(f"scored {row['model']}", file=sys.stderr)
            exact.append(row)
        print(_markdown(exact))
        fit = drawn.write(given.faces, VALID_SEED, VALID, folder / "fitted")
        tried = drawn.write(given.faces, TEST_SEED, TEST, folder / "tried")
        fitted = list(worth.asked(fit, words, 0, 0))
        cases = list(worth.asked(tried, words, given.samples, given.sampled))
    report_schema = worth.report_of(words)
    figures = worth.table(fitted, cases, report_schema)
    print()
    print(_markdown(figures))
    per = {
        kind: median(c.seconds[kind] for c in cases if kind in c.seconds) for kind in worth.KINDS
    }
    cost = [{"facts": kind, "of recording": value / per["recorded"]} for kind, value in per.items()]
    print()
    print(_markdown(cost))
    if given.json:
        kept = {"scoring": exact, "worth": figures, "cost": cost}
        given.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _markdown(rows: Sequence[dict[str, Any]]) -> str:
    heads = list(dict.fromkeys(key for row in rows for key in row))
    lines = [heads, ["---"] * len(heads)]
    lines += [[_cell(row.get(head)) for head in heads] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4g}"
    return "–" if value is None else str(value)


if __name__ == "__main__":
    main()
