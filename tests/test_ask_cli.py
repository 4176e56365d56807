"""``nesy ask`` on the command line and at its prompt."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nesy as package
from nesy.ask import toplevel
from nesy.reason.engine import reason
from tests.asking import engine, is_here, small_traces

pytestmark = pytest.mark.skipif(not is_here(), reason="SWI-Prolog is not installed")
ROOT = Path(package.__file__).parents[1]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    made = [reason(each, engine()).as_json() for each in small_traces()]
    Path(folder, "a.jsonl").write_text("\n".join(made[:2]) + "\n")
    Path(folder, "deeper").mkdir()
    Path(folder, "deeper", "b.json").write_text(made[2])
    return folder


def test_a_table_with_the_case_as_a_column(nesy, files):
    done = nesy("ask", "cue(Cue, P), P > 600", files / "a.jsonl")
    assert (done.code, done.err) == (0, "")
    assert (
        done.out == "case      Cue        P\nglad      praise     700\nodd name  minimiser  900\n"
    )


def test_one_case_needs_no_column(nesy, files):
    done = nesy("ask", "context(Where), jurisdiction(Law)", files / "deeper" / "b.json")
    assert done.out == "Where      Law\nworkplace  eu\n"


def test_a_folder_holds_many(nesy, files):
    assert nesy("ask", "face(_)", files).out == "case\nglad\nglad~2\n"
    assert nesy("ask", "face(_)", files, "--count").out == "2\n"


def test_terms_in_words(nesy, files):
    out = nesy("ask", "withheld(A, N), N = e101, A = expression(_, E, P)", files, "--words").out
    assert out.splitlines()[0].split() == ["case", "A", "N", "E", "P"]
    out = nesy("ask", "expression(_, Shown, P)", files / "a.jsonl", "--words").out
    assert out == "case  Shown  P\nglad  smile  93 %\n" or "93 %" in out


@pytest.mark.parametrize("goal", ["", "  "])
def test_an_empty_goal_is_none_and_not_this_folder(nesy, files, goal):
    done = nesy("ask", goal, files / "a.jsonl")
    assert done.code == 2 and done.out == ""
    assert done.err.startswith("<goal>:1:1: N410")


def test_yes_and_no(nesy, files):
    one = files / "deeper" / "b.json"
    assert nesy("ask", "context(workplace)", one).out == "yes\n"
    done = nesy("ask", "context(education)", one)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("N417 no answer to context(education)\n")
    done = nesy("ask", "context(education)", one, "--json")
    assert (done.code, json.loads(done.out)["answers"]) == (1, [])
    assert (nesy("ask", "context(education)", one, "--count").code) == 1


def test_json(nesy, files):
    done = nesy("ask", "cue(Cue, P), line(L)", files, "--json", "--limit", 1)
    assert json.loads(done.out) == {
        "goal": "cue(Cue, P), line(L)",
        "cases": 3,
        "variables": ["Cue", "P", "L"],
        "answers": [
            {"case": "glad", "values": {"Cue": "praise", "P": 700, "L": "It's “great” \\ 'ok'"}}
        ],
        "more": True,
    }
    counted = nesy("ask", "cue(_, _)", files, "--json", "--count")
    assert json.loads(counted.out) == {"goal": "cue(_, _)", "cases": 3, "count": 2}


def test_a_proof_is_a_tree(nesy, files):
    goal = "evidence(f1, joy, S), why(evidence(f1, joy, S), Proof)"
    done = nesy("ask", goal, files / "a.jsonl", "--limit", 1)
    first, second, *rest = done.out.splitlines()
    assert re.fullmatch(r"case glad, S = \d+", first)
    assert rest[0].startswith("│    rule ")
    assert second
    assert nesy("ask", "between(1, 9, X)", files, "--limit", 1).err.startswith("there are more: ")


def test_traces_come_from_standard_input(nesy, files):
    text = Path(files, "a.jsonl").read_text()
    assert nesy("ask", "cue(minimiser, P)", stdin=text).out == "case      P\nodd name  900\n"


def test_goals_come_from_standard_input(nesy, files):
    done = nesy("ask", files / "a.jsonl", stdin="face(F)\n\ncue(praise, P).\n")
    assert done.out == "case  F\nglad  f1\ncase  P\nglad  700\n"
    assert done.code == 0
    done = nesy("ask", files / "a.jsonl", stdin="face(x)\nface(\n")
    assert (done.code, done.out) == (1, "no\n")
    assert "<goal>:1:6: N410" in done.err


def test_a_vocabulary_file(nesy, files, tmp_path):
    mine = tmp_path / "mine.pl"
    mine.write_text("sure(C) :- cue(C, P), P > 800.\n")
    assert "minimiser" in nesy("ask", "sure(C)", files, "--vocabulary", mine).out
    mine.write_text("sure(C) :-\n  cue(C, P, _), P > 800.\n")
    done = nesy("ask", "sure(C)", files, "--vocabulary", mine)
    assert done.code == 2
    assert done.err.startswith(f"{mine}:2:3: N411 unknown predicate cue/3")
    assert nesy("ask", "sure(C)", files, "--vocabulary", tmp_path / "none.pl").code == 2


def test_what_is_missing_is_said(nesy, files, tmp_path):
    done = nesy("ask", stdin="")
    assert (done.code, done.err[:5]) == (2, "N114 ")
    done = nesy("ask", "true", tmp_path)
    assert (done.code, "N114" in done.err) == (2, True)
    looked = tmp_path / "case.jsonl"
    looked.write_text('{"line": "Oh."}\n')
    done = nesy("ask", "true", looked)
    assert (done.code, "N503" in done.err) == (2, True)


def test_a_trace_of_other_rules_is_told(nesy, files, tmp_path):
    old = json.loads(Path(files, "deeper", "b.json").read_text())
    old["versions"]["rules"] = "sha256:0"
    file = tmp_path / "old.json"
    file.write_text(json.dumps(old))
    done = nesy("ask", "forbidden(infer_from_face, N)", file)
    assert done.out == "N\ne101\n"
    assert "warning: N506 the rules changed since this Trace was made" in done.err


def test_a_goal_is_stopped(nesy, files):
    done = nesy("ask", "X is 7**(7**9)", files / "a.jsonl", "--seconds", 0.5)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("N415 the goal takes too long\n  why: it was stopped after 0.5 s")


# ── The prompt ────────────────────────────────────────────────────────────────────────────────────


class Terminal:
    """``nesy ask`` on a terminal of its own."""

    def __init__(self, *arguments, home):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.environ |= {"XDG_STATE_HOME": str(home), "TERM": "dumb", "PATH": os.environ["PATH"]}
            os.environ["INPUTRC"] = "/dev/null"
            os.execv(sys.executable, [sys.executable, "-m", "nesy", "ask", *map(str, arguments)])
        self.seen = ""

    def expect(self, text, seconds=60):
        """Read until a text is there; return what came before it."""
        until = time.monotonic() + seconds
        while text not in self.seen:
            left = until - time.monotonic()
            assert left > 0, f"no {text!r} in {self.seen!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.seen += os.read(self.fd, 65536).decode().replace("\r\n", "\n")
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def interrupt(self, text):
        """Press Ctrl-C until something is told: a press between prompt and wait is not heard."""
        for _ in range(30):
            self.type("\x03")
            if select.select([self.fd], [], [], 2)[0]:
                break
        return self.expect(text)

    def end(self):
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_the_prompt_answers_pages_stops_and_remembers(files, tmp_path):
    terminal = Terminal(files, "--seconds", "30", home=tmp_path)
    assert "3 cases. help. for help" in terminal.expect("?- ")
    terminal.type("cue(C, P), P > 800.\n")
    assert "odd name  minimiser  900" in terminal.expect("?- ")
    terminal.type("between(1, 50, X).\n")
    assert "\n20\n" in terminal.expect(toplevel.MORE)
    terminal.type(";\n")
    assert "\n40\n" in terminal.expect(toplevel.MORE)
    terminal.type("q\n")
    terminal.expect("?- ")
    terminal.type("repeat, fail.\n")
    time.sleep(1.0)
    terminal.interrupt("stopped")
    terminal.expect("?- ")
    terminal.type("cue(minimiser, Again).\n")
    assert "900" in terminal.expect("?- ")
    terminal.type("foo(X).\n")
    assert "N411" in terminal.expect("?- ")
    terminal.type("help(verdict).\n")
    assert "released" in terminal.expect("?- ")
    terminal.type("context(education).\n")
    assert "no\n" in terminal.expect("?- ")
    terminal.interrupt("?- ")
    terminal.type("in(glad, why(evidence(f1, joy, _), P)).\n")
    assert "rule " in terminal.expect("?- ")
    terminal.type("\x04")
    assert terminal.end() == 0
    history = Path(tmp_path, "nesy", "ask_history").read_text()
    assert "between(1, 50, X)." in history and "repeat, fail." in history
    again = Terminal(files, home=tmp_path)
    again.expect("?- ")
    again.type("\x10\n")  # Ctrl-P: the question before
    again.expect("why(evidence(f1, joy, _), P))")
    again.expect("?- ")
    again.type("\x04")
    assert again.end() == 0


def test_a_worker_ends_with_its_parent(files):
    code = (
        "import sys, time; sys.path.insert(0, 'tests')\n"
        "from nesy.ask.worker import Worker\n"
        "w = Worker(); w.start(); print(w.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{worker}/stat")
        if state.exists() and state.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the worker lives on")
