"""The command line: one verb a file; results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run ``nesy``: 0 done, 1 a true negative answer, 2 bad input, 3 this machine lacks something."""
    from nesy.diagnostics import NesyError

    try:
        from nesy.cli.commands import app

        app()
    except NesyError as error:
        report(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone (`nesy list rules | head`): no fault of anybody's.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def report(error: Exception) -> None:
    """Print an error's diagnostics on stderr."""
    print(error, file=sys.stderr)
