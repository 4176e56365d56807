"""Spread chunks of work over processes that each hold what is believed; results keep their order.

Processes are started anew (spawn), so none inherits a half-used solver. clingo never forgets a
symbol, so they are replaced now and then, all at once: the next are started while the last chunks
of those before are worked on.
"""

from __future__ import annotations

import copyreg
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from clingo import ast

from nesy.diagnostics import Diagnostic, NesyError

Held = TypeVar("Held")
Given = TypeVar("Given")
Done = TypeVar("Done")

# Chunks a process works on before it is replaced, and chunks in hand for each process.
LIFE = 300
IN_HAND = 2


def spread(
    work: Callable[[Held, Given], Done],
    held: Held,
    given: Iterable[Given],
    *,
    jobs: int,
    life: int = LIFE,
) -> Iterator[Done]:
    """Yield ``work(held, each)`` in the order given, from ``jobs`` processes.

    Each process is sent ``held`` once, its rules as text, and replaced after about ``life`` of what
    is given. Few results are held at a time. Raises what ``work`` raises, and NesyError N906 where
    a process is ended from outside.
    """
    # A file of the folder we are called in, such as a json.py, is no module of the new processes.
    os.environ["PYTHONSAFEPATH"] = "1"
    waiting: deque[Future[Done]] = deque()
    pool = _pool(jobs, held)
    try:
        for number, each in enumerate(given, 1):
            waiting.append(pool.submit(_do, work, each))
            if number % (life * jobs) == 0:
                pool.shutdown(wait=False)
                pool = _pool(jobs, held)
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
        pool.shutdown(wait=False, cancel_futures=True)


def _pool(jobs: int, held: object) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, get_context("spawn"), _hold, (held,))


_held: Any = None


def _hold(held: object) -> None:
    """Begin a process: it holds what is believed, and ends with the one that started it."""
    global _held
    _held = held
    # Ctrl-C is for the process that writes; this one is told to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _do(work: Callable[[Any, Given], Done], each: Given) -> Done:
    return work(_held, each)


def _parsed(text: str) -> ast.AST:
    statements: list[ast.AST] = []
    ast.parse_string(text, statements.append)
    return statements[-1]


def _as_text(statement: ast.AST) -> tuple[Callable[[str], ast.AST], tuple[str]]:
    return _parsed, (str(statement),)


copyreg.pickle(ast.AST, _as_text)
