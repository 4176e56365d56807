"""What the text cases show of each norm; ``python -m tests.norms`` prints the table.

A case shows a norm in one of three ways. It *fires* the norm: an expected ``+`` atom of the norm
holds. It *just misses* it: an expected ``-`` atom of the norm does not hold, and one fact more,
less or another sets it apart from a case that fires it by the same kind of atom. Its *exception*
applies: the same ``-``, where facts were only added to a case that fires, and they lift the norm.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from nesy import vocabulary
from nesy.reason import asp
from nesy.rulebook import load
from tests.test_rules import cases

CHECKED = Path(__file__).parent / "facts" / "norms.csv"
# Which argument of what the norms derive is the norm.
PLACES = {
    "forbidden": 1,
    "obligatory": 1,
    "preferred": 1,
    "warned": 1,
    "hold": 0,
    "violated": 0,
    "overridden": None,
}
ORDER = "e603"
MOST_ADDED = 3
# Kept when a rule file is loaded, before there is a case: tested in test_norms.py.
AT_LOADING = frozenset({"e604"})
# Exceptions that are not facts of a case, and where else they are kept.
ELSEWHERE = {
    "e204": "the reader of replies: words quoted from the line are not the reply's own",
    "e304": "the reader of replies: what others experienced is no self-disclosure",
}
# Exceptions that stand in the norm's own condition instead of in a rule for exempt/1.
IN_THE_CONDITION = frozenset({"e108", "e115"})


Atom = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A text case: its facts, what it expects of the norms, and which exceptions they derive.

    ``lacks`` holds what is expected not to hold and does not.
    """

    name: str
    facts: frozenset[str]
    holds: tuple[Atom, ...]
    lacks: tuple[Atom, ...]
    exempt: frozenset[str]

    def is_exempt(self, norm: str) -> bool:
        """Tell whether an exception lifts a norm; that of the order is an exception to any."""
        return bool(self.exempt) if norm == ORDER else norm in self.exempt


@dataclass
class Shown:
    """The names of the cases that show a norm."""

    fires: set[str] = field(default_factory=set)
    misses: set[str] = field(default_factory=set)
    exception: set[str] = field(default_factory=set)


@lru_cache(maxsize=1)
def checked() -> dict[str, dict[str, str]]:
    """Return the checked table of norms by small-letter id."""
    with CHECKED.open(encoding="utf-8", newline="") as stream:
        return {row["id"].lower(): row for row in csv.DictReader(stream)}


@lru_cache(maxsize=1)
def govern_cases() -> tuple[Case, ...]:
    """Return every case of the govern packs, solved with the shipped norms."""
    book, static = load(), asp.symbols(vocabulary.load().facts)
    found = []
    for case in cases():
        if case.stratum != "govern":
            continue
        (only,) = asp.solve(
            book.statements("govern"), [*case.facts, *static], extra=asp.ALL_DEFINED, models=2
        )
        derived = [(a.name, *map(str, a.arguments)) for a in only.atoms if a.name in PLACES]
        said = [(e[0], tuple(re.findall(r"[^,() ]+", e[2:]))) for e in case.expected]
        of_norms = [(sign, atom) for sign, atom in said if atom[0] in PLACES]
        lacks = [no for sign, no in of_norms if sign == "-"]
        found.append(
            Case(
                case.name,
                frozenset(map(str, case.facts)),
                tuple(atom for sign, atom in of_norms if sign == "+"),
                tuple(no for no in lacks if not any(_covers(no, atom) for atom in derived)),
                frozenset(str(a.arguments[0]) for a in only.atoms if a.match("exempt", 1)),
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def shown() -> dict[str, Shown]:
    """Return which cases show each norm of the checked table."""
    found = {norm: Shown() for norm in checked()}
    for fires, atom in _firing():
        norm = _norm_of(atom)
        found[norm].fires.add(fires.name)
        for case in govern_cases():
            if not any(_covers(no, atom) for no in case.lacks):
                continue
            added, taken = case.facts - fires.facts, fires.facts - case.facts
            if not taken and 1 <= len(added) <= MOST_ADDED and _is_excepted(case, norm):
                found[norm].exception.add(case.name)
            elif len(added) <= 1 and len(taken) <= 1 and not case.is_exempt(norm):
                found[norm].misses.add(case.name)
    return found


def _firing() -> Iterator[tuple[Case, Atom]]:
    for case in govern_cases():
        for atom in case.holds:
            if _norm_of(atom) in checked():
                yield case, atom


def _norm_of(atom: Atom) -> str:
    """Return the norm of an atom; that one norm gives way to another is the norm of the order."""
    place = PLACES[atom[0]]
    return ORDER if place is None else atom[1 + place]


def _covers(pattern: Atom, atom: Atom) -> bool:
    pairs = zip(pattern, atom, strict=False)
    return len(pattern) == len(atom) and all(want in ("_", have) for want, have in pairs)


def _is_excepted(case: Case, norm: str) -> bool:
    return norm in IN_THE_CONDITION or case.is_exempt(norm)


def lacking() -> list[tuple[str, str]]:
    """Return each norm with what no case shows of it."""
    found = []
    for norm, row in checked().items():
        if norm in AT_LOADING:
            continue
        by = shown()[norm]
        found += [(norm, way) for way in ("fires", "misses") if not getattr(by, way)]
        if row["exceptions"] and norm not in ELSEWHERE and not by.exception:
            found.append((norm, "exception"))
    return found


def table() -> str:
    """Return how many cases show each norm, as lines of text."""
    lines = [f"{'norm':<6}{'fires':>6}{'misses':>8}{'exception':>11}  exception of the text"]
    for norm, row in checked().items():
        by, text = shown()[norm], row["exceptions"] or "none"
        counts = f"{len(by.fires):>6}{len(by.misses):>8}{len(by.exception):>11}"
        counts = f"{'at loading: tests/test_norms.py':>25}" if norm in AT_LOADING else counts
        where = f" [{ELSEWHERE[norm]}]" if norm in ELSEWHERE else ""
        lines.append(f"{row['id']:<6}{counts}  {text}{where}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
    print(*lacking(), sep="\n")
