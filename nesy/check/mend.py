"""Mend what is sure: apply the edits of faults to a file, and change nothing else in it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from nesy.diagnostics import Diagnostic, Edit, Fault

# Syntax is mended by whoever wrote it: what was meant is a guess, offered in the editor only.
_GUESSED = frozenset({"N300"})
_ROUNDS = 5


def mended(
    text: str, faults: Iterable[Diagnostic], again: Callable[[str], Iterable[Diagnostic]]
) -> str:
    """Return a text with every sure edit applied; ``again`` checks what one round of them left."""
    found = list(faults)
    for _ in range(_ROUNDS):
        edits = [edit for fault in found if _is_sure(fault) for edit in edits_of(fault)]
        after = applied(text, edits)
        if after == text:
            return text
        text, found = after, list(again(after))
    return text


def _is_sure(fault: Diagnostic) -> bool:
    return isinstance(fault, Fault) and fault.code not in _GUESSED


def edits_of(fault: Diagnostic) -> tuple[Edit, ...]:
    """Return the edits that mend a fault, none where nothing is sure."""
    return fault.edits if isinstance(fault, Fault) else ()


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits applied; one that overlaps another, or a comment, is left out."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def place(line: int, column: int) -> int:
        return starts[line - 1] + column - 1

    wanted = {(place(e.line, e.column), place(e.end_line, e.end_column), e.text) for e in edits}
    kept: list[tuple[int, int, str]] = []
    for begin, end, new in sorted(wanted):
        free = not kept or begin > kept[-1][1] or (begin == kept[-1][1] and begin == end)
        if free and "%" not in text[begin:end]:
            kept.append((begin, end, new))
    for begin, end, new in reversed(kept):
        text = text[:begin] + new + text[end:]
    return text


def difference(before: str, after: str, name: str) -> str:
    """Return what changed as a unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
