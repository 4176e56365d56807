"""JSON as strangers send it: read strictly, write canonically."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from nesy.diagnostics import Diagnostic, NesyError

# No confidence, count or code in the vocabulary needs more; clingo wraps beyond 32 bit silently.
LARGEST_INTEGER = 2**31 - 1
DEEPEST = 64


class _Refused(ValueError):
    """A value JSON allows, or Python's reader lets through, and this program does not."""


def _no_constant(text: str) -> Any:
    raise _Refused(f"{text} is not a JSON number")


def _small_integer(text: str, largest: int = LARGEST_INTEGER) -> int:
    if len(text) > 1 + len(str(largest)) or abs(int(text)) > largest:
        raise _Refused(f"the integer {text[:24]}{'…' if len(text) > 24 else ''} is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _Refused(f"the number {text[:24]} is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(key for key, _ in pairs)
        key = next(key for key, _ in pairs if counted[key] > 1)
        raise _Refused(f"the key {key[:60]!r} is given twice")
    return found


# As many digits as a number needs to be too large.
_LARGE = re.compile(r"[0-9]{10}")
_BRACKETS = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}]', re.DOTALL)


def _too_deep(text: str) -> bool:
    """Tell whether brackets outside strings nest deeper than any Trace does."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    level = 0
    for match in _BRACKETS.finditer(text):
        if match[0] in "[{":
            level += 1
            if level > DEEPEST:
                return True
        elif match[0] in "]}":
            level -= 1
    return False


def loads(
    text: str, *, file: str | None = None, line: int = 1, largest: int = LARGEST_INTEGER
) -> Any:
    """Parse JSON, refusing NaN, duplicate keys, huge numbers, lone surrogates and deep nesting.

    No integer may be beyond ``largest``: more than the default only what never becomes a fact.
    Raises NesyError N110 (not JSON) or N111 (JSON this program refuses), with the place.
    """

    def refuse(code: str, what: str, why: str, at: int, column: int | None = None) -> NesyError:
        fix = "write one JSON object per case, as in `nesy show format trace`"
        return NesyError(Diagnostic(code, what, why, fix, file, at, column))

    if _too_deep(text):
        raise refuse("N111", f"nested deeper than {DEEPEST} levels", "no Trace needs that", line)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            # Asked of every number, Python takes longer than to read all else.
            parse_int=partial(_small_integer, largest=largest) if _LARGE.search(text) else None,
            parse_float=_finite,
        )
        text.encode("utf-8")
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except json.JSONDecodeError as error:
        at = line + error.lineno - 1
        raise refuse("N110", "this is not JSON", error.msg, at, error.colno) from error
    except _Refused as error:
        raise refuse("N111", str(error), "its meaning would be ambiguous", line) from error
    except UnicodeEncodeError as error:
        raise refuse("N111", "a string holds half a character", "a lone surrogate", line) from error


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Write JSON with a stable form; refuses NaN."""
    if indent is None:
        return _ON_ONE_LINE.encode(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


_ON_ONE_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read_text(path: Path, *, most: int | None = None) -> str:
    """Read a UTF-8 file, no more than ``most`` bytes and one of it; raises NesyError N112."""
    try:
        with path.open("rb") as stream:
            return decode(stream.read(-1 if most is None else most + 1), str(path))
    except OSError as error:
        raise _unreadable(str(path), error.strerror or str(error)) from error


def opened(path: Path) -> IO[bytes]:
    """Open a file to be read; raises NesyError N112."""
    try:
        return path.open("rb")
    except OSError as error:
        raise _unreadable(str(path), error.strerror or str(error)) from error


def decode(data: bytes, file: str, line: int = 1) -> str:
    """Return UTF-8 text, of a file's first line on without its byte-order mark.

    Raises NesyError N112 where it is not; ``line`` is where the data begin.
    """
    try:
        return data.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        at = line + data.count(b"\n", 0, error.start)
        raise _unreadable(file, "it is not UTF-8 text", at) from error


def _unreadable(file: str, why: str, line: int | None = None) -> NesyError:
    fix = "name an existing UTF-8 text file"
    return NesyError(Diagnostic("N112", "cannot read this file", why, fix, file, line))


def lines(path: Path, *, largest: int = LARGEST_INTEGER) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value) of a JSON Lines file, or the one value of a JSON file."""
    text = read_text(path)
    yield from parse_many(text, file=str(path), largest=largest)


def parse_many(
    text: str, *, file: str | None = None, largest: int = LARGEST_INTEGER
) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value): one JSON object over many lines, or one object a line."""
    filled = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(filled) > 1 and _unfinished(filled[0][1]):
        yield filled[0][0], loads(text, file=file, largest=largest)
        return
    for number, line in filled:
        yield number, loads(line, file=file, line=number, largest=largest)


def streamed(stream: IO[bytes], file: str) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line) of JSON Lines while they are read, without blank ones.

    One object written over many lines is one, from line 1. Raises NesyError N112 where the file
    cannot be read.
    """
    number, first = 0, True
    try:
        for number, line in enumerate(stream, 1):
            if not (line if number > 1 else line.removeprefix(BOM_UTF8)).strip():
                continue
            if first and _unfinished(line.decode("utf-8-sig", "replace")):
                rest = stream.read()
                if rest.strip():
                    yield 1, b"\n" * (number - 1) + line + rest
                    return
            first = False
            yield number, line
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error), number or None) from error


def _unfinished(line: str) -> bool:
    """Tell the first line of an object written over many lines: JSON so far, and not all of it."""
    if _too_deep(line):
        return False
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return error.pos >= len(line.rstrip())
    except ValueError:  # an integer of thousands of digits
        return False
    return False
