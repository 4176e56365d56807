"""Read rule cases: facts, what is expected of them, and a note, each a paragraph of plain text.

A file holds one case, or several that each open with a line ``# NAME``::

    # a flat yes
    speaker(f1). expression(f1, smile, 900). cue(hedge, 900).

    + evidence(f1, uncertainty, _)
      why: mine.unsure
    - mismatch(f1, _)

    People said so in our second study.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import clingo

from nesy import resources
from nesy.diagnostics import Diagnostic, NesyError
from nesy.reason import asp
from nesy.rule_file import Rule, parse_pack
from nesy.rulebook import Strata
from nesy.strict_json import read_text
from nesy.testing.expect import Expectation, expectations

LARGEST_FILE = 2**20
_HEADING = re.compile(r"^#\s+(\S.*?)\s*$")


@dataclass(frozen=True)
class RuleCase:
    """A case of a pack. With a ``stratum`` its rules alone are solved, else the whole way is gone.

    ``packs`` are those in force: a shipped pack that is off by default is tried alone.
    ``stated`` are the facts as they are written, each at its place.
    """

    name: str
    file: str
    line: int
    facts: tuple[clingo.Symbol, ...] = field(repr=False)
    expectations: tuple[Expectation, ...] = ()
    note: str = ""
    stratum: Strata | None = None
    packs: tuple[str, ...] | None = None
    stated: tuple[Rule, ...] = field(default=(), repr=False)

    @cached_property
    def expected(self) -> tuple[str, ...]:
        """Return the lines of what is expected."""
        return tuple(each.text for each in self.expectations)


@dataclass(frozen=True)
class _Paragraph:
    line: int
    lines: tuple[str, ...]


def read_cases(
    path: Path, *, stratum: Strata | None = None, packs: Sequence[str] | None = None
) -> list[RuleCase]:
    """Return the cases of a file; raises NesyError with each N341 or N300 and its line."""
    text = read_text(path, most=LARGEST_FILE)
    shown = resources.shown(path)
    found: list[RuleCase] = []
    faults: list[Diagnostic] = []
    for heading, paragraphs in _blocks(text):
        name = path.stem if stratum is None else f"{path.resolve().parent.name}/{path.stem}"
        name += f": {heading}" if heading else ""
        try:
            found.append(_case(name, shown, paragraphs, stratum, packs))
        except NesyError as error:
            faults += error.diagnostics
    if faults:
        raise NesyError(faults)
    return found


def _blocks(text: str) -> Iterator[tuple[str | None, list[_Paragraph]]]:
    """Yield the heading of each case and its paragraphs, with the lines they begin on."""
    heading: str | None = None
    paragraphs: list[_Paragraph] = []
    lines: list[str] = []

    def ended(at: int) -> None:
        if lines:
            paragraphs.append(_Paragraph(at - len(lines), tuple(lines)))
            lines.clear()

    number = 0
    for number, line in enumerate(text.splitlines(), 1):
        if named := _HEADING.match(line):
            ended(number)
            if paragraphs or heading is not None:
                yield heading, paragraphs
            heading, paragraphs = named[1], []
        elif line.strip():
            lines.append(line)
        else:
            ended(number)
    ended(number + 1)
    yield heading, paragraphs


def _case(
    name: str,
    file: str,
    paragraphs: Sequence[_Paragraph],
    stratum: Strata | None,
    packs: Sequence[str] | None,
) -> RuleCase:
    if len(paragraphs) not in (2, 3):
        what = f"a case of {len(paragraphs)} paragraphs"
        why = "a case is its facts, what is expected of them, and a note if there is one"
        fix = "put a blank line between them, and a line `# NAME` above each of several cases"
        line = paragraphs[0].line if paragraphs else 1
        raise NesyError(Diagnostic("N341", what, why, fix, file, line))
    facts, expected, *rest = paragraphs
    note = "\n".join(rest[0].lines) if rest else ""
    wanted = expectations(expected.lines, file, expected.line)
    chosen = tuple(packs) if packs is not None else None
    stated = _stated(facts, file)
    symbols = _facts(facts, stated, file)
    return RuleCase(name, file, facts.line, symbols, wanted, note, stratum, chosen, stated)


def _stated(paragraph: _Paragraph, file: str) -> tuple[Rule, ...]:
    """Return the facts as they are written; anything but facts is refused."""
    text = "\n" * (paragraph.line - 1) + "\n".join(paragraph.lines) + "\n"
    pack = parse_pack(text, Path(file))
    for rule in pack.rules:
        if rule.statement.body or not rule.is_normal:
            what = f"{rule.text[:60]} is no fact"
            why = "the first paragraph of a case states what was seen, said and declared"
            fix = "write rules in the .lp file beside it"
            raise NesyError(Diagnostic("N341", what, why, fix, file, rule.line, rule.column))
    return pack.rules


def _facts(paragraph: _Paragraph, stated: Sequence[Rule], file: str) -> tuple[clingo.Symbol, ...]:
    """Return the facts with pools and intervals written out."""
    statements = [rule.statement for rule in stated]
    if any(".." in line for line in paragraph.lines):
        asp.require_end(statements, extra="", files=file)
    control = asp.ground(statements, name=file)
    return tuple(sorted(atom.symbol for atom in control.symbolic_atoms))
