"""Keep a long run: each Trace is on disk before the next case begins, so a kill loses nothing."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from nesy.diagnostics import Diagnostic, NesyError
from nesy.locking import locked
from nesy.trace import SCHEMA, Case, Trace

# What must be the same for two runs to share a file.
_SAME = ("rules", "ontology", "weights", "packs", "seed", "perceiver", "reader")
# How every Trace begins: what a kill cut short is told from a stranger's last line by it.
_BEGINNING = f'{{"schema":"{SCHEMA}"'.encode()


class Journal:
    """A JSON Lines file of Traces that a run appends to, and continues after an interrupt.

    No other process can write to it until it is left. ``failed`` is the highest exit code among
    the Traces already there, 0 where none failed.
    """

    def __init__(self, path: Path, versions: dict[str, Any]) -> None:
        self.path = path
        self.failed = 0
        # What the Traces already there were made with: on which line each is met first.
        self._with: dict[tuple[str, str], int] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not path.is_file():
                raise OSError("it is not a regular file")
            self._stream = locked(path)
        except BlockingIOError as error:
            self._refuse("another nesy run writes to it", "wait for it, or name another", error)
        except OSError as error:
            self._unwritable(error)
        self._close = weakref.finalize(self, self._stream.close)
        try:
            self.done = self._recover(versions)
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _recover(self, versions: dict[str, Any]) -> set[str]:
        """Return the ids already done; a line that a kill cut short is removed.

        Raises NesyError N150 where the file holds something else, or Traces of other rules.
        """
        whole, done = 0, set()
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    if not (line.startswith(_BEGINNING) or _BEGINNING.startswith(line)):
                        raise self._foreign(number, "its last line is no Trace")
                    break
                done.add(self._id(line, number))
                whole += len(line)
        self.require(versions)
        try:
            self._stream.truncate(whole)
        except OSError as error:
            self._unwritable(error)
        return done

    def _id(self, line: bytes, number: int) -> str:
        try:
            value = json.loads(line)
            name, recorded = str(value["case"]["id"]), dict(value.get("versions", {}))
            self.failed = max(self.failed, int((value.get("error") or {}).get("exit_code", 0)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._foreign(number, "this line is no Trace") from error
        if value.get("schema") != SCHEMA:
            raise self._foreign(number, "this line is no Trace")
        # Only a reader that was named is recorded.
        for key, made_with in {"reader": None, **recorded}.items():
            if key in _SAME:
                self._with.setdefault((key, json.dumps(made_with)), number)
        return name

    def require(self, versions: dict[str, Any]) -> None:
        """Raise NesyError N150 unless the Traces already there were made with the same."""
        for (key, made_with), number in self._with.items():
            if key in versions and made_with != json.dumps(versions[key]):
                raise self._foreign(number, f"it was made with other {key}: {made_with[:80]}")

    def _foreign(self, number: int, why: str) -> NesyError:
        what = "this file cannot be continued"
        fix = "name another file with -o, or remove this one"
        return NesyError(Diagnostic("N150", what, why, fix, str(self.path), number))

    def _unwritable(self, error: OSError) -> NoReturn:
        self._refuse(error.strerror or str(error), "name a file that can be written", error)

    def _refuse(self, why: str, fix: str, error: OSError) -> NoReturn:
        what = "this file cannot be written"
        raise NesyError(Diagnostic("N151", what, why, f"{fix} with -o", str(self.path))) from error

    def remaining(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases not yet done."""
        return [case for case in cases if case.id not in self.done]

    def keep(self, traces: Iterable[Trace]) -> Iterator[Trace]:
        """Write each Trace to disk, then yield it; raises NesyError N151 where that fails."""
        for trace in traces:
            line = trace.as_json().encode() + b"\n"
            try:
                while line:
                    line = line[self._stream.write(line) :]
                os.fsync(self._stream.fileno())
            except OSError as error:
                self._unwritable(error)
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
