"""Batches over Ray Data: order, few in hand, errors, workers replaced."""

import os

import pytest

from nesy.diagnostics import Diagnostic, MissingError, NesyError

pytest.importorskip("ray", reason="the extra ray is not installed")
pytest.importorskip("ray.data", reason="the extra ray is not installed")

from nesy.benchmarks.running import ray_data

pytestmark = [
    pytest.mark.slow,
    # Ray's own, of settings that nobody here sets, and of what it leaves open when it ends.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def started():
    """One Ray for all of them: starting takes seconds."""
    with ray_data._ray(2):
        yield


def squares(bad=None, dead=None):
    def maker():
        process = os.getpid()

        def work(batch):
            if bad in batch:
                raise MissingError(Diagnostic("N902", "what", "why", "fix"))
            if dead in batch:
                os._exit(1)
            return [(n * n, process) for n in batch]

        return work

    return maker


def batches(count, size, taken=None):
    for begin in range(0, count, size):
        if taken is not None:
            taken.append(begin)
        yield list(range(begin, min(begin + size, count)))


def test_results_keep_their_order_and_few_batches_are_in_hand():
    taken, ahead, found = [], [], []
    for some in ray_data.mapped(batches(205, 5, taken), squares(), 2):
        found += some
        ahead.append(len(taken) - len(found) // 5)
    assert [value for value, _ in found] == [n * n for n in range(205)]
    assert len({process for _, process in found} - {os.getpid()}) == 2
    assert max(ahead) <= 2 * ray_data.IN_HAND


def test_workers_are_replaced_and_nothing_is_nothing():
    found = [each for some in ray_data.mapped(batches(40, 5), squares(), 2, 2) for each in some]
    assert [value for value, _ in found] == [n * n for n in range(40)]
    assert len({process for _, process in found}) > 2
    assert list(ray_data.mapped(iter(()), squares(), 2)) == []


def test_what_the_work_raises_is_raised_after_what_came_before():
    found = []
    with pytest.raises(MissingError) as raised:
        for some in ray_data.mapped(batches(100, 5), squares(bad=52), 2):
            found += some
    assert raised.value.diagnostics == (Diagnostic("N902", "what", "why", "fix"),)
    assert [value for value, _ in found] == [n * n for n in range(50)]


def test_a_worker_that_dies_ends_it():
    with pytest.raises(NesyError, match="N906"):
        list(ray_data.mapped(batches(100, 5), squares(dead=52), 2))
