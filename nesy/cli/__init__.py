"""The command line: one verb a file; results on stdout, everything else on stderr."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from nesy.diagnostics import Diagnostic, NesyError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> None:
    """Run ``nesy``; exit 0 done, 1 a true no, 2 bad input, 3 this machine lacks something."""
    import typer

    from nesy.diagnostics import NesyError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        sys.exit(_run(sys.argv[1:] or ["--help"]))
    except NesyError as error:
        report(error)
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        print(_misused(error), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone (`nesy list rules | head`): no fault of anybody's.
        _let_go(sys.stdout)
        sys.exit(0)
    except OSError as error:
        # Of a file it is told where that is written, so this is of a standard stream.
        if error.errno not in _FULL:
            raise
        _let_go(sys.stdout)
        report(_unwritable(error))
        sys.exit(2)


def _run(arguments: list[str]) -> int:
    """Run one command line; return its exit code. Nothing is caught that :func:`main` tells."""
    import typer

    from nesy.cli.commands import app

    command = typer.main.get_command(app)
    code = 0
    try:
        with command.make_context("nesy", arguments) as context:
            command.invoke(context)
    except typer.Exit as left:
        code = left.exit_code
    sys.stdout.flush()
    return code


def report(error: Exception) -> None:
    """Print an error's diagnostics on stderr; where that takes nothing, the exit code must do."""
    try:
        print(error, file=sys.stderr, flush=True)
    except OSError:
        _let_go(sys.stderr)


def _let_go(stream: TextIO) -> None:
    """Send what was not written nowhere, or Python would try again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unwritable(error: OSError) -> NesyError:
    from nesy.diagnostics import Diagnostic, NesyError

    what, fix = "the output cannot be written", "make room, or send it elsewhere"
    return NesyError(Diagnostic("N151", what, error.strerror or str(error), fix))


def _misused(error: Exception) -> Diagnostic:
    """Return what typer says of the arguments as a diagnostic."""
    from nesy.diagnostics import Diagnostic

    what = getattr(error, "format_message", error.__str__)()
    usage = getattr(getattr(error, "ctx", None), "command_path", "nesy")
    why, fix = "the command line does not have this form", f"see `{usage} --help`"
    return Diagnostic("N163", what.rstrip("."), why, fix)
