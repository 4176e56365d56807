"""A process that answers requests line by line, ended where it does not answer in time.

What it runs is not ours to stop: neither clingo's grounding nor a goal of Prolog heeds a signal in
time. So it runs in a process of its own, which holds no secret and which the parent kills.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

LARGEST_REPLY = 2**26
_PART = 2**18


class EndedError(Exception):
    """The process is no more: ``why`` is ``time`` (it did not stop) or ``memory`` (it fell)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Process:
    """One process, started at once; its environment is what it is given and no more."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        largest: int = LARGEST_REPLY,
    ) -> None:
        self._largest = largest
        self._buffer = b""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            # Ctrl-C is for the parent, which decides what it means.
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Send whole lines; raises EndedError."""
        stream = self._process.stdin
        try:
            if stream is None:
                raise BrokenPipeError
            stream.write(data)
            stream.flush()
        except (BrokenPipeError, ValueError) as error:
            self.close()
            raise EndedError("memory") from error

    def line(self, until: float) -> bytes:
        """Return the next line; the process is ended, EndedError raised, where none comes in time.

        ``until`` is of the monotonic clock; a line has no more than ``largest`` bytes.
        """
        stream = self._process.stdout
        if stream is None or stream.closed:
            raise EndedError("memory")
        parts = [self._buffer]
        size = len(self._buffer)
        while b"\n" not in parts[-1]:
            left = max(0.0, until - time.monotonic())
            ready = select.select([stream], [], [], left)[0]
            if not ready or size > self._largest:
                self.close()
                raise EndedError("memory" if ready else "time")
            parts.append(os.read(stream.fileno(), _PART))
            size += len(parts[-1])
            if not parts[-1]:
                self.close()
                raise EndedError("memory")
        found, _, self._buffer = b"".join(parts).partition(b"\n")
        return found

    def interrupt(self) -> None:
        """Ask it to stop what it does, as Ctrl-C would."""
        self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
