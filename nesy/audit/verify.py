"""Verify an audit log: which lines were changed, removed, moved, forged, or cut off."""

from __future__ import annotations

import fcntl
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nesy.audit.log import (
    EMPTY,
    Head,
    Line,
    beside,
    parse,
    read_head,
    read_key,
    salted,
    sealed,
    shorter,
)
from nesy.audit.record import inputs
from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Trace


@dataclass(frozen=True, slots=True)
class Report:
    """What a log holds and what is wrong with it.

    ``head`` is what to keep elsewhere. ``sealed`` tells whether the key was there to check seals.
    """

    records: tuple[dict[str, Any], ...]
    head: Head
    sealed: bool
    faults: tuple[Diagnostic, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "records": len(self.records),
            "head": self.head.hash,
            "seals_checked": self.sealed,
            "faults": [fault.as_json() for fault in self.faults],
        }


def verify(path: Path, *, head: str | None = None) -> Report:
    """Return what is wrong with a log; ``head`` is a head hash that was kept elsewhere.

    Faults are N620 (changed, removed, moved), N621 (cut off), N622 (a torn last line) and N623 (not
    sealed with the key). Raises NesyError N624 where the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
            raw = stream.read()
            said = read_head(path)
    except OSError as error:
        why = error.strerror or str(error)
        fix = "name an audit log, as given to --audit"
        what = "this audit log cannot be used"
        raise NesyError(Diagnostic("N624", what, why, fix, str(path))) from error
    *whole, torn = raw.split(b"\n")
    walk = _Walk(path, read_key(path))
    for number, line in enumerate(whole, 1):
        walk.see(number, line)
    faults = [*walk.faults, *_ends(walk, said, head, torn)]
    return Report(tuple(walk.records), walk.last, walk.key is not None, tuple(faults))


@dataclass
class _Walk:
    """The chain as far as it was followed."""

    path: Path
    key: bytes | None
    last: Head = EMPTY
    faults: list[Diagnostic] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)

    def see(self, number: int, raw: bytes) -> None:
        """Follow the chain by one line; after a fault it goes on from what the line says."""
        found = parse(raw)
        if found is None:
            self.fault("N620", "this line is no record", "it was changed, or never written", number)
            return
        for what, why in self._wrong(found):
            self.fault("N620", what, why, number)
        if self.key is not None and not hmac.compare_digest(
            found.seal, sealed(self.key, found.hash)
        ):
            why = "who wrote it did not have the log's key"
            self.fault("N623", "this record is not sealed with the log's key", why, number)
        self.last = Head(found.number, found.hash)
        self.records.append(found.body)
        self.hashes.append(found.hash)

    def _wrong(self, found: Line) -> Iterator[tuple[str, str]]:
        expected = self.last.records + 1
        if not found.intact:
            yield "this record was changed", "its hash is that of other bytes"
        if found.number > expected:
            lost = found.number - expected
            which = f"{expected} to {found.number - 1}" if lost > 1 else f"{expected}"
            yield (
                f"record{'s' if lost > 1 else ''} {which} missing before this line",
                f"this is record {found.number}",
            )
        elif found.number < expected:
            yield (
                f"record {found.number} stands where {expected} should",
                "it was moved, or written twice",
            )
        elif found.previous != self.last.hash:
            yield (
                "this record does not follow the one before it",
                "it holds the hash of another record",
            )

    def fault(self, code: str, what: str, why: str, line: int | None) -> None:
        """Keep one fault."""
        fix = "restore the log from a copy; what stands before this line is as it was written"
        self.faults.append(Diagnostic(code, what, why, fix, str(self.path), line))


def _ends(walk: _Walk, said: Head | None, kept: str | None, torn: bytes) -> Iterator[Diagnostic]:
    """Yield what is wrong at the end of a log."""
    known = len(walk.hashes)
    if said is not None and walk.last.records < said.records:
        yield shorter(walk.path, walk.last.records, said)
    elif said is not None and said.records and said.hash not in walk.hashes:
        why = f"{beside(walk.path, 'head').name} names a record that is not in it"
        fix = "restore the log from a copy"
        yield Diagnostic("N621", "the head is not in the log", why, fix, str(walk.path))
    if said is None and known > 1:
        why = "without its head file a log that was cut looks whole"
        fix = "put the head's own file back, or compare with a head kept elsewhere (--head)"
        yield Diagnostic("N621", "the head file is missing", why, fix, str(walk.path))
    if kept is not None and kept not in walk.hashes:
        why = "a record with this hash was once the last"
        what = "the head that was kept is not in the log"
        fix = "restore the log from a copy"
        yield Diagnostic("N621", what, why, fix, str(walk.path), known or None)
    if torn:
        why = f"{len(torn)} bytes without an end: a write was cut short, and nothing was released"
        fix = "nothing: the next record removes it and says so"
        yield Diagnostic("N622", "the last line is torn", why, fix, str(walk.path), known + 1)


def unrecorded(path: Path, report: Report, traces: Iterable[Trace]) -> list[Diagnostic]:
    """Return an N625 for each Trace of which no record holds the words, the reply and the verdict.

    A picture is compared where it can still be read. Raises NesyError N624 without the log's key.
    """
    key = read_key(path)
    if key is None:
        what = "this audit log cannot be compared with Traces"
        fix = f"put {beside(path, 'key').name} back"
        raise NesyError(Diagnostic("N624", what, "its hashes need its key", fix, str(path)))
    found = []
    for trace in traces:
        same = [r for r in report.records if r.get("case") == trace.case.id]
        if not any(_holds(record, key, trace) for record in same):
            what = f"no record is of this Trace of case {trace.case.id}"
            why = f"{len(same)} records name the case" if same else "no record names the case"
            fix = "the Trace or its picture was changed, or its decision was not logged here"
            found.append(Diagnostic("N625", what, why, fix, str(path)))
    return found


def _holds(record: dict[str, Any], key: bytes, trace: Trace) -> bool:
    said = record.get("input", {})
    now = {name: salted(key, record["n"], name, data) for name, data in inputs(trace)}
    known = now if "image" in now else {k: v for k, v in said.items() if k == "image"} | now
    status = trace.verdict.status if trace.verdict else None
    return bool(said == known and record.get("verdict") == status)
