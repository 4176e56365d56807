"""Work on batches as a Ray Data pipeline: batches in, results out in their order, few in hand.

Each batch is one block. One reading task hands on what it is fed, actors work on it, and results
come back in the order of the batches. A batch is fed only when few are in hand, so neither side
grows with their number. With ``RAY_ADDRESS`` set the cluster named there works, else this machine.
"""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, islice
from typing import Any, TypeVar

from nesy.diagnostics import Diagnostic, MissingError, NesyError

Given = TypeVar("Given")
Done = TypeVar("Done")
Batch = list[Given]
# What makes, once in each process, what works on a batch.
Maker = Callable[[], Callable[[list[Given]], list[Done]]]

# Batches in hand for each worker: one is worked on, the others wait so that it never does.
IN_HAND = 4
# What results may take in shared memory before they are written to disk, in bytes.
STORE = 256 * 1024**2
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def mapped(
    batches: Iterable[list[Given]],
    maker: Maker[Given, Done],
    workers: int,
    life: int | None = None,
    gpus: float = 0.0,
) -> Iterator[list[Done]]:
    """Yield what is made of each batch, in order, by ``workers`` processes.

    ``maker()`` is called once in each process and returns what works on a batch; it is sent by
    pickle, as batches and results are. After ``life`` batches a worker all are replaced, for work
    that never gives memory back. Each takes one CPU and so many ``gpus``. Raises what the work
    raises as NesyError, NesyError N906 where a worker is ended from outside or fails otherwise,
    and MissingError N902 without Ray.
    """
    with _ray(workers):
        rest = iter(batches)
        while first := list(islice(rest, 1)):
            some = chain(first, rest if life is None else islice(rest, life * workers - 1))
            yield from _by_one_pool(some, maker, workers, gpus)


def _by_one_pool(
    batches: Iterator[list[Given]], maker: Maker[Given, Done], workers: int, gpus: float
) -> Iterator[list[Done]]:
    import ray.exceptions
    from ray.util.queue import Queue

    feed = Queue(actor_options={"num_cpus": 0})
    try:
        with closing(_results(feed, maker, workers, gpus)) as results:
            in_hand, at_end = 0, False
            while in_hand or not at_end:
                while in_hand < IN_HAND * workers and not at_end:
                    some = next(batches, None)
                    at_end = some is None
                    feed.put(None if some is None else pickle.dumps(some))
                    in_hand += some is not None
                if in_hand:
                    found = next(results)
                    in_hand -= 1
                    if isinstance(found, NesyError):
                        raise found
                    yield found
    except ray.exceptions.RayError as error:
        what = "a process that reasons was ended from outside, or failed"
        cause = getattr(error, "cause", None) or error
        why = f"Ray says: {type(cause).__name__}: {str(cause).strip()[:300]}"
        raise NesyError(Diagnostic("N906", what, why, "use fewer workers")) from error
    finally:
        feed.shutdown(force=True)


def _results(
    feed: Any, maker: Maker[Given, Done], workers: int, gpus: float
) -> Generator[Any, None, None]:
    """Yield what each batch of a feed gave: a list, or the NesyError that was raised over it."""
    import pyarrow as pa
    from ray.data import ActorPoolStrategy, DataContext, Datasource, ReadTask, read_datasource
    from ray.data.block import BlockMetadata

    form = pa.schema([("batch", pa.large_binary())])

    class Feed(Datasource):
        """What one task reads from a queue, until None comes."""

        def estimate_inmemory_data_size(self) -> None:
            return None

        def get_read_tasks(self, *_: object, **__: object) -> list[ReadTask]:
            def read() -> Iterator[pa.Table]:
                while (some := feed.get()) is not None:
                    yield pa.table({"batch": [some]}, schema=form)

            about = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
            return [ReadTask(read, about)]

    class Work:
        """What is made once in each process, and works on batches."""

        def __init__(self) -> None:
            self._work = maker()

        def __call__(self, block: pa.Table) -> pa.Table:
            (some,) = block.column("batch").to_pylist()
            try:
                found: object = self._work(pickle.loads(some))
            except NesyError as error:
                found = error
            return pa.table({"batch": [pickle.dumps(found)]}, schema=form)

    context = DataContext.get_current().copy()
    # Blocks are neither joined nor cut, and keep their order.
    context.target_max_block_size = context.target_min_block_size = 1
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    with DataContext.current(context), warnings.catch_warnings():
        # Until Ray 2.64 has another way to say how often a worker may be started again.
        warnings.simplefilter("ignore", DeprecationWarning)
        # No CPU for the one that reads: it must not take the place of one that works.
        read = read_datasource(
            Feed(),  # type: ignore[no-untyped-call]
            num_cpus=0,
            override_num_blocks=1,
        )
        done = read.map_batches(
            Work,
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=1,
            num_gpus=gpus or None,
            compute=ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=IN_HAND),
            # What ends one worker would end the next one too.
            ray_remote_args_fn=lambda: {"max_restarts": 0, "max_task_retries": 0},
        )
    for block in done.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
        for some in block.column("batch").to_pylist():
            yield pickle.loads(some)


@contextmanager
def _ray(workers: int) -> Iterator[None]:
    """Start Ray where it does not run yet, and end what was started; raises MissingError N902."""
    os.environ.update({name: os.environ.get(name, value) for name, value in _QUIET.items()})
    try:
        import logging

        import ray
        import ray.data
    except ImportError as error:
        what, why = "Ray is not installed", "the engine ray works by Ray Data"
        raise MissingError(Diagnostic("N902", what, why, 'pip install "nesy[ray]"')) from error
    if ray.is_initialized():
        yield
        return
    # What fails is raised; the log of it stays with Ray.
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    settings: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    # A cluster has its own size.
    if "RAY_ADDRESS" not in os.environ:
        settings |= {"num_cpus": workers, "object_store_memory": STORE, "include_dashboard": False}
    ray.init(**settings)
    try:
        yield
    finally:
        ray.shutdown()
