"""What many tests use: the shipped engine, rules in a file, the command line in this process."""

import io
import signal
import sys
from dataclasses import dataclass
from textwrap import dedent

import pytest
from hypothesis import settings

from nesy import cli, vocabulary
from nesy.reason.engine import Engine

# A case is solved in milliseconds on a quiet machine; a busy one must not fail a property.
settings.register_profile("nesy", deadline=None)
settings.load_profile("nesy")

# A shell ignores Ctrl-C for what it starts in the background, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def words():
    return vocabulary.load()


@pytest.fixture(scope="session")
def shipped():
    """The engine with all shipped rules."""
    return Engine.load()


@pytest.fixture
def rules_file(tmp_path):
    """Write rules into a file."""

    def write(text, name="mine.lp"):
        path = tmp_path / name
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def nesy(capfd, monkeypatch):
    """Run ``nesy ARGUMENTS`` in this process; standard input is bytes or text."""

    def run(*arguments, stdin=b""):
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["nesy", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = capfd.readouterr()
        code = left.value.code
        return Ran(0 if code is None else code, out, err)

    return run


@pytest.fixture(scope="module")
def kept():
    """Sessions of Prolog that stay for a module."""
    from tests.asking import Kept

    made = Kept()
    yield made
    for session in made.sessions.values():
        session.close()


@pytest.fixture
def few(kept):
    """A session over a few small Traces."""
    from nesy.ask.archive import Archive
    from tests.asking import engine, small_traces

    return kept("few", lambda: Archive(small_traces(), engine()), seconds=2.0)
