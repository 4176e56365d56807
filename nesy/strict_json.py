"""JSON as strangers send it: read strictly, write canonically."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nesy.diagnostics import Diagnostic, NesyError

# No confidence, count or code in the vocabulary needs more; clingo wraps beyond 32 bit silently.
LARGEST_INTEGER = 2**31 - 1
DEEPEST = 64


class _Refused(ValueError):
    """A value JSON allows, or Python's reader lets through, and this program does not."""


def _no_constant(text: str) -> Any:
    raise _Refused(f"{text} is not a JSON number")


def _small_integer(text: str) -> int:
    if len(text) > 11 or abs(int(text)) > LARGEST_INTEGER:
        raise _Refused(f"the integer {text[:24]}{'…' if len(text) > 24 else ''} is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _Refused(f"the number {text[:24]} is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"the key {key[:60]!r} is given twice")
        found[key] = value
    return found


def _depth(text: str) -> int:
    """Return the deepest nesting of brackets outside strings."""
    deepest = level = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest


def loads(text: str, *, file: str | None = None, line: int = 1) -> Any:
    """Parse JSON, refusing NaN, duplicate keys, huge numbers, lone surrogates and deep nesting.

    Raises NesyError N110 (not JSON) or N111 (JSON this program refuses), with the place.
    """

    def refuse(code: str, what: str, why: str, at: int, column: int | None = None) -> NesyError:
        fix = "write one JSON object per case, as in `nesy show format trace`"
        return NesyError(Diagnostic(code, what, why, fix, file, at, column))

    if _depth(text) > DEEPEST:
        raise refuse("N111", f"nested deeper than {DEEPEST} levels", "no Trace needs that", line)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_small_integer,
            parse_float=_finite,
        )
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
    separators = (",", ":") if indent is None else None
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators
    )


def read_text(path: Path) -> str:
    """Read a UTF-8 file; raises NesyError N112 where it cannot be read as text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        fix = "name an existing UTF-8 text file"
        raise NesyError(Diagnostic("N112", "cannot read this file", why, fix, str(path))) from error


def lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value) of a JSON Lines file, or the one value of a JSON file."""
    text = read_text(path)
    yield from parse_many(text, file=str(path))


def parse_many(text: str, *, file: str | None = None) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value): one JSON object over many lines, or one object a line."""
    stripped = text.strip()
    first = stripped.split("\n", 1)[0].strip()
    if stripped and not _is_whole(first):
        yield 1, loads(text, file=file)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, loads(line, file=file, line=number)


def _is_whole(line: str) -> bool:
    """Tell a JSON Lines file from one pretty-printed object, by its first line."""
    try:
        json.loads(line)
    except ValueError:
        return not line.rstrip().endswith(("{", "[", ","))
    return True
