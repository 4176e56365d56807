"""What ``task.toml`` says of a task, and whether its rows are still those of its version."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from nesy import resources, strict_json
from nesy.benchmarks.samples import Task
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.trace import validate

FILE = "task.toml"
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_KEY = re.compile(r"^\s*([A-Za-z_0-9]+)\s*=", re.MULTILINE)


def folder() -> Path:
    """Return the folder of the shipped tasks."""
    return resources.folder("benchmarks") / "tasks"


def names() -> list[str]:
    """Return the names of the shipped tasks."""
    return sorted(path.parent.name for path in folder().glob(f"*/{FILE}"))


def place(name_or_path: str | Path) -> Path:
    """Return the folder of a task: a shipped one by name, any other by its path.

    Raises NesyError N730 where there is neither.
    """
    given = str(name_or_path)
    if given in (known := names()):
        return folder() / given
    path = Path(given)
    if path.name == FILE and path.is_file():
        return path.parent
    if (path / FILE).is_file():
        return path
    what = f"there is no task {given[:80]!r}"
    why = f"{len(known)} tasks are shipped, and no folder of this name holds a {FILE}"
    fix = nearest(given[:80], known)
    if path.suffix:  # a table, and not a task by name
        why, fix = "there is no such file", "check the path: a table ends in .csv or .jsonl"
    raise NesyError(Diagnostic("N730", what, why, fix))


def weights(task: Task) -> Path | None:
    """Return the weights that a shipped task brings for its learned rules, if it does."""
    path = folder() / task.name / (task.weights or FILE)
    return path if task.weights is not None and path.is_file() else None


def read(name_or_path: str | Path) -> Task:
    """Return what ``task.toml`` says; raises NesyError N730 (no such task), N731 (wrong in it)."""
    path = place(name_or_path) / FILE
    text = strict_json.read_text(path)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        line, column = map(int, found.groups()) if found else (None, None)
        why = _PLACE.sub("", str(error)).strip()
        raise NesyError(_wrong("this is not TOML", why, path, line, column)) from error
    unknown = sorted(set(value) - set(Task.model_fields))
    if unknown:
        raise NesyError(
            _wrong(f"unknown key {k}", nearest(k, Task.model_fields), path, _line(text, k))
            for k in unknown
        )
    return _valid(value, path, text)


def _valid(value: dict[str, Any], path: Path, text: str) -> Task:
    try:
        return validate(Task, value)
    except NesyError as error:
        faults = []
        for fault in error.diagnostics:
            key, _, said = fault.what.partition(": ")
            line = _line(text, key.split(".")[0])
            faults.append(_wrong(f"{key}: {said}", fault.why, path, line))
        raise NesyError(faults) from error


def _line(text: str, key: str) -> int | None:
    """Return the line on which a key is given, if it is."""
    found = next((m for m in _KEY.finditer(text) if m[1] == key), None)
    return text.count("\n", 0, found.start(1)) + 1 if found else None


def _wrong(
    what: str, why: str, path: Path, line: int | None = None, column: int | None = None
) -> Diagnostic:
    fix = "give the keys that benchmarks/tasks/README.md lists"
    return Diagnostic("N731", what, why, fix, resources.shown(path), line, column)


def digest(version: int, files: Iterable[Path]) -> str:
    """Return the SHA-256 of a version number, a line break, and the bytes of files in order.

    The version is part of it so that changed rows cannot pass under the old number.
    """
    sha = hashlib.sha256(f"{version}\n".encode())
    for path in files:
        sha.update(_bytes(path))
    return sha.hexdigest()


def content(files: Iterable[Path]) -> str:
    """Return the SHA-256 of the bytes of files in order, as ``cat FILES | sha256sum`` prints it."""
    sha = hashlib.sha256()
    for path in files:
        sha.update(_bytes(path))
    return sha.hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fix, why = "name an existing file", error.strerror or str(error)
        raise NesyError(Diagnostic("N112", "cannot read this file", why, fix, str(path))) from error


def row_files(task: Task, at: Path) -> tuple[Path, ...]:
    """Return the files a task's rows are made of, none where they are not shipped.

    A name with ``*`` in ``more_rows`` stands for all that match, in order.
    """
    if task.rows is None:
        return ()
    more = (sorted(at.glob(name)) if "*" in name else [at / name] for name in task.more_rows)
    return (at / task.rows, *chain.from_iterable(more))


def require_unchanged(task: Task, at: Path) -> None:
    """Raise NesyError N732 where the rows are not those that the version was given to."""
    files = row_files(task, at)
    if not files or task.sha256 is None or digest(task.version, files) == task.sha256:
        return
    new = task.version + 1
    what = f"the rows of {task.name} are not those of its version {task.version}"
    why = f"sha256 is {digest(task.version, files)[:12]}…, and {FILE} says {task.sha256[:12]}…"
    fix = f'restore the rows, or set version = {new} and sha256 = "{digest(new, files)}"'
    raise NesyError(Diagnostic("N732", what, why, fix, resources.shown(at / FILE)))
