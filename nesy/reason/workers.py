"""Spread chunks of work over processes that each hold what is believed; results keep their order.

Processes are started anew (spawn), so none inherits a half-used solver, and are replaced now and
then, because clingo never forgets a symbol.
"""

from __future__ import annotations

import copyreg
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from clingo import ast

from nesy.diagnostics import Diagnostic, NesyError

Held = TypeVar("Held")
Given = TypeVar("Given")
Done = TypeVar("Done")

# Chunks a process works on before it is replaced, and chunks in hand for each process.
LIFE = 100
IN_HAND = 2


def spread(
    work: Callable[[Held, Given], Done], held: Held, given: Iterable[Given], *, jobs: int
) -> Iterator[Done]:
    """Yield ``work(held, each)`` in the order given, from ``jobs`` processes.

    Each process is sent ``held`` once, its rules as text. Few results are held at a time. Raises
    what ``work`` raises, and NesyError N906 where a process is ended from outside.
    """
    # A file of the folder we are called in, such as a json.py, is no module of the new processes.
    os.environ["PYTHONSAFEPATH"] = "1"
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _hold, (held,), max_tasks_per_child=LIFE)
    waiting: deque[Future[Done]] = deque()
    try:
        for each in given:
            waiting.append(pool.submit(_do, work, each))
            if len(waiting) > IN_HAND * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        what = "a process that reasons was ended from outside"
        why = "most often the machine ran out of memory"
        raise NesyError(Diagnostic("N906", what, why, "use fewer --jobs")) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_held: Any = None


def _hold(held: object) -> None:
    global _held
    _held = held


def _do(work: Callable[[Any, Given], Done], each: Given) -> Done:
    return work(_held, each)


def _parsed(text: str) -> ast.AST:
    statements: list[ast.AST] = []
    ast.parse_string(text, statements.append)
    return statements[-1]


def _as_text(statement: ast.AST) -> tuple[Callable[[str], ast.AST], tuple[str]]:
    return _parsed, (str(statement),)


copyreg.pickle(ast.AST, _as_text)
