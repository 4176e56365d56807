"""Read the shipped cases and write a page: ``python -m nesy.benchmarks.demo``."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import nesy
from nesy.diagnostics import NesyError
from nesy.explain.tell import Told, tell
from nesy.reason.engine import Engine
from nesy.trace import Trace
from nesy.vocabulary import Vocabulary

from . import cases
from .card import top
from .page import page

WIDTH = 140
LINE = 34


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns 0, or the exit code of what went wrong."""
    asked = _parser().parse_args(arguments)
    try:
        return demo(asked.output, asked.perceiver)
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument(
        "-o", dest="output", type=Path, default=Path("nesy-report"), metavar="FOLDER"
    )
    parser.add_argument(
        "--with",
        dest="perceiver",
        default="embedded",
        metavar="ADAPTER[:MODEL]",
        help="what looks at the pictures (default: embedded)",
    )
    return parser


def demo(output: Path, perceiver: str) -> int:
    """Read every case, print the outcome, and write index.html and traces.jsonl."""
    engine = Engine.load()
    asked = cases.load()
    traces = []
    for trace in cases.read(asked, perceiver=perceiver, engine=engine):
        traces.append(trace)
        _progress("read", len(traces), len(asked))
    _print(traces, engine.vocabulary)
    output.mkdir(parents=True, exist_ok=True)
    lines = "".join(trace.as_json() + "\n" for trace in traces)
    (output / "traces.jsonl").write_text(lines, encoding="utf-8")
    told = dict(_whys(traces, engine))
    html = page(traces, told, engine.vocabulary, perceiver=perceiver.partition(":")[0])
    (output / "index.html").write_text(html, encoding="utf-8")
    failed = sum(trace.error is not None for trace in traces)
    print(f"\n{len(traces)} cases, {failed} of them not read")
    print(f"the page:    {output / 'index.html'}\nthe traces:  {output / 'traces.jsonl'}")
    return 0


def _progress(verb: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        end = "\r" if done < of else "\n"
        print(f"{verb} {done} of {of} cases", end=end, file=sys.stderr, flush=True)


def _whys(traces: Sequence[Trace], engine: Engine) -> Iterator[tuple[str, Told]]:
    for done, trace in enumerate(traces, 1):
        _progress("explained", done, len(traces))
        if trace.error is None:
            told = tell(nesy.why(trace, engine=engine), engine)
            yield trace.case.id, told


def _print(traces: Iterable[Trace], words: Vocabulary) -> None:
    """Print one line a case; only the reply is cut to the width of the terminal."""
    rows = [("case", "line", "reading", "verdict", "reply")]
    for trace in traces:
        line = _cut(trace.case.line, LINE)
        rows.append((trace.case.id, line, _reading(trace, words), _verdict(trace), _reply(trace)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    terminal = shutil.get_terminal_size((WIDTH, 0)).columns
    rest = max(20, terminal - sum(widths) - 8)
    for row in rows:
        shown = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*shown, _cut(row[4], rest)]))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _reading(trace: Trace, words: Vocabulary) -> str:
    for reading in (trace.reading or {}).values():
        for emotion, share in top(reading, 1):
            mark = " ≠" if reading.mismatches else ""
            return f"{words.phrase('emotion', emotion)} {share:.0%}{mark}"
    return "–"


def _verdict(trace: Trace) -> str:
    if trace.error is not None:
        return "not read"
    return trace.verdict.status if trace.verdict else "–"


def _reply(trace: Trace) -> str:
    if trace.error is not None:
        return str(trace.error["diagnostics"][0]["what"])
    return trace.response.text if trace.response else "–"


if __name__ == "__main__":
    sys.exit(main())
