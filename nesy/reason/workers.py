"""Spread chunks of work over processes that each hold what is believed; results keep their order.

Processes are started anew (spawn), so none inherits a half-used solver; where it is asked for, and
nothing else runs in this one, they are forked and inherit the rules laid out. clingo never forgets
a symbol, so they are replaced now and then, all at once: the next are started while the last chunks
of those before are worked on.
"""

from __future__ import annotations

import copyreg
import gc
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from clingo import ast

from nesy.diagnostics import Diagnostic, NesyError
from nesy.following import follow

Held = TypeVar("Held")
Given = TypeVar("Given")
Done = TypeVar("Done")

# Chunks a process works on before it is replaced, and chunks in hand for each process.
LIFE = 300
IN_HAND = 2
# The threads of this process, where Linux tells.
_THREADS = Path("/proc/self/task")


def spread(
    work: Callable[[Held, Given], Done],
    held: Held,
    given: Iterable[Given],
    *,
    jobs: int,
    life: int = LIFE,
    inherit: bool = False,
) -> Iterator[Done]:
    """Yield ``work(held, each)`` in the order given, from ``jobs`` processes.

    Each process is sent ``held`` once, its rules as text, and replaced after about ``life`` of what
    is given. Few results are held at a time. With ``inherit`` the first of what is given is worked
    on here, so that the first processes have what this took to lay out. Raises what ``work``
    raises, and NesyError N906 where a process is ended from outside.
    """
    # A file of the folder we are called in, such as a json.py, is no module of the new processes.
    os.environ["PYTHONSAFEPATH"] = "1"
    waiting: deque[Future[Done]] = deque()
    rest = iter(given)
    if inherit and _is_alone():
        yield from (work(held, each) for each in islice(rest, 1))
    pool = _pool(jobs, held, "fork" if inherit and _is_alone() else "spawn")
    try:
        for number, each in enumerate(rest, 1):
            waiting.append(pool.submit(_do, work, each))
            if number % (life * jobs) == 0:
                pool.shutdown(wait=False)
                pool = _pool(jobs, held, "spawn")
            if len(waiting) > IN_HAND * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        what = "a process that reasons was ended from outside"
        why = "most often the machine ran out of memory"
        raise NesyError(Diagnostic("N906", what, why, "use fewer --jobs")) from error
    finally:
        for future in waiting:
            future.cancel()
        # Python 3.11 may fail at its end where a pool ends at the same time.
        pool.shutdown(wait=not waiting, cancel_futures=True)


def _pool(jobs: int, held: object, start: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, get_context(start), _hold, (held,))


def _is_alone() -> bool:
    """Tell whether this process has no further thread, of C libraries either, and no child.

    Else a fork could copy a lock that is held, or a pipe that two would write to.
    """
    if sys.platform != "linux" or len(list(_THREADS.iterdir())) > 1:
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


_held: Any = None


def collect_rarely() -> None:
    """Have this process, which reasons over many cases, look for cycles of objects rarely.

    What a case leaves behind is freed by its reference counts; to look through all that is
    remembered, again and again, took a fifth of the time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _hold(held: object) -> None:
    """Begin a process: it holds what is believed, and ends with the one that started it."""
    global _held
    _held = held
    collect_rarely()
    follow()


def _do(work: Callable[[Any, Given], Done], each: Given) -> Done:
    return work(_held, each)


def _parsed(text: str) -> ast.AST:
    statements: list[ast.AST] = []
    ast.parse_string(text, statements.append)
    return statements[-1]


def _as_text(statement: ast.AST) -> tuple[Callable[[str], ast.AST], tuple[str]]:
    return _parsed, (str(statement),)


copyreg.pickle(ast.AST, _as_text)
