"""Work on batches in processes that each make once what works on them; results keep their order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from nesy.reason.workers import spread

Given = TypeVar("Given")
Done = TypeVar("Done")
# What makes, once in each process, what works on a batch.
Maker = Callable[[], Callable[[list[Given]], list[Done]]]

# A model is not loaded twice: it gives its memory back.
FOR_EVER = 2**40


def one_thread() -> None:
    """Let torch use one thread: the same numbers come however many processes there are."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def mapped(
    batches: Iterable[list[Given]], maker: Maker[Given, Done], workers: int
) -> Iterator[list[Done]]:
    """Yield what is made of each batch, in order; with one worker, in this process.

    Raises what the work raises, and NesyError N906 where a process is ended from outside.
    """
    if workers > 1:
        yield from spread(_work, maker, batches, jobs=workers, life=FOR_EVER)
        return
    work = maker()
    for batch in batches:
        yield work(batch)


def _work(maker: Maker[Given, Done], batch: list[Given]) -> list[Done]:
    found: list[Done] = _made(maker)(batch)
    return found


@lru_cache(maxsize=1)
def _made(maker: Maker[Any, Any]) -> Callable[[list[Any]], list[Any]]:
    """Return what works, made when the first batch comes: what it raises then comes back as is."""
    return maker()
