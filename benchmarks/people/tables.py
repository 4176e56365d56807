"""Read the vote tables: comma-separated files with a heading, every fault with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nesy import resources, strict_json
from nesy.diagnostics import Diagnostic, NesyError

LARGEST = 64_000_000


def shipped(name: str) -> Path:
    """Return a shipped file of ``benchmarks/people/data``."""
    return resources.folder("benchmarks") / "people" / "data" / name


def rows(path: Path, needed: Iterable[str] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of a table; raises NesyError N112 where a column is missing."""
    text = strict_json.read_text(path, most=LARGEST)
    reader = csv.DictReader(io.StringIO(text), strict=True)
    heading = reader.fieldnames or ()
    lacking = [name for name in needed if name not in heading]
    if lacking:
        raise _without(path, lacking[0], heading)
    try:
        for row in reader:
            yield reader.line_num, {k: v or "" for k, v in row.items() if k is not None}
    except csv.Error as error:
        raise refused(path, reader.line_num, str(error)) from error


def _without(path: Path, column: str, heading: Sequence[str]) -> NesyError:
    why, fix = f"it has no column {column}", "name the columns in the first line"
    cut = [sign for sign in (";", "\t") if len(heading) == 1 and sign in heading[0]]
    if cut:
        why, fix = f"{cut[0]!r} stands between its fields", "save it with commas between fields"
    return NesyError(Diagnostic("N112", "cannot read this table", why, fix, str(path), 1))


def counts(path: Path, line: int, row: Mapping[str, str], columns: Iterable[str]) -> list[int]:
    """Return counts of a row; raises NesyError N112 where one is none."""
    found = []
    for name in columns:
        if not (row[name].isascii() and row[name].isdigit()):
            raise refused(path, line, f"{name} is {row[name][:20]!r} and not a count")
        found.append(int(row[name]))
    return found


def refused(path: Path, line: int, why: str) -> NesyError:
    """Return the fault of a table."""
    fix = "give the table in the form of benchmarks/people/data/README.md"
    return NesyError(Diagnostic("N112", "cannot read this table", why, fix, str(path), line))


def share(path: Path, line: int, text: str) -> float:
    """Return a share of 0 to 1; raises NesyError N112 where it is none."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise refused(path, line, f"{text[:20]!r} is no share")
    return found
