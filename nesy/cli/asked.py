"""What commands that explain a Trace read: what is asked about, of which case, by which rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nesy.cli import options
from nesy.diagnostics import Diagnostic, NesyError, nearest

if TYPE_CHECKING:
    from nesy.trace import Trace


def split(asked: list[str]) -> tuple[str | None, Path | None]:
    """Tell the atom from the file: an existing file is a file, `-` is standard input.

    Raises NesyError N501 for more than the two.
    """
    if len(asked) > 2:
        what = f"{len(asked)} arguments"
        raise NesyError(Diagnostic("N501", what, "the form is [ATOM] [TRACE]", "quote the atom"))
    if len(asked) == 2:
        return asked[0], Path(asked[1])
    if not asked:
        return None, None
    path = Path(asked[0])
    is_file = asked[0] == "-" or path.suffix in (".json", ".jsonl") or options.is_file(path)
    return (None, path) if is_file else (asked[0], None)


def one(traces: list[Trace], case: str | None) -> Trace:
    """Return the Trace of a case, the only one where no case is named; raises NesyError N505."""
    if case is None and len(traces) == 1:
        return traces[0]
    known = {trace.case.id: trace for trace in traces}
    if case is None:
        what = f"the input holds {len(traces)} Traces"
        fix = f"choose one with --case: {', '.join(list(known)[:6])}"
        raise NesyError(Diagnostic("N505", what, "why is asked of one case", fix))
    if case not in known:
        what = f"no case is called {case}"
        raise NesyError(Diagnostic("N505", what, "it is not in the input", nearest(case, known)))
    return known[case]


def packs(trace: Trace) -> str | None:
    """Return the interpret packs a Trace was made with."""
    from nesy.rulebook import selectable

    recorded = trace.versions.get("packs")
    if not isinstance(recorded, list):
        return None
    return ",".join(name for name in recorded if name in selectable())


def same_rules(trace: Trace, versions: dict[str, object]) -> None:
    """Warn where the rules are not those the Trace was made with."""
    for part in ("rules", "ontology", "weights"):
        recorded = trace.versions.get(part)
        if recorded and recorded != versions[part]:
            what = f"the {part} changed since this Trace was made"
            why_ = f"it records {recorded}, here is {versions[part]}"
            fix = "`nesy reason` it again, with the same --rules, --weights and --ontology"
            print(f"warning: {Diagnostic('N506', what, why_, fix)}", file=sys.stderr)
