"""Write faults for people and for machines: text, JSON, SARIF 2.1.0, GitHub annotations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nesy import __version__, strict_json
from nesy.catalogue import cards
from nesy.check.session import is_warning
from nesy.diagnostics import Diagnostic, Fault

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(faults: Sequence[Diagnostic]) -> str:
    """Return one fault after the other: place, code, why, fix."""
    return "\n".join(map(str, faults))


def as_json(faults: Sequence[Diagnostic]) -> str:
    """Return a list of diagnostics."""
    return strict_json.dumps([fault.as_json() for fault in faults], indent=2)


def github(faults: Sequence[Diagnostic]) -> str:
    """Return workflow commands, which GitHub shows beside the lines of a pull request."""
    return "\n".join(map(_command, faults))


def _command(fault: Diagnostic) -> str:
    end_line, end_column = _end(fault)
    # The last column is part of the range here, and is left out where lines differ.
    same = end_line == fault.line and end_column is not None
    said = {
        "file": fault.file,
        "line": fault.line,
        "endLine": end_line,
        "col": fault.column if same else None,
        "endColumn": end_column - 1 if same and end_column is not None else None,
        "title": f"{fault.code} {fault.what}",
    }
    given = ",".join(f"{k}={_escaped(str(v), ':,')}" for k, v in said.items() if v is not None)
    kind = "warning" if is_warning(fault) else "error"
    message = _escaped(f"{fault.what}\nwhy: {fault.why}\nfix: {fault.fix}", "")
    return f"::{kind} {given}::{message}"


def _escaped(value: str, further: str) -> str:
    for sign in "%\r\n" + further:
        value = value.replace(sign, f"%{ord(sign):02X}")
    return value


def _end(fault: Diagnostic) -> tuple[int | None, int | None]:
    return (fault.end_line, fault.end_column) if isinstance(fault, Fault) else (fault.line, None)


def sarif(faults: Sequence[Diagnostic]) -> str:
    """Return one run in SARIF 2.1.0, with the card of each code."""
    known = cards()
    codes = sorted({fault.code for fault in faults})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": known[code]["title"]},
            "fullDescription": {"text": known[code]["why"]},
            "help": {"text": f"for example: {known[code]['example']}\nfix: {known[code]['fix']}"},
        }
        for code in codes
    ]
    driver = {"name": "nesy", "version": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(fault, codes.index(fault.code)) for fault in faults],
    }
    return strict_json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(fault: Diagnostic, at: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": fault.code,
        "ruleIndex": at,
        "level": "warning" if is_warning(fault) else "error",
        "message": {"text": f"{fault.what}\nwhy: {fault.why}\nfix: {fault.fix}"},
    }
    if fault.file is not None:
        end_line, end_column = _end(fault)
        places = {
            "startLine": fault.line,
            "startColumn": fault.column,
            "endLine": end_line,
            "endColumn": end_column,
        }
        region = {name: value for name, value in places.items() if value is not None}
        place: dict[str, Any] = {"artifactLocation": {"uri": fault.file.replace("\\", "/")}}
        if region:
            place["region"] = region
        found["locations"] = [{"physicalLocation": place}]
    return found


FORMATS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "github": github,
}
