"""What a process and all that it started hold in memory, as Linux tells it."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEGA = 1024.0


def resident(root: int | None = None) -> float:
    """Return the megabytes resident in a process and its descendants; what is shared counts twice.

    Returns 0.0 where there is no /proc.
    """
    parents: dict[int, list[int]] = defaultdict(list)
    held: dict[int, float] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        # A process may end while it is looked at.
        try:
            lines = dict(
                line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines()
            )
        except OSError:
            continue
        pid = int(lines["Pid"])
        parents[int(lines["PPid"])].append(pid)
        held[pid] = float(lines.get("VmRSS", "0 kB").split()[0]) / MEGA
    found, waiting = 0.0, [root or os.getpid()]
    while waiting:
        pid = waiting.pop()
        found += held.get(pid, 0.0)
        waiting += parents[pid]
    return found


class Peak:
    """The most megabytes seen so far."""

    def __init__(self) -> None:
        self.megabytes = 0.0

    def look(self) -> float:
        """Look now, and return what is held now."""
        now = resident()
        self.megabytes = max(self.megabytes, now)
        return now


@contextmanager
def watched(every: float = 0.5) -> Iterator[Peak]:
    """Look every so many seconds while the body runs, from a thread of its own."""
    peak, done = Peak(), threading.Event()

    def look() -> None:
        while not done.wait(every):
            peak.look()

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()
