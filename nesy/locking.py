"""One writer to a file at a time."""

from __future__ import annotations

import fcntl
from io import FileIO
from pathlib import Path


def locked(path: Path) -> FileIO:
    """Open a file to append to it, and keep it from other processes until it is closed.

    A kill gives it back as well: the lock is the system's, and goes with the process. Raises
    BlockingIOError where another process has it, OSError where it cannot be opened.
    """
    stream = FileIO(path, "a")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise
    return stream
