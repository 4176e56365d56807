"""One check of files: what is read once, what is remembered, and every fault of every file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, Edit, Fault, NesyError

if TYPE_CHECKING:
    from nesy.rulebook import Pack, Rulebook, Strata
    from nesy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the faults in the order of their files, and how many rules it saw."""

    faults: tuple[Diagnostic, ...]
    rules: int

    @property
    def errors(self) -> int:
        """Return how many faults keep a file from being used."""
        return sum(not is_warning(fault) for fault in self.faults)


def is_warning(fault: Diagnostic) -> bool:
    """Tell whether a fault only warns; that an exception ran out (N611) is one as well."""
    return (isinstance(fault, Fault) and fault.is_warning) or fault.code == "N611"


def everything_shipped(
    packs: Sequence[str] | None, ontology: Iterable[Path], today: date
) -> Checked:
    """Check the shipped rules and the ontology; raises NesyError N311 for an unknown pack."""
    from nesy import rulebook, shapes, vocabulary
    from nesy.check import lint

    extra = tuple(ontology)
    faults: list[Diagnostic] = shapes.check(extra)
    words = vocabulary.load(extra)
    book = rulebook.load(packs)
    faults += lint.faults(book, words)
    faults += _ended(book.packs, today)
    return Checked(tuple(faults), sum(len(pack.rules) for pack in book.packs))


def files(
    paths: Sequence[Path],
    words: Vocabulary,
    packs: Sequence[str] | None,
    today: date,
    *,
    texts: Mapping[Path, str] | None = None,
) -> tuple[Checked, Rulebook]:
    """Check files of a user against the shipped rules.

    ``texts`` are the files an editor holds and has not saved. A file that cannot be read is told
    beside the faults of the others, and is not in the rulebook returned.
    """
    from nesy import overriding, rulebook
    from nesy.check import lint
    from nesy.rule_file import labels_twice, parse_pack
    from nesy.rule_text import LARGEST_FILE
    from nesy.strict_json import read_text

    known = {pack.path: pack for pack in rulebook.load(packs).packs}
    faults: list[Diagnostic] = []
    sources: dict[str, str] = {}
    read: list[Pack] = []
    for path in paths:
        try:
            text = (texts or {}).get(path)
            text = read_text(path, most=4 * LARGEST_FILE) if text is None else text
            sources[str(path)] = text
            stratum = _shipped_stratum(path, known)
            pack = parse_pack(text, path, stratum)
            sources[pack.rules[0].file if pack.rules else str(path)] = text
            read.append(pack)
            known[path.resolve() if stratum else path] = pack
        except NesyError as error:
            faults += error.diagnostics
    faults += labels_twice([rule for pack in known.values() for rule in pack.rules])
    overridden = overriding.applied(tuple(known.values()))
    faults += overridden.faults
    book = rulebook.Rulebook(overridden.packs, overrides=overridden.rules)
    read = [pack for pack in book.packs if pack.path in {p.path for p in read}]
    faults += lint.faults(book, words, read)
    faults += _ended(read, today)
    found = tuple(in_characters(fault, sources) for fault in faults)
    return Checked(found, sum(len(pack.rules) for pack in book.packs)), book


def _ended(packs: Iterable[Pack], today: date) -> Iterator[Diagnostic]:
    """Yield an N611 for each exception that ran out; one without a last day is an N610."""
    from nesy import exemption

    every = (rule for pack in packs for rule in pack.rules)
    yield from exemption.ended(filter(exemption.last_day, every), today)


def _shipped_stratum(path: Path, packs: Mapping[Path, Pack]) -> Strata | None:
    """Return the stratum of a shipped pack, whose place a file of it takes; None for any other."""
    found = packs.get(path.resolve())
    return found.stratum if found else None


def in_characters(fault: Diagnostic, sources: Mapping[str, str]) -> Diagnostic:
    """Return a fault whose columns count characters; clingo counts bytes."""
    text = sources.get(fault.file or "")
    if text is None or text.isascii() or fault.line is None or fault.column is None:
        return fault
    lines = text.split("\n")
    column = _character(lines, fault.line, fault.column)
    if not isinstance(fault, Fault):
        return replace(fault, column=column)
    end = fault.end_column
    if end is not None and fault.end_line is not None:
        end = _character(lines, fault.end_line, end)
    edits = tuple(
        Edit(
            edit.line,
            _character(lines, edit.line, edit.column),
            edit.end_line,
            _character(lines, edit.end_line, edit.end_column),
            edit.text,
        )
        for edit in fault.edits
    )
    return replace(fault, column=column, end_column=end, edits=edits)


def _character(lines: Sequence[str], line: int, column: int) -> int:
    written = lines[line - 1].encode() if line <= len(lines) else b""
    return len(written[: column - 1].decode(errors="replace")) + 1
