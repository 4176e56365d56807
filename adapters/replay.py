"""Recorded observations from a JSON or JSON Lines file, matched by the id of the case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.trace import Case, Observation, validate

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary


class Replay:
    """A Perceiver that saw everything before."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.recorded: dict[str, Observation] = {}
        for number, value in strict_json.lines(file):
            for record in value if isinstance(value, list) else (value,):
                self._add(record, number)

    def _add(self, record: Any, line: int) -> None:
        """Take a Trace, or an Observation with an ``id``; raises NesyError N109."""
        if not isinstance(record, dict):
            raise self._unusable("it is not an object", line)
        case = record.get("case")
        if isinstance(case, dict):
            name, seen = case.get("id"), record.get("observation")
        else:
            name, seen = record.get("id"), {k: v for k, v in record.items() if k != "id"}
        if not isinstance(name, str) or not name:
            raise self._unusable("no id says which case it is of", line)
        if name in self.recorded:
            raise self._unusable(f"case {name!r} is recorded twice", line)
        # A Trace may have failed before anything was seen; it then has nothing to replay.
        if seen is not None:
            given = validate(Observation, seen, file=str(self.file), line=line)
            self.recorded[name] = given

    def _unusable(self, why: str, line: int) -> NesyError:
        what, fix = "this is not a recording", "give each Trace or Observation an id of its own"
        return NesyError(Diagnostic("N109", what, why, fix, str(self.file), line))

    def describe(self) -> dict[str, Any]:
        """Return what this perceiver is."""
        return {
            "name": "replay",
            "model": str(self.file),
            "licence": "that of the recording",
            "needs": [],
            "reports": [],
        }

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield what was recorded; N108 for a case that was not."""
        del seed  # what was recorded does not depend on chance
        for case in cases:
            if case.id in self.recorded:
                yield self.recorded[case.id]
            else:
                what = f"no recording of case {case.id!r}"
                why = f"{self.file} holds {len(self.recorded)} recorded cases"
                fix = nearest(case.id, self.recorded)
                yield NesyError(Diagnostic("N108", what, why, fix, str(self.file)))


def create(model: str | None, vocabulary: Vocabulary) -> Replay:
    """Read the recording; raises NesyError N103 (no file named), N109-N113 (its form)."""
    del vocabulary  # every adapter is given it; observations are checked behind this seam
    if not model:
        what, why = "the adapter replay needs a file", "it has no observations of its own"
        fix = "write --with replay:FILE.jsonl"
        raise NesyError(Diagnostic("N103", what, why, fix))
    return Replay(Path(model))
