"""Keep what a model said of labelled cases while it is asked, so that a kill costs one case.

The file is ours and lies beside the calibration until that is written. Its first line says what it
is of (the model by hash, the labels by hash, the seed); a file of anything else is begun anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nesy.calibrate import Example, unwritable
from nesy.diagnostics import Diagnostic, NesyError
from nesy.locking import locked


class Looked:
    """What is known of each case that was looked at: ``done`` maps its row to its examples."""

    def __init__(self, beside: Path, identity: Mapping[str, str], labels: Path, seed: int) -> None:
        self.path = beside.with_name(f".{beside.name}.looked")
        told = {**identity, "labels": hashlib.sha256(labels.read_bytes()).hexdigest(), "seed": seed}
        head = json.dumps(told, sort_keys=True).encode() + b"\n"
        self.done: dict[int, list[Example]] = {}
        try:
            self._alone()
            kept = self.path.read_bytes()
            whole = self._read(kept) if kept.startswith(head) else 0
            if whole:
                os.truncate(self.path, whole)
            else:
                self.path.write_bytes(head)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _alone(self) -> None:
        """Keep others from writing to the file; raises NesyError N151 where one does."""
        try:
            weakref.finalize(self, locked(self.path).close)
        except BlockingIOError as error:
            what, why = f"{self.path} cannot be written", "another nesy calibrate writes to it"
            fix = "wait for it, or name another file with -o"
            raise NesyError(Diagnostic("N151", what, why, fix)) from error

    def _read(self, kept: bytes) -> int:
        """Take over each line up to one that is not whole; return how many bytes they are."""
        head, *rest = kept.splitlines(keepends=True)
        whole = len(head)
        for line in rest:
            if not line.endswith(b"\n"):
                break
            try:
                row, examples = json.loads(line)
                self.done[row] = [_example(*each) for each in examples]
            except (ValueError, TypeError):
                break
            whole += len(line)
        return whole

    def keep(self, row: int, examples: Iterable[Example]) -> None:
        """Write what one case gave; raises NesyError N151 where that fails."""
        self.done[row] = list(examples)
        line = json.dumps([row, [_plain(each) for each in self.done[row]]])
        try:
            with self.path.open("a", encoding="ascii") as file:
                file.write(line + "\n")
        except OSError as error:
            raise unwritable(self.path, error) from error

    def forget(self) -> None:
        """Remove the file: the calibration is written."""
        self.path.unlink(missing_ok=True)


def _plain(example: Example) -> list[Any]:
    arrays = (example.vector, example.events, example.label)
    return [example.group, example.cluster, *(array.tolist() for array in arrays)]


def _example(group: str, cluster: str, *arrays: list[Any]) -> Example:
    vector, events, label = (np.array(array, dtype=np.float64) for array in arrays)
    return Example(group, cluster, vector, events, label)
