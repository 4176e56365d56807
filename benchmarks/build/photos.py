"""Pictures that were not drawn here: the shipped photographs, and a folder of the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nesy import resources, strict_json
from nesy.adapters.embedded.faces import expressions_of
from nesy.benchmarks.people.tables import rows
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.vocabulary import Vocabulary

from .faces import Face, meant
from .lines import dealt

LONDON = "Face Research Lab London Set (DeBruine & Jones 2017), CC BY 4.0"
# What a person was asked to do, where a set does not name an expression of Table 1.
POSES = {"neutral": "", "smiling": "smile", "": ""}
_PERSON, _POSE = ("face_id", "identity", "person"), ("pose", "expression")
_OTHER = frozenset((*_PERSON, *_POSE, "file", "aus", "kind", "intensity"))
_TERM = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class _Labelled:
    """One row of labels, and the line it is in."""

    line: int
    row: Mapping[str, Any]

    def first(self, names: Iterable[str]) -> str:
        return next((str(self.row[name]) for name in names if self.row.get(name)), "")


def shipped(words: Vocabulary) -> tuple[Face, ...]:
    """Return the photographs that come with nesy: four people, each in two poses."""
    base = resources.folder("benchmarks")
    labels, pictures = base / "build" / "london.csv", base / "demo" / "faces"
    return _faces(labels, pictures, words, LONDON)


def folder(path: Path, words: Vocabulary) -> tuple[Face, ...]:
    """Return the faces of a folder with ``labels.csv`` or ``labels.json``.

    Raises NesyError N700 for a folder without labels, a picture that is not there, or an
    expression that is none of Table 1.
    """
    for name in ("labels.csv", "labels.json"):
        if (path / name).is_file():
            return _faces(path / name, path, words, f"{path.name}, see its own licence")
    what = "there are no labels of faces here"
    why = "the folder holds neither labels.csv nor labels.json"
    fix = "see `Faces of your own` in benchmarks/build/README.md"
    raise NesyError(Diagnostic("N700", what, why, fix, str(path)))


def _faces(labels: Path, base: Path, words: Vocabulary, source: str) -> tuple[Face, ...]:
    given = list(_rows(labels))
    found, faults = [], []
    splits = dealt(_group(labels, each) for each in given)
    for each in given:
        picture = base / each.first(["file"])
        fault = _fault(labels, each, picture, words)
        if fault is not None:
            faults.append(fault)
            continue
        group, units = _group(labels, each), _units(each.row.get("aus"))
        wanted = _wanted(each, units, words)
        found.append(
            Face(
                group,
                splits[group],
                wanted,
                f"{source}, person {each.first(_PERSON)}",
                units,
                picture,
                drawn=units is not None,
                pose=each.first(_POSE),
                facts=dict(_facts(each.row)),
            )
        )
    if faults or not found:
        empty = Diagnostic("N700", "no faces", "no row of labels", "give one row a face")
        raise NesyError(faults or [empty])
    return tuple(found)


def _rows(labels: Path) -> Iterator[_Labelled]:
    if labels.suffix == ".csv":
        yield from (_Labelled(line, row) for line, row in rows(labels, ("file",)))
        return
    value = strict_json.loads(strict_json.read_text(labels), file=str(labels))
    for number, row in enumerate(value if isinstance(value, list) else (), 1):
        if isinstance(row, dict):
            yield _Labelled(number, row)


def _fault(labels: Path, each: _Labelled, picture: Path, words: Vocabulary) -> Diagnostic | None:
    if not each.first(["file"]) or not picture.is_file():
        what, why = f"no picture {each.first(['file'])[:80]!r}", "the labels name it"
        return Diagnostic("N700", what, why, "put it there", str(labels), each.line)
    pose = each.first(_POSE)
    known = {*words.expressions, *POSES}
    if pose not in known and _units(each.row.get("aus")) is None:
        what, why = f"unknown pose {pose[:80]!r}", "it is no expression of Table 1"
        return Diagnostic("N700", what, why, nearest(pose[:80], known), str(labels), each.line)
    return None


def _group(labels: Path, each: _Labelled) -> str:
    """Return whose face it is; where the labels name nobody, each picture is a person."""
    name = labels.stem if labels.stem != "labels" else labels.parent.name
    return f"{name}_{each.first(_PERSON) or each.first(['file'])}"


def _units(given: object) -> dict[int, float] | None:
    """Return units and weights of ``{"AU12": 0.5}``, or None where no units are given."""
    if not isinstance(given, dict):
        return None
    found = {name.upper().removeprefix("AU"): value for name, value in given.items()}
    return {int(unit): float(value) for unit, value in found.items() if unit.isdigit()}


def _wanted(each: _Labelled, units: dict[int, float] | None, words: Vocabulary) -> tuple[str, ...]:
    pose = each.first(_POSE)
    name = POSES.get(pose, pose)
    if name in words.expressions:
        return (name,)
    return meant(sorted(expressions_of(units)), words) if units else ()


def _facts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is known of the person; a number as its ten, so that figures have some cases."""
    for name, value in row.items():
        text = str(value).strip()
        if name in _OTHER or not text or not _TERM.fullmatch(name):
            continue
        number = re.fullmatch(r"(\d{1,3})(?:\.\d+)?", text)
        low = int(number[1]) // 10 * 10 if number else 0
        yield name, f"{low}-{low + 9}" if number else text[:60]
