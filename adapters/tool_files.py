"""What a face-analysis tool wrote of pictures and frames, bound to the cases they are of.

A case finds its shot by the name of its picture (its path, its file name, that without suffix) or
else by its own id; a field ``frame`` of the case, or ``#frame=N`` behind the picture, says which
frame. A tool's file that names no picture is of that of its own name: face.csv of face.png.
"""

from __future__ import annotations

import csv
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Any

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.observation import Box
from nesy.shown import FRAME
from nesy.trace import Case, Face, Observation

# A presence told without an intensity is put in the middle: present, and neither slight nor strong.
MIDDLE = 500
# House: a face its own tool believes in less than this is no face.
LEAST_FACE = 0.5
MOST_FACES = 99


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture or frame: ``image`` as the tool names it, the tool's records of its faces."""

    file: str
    image: str
    frame: int | None
    records: tuple[Any, ...]
    # Whether the tool named the picture, and not the tool's own file.
    is_named: bool = False


class ToolFile:
    """A Perceiver that looked before: each case gets what ``observe`` makes of its shot."""

    def __init__(
        self, described: Mapping[str, Any], shots: Iterable[Shot], observe: Observe
    ) -> None:
        self.described = dict(described)
        self.shots = tuple(shots)
        self.observe = observe
        self.named: dict[str, list[Shot]] = defaultdict(list)
        self.framed: dict[tuple[str, str], list[Shot]] = defaultdict(list)
        for shot in self.shots:
            for name in names_of(shot.image):
                self.named[name].append(shot)
                self.framed[name, str(shot.frame)].append(shot)

    def describe(self) -> dict[str, Any]:
        """Return what this perceiver is."""
        return dict(self.described)

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield what the tool saw of each case, or why that cannot be told (N143, N144, N146)."""
        del seed  # the tool has looked already
        for case in cases:
            try:
                yield self.observe(self._shot(case))
            except NesyError as error:
                yield error

    def cases(self) -> Iterator[Case]:
        """Yield a case for each shot of the file, in its order."""
        several = {image for image, count in _count(s.image for s in self.shots) if count > 1}
        short = dict(_count({s.image: _base(s.image) for s in self.shots}.values()))
        for shot in self.shots:
            name = _base(shot.image)
            frame = "" if shot.frame is None or _single(shot, several) else f"{FRAME}{shot.frame}"
            shown = name if short[name] == 1 else shot.image
            yield Case(id=f"{shown}{frame}"[-200:], image=f"{shot.image}{frame}")

    def _shot(self, case: Case) -> Shot:
        image, _, fragment = (case.image or "").partition(FRAME)
        frame = (case.model_extra or {}).get("frame", fragment or None)
        known = [n for n in (*names_of(image), *names_of(case.id)) if n in self.named]
        if not known:
            what = f"{self.described['model']} has nothing of case {case.id!r}"
            why = f"it has {len(self.shots)} pictures or frames and none is called {image!r}"
            raise _fault("N143", what, why, nearest(Path(image).stem or case.id, self.named))
        found = self.named[known[0]]
        if frame is not None:
            frames = self.framed.get((known[0], str(frame)), [])
            if not frames and any(shot.frame is not None for shot in found):
                what = f"{self.described['model']} has no frame {frame} of {known[0]}"
                first, last = found[0].frame, found[-1].frame
                why = f"its frames go from {first} to {last}"
                raise _fault("N143", what, why, f'give the case "frame": {first}')
            found = frames or found
        if len(found) > 1:
            what = f"{len(found)} pictures or frames are called {known[0]}"
            why = f"case {case.id!r} does not say which it means"
            fix = f'give the case "frame": {found[0].frame}'
            if len({shot.image for shot in found}) > 1:
                fix = f"name the picture as the tool does: {found[0].image}"
            raise _fault("N146", what, why, fix)
        return found[0]


Observe = Callable[[Shot], Observation]


def names_of(image: str) -> tuple[str, ...]:
    """Return what a picture may be called: its path, its file name, that without its suffix."""
    # PureWindowsPath takes both kinds of slash: the tool may have run on another machine.
    path = PureWindowsPath(image)
    return tuple(dict.fromkeys(n for n in (image, path.name, path.stem) if n))


def _base(image: str) -> str:
    return PureWindowsPath(image).name


def _count(names: Iterable[str]) -> Iterable[tuple[str, int]]:
    found: dict[str, int] = defaultdict(int)
    for name in names:
        found[name] += 1
    return found.items()


def _single(shot: Shot, several: set[str]) -> bool:
    """Tell whether the picture's name alone says which shot is meant."""
    return shot.is_named and shot.image not in several


def files_of(adapter: str, model: str | None, suffix: str) -> list[Path]:
    """Return the file named, or every file of a folder with this suffix.

    Raises NesyError N103 (none named), N112 (a folder that cannot be read), N142 (an empty one).
    """
    if not model:
        what, why = f"the adapter {adapter} needs a file", "it reads what the tool wrote before"
        fix = f"write --with {adapter}:FILE{suffix}"
        raise NesyError(Diagnostic("N103", what, why, fix))
    given = Path(model)
    try:
        if not given.is_dir():
            return [given]
        found = sorted(path for path in given.iterdir() if path.suffix.lower() == suffix)
    except OSError as error:
        what, why = "this folder cannot be read", error.strerror or str(error)
        raise NesyError(Diagnostic("N112", what, why, "name another", model)) from error
    if not found:
        what, why = "this folder holds no file of the tool", f"looked for *{suffix}"
        raise NesyError(Diagnostic("N142", what, why, f"name the file{suffix}", model))
    return found


def faces(found: Sequence[Face], shot: Shot) -> tuple[Face, ...]:
    """Return faces named f1, f2, … in the tool's order; of several none is bound to the line."""
    if len(found) > MOST_FACES:
        what, why = f"{len(found)} faces in one picture", f"a case has at most {MOST_FACES}"
        raise NesyError(Diagnostic("N144", what, why, "crop the picture", shot.file))
    alone = len(found) == 1
    return tuple(
        face.model_copy(update={"id": f"f{n}", "speaker": alone}) for n, face in enumerate(found, 1)
    )


def boxed(sides: Sequence[float]) -> Box | None:
    """Return where a face is, of x, y, width and height; None where no part is in the picture."""
    x, y, width, height = (round(side) for side in sides)
    box = (max(0, x), max(0, y), width + min(0, x), height + min(0, y))
    return box if min(box) >= 0 else None


def permille(share: float) -> int:
    """Return a share of 0-1 in thousandths."""
    return min(1000, max(0, round(1000 * share)))


# ── Tables ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Columns:
    """What is read of a tool's table: what it cannot lack, its units, and what else it may have."""

    tool: str
    needed: tuple[str, ...]
    units: tuple[str, ...]
    other: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the cells that are read, by ``header``; their faults tell their place."""

    file: str
    line: int
    header: Mapping[str, int]
    cells: tuple[str, ...]

    def has(self, column: str) -> bool:
        """Tell whether the table has a column."""
        return column in self.header

    def text(self, column: str) -> str:
        """Return a cell without the blanks around it, empty where the table has no such column."""
        return self.cells[self.header[column]] if column in self.header else ""

    def is_nan(self, column: str) -> bool:
        """Tell whether a cell is empty or says that there is no number."""
        return self.text(column).lower() in ("", "nan", "na", "none", "null")

    def number(self, column: str, least: float, most: float) -> float:
        """Return a number in a range; raises NesyError N144."""
        text = self.text(column)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if least <= value <= most:
            return value
        what, why = f"{column} is {text[:40]!r}", f"it must be a number from {least:g} to {most:g}"
        fix = "write the file again with the tool, or leave this row out"
        at = self._place(column)
        raise NesyError(Diagnostic("N144", what, why, fix, self.file, self.line, at))

    def whole(self, column: str) -> int:
        """Return a whole number of 0 or more, such as a frame's; raises NesyError N144."""
        value = self.number(column, 0, 2**31 - 1)
        if value.is_integer():
            return int(value)
        what, why = f"{column} is {self.text(column)[:40]!r}", "it must be a whole number"
        at = self._place(column)
        raise NesyError(
            Diagnostic("N144", what, why, "number the frames 0, 1, 2 …", self.file, self.line, at)
        )

    def _place(self, column: str) -> int | None:
        """Return where a cell begins; not told where a quoted cell makes that hard to say."""
        lines = _lines(self.file)
        names, cells = (lines[n].split(",") for n in (_first(lines), self.line - 1))
        if '"' in lines[self.line - 1] or len(names) != len(cells):
            return None
        at = [name.strip() for name in names].index(column)
        return 1 + sum(len(c) + 1 for c in cells[:at]) + len(cells[at]) - len(cells[at].lstrip())


# Many faults are of one file.
@lru_cache(maxsize=1)
def _lines(file: str) -> list[str]:
    return strict_json.read_text(Path(file)).splitlines()


def _first(lines: Sequence[str]) -> int:
    """Return which line the header is: the first that holds something."""
    return next(n for n, line in enumerate(lines) if line.strip(" ,"))


def collected(readings: Iterable[Callable[[], Any]]) -> list[Any]:
    """Return what each of these reads; raises one NesyError with the faults of all."""
    found: list[Any] = []
    faults: list[Diagnostic] = []
    for reading in readings:
        try:
            found.append(reading())
        except NesyError as error:
            faults += error.diagnostics
    if faults:
        raise NesyError(faults)
    return found


def table(file: Path, columns: Columns) -> list[Row]:
    """Return the rows of a tool's CSV file, the blanks around names and cells taken off.

    Landmarks, pose and gaze, hundreds of columns, are not kept. Raises NesyError N112 (unreadable),
    N142 (not the tool's), N144 (a row of another length), N145 (a unit that the tool has not).
    """
    lines = strict_json.read_text(file).splitlines()
    reader = csv.reader(lines, strict=True)
    rows: list[Row] = []
    width = 0
    kept: tuple[int, ...] = ()
    header: dict[str, int] = {}
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not width:
                places = _places(cells, columns, str(file), reader.line_num)
                width, kept = len(cells), tuple(places.values())
                header = {name: n for n, name in enumerate(places)}
            elif len(cells) != width:
                what, why = f"this row has {len(cells)} cells", f"the header names {width} columns"
                fix = "was the tool stopped while it wrote? leave this row out"
                raise NesyError(Diagnostic("N144", what, why, fix, str(file), reader.line_num))
            else:
                # A video has few distinct values and a hundred thousand rows.
                texts = tuple(sys.intern(cells[place].strip()) for place in kept)
                rows.append(Row(str(file), reader.line_num, header, texts))
    except csv.Error as error:
        raise not_of_tool(str(file), "this is no CSV", str(error), reader.line_num) from error
    if not rows:
        what, why = "this table has no row", f"{columns.tool} saw no picture"
        raise not_of_tool(str(file), what, why)
    return rows


def _places(cells: Sequence[str], columns: Columns, file: str, line: int) -> dict[str, int]:
    """Return where the columns stand that are read; raises NesyError N142, N145."""
    names = [cell.strip() for cell in cells]
    wanted = {*columns.needed, *columns.units, *columns.other}
    if lacking := [name for name in columns.needed if name not in names]:
        why = f"it has no column {', '.join(lacking)}"
        raise not_of_tool(file, f"this is no file of {columns.tool}", why, line)
    if twice := [name for name in names if name in wanted and names.count(name) > 1]:
        what, why = f"the column {twice[0]} is there twice", "which one counts is not known"
        raise not_of_tool(file, what, why, line)
    if not set(columns.units) & set(names):
        what, why = "this file has no action units", f"it has no column {min(columns.units)}"
        why = f"{why}; {columns.tool} writes them when asked to"
        raise not_of_tool(file, what, why, line)
    units = [n for n in names if n[:2] == "AU" and n[2:3].isdigit() and n not in wanted]
    if units:
        raise NesyError(
            Diagnostic(
                "N145",
                f"{columns.tool} has no column {name[:40]!r}",
                "a unit left unread would pass for one that was not seen",
                nearest(name, columns.units),
                file,
                line,
            )
            for name in units
        )
    return {name: place for place, name in enumerate(names) if name in wanted}


def not_of_tool(file: str, what: str, why: str, line: int | None = None) -> NesyError:
    """Return the N142 of a file that is not the tool's."""
    fix = "see adapters/README.md for the files each adapter reads"
    return NesyError(Diagnostic("N142", what, why, fix, file, line))


def _fault(code: str, what: str, why: str, fix: str) -> NesyError:
    return NesyError(Diagnostic(code, what, why, fix))
