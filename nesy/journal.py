"""Keep a long run: each Trace is on disk before the next case begins, so a kill loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Case, Trace

# What must be the same for two runs to share a file.
_SAME = ("rules", "ontology", "weights", "packs", "seed")


class Journal:
    """A JSON Lines file of Traces that a run appends to, and continues after an interrupt."""

    def __init__(self, path: Path, versions: dict[str, Any]) -> None:
        self.path = path
        self.done = self._recover(versions)

    def _recover(self, versions: dict[str, Any]) -> set[str]:
        """Return the ids already done; a line that a kill cut short is removed.

        Raises NesyError N150 where the file holds something else, or Traces of other rules.
        """
        if not self.path.exists():
            return set()
        whole, done = 0, set()
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    break
                done.add(self._id(line, number, versions))
                whole += len(line)
        with self.path.open("r+b") as stream:
            stream.truncate(whole)
        return done

    def _id(self, line: bytes, number: int, versions: dict[str, Any]) -> str:
        try:
            value = json.loads(line)
            name, recorded = str(value["case"]["id"]), value.get("versions", {})
        except (ValueError, KeyError, TypeError) as error:
            raise self._foreign(number, "this line is no Trace") from error
        for key in _SAME:
            if key in recorded and key in versions and recorded[key] != versions[key]:
                raise self._foreign(number, f"it was made with other {key}")
        return name

    def _foreign(self, number: int, why: str) -> NesyError:
        what = "this file cannot be continued"
        fix = "name another file with -o, or remove this one"
        return NesyError(Diagnostic("N150", what, why, fix, str(self.path), number))

    def remaining(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases not yet done."""
        return [case for case in cases if case.id not in self.done]

    def keep(self, traces: Iterable[Trace]) -> Iterator[Trace]:
        """Write each Trace to disk, then yield it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as stream:
            for trace in traces:
                stream.write(trace.as_json().encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
                yield trace


def unique(cases: list[Case], file: str | None = None) -> list[Case]:
    """Return the cases; raises NesyError N115 where two have the same id."""
    seen: set[str] = set()
    for number, case in enumerate(cases, 1):
        if case.id in seen:
            what = f"two cases are called {case.id}"
            why = "a resumed run tells by the id what is done"
            fix = "give each case an id of its own"
            raise NesyError(Diagnostic("N115", what, why, fix, file, number))
        seen.add(case.id)
    return cases
