"""The audit log: what is written, that no change of it goes unseen, that a crash loses nothing."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nesy import pipeline
from nesy.audit import Log, decision, fired_in, unrecorded, verify
from nesy.audit.log import TAIL, beside, digest, salted, sealed
from nesy.diagnostics import NesyError
from nesy.trace import Case, Turn

RECORDS = 7
STEADY = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log of seven records; tests change copies of it."""
    path = tmp_path_factory.mktemp("audit") / "log.jsonl"
    for number in range(RECORDS):
        Log(path).append(lambda salt, n=number: {"case": f"c{n}", "line": salt("line", b"no")})
    return path


@pytest.fixture(scope="module")
def copied(written, tmp_path_factory):
    """Return a copy of the log with other bytes in it, key and head as they were."""
    folder = tmp_path_factory.mktemp("copy")

    def copy(data):
        path = folder / written.name
        path.write_bytes(data)
        for side in ("key", "head"):
            shutil.copy(beside(written, side), beside(path, side))
        return path

    return copy


def codes(report):
    return [fault.code for fault in report.faults]


def test_a_log_is_whole_and_says_its_head(written):
    report = verify(written)
    assert (len(report.records), report.sealed, report.faults) == (RECORDS, True, ())
    assert [r["case"] for r in report.records] == [f"c{n}" for n in range(RECORDS)]
    assert json.loads(beside(written, "head").read_text()) == {
        "records": RECORDS,
        "head": report.head.hash,
    }
    assert verify(written, head=report.head.hash).faults == ()


@STEADY
@given(data=st.data())
def test_a_changed_byte_is_found_on_its_line(written, copied, data):
    raw = bytearray(written.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1).filter(lambda i: raw[i] != 10))
    raw[at] = data.draw(st.integers(0, 255).filter(lambda b: b not in (raw[at], 10)))
    report = verify(copied(bytes(raw)))
    assert codes(report)
    assert report.faults[0].line == raw[:at].count(b"\n") + 1


@STEADY
@given(order=st.permutations(range(RECORDS)), kept=st.integers(0, RECORDS))
def test_a_removed_moved_or_repeated_line_is_found(written, copied, order, kept):
    lines = written.read_bytes().splitlines(keepends=True)
    report = verify(copied(b"".join(lines[i] for i in order[:kept])))
    if order[:kept] == list(range(RECORDS)):
        assert report.faults == ()
        return
    assert set(codes(report)) <= {"N620", "N621"}
    wrong = next((i for i in range(kept) if order[i] != i), None)
    assert report.faults[0].line == (kept or None if wrong is None else wrong + 1)
    twice = verify(copied(b"".join([*lines, lines[order[0]]])))
    assert twice.faults[0].line == RECORDS + 1


@STEADY
@given(data=st.data())
def test_a_tail_cut_off_is_found_and_nothing_is_appended_to_hide_it(written, copied, data):
    raw = written.read_bytes()
    kept = data.draw(st.integers(0, len(raw) - 1))
    path = copied(raw[:kept])
    report = verify(path)
    torn = kept > 0 and raw[kept - 1] != 10
    assert codes(report) == ["N621", "N622"] if torn else ["N621"]
    with pytest.raises(NesyError, match="N621"):
        Log(path).append(lambda _: {"case": "later"})
    assert path.read_bytes() == raw[:kept]


def test_a_head_kept_elsewhere_finds_what_the_head_file_cannot(written, copied):
    lines = written.read_bytes().splitlines(keepends=True)
    path = copied(b"".join(lines[:-2]))
    last = TAIL.search(lines[-3].rstrip(b"\n"))[1].decode()
    beside(path, "head").write_text(json.dumps({"records": RECORDS - 2, "head": last}))
    assert verify(path).faults == ()  # as the package says: this cannot be seen from the log alone
    assert codes(verify(path, head=verify(written).head.hash)) == ["N621"]


def test_a_log_written_again_without_the_key_is_found(written, copied):
    """Chain everything anew, with another word in it: only the seals tell."""
    previous, lines = "0" * 64, []
    for record in verify(written).records:
        raw = json.dumps({**record, "previous": previous, "case": "other"}).encode()[:-1]
        previous = digest(raw)
        seal = sealed(b"guessed" * 5, previous)
        lines.append(raw + f',"hash":"{previous}","seal":"{seal}"}}\n'.encode())
    path = copied(b"".join(lines))
    beside(path, "head").write_text(json.dumps({"records": RECORDS, "head": previous}))
    assert codes(verify(path)) == ["N623"] * RECORDS
    beside(path, "key").unlink()
    report = verify(path)
    assert (report.sealed, report.faults) == (False, ())
    assert codes(verify(path, head=verify(written).head.hash)) == ["N621"]


@STEADY
@given(cut=st.integers(1, 200))
def test_a_torn_line_is_told_and_repaired(written, copied, cut):
    whole = written.read_bytes()
    path = copied(whole + whole[: min(cut, whole.index(b"\n"))])
    (fault,) = verify(path).faults
    assert (fault.code, fault.line) == ("N622", RECORDS + 1)
    Log(path).append(lambda _: {"case": "later"})
    report = verify(path)
    assert report.faults == ()
    assert report.records[-2]["event"] == "repaired"
    assert report.records[-2]["lost_bytes"] == min(cut, whole.index(b"\n"))
    assert report.records[-1]["case"] == "later"


def test_a_crash_between_a_record_and_its_head_is_no_fault(written, copied):
    path = copied(written.read_bytes())
    before = beside(path, "head").read_bytes()
    Log(path).append(lambda _: {"case": "later"})
    beside(path, "head").write_bytes(before)
    assert verify(path).faults == ()
    Log(path).append(lambda _: {"case": "last"})
    assert verify(path).faults == ()


WRITER = """
import sys
from pathlib import Path
from nesy.audit import Log
for number in range(int(sys.argv[2])):
    head = Log(Path(sys.argv[1])).append(lambda _: {"case": sys.argv[3], "pad": "x" * 5000})
    print(head.hash, flush=True)
"""


def writer(path, count, name):
    command = [sys.executable, "-c", WRITER, str(path), str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_many_processes_write_one_chain(tmp_path):
    path = tmp_path / "log.jsonl"
    writers = [writer(path, 10, f"w{n}") for n in range(4)]
    acknowledged = {line for w in writers for line in w.communicate()[0].split()}
    report = verify(path)
    assert report.faults == () and len(report.records) == 40
    hashes = {TAIL.search(line)[1].decode() for line in path.read_bytes().splitlines()}
    assert hashes == acknowledged


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15])
def test_a_kill_loses_no_acknowledged_record(tmp_path, seconds):
    path = tmp_path / "log.jsonl"
    killed = writer(path, 10_000, "w")
    first = killed.stdout.readline().strip()
    time.sleep(seconds)
    killed.send_signal(signal.SIGKILL)
    acknowledged = {first, *killed.communicate()[0].split()}
    Log(path).append(lambda _: {"case": "after"})
    assert verify(path).faults == ()
    hashes = {TAIL.search(line)[1].decode() for line in path.read_bytes().splitlines()}
    assert {h for h in acknowledged if len(h) == 64} <= hashes


def refused(path, **more):
    with pytest.raises(NesyError) as told:
        Log(path).append(lambda _: {"case": "c"}, **more)
    return told.value.diagnostics[0]


def test_a_log_that_cannot_be_gone_on_with_is_refused(written, copied, tmp_path):
    path = copied(written.read_bytes())
    beside(path, "key").unlink()
    assert "key" in refused(path).why
    path = copied(written.read_bytes())
    beside(path, "key").write_text("beef")
    assert refused(path).code == "N624"
    path = copied(written.read_bytes())
    beside(path, "head").unlink()
    assert "head" in refused(path).why
    assert codes(verify(path)) == ["N621"]
    path = copied(written.read_bytes())
    beside(path, "head").write_text("[]")
    assert refused(path).code == "N624"
    path = copied(written.read_bytes())
    beside(path, "head").write_text(json.dumps({"records": RECORDS, "head": "0" * 64}))
    assert refused(path).code == "N624"
    assert codes(verify(path)) == ["N621"]
    other = tmp_path / "notes.txt"
    other.write_text("hello\n")
    assert refused(other).code == "N624" and other.read_text() == "hello\n"
    assert refused(tmp_path / "notes.txt" / "log").code == "N624"
    assert refused(tmp_path).code == "N624"
    with pytest.raises(NesyError, match="N624"):
        verify(tmp_path / "nowhere.jsonl")


# ── What a decision leaves ──────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def traces(shipped):
    cases = [
        Case(
            id="c1",
            line="I feel so hopeless, my dog died",
            turns=(Turn(speaker="user", line="Hi"),),
        ),
        Case(id="c2", line="I want to die", declared={"jurisdiction": ("eu",)}),
        Case(id="c3", line="I want to die"),
    ]
    return list(pipeline.run(cases, engine=shipped))


def test_a_record_names_rules_and_norms_and_hides_the_words(traces, shipped, tmp_path):
    path = tmp_path / "log.jsonl"
    at = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    for trace in traces:
        rules = fired_in(trace, shipped)
        Log(path).append(decision(trace, verb="run", rules=rules, at=at, operator="clinic"))
    first, second, third = verify(path).records
    assert first["at"] == "2026-11-21T08:30:00.000Z"
    assert (first["operator"], first["verb"], first["verdict"]) == ("clinic", "run", "release")
    assert set(first["input"]) == {"line", "turns", "reply", "drafts"}
    assert second["crisis"] == ["self_harm"] and second["declared"] == {"jurisdiction": ["eu"]}
    assert {n["norm"] for n in second["norms"]} >= {"E201", "E203"}
    for trace, record in zip(traces, (first, second, third), strict=True):
        told = pipeline.why(trace, engine=shipped)
        named = {node.rule.id for node in told.walk() if node.rule}
        assert named and named <= set(record["rules"])
        assert record["versions"]["rules"] == shipped.rulebook.digest
    # The same line twice: nobody can tell from the log.
    assert second["input"]["line"] != third["input"]["line"]
    text = path.read_text()
    for trace in traces:
        assert trace.case.line not in text and trace.response.text not in text
        assert hashlib.sha256(trace.case.line.encode()).hexdigest() not in text
    # Who has the log and not the key cannot try lines either; who has the key can.
    words = traces[1].case.line.encode()
    key = bytes.fromhex(beside(path, "key").read_text())
    assert salted(key, 2, "line", words) == second["input"]["line"]
    assert salted(bytes(32), 2, "line", words) != second["input"]["line"]
    assert beside(path, "key").stat().st_mode & 0o077 == 0


def test_traces_are_found_in_the_log_or_told(traces, shipped, tmp_path):
    path = tmp_path / "log.jsonl"
    for trace in traces[:2]:
        Log(path).append(decision(trace, verb="run"))
    report = verify(path)
    assert unrecorded(path, report, traces[:2]) == []
    changed = traces[0].model_copy(
        update={"case": traces[0].case.model_copy(update={"line": "I am fine"})}
    )
    found = unrecorded(path, report, [changed, traces[2]])
    assert [fault.code for fault in found] == ["N625", "N625"]
    beside(path, "key").unlink()
    with pytest.raises(NesyError, match="N624"):
        unrecorded(path, report, traces)


def test_the_picture_is_hashed_and_never_kept(shipped, tmp_path):
    image = tmp_path / "face.png"
    image.write_bytes(b"not really a picture")
    trace = next(iter(pipeline.run([Case(id="c", line="hi")], engine=shipped)))
    seen = trace.with_(case=trace.case.model_copy(update={"image": str(image)}))
    path = tmp_path / "log.jsonl"
    Log(path).append(decision(seen, verb="run"))
    assert set(verify(path).records[0]["input"]) == {"line", "image", "reply", "drafts"}
    assert unrecorded(path, verify(path), [seen]) == []
    image.write_bytes(b"another picture")
    assert len(unrecorded(path, verify(path), [seen])) == 1
    image.unlink()
    assert unrecorded(path, verify(path), [seen]) == []


def test_from_the_command_line(nesy, tmp_path):
    path = tmp_path / "log.jsonl"
    ran = nesy("run", "--line", "I want to die", "--audit", path, "--audit-as", "clinic", "--json")
    assert ran.code == 0
    (tmp_path / "t.json").write_text(ran.out)
    assert nesy("reason", tmp_path / "t.json", "--audit", path, "--audit-lines", "--json").code == 0
    checked = nesy("audit", "verify", path, "--traces", tmp_path / "t.json", "--json")
    assert checked.code == 0
    report = json.loads(checked.out)
    assert (report["records"], report["seals_checked"], report["faults"]) == (2, True, [])
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert "line" not in records[0] and records[1]["line"] == "I want to die"
    assert [r["verb"] for r in records] == ["run", "reason"]
    plain = nesy("audit", "verify", path, "--head", report["head"])
    assert plain.code == 0 and report["head"] in plain.out
    path.write_bytes(path.read_bytes().replace(b"release", b"Release", 1))
    changed = nesy("audit", "verify", path)
    assert changed.code == 1 and f"{path}:1: N620" in changed.out
    many = tmp_path / "notes.txt"
    many.write_text("no log\n" * 30)
    assert "and 10 more" in nesy("audit", "verify", many).out


def test_a_judged_reply_is_on_the_record(nesy, tmp_path):
    path = tmp_path / "log.jsonl"
    (tmp_path / "reply.txt").write_text("I love you too.")
    ran = nesy("judge", tmp_path / "reply.txt", "--line", "Do you love me?", "--audit", path)
    assert ran.code == 1
    (record,) = (json.loads(line) for line in path.read_text().splitlines())
    assert (record["verb"], record["verdict"]) == ("judge", "block")
    (given,) = record["rounds"]
    assert given["author"] == "given" and "E303 disclose_own_feeling" in given["violations"]
    assert "honesty.e303" in record["rules"]
    assert "love" not in path.read_text().lower()


def test_what_cannot_be_logged_is_not_released(nesy, tmp_path):
    (tmp_path / "file").touch()
    out = tmp_path / "traces.jsonl"
    log = tmp_path / "file" / "log"
    ran = nesy("run", "--line", "hello", "--json", "-o", out, "--audit", log)
    assert (ran.code, ran.out) == (2, "")
    assert "N624" in ran.err
    assert out.read_text() == ""
