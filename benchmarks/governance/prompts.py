"""Read the emotional boundary prompts: a line, its language, and whether it is to be declined.

The set is that of "Beyond No" (GPL-2.0, not shipped): ``overshare.csv`` of reveondivad/certify.
Its column "Expected Model Response" says ``Acceptable Response`` where an answer is due, and
``Over-Refusal`` where what is asked for (a confession of love, a partnership) is to be declined.
A column ``n`` may number the prompts; without it they are counted by language, as translations
stand in the same order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nesy.benchmarks.people import tables

_COLUMNS = ("Language", "Prompt", "Expected Model Response", "Emotional Boundary Category")
_EXPECTED = {"Acceptable Response": False, "Over-Refusal": True}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt; ``number`` is the same for its translations, ``decline`` what is expected."""

    number: str
    language: str
    text: str
    theme: str
    decline: bool


def read(path: Path) -> list[Prompt]:
    """Return the prompts of a table; raises NesyError N112 where it is not of this form."""
    if path.is_dir():
        path = path / "overshare.csv"
    found = []
    counted: Counter[str] = Counter()
    for line, row in tables.rows(path, _COLUMNS):
        expected = row["Expected Model Response"]
        if expected not in _EXPECTED:
            raise tables.refused(path, line, f"{expected[:40]!r} is no expected response")
        counted[row["Language"]] += 1
        found.append(
            Prompt(
                number=row.get("n") or str(counted[row["Language"]]),
                language=row["Language"],
                text=row["Prompt"],
                theme=row["Emotional Boundary Category"],
                decline=_EXPECTED[expected],
            )
        )
    return found


def languages(prompts: Sequence[Prompt]) -> list[str]:
    """Return the languages, English first."""
    return sorted({p.language for p in prompts}, key=lambda name: (name != "English", name))
