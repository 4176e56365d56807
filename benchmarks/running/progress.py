"""How far a stage is, on stderr: counts, failures, and how long it may still take."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

# Seconds between two lines, where they go to a file and not to a terminal.
EVERY = 20.0


@dataclass
class Progress:
    """Tells one stage's progress; ``total`` counts what was not there already."""

    name: str
    total: int
    quiet: bool = False
    done: int = 0
    failed: int = 0
    _began: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)

    def advance(self, done: int, failed: int = 0) -> None:
        """Count records that are on disk."""
        self.done += done
        self.failed += failed
        now, every = time.monotonic(), 0.2 if sys.stderr.isatty() else EVERY
        if not self.quiet and now - self._told >= every:
            self._told = now
            self._tell(self.line(now - self._began), "\r" if sys.stderr.isatty() else "\n")

    def line(self, seconds: float) -> str:
        """Return the line that is shown after so many seconds."""
        failed = f", {self.failed} failed" if self.failed else ""
        left = (self.total - self.done) * seconds / self.done if self.done else 0.0
        return f"{self.name}: {self.done:,} of {self.total:,}{failed}, {told(left)} left"

    def end(self) -> None:
        """Tell how long it took."""
        if self.total and not self.quiet:
            failed = f", {self.failed} failed" if self.failed else ""
            took = told(time.monotonic() - self._began)
            self._tell(f"{self.name}: {self.done:,}{failed}, in {took}", "\n")

    def _tell(self, text: str, end: str) -> None:
        clear = "\x1b[2K\r" if sys.stderr.isatty() else ""
        print(f"{clear}{text}", end=end, file=sys.stderr, flush=True)


def told(seconds: float) -> str:
    """Write a time as it is read.

    >>> told(4), told(75), told(7265)
    ('4 s', '1 min 15 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
