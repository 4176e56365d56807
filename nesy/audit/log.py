"""Append to an audit log: one writer at a time, on disk before the call returns.

A record is a JSON object whose last members are ``hash`` (SHA-256 of the bytes before it) and
``seal`` (HMAC-SHA256 of the hash). It holds the hash of the record before it, so the bytes are
chained as they stand and no canonical form of JSON is needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError

SCHEMA = "nesy.audit.v1"
GENESIS = "0" * 64
KEY_BYTES = 32
# How a record ends. What stands before it is what the hash is of.
TAIL = re.compile(rb',"hash":"([0-9a-f]{64})","seal":"([0-9a-f]{64})"\}\Z')
_BLOCK = 1 << 16

Salted = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True)
class Head:
    """How many records a log has, and the hash of the last."""

    records: int
    hash: str


EMPTY = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it stands in the file: its parsed body, its place in the chain, its seal."""

    body: dict[str, Any]
    number: int
    previous: str
    hash: str
    seal: str
    intact: bool


def parse(raw: bytes) -> Line | None:
    """Return a line without its newline as a record, or None where it has not the form of one."""
    tail = TAIL.search(raw)
    if tail is None:
        return None
    try:
        body = json.loads(raw[: tail.start()] + b"}")
        number, previous = body["n"], body["previous"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    known = body.get("schema") == SCHEMA
    if not (known and type(number) is int and number > 0 and isinstance(previous, str)):
        return None
    said, seal = tail[1].decode(), tail[2].decode()
    return Line(body, number, previous, said, seal, said == digest(raw[: tail.start()]))


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sealed(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of a hash in hexadecimal: only who has the key can make it."""
    return hmac.new(key, f"seal\0{text}".encode(), hashlib.sha256).hexdigest()


def salted(key: bytes, number: int, field: str, data: bytes) -> str:
    """Return the keyed hash of one input of one record.

    The record's number goes in, so the same line said twice has two hashes that nobody can link.
    """
    said = f"input\0{number}\0{field}\0".encode() + data
    return f"hmac-sha256:{hmac.new(key, said, hashlib.sha256).hexdigest()}"


def beside(path: Path, what: str) -> Path:
    """Return the file of a log's ``key`` or ``head``."""
    return path.with_name(f"{path.name}.{what}")


class Log:
    """An audit log to append to; several processes may append to one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Callable[[Salted], Mapping[str, Any]]) -> Head:
        """Write one record, and return the new head once it is on disk.

        ``record`` is given the function that hashes an input. A line that a crash cut short is
        removed, and the removal recorded. Raises NesyError N621 (the log is shorter than its head),
        N624 (not an audit log, no key, or not writable).
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                return self._append(stream, record)
        except OSError as error:
            why = error.strerror or str(error)
            raise _unusable(self.path, why, "name a file that can be written") from error

    def _append(self, stream: BinaryIO, record: Callable[[Salted], Mapping[str, Any]]) -> Head:
        line, torn = last_whole(stream, self.path)
        last = Head(line.number, line.hash) if line else EMPTY
        self._follows(line, last)
        key = self._key(last)
        if torn:
            end = stream.seek(0, os.SEEK_END) - len(torn)
            stream.truncate(end)
            lost = {"event": "repaired", "lost_bytes": len(torn)}
            last = self._write(stream, last, key, lambda _: lost)
        return self._write(stream, last, key, record)

    def _follows(self, line: Line | None, last: Head) -> None:
        """Refuse to go on from a log that is not what its head says: that would hide the cut."""
        said = read_head(self.path)
        if said is None:
            if last.records > 1:
                why = "it has records, and its head file is gone"
                raise _unusable(self.path, why, "put the file back, or begin another log")
            return
        if last.records < said.records:
            raise NesyError(shorter(self.path, last.records, said))
        # A crash between a record and its head leaves the head one behind, never more.
        if said not in (last, Head(last.records - 1, line.previous if line else GENESIS)):
            why = "its last record is not the one that its head names"
            raise _unusable(self.path, why, "see `nesy audit verify`, and begin another log")

    def _write(
        self,
        stream: BinaryIO,
        last: Head,
        key: bytes,
        record: Callable[[Salted], Mapping[str, Any]],
    ) -> Head:
        number = last.records + 1
        place = {"schema": SCHEMA, "n": number, "previous": last.hash}
        body = {**place, **record(lambda field, data: salted(key, number, field, data))}
        raw = strict_json.dumps(body).encode()[:-1]
        head = Head(number, digest(raw))
        stream.write(raw + f',"hash":"{head.hash}","seal":"{sealed(key, head.hash)}"}}\n'.encode())
        stream.flush()
        os.fsync(stream.fileno())
        # After the record: a head ahead of its log would look like a log that was cut.
        said = {"records": head.records, "head": head.hash}
        _replace(beside(self.path, "head"), strict_json.dumps(said).encode() + b"\n", 0o644)
        return head

    def _key(self, last: Head) -> bytes:
        """Return the key; a new log gets one. Called with the log locked."""
        key = read_key(self.path)
        if key is not None:
            return key
        if last.records:
            why = "its records are sealed with a key, and the key's file is gone"
            fix = f"put {beside(self.path, 'key').name} back, or begin another log"
            raise _unusable(self.path, why, fix)
        fresh = secrets.token_bytes(KEY_BYTES)
        _replace(beside(self.path, "key"), fresh.hex().encode() + b"\n", 0o600)
        return fresh


def last_whole(stream: BinaryIO, path: Path) -> tuple[Line | None, bytes]:
    """Return the last whole line, and what stands after it: a line cut short, or nothing.

    Raises NesyError N624 where the last whole line is no record.
    """
    end = stream.seek(0, os.SEEK_END)
    tail = b""
    while end > 0 and tail.count(b"\n") < 2:
        start = max(0, end - _BLOCK)
        stream.seek(start)
        tail = stream.read(end - start) + tail
        end = start
    whole, newline, torn = tail.rpartition(b"\n")
    if not newline:
        return None, tail
    found = parse(whole.rpartition(b"\n")[2])
    if found is None or not found.intact:
        why = "its last whole line is no record of an audit log, or was changed"
        raise _unusable(path, why, "see `nesy audit verify`, and begin another log")
    return found, torn


def read_key(path: Path) -> bytes | None:
    """Return a log's key, or None where there is none; raises NesyError N624 for a broken one."""
    text = _read(beside(path, "key"))
    if text is None:
        return None
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        why = f"a key is {KEY_BYTES} bytes in hexadecimal"
        raise _unusable(beside(path, "key"), why, "put the key's own file back")
    return key


def read_head(path: Path) -> Head | None:
    """Return what the head file says, or None where there is none; raises NesyError N624."""
    text = _read(beside(path, "head"))
    if text is None:
        return None
    try:
        value = json.loads(text)
        return Head(int(value["records"]), str(value["head"]))
    except (ValueError, KeyError, TypeError) as error:
        why = "a head file is one object with records and head"
        raise _unusable(beside(path, "head"), why, "put the head's own file back") from error


def shorter(path: Path, records: int, head: Head) -> Diagnostic:
    """Return what is wrong where a log has fewer records than were once written."""
    lost = head.records - records
    what = f"{lost} record{'s are' if lost > 1 else ' is'} missing at the end"
    why = f"the log has {records}, and its head says that {head.records} were written"
    fix = "restore the log from a copy; move it away with its .head to begin another"
    return Diagnostic("N621", what, why, fix, str(path), records or None)


def _unusable(path: Path, why: str, fix: str) -> NesyError:
    return NesyError(Diagnostic("N624", "this audit log cannot be used", why, fix, str(path)))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error), "let the file be read by who runs this") from error


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Write a small file whole or not at all, with these permissions."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
