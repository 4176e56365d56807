"""Ground rules that are not ours in a process of their own first, under limits of time and memory.

clingo cannot be stopped while it grounds, and `p(1..1000000000).` or `n(s(X)) :- n(X).` never end.
What has ended once here ends again in the same steps, so only then is it grounded where it is used.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    import clingo
    from clingo import ast

SECONDS = 10
BYTES = 2 * 2**30


class Guard:
    """A process that grounds programs one after the other; it kills itself at its limits."""

    def __init__(self, *, seconds: int = SECONDS, most: int = BYTES) -> None:
        self._command = [sys.executable, "-m", "nesy.reason.guard", str(seconds), str(most)]
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def ends(self, program: str, facts: Sequence[str]) -> bool:
        """Tell whether a program over facts is grounded within the limits."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = self._started()
            process = self._process
            if process.stdin is None or process.stdout is None:
                raise AssertionError("the guard was started with pipes")
            try:
                process.stdin.write(json.dumps([program, facts]) + "\n")
                process.stdin.flush()
                answer = process.stdout.readline()
            except BrokenPipeError:
                answer = ""
        if not answer:
            self.close()
        return bool(answer)

    def close(self) -> None:
        """End the process; the next program starts another."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None

    def _started(self) -> subprocess.Popen[str]:
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        return subprocess.Popen(
            self._command, stdin=pipe, stdout=pipe, stderr=nothing, text=True, encoding="utf-8"
        )


_GUARD = Guard()
atexit.register(_GUARD.close)


def require_end(
    statements: Sequence[ast.AST], facts: Sequence[clingo.Symbol], extra: str, name: str
) -> None:
    """Raise NesyError N321 where grounding goes on for too long or takes too much."""
    program = "\n".join([*map(str, statements), extra])
    if not _GUARD.ends(program, [str(fact) for fact in facts]):
        what = "grounding these rules does not end"
        why = f"it took more than {SECONDS} s or {BYTES >> 30} GB for one case"
        fix = "bound every interval and recursion, and join fewer conditions"
        raise NesyError(Diagnostic("N321", what, why, fix, name))


def _serve(seconds: int, most: int) -> None:
    """Ground what is read from standard input; answer a line for each program that ends."""
    import resource
    import signal

    from clingo import ast

    from nesy.reason import asp

    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        program, facts = json.loads(line)
        # The default action of SIGALRM ends the process, in the midst of clingo too.
        signal.alarm(seconds)
        statements: list[ast.AST] = []
        ast.parse_string(program, statements.append)
        # A program that is refused has ended; what is wrong is said where it is used.
        with suppress(NesyError):
            asp.ground(statements, asp.symbols(facts), extra="", name="guard")
        signal.alarm(0)
        print("ended", flush=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
