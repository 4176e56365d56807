"""The project file ``nesy.toml``: what every command in a folder, and below it, uses.

::

    rules = ["rules/mine.lp"]           # rule files of yours, beside the shipped ones
    packs = "+conflict,-table1"         # as --packs; a list of names as well
    weights = "mine.json"
    ontology = ["mine.ttl"]

    [declare]                           # what the caller vouches for, unless --declare says more
    jurisdiction = "eu"
    notice = ["emotion_recognition"]

Paths are from the file's own folder. Options go before it; ``--rules`` adds to it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.strict_json import read_text

NAME = "nesy.toml"
LARGEST_FILE = 2**16
KEYS = ("rules", "packs", "weights", "ontology", "declare")


@dataclass(frozen=True, slots=True)
class Project:
    """What a project file sets; ``file`` is None where there is none."""

    file: Path | None = None
    rules: tuple[Path, ...] = ()
    packs: tuple[str, ...] | None = None
    weights: Path | None = None
    ontology: tuple[Path, ...] = ()
    declare: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def rules_and(self, more: Iterable[Path]) -> tuple[Path, ...]:
        """Return the rule files that are set and these, each once."""
        return tuple({path.resolve(): path for path in (*self.rules, *more)}.values())


def find(start: Path | None = None) -> Project:
    """Return what the nearest ``nesy.toml`` sets, in a folder or above it.

    Raises NesyError N347 with the line of each setting that is none, and N112.
    """
    folder = (start or Path.cwd()).resolve()
    for above in (folder, *folder.parents):
        if (above / NAME).is_file():
            return read(above / NAME)
    return Project()


def read(file: Path) -> Project:
    """Read a project file; raises as :func:`find` does."""
    text = read_text(file, most=LARGEST_FILE)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(at[1]), int(at[2])) if at else (len(text.splitlines()), None)
        fix = 'write it as in rules = ["mine.lp"]'
        fault = Diagnostic("N347", "this is not TOML", str(error), fix, str(file), line, column)
        raise NesyError(fault) from error
    if faults := [fault for key, of in value.items() for fault in _faults(key, of, text, file)]:
        raise NesyError(faults)
    return Project(
        file,
        tuple(file.parent / name for name in value.get("rules", ())),
        _packs(value.get("packs")),
        file.parent / value["weights"] if "weights" in value else None,
        tuple(file.parent / name for name in value.get("ontology", ())),
        {key: (of,) if isinstance(of, str) else tuple(of) for key, of in _declared(value).items()},
    )


def _declared(value: dict[str, Any]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = value.get("declare", {})
    return found


def _packs(value: str | list[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = value.split(",") if isinstance(value, str) else value
    return tuple(name.strip() for name in names if name.strip())


def _faults(key: str, value: Any, text: str, file: Path) -> list[Diagnostic]:
    said = None
    if key not in KEYS:
        said = f"there is no setting {key}", f"{NAME} knows {', '.join(KEYS)}", nearest(key, KEYS)
    elif key == "weights":
        if not isinstance(value, str):
            said = "weights is no text", "it names one file", 'write weights = "mine.json"'
    elif key == "declare":
        if not isinstance(value, dict) or not all(map(_is_texts_or_text, value.values())):
            fix = 'write [declare] and below it jurisdiction = "eu"'
            said = "declare is no table of texts", "each key has one value or a list", fix
    elif not (_is_texts(value) or (key == "packs" and isinstance(value, str))):
        said = f"{key} is no list of texts", "it may hold several", f'write {key} = ["…"]'
    if said is None:
        return []
    found = re.search(rf"^\s*\[?\s*{re.escape(key)}\b", text, re.MULTILINE)
    line = text.count("\n", 0, found.end()) + 1 if found else None
    return [Diagnostic("N347", *said, str(file), line)]


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_texts_or_text(value: Any) -> bool:
    return isinstance(value, str) or _is_texts(value)
