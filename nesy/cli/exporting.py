"""``nesy show emotionml``: a Trace's reading in the W3C's form."""

from __future__ import annotations

from pathlib import Path

from nesy.cli import options
from nesy.diagnostics import Diagnostic, NesyError


def emotionml(file: str, using: str | None, *, json_: bool) -> None:
    """Print the reading of the one Trace in a file, ``-`` for standard input.

    Raises NesyError N505 for more than one, or what ``nesy.export.emotionml`` raises.
    """
    from nesy import strict_json, vocabulary
    from nesy.export import emotionml as export

    traces = options.traces(Path(file))
    if len(traces) > 1:
        what = f"the input holds {len(traces)} Traces"
        raise NesyError(Diagnostic("N505", what, "a document is of one", "name a file with one"))
    text = export.write(traces[0], vocabulary.load(), using=using or export.OWN)
    print(strict_json.dumps({"emotionml": text}, indent=2) if json_ else text.rstrip("\n"))
