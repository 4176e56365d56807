"""Rows of a CSV or JSON Lines file as named fields, each of which knows its line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError

LARGEST = 64_000_000
Place: TypeAlias = tuple[int, int]
# Why a column cannot be used, and the mend; None where it can.
Wrong: TypeAlias = Callable[[str], tuple[str, str] | None]
# An object of a JSON row stands for the columns whose names begin so.
NESTED = {
    "votes": "votes",
    "ratings": "rating",
    "expected": "expected",
    "groups": "group",
    "slices": "slice",
    "declared": "declare",
}


NAMED = ("a row has named fields", 'write {"line": "…", "emotions": ["joy"]}')
FIELDS = ("every row has as many fields", "put quotes around a field with a comma")


@dataclass(frozen=True)
class Row:
    """One row: the values of each field by its column, and where in the file each stands.

    ``names`` are the columns in the order of the heading, those that are empty here as well.
    """

    file: str
    line: int
    fields: Mapping[str, tuple[str, ...]]
    place: Callable[[str], Place]
    names: tuple[str, ...]


def rows(path: Path, wrong: Wrong, faults: list[Diagnostic]) -> Iterator[Row]:
    """Yield the rows of a file without the columns that cannot be used; those become faults.

    Raises NesyError N112 where the file cannot be read.
    """
    text = strict_json.read_text(path, most=LARGEST)
    read = _csv if path.suffix.lower() == ".csv" else _json
    yield from read(str(path), text, wrong, faults)


def _csv(file: str, text: str, wrong: Wrong, faults: list[Diagnostic]) -> Iterator[Row]:
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    heading: list[str] = []
    useless: set[str] = set()
    after = 0
    try:
        for values in reader:
            start, after = after + 1, reader.line_num
            if not heading:
                heading = [value.strip() for value in values]
                for index, name in enumerate(heading):
                    if why := wrong(name) or _again(name, heading[:index]):
                        useless.add(name)
                        faults.append(_column(file, name, why, _nth(lines, start, index)))
                if len(heading) == 1 and heading[0] in useless:
                    return  # cut by another separator: every row would be wrong as well
            elif not any(value.strip() for value in values):
                continue
            elif len(values) != len(heading):
                what = f"{len(values)} fields, and the heading names {len(heading)}"
                place = _nth(lines, start, min(len(values), len(heading)) - 1)
                faults.append(_fault(file, what, FIELDS, place))
            else:
                given = dict(zip(heading, values, strict=True))
                fields = {n: (v,) for n, v in given.items() if v.strip() and n not in useless}
                yield Row(file, start, fields, _in_csv(lines, start, heading), tuple(heading))
    except csv.Error as error:
        said = (str(error), "put quotes around a field with a comma, and double those inside it")
        faults.append(_fault(file, "this is not CSV", said, (reader.line_num, 1)))


def _in_csv(lines: list[str], start: int, heading: list[str]) -> Callable[[str], Place]:
    return lambda name: _nth(lines, start, heading.index(name) if name in heading else 0)


def _nth(lines: list[str], start: int, index: int) -> Place:
    """Return where a field stands in the record that begins on a line; both count from 1."""
    quoted, field = False, 0
    for number, line in enumerate(lines[start - 1 :], start):
        for column, char in enumerate(line, 1):
            if field == index:
                return number, column
            if char == '"':
                quoted = not quoted
            elif char == "," and not quoted:
                field += 1
        if not quoted:
            return number, len(line.rstrip("\r")) + 1
    return start, 1


def _json(file: str, text: str, wrong: Wrong, faults: list[Diagnostic]) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = strict_json.loads(line, file=file, line=number)
        except NesyError as error:
            faults.extend(error.diagnostics)
            continue
        if not isinstance(value, dict):
            faults.append(_fault(file, "this is no object", NAMED, (number, 1)))
            continue
        fields = {name: of for name, of in _flat(value) if of}
        place = _in_json(line, number)
        for name in list(fields):
            if why := wrong(name):
                faults.append(_column(file, name, why, place(name)))
                del fields[name]
        yield Row(file, number, fields, place, tuple(fields))


def _flat(value: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield fields as a heading would name them: ``"votes": {"joy": 3}`` is ``votes_joy``."""
    for name, given in value.items():
        if isinstance(given, dict):
            for part, of in given.items():
                yield f"{NESTED.get(name, name)}_{part}", _texts(of)
        elif given is not None:
            yield name, _texts(given)


def _texts(given: Any) -> tuple[str, ...]:
    values = given if isinstance(given, list) else [given]
    return tuple(v if isinstance(v, str) else strict_json.dumps(v) for v in values)


def _in_json(line: str, number: int) -> Callable[[str], Place]:
    """Return a finder of keys in a line; a nested key is found by its last part."""

    def place(name: str) -> Place:
        for key in (name, name.partition("_")[2]):
            if key and (at := line.find(f'"{key}"')) >= 0:
                return number, at + 1
        return number, 1

    return place


def _again(name: str, before: list[str]) -> tuple[str, str] | None:
    return ("another column has the same name", "leave one out") if name in before else None


def _column(file: str, name: str, why: tuple[str, str], place: Place) -> Diagnostic:
    return _fault(file, f"column {name[:40]!r} cannot be used", why, place)


def _fault(file: str, what: str, why: tuple[str, str], place: Place) -> Diagnostic:
    return Diagnostic("N734", what, *why, file, *place)
