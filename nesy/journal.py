"""Keep a long run: each Trace is on disk before the next case begins, so a kill loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import SCHEMA, Case, Trace

# What must be the same for two runs to share a file.
_SAME = ("rules", "ontology", "weights", "packs", "seed")
# How every Trace begins: what a kill cut short is told from a stranger's last line by it.
_BEGINNING = f'{{"schema":"{SCHEMA}"'.encode()


class Journal:
    """A JSON Lines file of Traces that a run appends to, and continues after an interrupt.

    ``failed`` is the highest exit code among the Traces already there, 0 where none failed.
    """

    def __init__(self, path: Path, versions: dict[str, Any]) -> None:
        self.path = path
        self.failed = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.done = self._recover(versions)
            path.open("ab").close()
        except OSError as error:
            self._refuse(error)

    def _recover(self, versions: dict[str, Any]) -> set[str]:
        """Return the ids already done; a line that a kill cut short is removed.

        Raises NesyError N150 where the file holds something else, or Traces of other rules.
        """
        if not self.path.exists():
            return set()
        if not self.path.is_file():
            raise OSError("it is not a regular file")
        whole, done = 0, set()
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    if not (line.startswith(_BEGINNING) or _BEGINNING.startswith(line)):
                        raise self._foreign(number, "its last line is no Trace")
                    break
                done.add(self._id(line, number, versions))
                whole += len(line)
        os.truncate(self.path, whole)
        return done

    def _id(self, line: bytes, number: int, versions: dict[str, Any]) -> str:
        try:
            value = json.loads(line)
            name, recorded = str(value["case"]["id"]), dict(value.get("versions", {}))
            self.failed = max(self.failed, int((value.get("error") or {}).get("exit_code", 0)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._foreign(number, "this line is no Trace") from error
        if value.get("schema") != SCHEMA:
            raise self._foreign(number, "this line is no Trace")
        for key in _SAME:
            if key in recorded and key in versions and recorded[key] != versions[key]:
                raise self._foreign(number, f"it was made with other {key}")
        return name

    def _foreign(self, number: int, why: str) -> NesyError:
        what = "this file cannot be continued"
        fix = "name another file with -o, or remove this one"
        return NesyError(Diagnostic("N150", what, why, fix, str(self.path), number))

    def _refuse(self, error: OSError) -> NoReturn:
        why = error.strerror or str(error)
        fix = "name a file that can be written with -o"
        what = "this file cannot be written"
        raise NesyError(Diagnostic("N151", what, why, fix, str(self.path))) from error

    def remaining(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases not yet done."""
        return [case for case in cases if case.id not in self.done]

    def keep(self, traces: Iterable[Trace]) -> Iterator[Trace]:
        """Write each Trace to disk, then yield it; raises NesyError N151 where that fails."""
        with self.path.open("ab", buffering=0) as stream:
            for trace in traces:
                line = trace.as_json().encode() + b"\n"
                try:
                    while line:
                        line = line[stream.write(line) :]
                    os.fsync(stream.fileno())
                except OSError as error:
                    self._refuse(error)
                yield trace


def unique(cases: list[tuple[int, Case]], file: str | None = None) -> list[Case]:
    """Return the cases of (line, case); raises NesyError N115 where two have the same id."""
    seen: dict[str, int] = {}
    for number, case in cases:
        if case.id in seen:
            what = f"two cases are called {case.id}"
            why = (
                f"the other is on line {seen[case.id]}; a resumed run tells by the id what is done"
            )
            fix = "give each case an id of its own"
            raise NesyError(Diagnostic("N115", what, why, fix, file, number))
        seen[case.id] = number
    return [case for _, case in cases]
