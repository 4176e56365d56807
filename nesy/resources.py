"""Where rules, ontology and the rest lie, installed or in a checkout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import nesy


def folder(area: str) -> Path:
    """Return the folder of ``rules``, ``ontology``, ``adapters`` or ``benchmarks``.

    A real path, because clingo and SWI-Prolog open files by name.
    """
    for base in nesy.__path__:
        path = Path(base, area)
        if path.is_dir():
            return path
    raise FileNotFoundError(f"the installation has no folder {area}/ beside {nesy.__path__}")


def shown(path: Path | str) -> str:
    """Name a shipped file as ``rules/interpret/table1.lp``, any other file as it was given."""
    for base in nesy.__path__:
        try:
            return Path(path).resolve().relative_to(Path(base).resolve()).as_posix()
        except ValueError:
            continue
    return str(path)


def digest(paths: Iterable[Path]) -> str:
    """Hash files by their content, in the order of their names."""
    sha = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.name):
        sha.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"sha256:{sha.hexdigest()[:16]}"
