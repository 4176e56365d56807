"""Remember what a check of the shipped files found, until one of them or of our own changes.

A check on save must not wait for Turtle and shapes to be read again. What is remembered is used by
``nesy check`` and the editor alone, never to reason; losing it costs a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from nesy import resources
from nesy.check.session import Checked, everything_shipped
from nesy.diagnostics import Diagnostic, Edit, Fault
from nesy.vocabulary import Pair, Term, Vocabulary, load


def shipped(packs: Sequence[str] | None, today: date) -> Checked:
    """Return what a check of everything shipped finds, remembered or found now."""
    key = f"{_digest()} {today} {packs}"
    if (known := _recalled("shipped", key)) is not None:
        with suppress(KeyError, TypeError):
            return Checked(tuple(map(_fault, known["faults"])), int(known["rules"]))
    found = everything_shipped(packs, (), today)
    faults = [{"type": type(fault).__name__, **asdict(fault)} for fault in found.faults]
    _remember("shipped", key, {"faults": faults, "rules": found.rules})
    return found


def vocabulary(extra: Sequence[Path] = ()) -> Vocabulary:
    """Return the vocabulary, remembered where no file is added to it."""
    if extra:
        return load(extra)
    key = _digest()
    if (known := _recalled("vocabulary", key)) is not None:
        with suppress(KeyError, TypeError, ValueError):
            return _vocabulary(known)
    found = load()
    terms = {k: [asdict(t) for t in of.values()] for k, of in found.terms.items()}
    pairs = [asdict(pair) for pair in found.pairs]
    _remember("vocabulary", key, {"terms": terms, "pairs": pairs, "digest": found.digest})
    return found


def _vocabulary(known: dict[str, Any]) -> Vocabulary:
    terms = {
        kind: {row["id"]: Term(**{**row, "properties": _tuples(row["properties"])}) for row in rows}
        for kind, rows in known["terms"].items()
    }
    return Vocabulary(terms, tuple(Pair(**row) for row in known["pairs"]), known["digest"])


def _tuples(properties: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in properties.items()}


def _fault(row: dict[str, Any]) -> Diagnostic:
    kind = row.pop("type")
    if kind != "Fault":
        return Diagnostic(**row)
    return Fault(**{**row, "edits": tuple(Edit(**edit) for edit in row["edits"])})


def _digest() -> str:
    """Hash the sizes and times of all files a check rests on: rules, ontology, our own program."""
    sha = hashlib.sha256(sys.version.encode())
    package = Path(__file__).parents[1]
    places = (
        (package, "*.py"),
        (package / "check", "*.py"),
        (package / "reason", "*.py"),
        (resources.folder("rules"), "*/*.lp"),
        (resources.folder("ontology"), "*.ttl"),
    )
    for folder, pattern in places:
        for path in sorted(folder.glob(pattern)):
            stat = path.stat()
            sha.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return sha.hexdigest()


def folder() -> Path:
    """Return where things are remembered: NESY_CACHE, else nesy/ in the user's cache folder."""
    if named := os.environ.get("NESY_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nesy"


def _recalled(name: str, key: str) -> dict[str, Any] | None:
    with suppress(OSError, ValueError, RuntimeError):
        found = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("key") == key:
            return found
    return None


def _remember(name: str, key: str, value: dict[str, Any]) -> None:
    """Write in one step, so that two checks at once leave a whole file; no folder, no memory."""
    with suppress(OSError, RuntimeError):
        folder().mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(dir=folder(), suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump({"key": key, **value}, stream, ensure_ascii=False)
        Path(written).replace(folder() / f"{name}.json")
