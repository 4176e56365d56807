"""``nesy check --model``: what a model can do on this machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer


def check_model(name: str, *, ontology: Sequence[Path] = (), json_: bool = False) -> None:
    """Try a model; exit 1 where something is to be looked at, 2 where it cannot be used."""
    from nesy import strict_json, vocabulary
    from nesy.check.model import Finding, check

    found: list[Finding] = []
    print(f"{name}: loading", file=sys.stderr)
    for finding in check(name, vocabulary.load(ontology)):
        found.append(finding)
        if not json_:
            print(f"{finding.status:<5} {finding.name:<20} {finding.said}", flush=True)
        if len(found) == 1:
            print(f"{name}: looking at pictures", file=sys.stderr)
    if json_:
        rows = [finding.as_json() for finding in found]
        print(strict_json.dumps({"model": name, "findings": rows}, indent=2))
    worst = {finding.status for finding in found}
    if worst - {"ok"}:
        raise typer.Exit(2 if "fail" in worst else 1)
