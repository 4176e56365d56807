"""A run's files: JSON Lines that a kill cannot spoil, and the lock of who writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError
from nesy.locking import locked

Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """A JSON Lines file of values of one kind, appended to and read back."""

    path: Path
    kind: type[Row]

    def read(self, holding: str = "") -> list[Row]:
        """Return the rows, or those whose line holds a text; raises N720 for a line that is none.

        What a kill left of a last line is not among them, nor is it removed (``recover``).
        """
        if not self.path.exists():
            return []
        whole = self.path.read_bytes().split(b"\n")[:-1]
        wanted = holding.encode()
        lines = enumerate(whole, 1)
        return [self._row(line, number) for number, line in lines if wanted in line]

    def _row(self, line: bytes, number: int) -> Row:
        try:
            return self.kind.model_validate_json(line)
        except ValidationError as error:
            what = f"this line is no {self.kind.__name__.lower()}"
            why = "; ".join(str(fault["msg"]) for fault in error.errors())[:200]
            fix = "remove the line: what it told is done again"
            raise NesyError(Diagnostic("N720", what, why, fix, str(self.path), number)) from error

    def recover(self) -> int:
        """Cut off a last line that a kill left unfinished; return how many bytes it had."""
        if not self.path.exists():
            return 0
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self.path, whole)
        return len(data) - whole

    @contextmanager
    def appending(self) -> Iterator[Callable[[Sequence[Row]], None]]:
        """Give what appends rows: when it returns, they are on disk."""
        with writing(self.path), self.path.open("ab", buffering=0) as stream:

            def append(rows: Sequence[Row]) -> None:
                left = b"".join(map(line_of, rows))
                with writing(self.path):
                    while left:
                        left = left[stream.write(left) :]
                    os.fsync(stream.fileno())

            yield append

    def rewrite(self, rows: Iterable[Row]) -> None:
        """Replace the file at one go, where that changes it."""
        data = b"".join(map(line_of, rows))
        if not self.path.exists() or self.path.read_bytes() != data:
            replace(self.path, data)


_flat = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def flat_line(row: BaseModel) -> bytes:
    """Return the line of a row that holds only texts and numbers, the same as ``line_of`` does."""
    fields = {name: value for name, value in vars(row).items() if value is not None}
    return _flat(fields | (row.model_extra or {})).encode() + b"\n"


def line_of(row: BaseModel) -> bytes:
    """Return a row's line; the same value gives the same bytes."""
    return strict_json.dumps(row.model_dump(mode="json")).encode() + b"\n"


def replace(path: Path, data: bytes) -> None:
    """Write a file so that a kill leaves the old one or the new one."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        with fresh.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise NesyError N721 where a file of a run cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        why = error.strerror or str(error)
        what, fix = "this file cannot be written", "name another folder with -o, or make room"
        raise NesyError(Diagnostic("N721", what, why, fix, str(path))) from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to a run; raises NesyError N722 where one does.

    A kill ends it too: the lock is the system's, and goes with the process.
    """
    path = folder / ".lock"
    with writing(path):
        try:
            stream = locked(path)
        except BlockingIOError as error:
            what, why = "another process writes to this run", "two would spoil each other's files"
            fix = "wait for it, or name another folder with -o"
            raise NesyError(Diagnostic("N722", what, why, fix, str(folder))) from error
    with stream:
        yield
