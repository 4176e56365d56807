"""The speed suite: its figures, its restart, its equality check, its peers' items."""

import json
import math
import os
import subprocess
import sys
import time

from hypothesis import given
from hypothesis import strategies as st

from nesy.benchmarks.speed import __main__ as suite
from nesy.benchmarks.speed import equal, growth, memory, sections
from nesy.benchmarks.speed.peers import compare
from nesy.benchmarks.speed.peers.made import Item
from nesy.benchmarks.speed.rows import missing, row, table


@given(st.floats(0.2, 3), st.floats(1e-6, 10))
def test_slope_is_the_exponent(exponent, factor):
    counts = (100, 1000, 10_000)
    assert math.isclose(
        growth.slope(counts, [factor * n**exponent for n in counts]), exponent, rel_tol=1e-6
    )


def test_a_row_holds_its_median_against_its_goal():
    assert row("s", "w", "ms", [3, 1, 2], at_most=2).met is True
    assert row("s", "w", "ms", [3, 1, 2.5], at_most=2).met is False
    assert row("s", "w", "times", [14, 16, 15], at_least=15).met is True
    assert row("s", "w", "ms", [1]).met is None
    assert row("s", "w", "ms", []).median is None
    shown = table([row("one", "this", "ms", [3, 1, 2], at_most=2), missing("two", "that", "gone")])
    assert shown.splitlines()[0] == "one"
    assert "2 ms" in shown and "[1..3]" in shown and "goal ≤ 2: met" in shown and "gone" in shown


def test_what_a_child_holds_is_counted_and_what_ended_is_not():
    alone = memory.resident()
    code = "held = b'x' * 60_000_000; import sys; print(len(held), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        assert memory.resident() > alone + 55
        assert 55 < memory.resident(child.pid) < memory.resident()
    assert memory.resident() < alone + 30
    with memory.watched(0.01) as peak:
        time.sleep(0.05)
    assert peak.megabytes > 10
    assert memory.resident(os.getpid()) > 10


def counted(monkeypatch):
    """Replace the sections, which take minutes, by one that counts how often it is measured."""
    measured = []

    def one(settings):
        measured.append(settings.quick)
        yield row("one", "cases", "", [len(measured)], at_most=1)

    monkeypatch.setattr(suite, "SECTIONS", {"one": one})
    return measured


def test_a_section_that_is_written_is_not_measured_again(monkeypatch, tmp_path, capsys):
    measured, out = counted(monkeypatch), tmp_path / "out.jsonl"
    assert suite.main(["-o", str(out), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    # What an interrupt cut short is no section.
    out.write_text(out.read_text() + '{"section": "one", "sett')
    assert suite.main(["-o", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert len(measured) == 1
    # Under other settings it is measured anew, and a goal that is not met is told.
    assert suite.main(["-o", str(out), "--quick"]) == 1
    assert "NOT met" in capsys.readouterr().out
    assert suite.main(["-o", str(out)]) == 0
    assert measured == [False, True]


def test_every_section_is_described():
    assert all(section.__doc__ for section in sections.SECTIONS.values())


def test_fast_ways_give_the_bytes_of_the_general_one(tmp_path, capsys):
    out = tmp_path / "compared.jsonl"
    assert equal.main(["--count", "12", "--jobs", "1", "-o", str(out)]) == 0
    assert "12 cases, 0 differ" in capsys.readouterr().out
    # Goes on from what is there: nothing is left to compare.
    assert [part.count for part in equal.run(12, 1, out)] == [12]


def test_a_difference_is_told_and_named(shipped, tmp_path, capsys):
    (one, other) = (equal.trace(shipped.vocabulary, n) for n in (1, 2))
    assert equal.difference(one, one) == ""
    assert equal.difference(one, other) == "bytes"
    done = equal.pipeline.reason(one, engine=shipped)
    assert equal.difference(done, done.with_(verdict=None)) == "verdict"
    assert equal.difference(done, done.with_(reading=None, verdict=None)) == "reading"
    out = tmp_path / "compared.jsonl"
    now = equal.rules(shipped.on(equal.machines_day()))
    part = equal.Compared(0, 1, now, "0" * 64, ((0, "at once", "verdict"),))
    out.write_text(json.dumps(equal.asdict(part)))
    assert equal.main(["--count", "1", "--jobs", "1", "-o", str(out), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["differing"] == [[0, "at once", "verdict"], [0, "--jobs", "bytes"]]


@given(st.integers(0, 10**6))
def test_items_of_peers_need_no_rounding(number):
    item = Item(number)
    confidences = [*item.expressions.values(), *item.cues.values()]
    assert all(c % 10 == 0 and 200 <= c <= 1000 for c in confidences)
    assert item.facts() == Item(number).facts()


def test_without_other_tools_the_table_says_so():
    rows = list(compare.rows(None, None, 1))
    named = {each.what for each in rows if each.median is None}
    assert named == {"s(CASP)", *(peer.name for peer in compare.PEERS.values())}
    assert all(each.median > 0 for each in rows if each.what not in named)


def test_a_python_without_a_tool_says_what_is_missing():
    (problog,) = (
        each
        for each in compare.rows(compare.Path(sys.executable), None, 1)
        if each.what == "ProbLog"
    )
    assert problog.note.startswith("not installed: problog")


def test_answers_that_differ_are_counted():
    items = [Item(n) for n in range(5)]
    seen = compare.Seen()
    right = {item.number: ["joy"] for item in items}
    compare._compare(items, {"0": ["joy"], "1": ["joy"], "2": [], "3": ["joy"]}, right, seen)
    assert seen.differing == 2


def test_ray_needs_ray(monkeypatch, capsys):
    from nesy.benchmarks.speed import ray

    monkeypatch.setitem(sys.modules, "ray", None)
    assert ray.main(["--count", "10", "--workers", "1"]) == 3
    assert "N902 Ray is not installed" in capsys.readouterr().err
