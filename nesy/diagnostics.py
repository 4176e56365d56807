"""What is wrong, where, why, and the mend: the one form of every message to a user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault: ``code`` looks up its card (``nesy help CODE``), the place may be missing."""

    code: str
    what: str
    why: str
    fix: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        head = f"{place}: {self.code} {self.what}" if place else f"{self.code} {self.what}"
        return f"{visible(head)}\n  why: {visible(self.why)}\n  fix: {visible(self.fix)}"

    def as_json(self) -> dict[str, str | int | None]:
        """Return the fields as a plain mapping, for ``--json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a range of a file: lines and columns from 1, the end is the first place left."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fault(Diagnostic):
    """A fault of a rule file, with the range it spans, how bad it is, and sure mends if any."""

    end_line: int | None = None
    end_column: int | None = None
    is_warning: bool = False
    edits: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        text = Diagnostic.__str__(self)
        return text.replace(self.code, f"{self.code} warning:", 1) if self.is_warning else text

    def as_json(self) -> dict[str, str | int | None]:
        """Return the fields as a plain mapping, for ``--json``; the edits stay out."""
        severity = "warning" if self.is_warning else "error"
        end = {"end_line": self.end_line, "end_column": self.end_column}
        said = {name: getattr(self, name) for name in _FIELDS}
        return {**said, **end, "severity": severity, "fixable": bool(self.edits)}


_FIELDS = ("code", "what", "why", "fix", "file", "line", "column")


def visible(text: str) -> str:
    """Write text on one line of a terminal: what steers it, or draws nothing, is spelt out."""
    if text.isprintable():
        return text
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)


class NesyError(Exception):
    """Carries every fault found, not only the first.

    ``exit_code`` is 2 where the input is wrong and 3 where this machine lacks something.
    """

    exit_code = 2

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))

    def __reduce__(self) -> tuple[type[NesyError], tuple[tuple[Diagnostic, ...]]]:
        # Errors come from other processes by pickle, which would hand the message to __init__.
        return type(self), (self.diagnostics,)

    def as_json(self) -> dict[str, object]:
        """Return what a Trace records as its ``error``."""
        faults = [diagnostic.as_json() for diagnostic in self.diagnostics]
        return {"exit_code": self.exit_code, "diagnostics": faults}


class MissingError(NesyError):
    """The machine lacks a program, a package or weights that the request needs."""

    exit_code = 3


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, or list the first few.

    >>> nearest("sarcasmm", ["sarcasm", "joy"])
    'did you mean sarcasm?'
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return f"use one of: {shown}" if names else "nothing of this kind is known"
