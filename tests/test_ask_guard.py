"""What strangers may ask: everything hostile is contained, the session lives, limits hold."""

import os
import resource
import signal
import sys
import threading
import time

import pytest

from nesy.ask import worker
from nesy.ask.archive import Archive
from nesy.ask.session import Session
from nesy.ask.worker import Worker
from nesy.diagnostics import MissingError, NesyError
from nesy.reason.engine import Engine
from nesy.reason.process import EndedError
from nesy.trace import Case, Fact, Trace
from tests.asking import is_here

pytestmark = pytest.mark.skipif(not is_here(), reason="SWI-Prolog is not installed")
SECONDS = 1.0


@pytest.fixture(scope="module")
def session():
    facts = (Fact(atom="cue(minimiser,900)", origin="line"),)
    archive = Archive([Trace(case=Case(id="c1"), facts=facts)], Engine.load())
    made = Session(archive, seconds=SECONDS)
    yield made
    made.close()


def lives(session):
    return [a.values for a in session.ask("cue(C, 900)").answers] == [("minimiser",)]


REFUSED = """
    shell(ls)                               shell('touch /tmp/x', S)
    halt                                    halt(3)
    open('/etc/passwd', read, S)            see('/etc/passwd')
    read_term(X, [])                        read(X)
    consult('/etc/passwd')                  load_files('/etc/passwd', [])
    use_module(library(process))            ensure_loaded(library(http/http_open))
    assertz(cue(x, 1))                      asserta(foo)
    retract(cue(_, _))                      retractall(cue(_, _))
    abolish(cue/2)                          nb_setval(nesy_case, 2)
    b_setval(nesy_case, 2)                  set_prolog_flag(unknown, fail)
    call(G)                                 G = shell(ls), call(G)
    X =.. [shell, ls], call(X)              findall(X, G, L)
    maplist(shell, [ls])                    forall(true, shell(ls))
    catch((repeat, fail), _, true)          trap(halt)
    catch(true, _, shell(ls))               \\+ shell(ls)
    [X]>>shell(X)                           maplist([X]>>shell(X), [ls])
    system:shell(ls)                        user:halt
    nesy_server:handle(_, _, _)             nesy_facts:assertz(f_cue(1, x, 1))
    sandbox:safe_goal(true)                 @(shell(ls), user)
    getenv('HOME', X)                       setenv('HOME', x)
    exists_file('/etc/passwd')              directory_files('/', X)
    thread_create(true)                     thread_send_message(main, stop)
    tmp_file(x, X)                          absolute_file_name(x, X)
    prolog_load_context(X, Y)               source_file(X)
    clause(cue(_, _), B)                    current_op(P, T, O), op(200, xfx, foo)
    op(700, xfx, foo)                       '$set_source_module'(user)
    setof(X, shell(ls), L)                  aggregate_all(count, halt, N)
    in(c1, shell(ls))                       in(X, halt)
    once(halt)                              ignore((halt ; true))
    phrase(shell, [ls])                     format("~@", [shell(ls)])
    print_message(error, format("~@", [halt]))   string_code(1, S, C), call(S)
    win_shell(ls, S)                        prolog_alert_signal(X, X)
    on_signal(int, _, halt)                 at_halt(shell(ls))
    call_cleanup(true, shell(ls))           setup_call_cleanup(true, true, halt)
    tnot(shell(ls))                         freeze(X, shell(ls)), X = 1
    when(ground(X), halt), X = 1            thread_local(foo/1)
    current_output(S), format(S, "x", [])   current_input(S), read(S, X)
    set_stream(user_output, alias(x))       told
"""
ASKED = [
    goal.strip()
    for line in REFUSED.strip().splitlines()
    for goal in line.strip().split("   ")
    if goal.strip()
]


@pytest.mark.parametrize("goal", ASKED)
def test_what_reaches_out_is_refused_before_it_runs(session, goal, tmp_path):
    with pytest.raises(NesyError) as caught:
        session.ask(goal)
    codes = {fault.code for fault in caught.value.diagnostics}
    assert codes <= {"N410", "N411", "N412"}
    assert all(fault.column for fault in caught.value.diagnostics)
    assert lives(session)


@pytest.mark.parametrize(
    "goal",
    [
        "holds(shell(ls))",
        "why(halt, P)",
        "holds('$set_source_module'(user))",
        "holds(1)",
        'why("halt", P)',
        "withheld(halt, N)",
    ],
)
def test_an_atom_is_looked_up_and_never_called(session, goal):
    assert not session.ask(goal)
    assert lives(session)


@pytest.mark.parametrize(
    "goal",
    [
        "repeat, fail",
        "between(1, inf, X), X < 0",
        "X is 7**(7**9)",
        "X is 7**(7**9), Y is X * X, Z is Y mod 3",
        "findall(X, between(1, inf, X), L)",
        "length(L, N), N > 100000000",
        "aggregate_all(count, (between(1, inf, X)), N)",
        "numlist(1, 50000000, L), msort(L, M), length(M, N)",
        "atom_length(X, Y) ; repeat, fail",
        "X = f(X, X), Y = f(Y, Y), X = Y, length(L, 30000000), atomic_list_concat(L, S)",
        "forall(repeat, format('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'))",
    ],
)
def test_what_does_not_end_is_ended_in_time(session, goal):
    lives(session)
    begun = time.monotonic()
    with pytest.raises(NesyError, match=r"N41[56]"):
        session.ask(goal)
    taken = time.monotonic() - begun
    # The process is ended by the deadline and 0.1 s; a busy machine takes its own time to say so.
    assert taken < SECONDS + 0.2 + (1.0 if os.getloadavg()[0] > 2 else 0.0)
    assert lives(session)


def test_memory_has_a_limit():
    small = Worker(most=300 * 2**20)
    small.start()
    try:
        small.request('program(":- module(nesy_case, []).")', 5)
        reply = small.request('goal("length(L, 900000000)")', 5)
        assert reply["faults"] == []
        with pytest.raises(EndedError):
            told = small.request("ask(once, 1, 0, 20, 1000000000)", 25)
            assert told["error"] in ("memory", "goal")
            raise EndedError("memory")
    finally:
        small.close()


def test_the_process_can_open_no_file():
    """What runs unchecked, as a program of ours, cannot either: no check stands alone."""
    if sys.platform != "linux":
        pytest.skip("limits of another process are set on Linux alone")
    alone = Worker()
    alone.start()
    try:
        assert resource.prlimit(alone.pid, resource.RLIMIT_NOFILE) == (3, 3)
        assert resource.prlimit(alone.pid, resource.RLIMIT_FSIZE)[0] == 0
        tried = "catch(open('/etc/passwd', read, _), E, true), nonvar(E)"
        module = ":- module(nesy_case, [refused/0]). :- dynamic refused/0. "
        rest = "sandbox:safe_primitive(nesy_case:refused)."
        text = (
            f":- multifile sandbox:safe_primitive/1. :- {tried} -> assertz(refused) ; true. {rest}"
        )
        assert alone.request(f'program("{module}{text}")', 5) == {"ok": True}
        alone.request('goal("refused")', 5)
        assert alone.request("ask(once, 1, 0, 1, 1000)", 5)["answers"] == [[0]]
    finally:
        alone.close()


def test_an_environment_without_secrets(session, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    assert set(worker._environment()) <= {"PATH", "SWI_HOME_DIR", "LANG", "LC_ALL", "HOME"}


# ── What is known to go wrong with Prolog inside Python ───────────────────────────────────────────


def test_syntax_errors_do_not_add_up(session):
    for _ in range(5):
        with pytest.raises(NesyError, match="N410"):
            session.ask("cue(C, ")
    assert lives(session)


def test_a_goal_left_with_answers_to_come_does_not_block_the_next(session):
    for _ in range(20):
        assert session.ask("between(1, inf, X)", limit=1).more
    assert lives(session)


def test_names_and_variables_and_strings_are_told_apart(session):
    (found,) = session.ask("X = 'Joy', Y = \"Joy\", Z = joy, W = Joy").answers
    assert found.values == ("Joy", {"string": "Joy"}, "joy")
    assert not session.ask("cue(X, _), X == 'Minimiser'")
    assert not session.ask('cue("minimiser", _)')


def test_rationals_and_large_numbers_come_back(session):
    assert session.ask("X is 1 rdiv 3, Y is 2 ** 100").answers[0].values == (
        {"text": "1r3"},
        {"text": str(2**100)},
    )


def test_deep_terms_come_back(session):
    nested = "f(" * 3000 + "x" + ")" * 3000
    (found,) = session.ask(f"X = {nested}").answers
    assert found.values[0]["name"] == "f"
    with pytest.raises(NesyError, match=r"N41[056]"):
        session.ask("X = " + "f(" * 2_000_000 + "x" + ")" * 2_000_000)
    assert lives(session)


def test_threads_take_turns(session):
    wrong = []

    def work(number):
        for _ in range(30):
            found = session.ask(f"X is {number} * 7").answers[0].values
            if found != (number * 7,):
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_thousand_questions_stay_clean(session):
    lives(session)
    pid = session._worker.pid
    begun = time.process_time()
    for number in range(1000):
        assert session.ask(f"cue(C, P), P > {number % 900}")
    assert session._worker.pid == pid
    assert time.process_time() - begun < 5


def test_a_process_killed_from_outside_is_replaced(session):
    lives(session)
    os.kill(session._worker.pid, signal.SIGKILL)
    time.sleep(0.1)
    assert lives(session)


def test_an_interrupt_stops_the_goal_and_keeps_the_process(session):
    lives(session)
    pid = session._worker.pid
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        session.ask("repeat, fail")
    assert session._worker.pid == pid
    assert lives(session)
    assert session._worker.pid == pid


def test_without_swipl_the_fault_is_n910(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(worker, "MACS", worker.Path("/nonexistent"))
    with pytest.raises(MissingError, match="N910"):
        Worker().start()
