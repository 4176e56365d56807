"""A process of SWI-Prolog that answers requests, ended where it does not stop by itself.

It holds no secret and can open nothing: its environment is bare, and once it is ready it may have
no further file. Memory is limited by the system, time by the parent.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nesy.diagnostics import Diagnostic, MissingError
from nesy.reason.process import EndedError, Process

SERVER = Path(__file__).with_name("server.pl")
MACS = Path("/Applications/SWI-Prolog.app/Contents/MacOS/swipl")
BYTES = 2 * 2**30
STACK = 2**29
# The limit inside the process comes first; what does not heed it is ended so much later.
GRACE = 0.1
STARTING = 30.0
STOPPING = 0.5
# Backstop for a worker whose parent was killed: seconds of processor time in all.
PROCESSOR = 3600
_LIMITS = (
    f"ulimit -c 0; ulimit -f 0; ulimit -t {PROCESSOR}; "
    'ulimit -v "$0" 2>/dev/null || true; exec "$@"'
)


class Worker:
    """One process; requests take turns. What one thread asks, another cannot answer."""

    def __init__(self, *, most: int = BYTES) -> None:
        self._most = most
        self._process: Process | None = None
        self._lock = threading.RLock()

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int | None:
        """Return the number of the process, None before it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process; raises MissingError N910 where there is no SWI-Prolog that runs."""
        with self._lock:
            self.close()
            command = [_swipl(), "-f", "none", "-q", f"--stack-limit={STACK}"]
            command += ["-g", "nesy_server:serve", "-t", "halt", str(SERVER)]
            limited = ["/bin/sh", "-c", _LIMITS, str(self._most >> 10), *command]
            self._process = Process(limited, _environment())
            try:
                self.request("ready", STARTING)
            except EndedError as error:
                why = "the process that answers goals did not start"
                raise MissingError(missing(why)) from error
            _close_files(self._process.pid)

    def request(self, request: str, seconds: float) -> dict[str, Any]:
        """Return the reply to a request; raises EndedError where there is none in time."""
        with self._lock:
            self._running.send(f"{request}.\n".encode())
            try:
                return self._reply(seconds)
            except KeyboardInterrupt:
                # The goal is stopped and the process kept, if it heeds the signal.
                self._running.interrupt()
                with suppress(EndedError):
                    self._reply(STOPPING)
                raise

    def state(self, facts: Iterable[str]) -> None:
        """State facts, written as Prolog reads them; raises EndedError."""
        with self._lock:
            try:
                told = "".join(f"{fact}.\n" for fact in facts)
                self._running.send(f"facts.\n{told}end.\n".encode())
                self._reply(STARTING)
            except KeyboardInterrupt:
                self.close()
                raise

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.close()
                self._process = None

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise EndedError("memory")
        return self._process

    def _reply(self, seconds: float) -> dict[str, Any]:
        reply: dict[str, Any] = json.loads(self._running.line(time.monotonic() + seconds))
        return reply


def _close_files(pid: int) -> None:
    if sys.platform == "linux":
        import resource

        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SWI_HOME_DIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def _swipl() -> str:
    if found := shutil.which("swipl"):
        return found
    if MACS.exists():
        return str(MACS)
    raise MissingError(missing("no swipl is on the PATH"))


def missing(why: str) -> Diagnostic:
    """Return the fault of a machine without SWI-Prolog."""
    what = "SWI-Prolog is not installed, or cannot be run"
    fix = "sudo apt-get install swi-prolog-nox, or on macOS: brew install swi-prolog"
    return Diagnostic("N910", what, why, fix)
