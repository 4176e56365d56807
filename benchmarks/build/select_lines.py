"""Choose everyday lines of XED: ``python -m nesy.benchmarks.build.select_lines FILE``.

FILE has the columns ``text`` and ``emotions`` ("joy|trust"). The shipped ``lines/xed.csv`` was made
by this; the same file gives the same rows.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nesy.benchmarks.people.words_data import labelled

from .lines import FOLDER, LENGTHS, length_of

LONGEST = 160  # characters that fit under a picture in two rows
COMMON = 8  # a word that fewer lines hold is likelier a name, a slur or a slip than everyday
A_CLASS, NEUTRAL = 1_200, 0.25  # lines of each length, and the largest share of neutral ones
PLAIN = re.compile(r"[A-Z][A-Za-z0-9 ,.?!'-]*[.?!]")
WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
UNWANTED = FOLDER / "unwanted.txt"


class Row(NamedTuple):
    """A line chosen: its number in the file, the words, people's labels, and the reader's part."""

    number: str
    text: str
    emotions: str
    part: str


def detokenised(text: str) -> str:
    """Return words and marks joined as people write them; XED puts blanks between."""
    text = text.replace("wan na", "wanna").replace("gon na", "gonna").replace("got ta", "gotta")
    text = " ".join(text.split()).replace(" ' ", "'").replace("...", " ... ")
    text = re.sub(r"\s+([,.?!])", r"\1", " ".join(text.split()))
    return re.sub(r"\.{2,}", "...", text)


def candidates(path: Path) -> Iterator[Row]:
    """Yield lines written plainly, each once."""
    seen: set[str] = set()
    for line in labelled(path):
        text = detokenised(line.case.line)
        # A name that was masked, a second speaker, a song, an aside: not a line of one person.
        plain = PLAIN.fullmatch(text) and " - " not in text and "--" not in text
        if plain and len(text) <= LONGEST and text.lower() not in seen:
            seen.add(text.lower())
            yield Row(line.case.id, text, "|".join(sorted(line.labels)), line.split)


def everyday(rows: list[Row]) -> Iterator[Row]:
    """Yield the lines all of whose words are common and written small somewhere: no names."""
    unwanted = set(UNWANTED.read_text(encoding="utf-8").partition("\n")[2].split())
    small = Counter(
        word for row in rows for word in {w for w in WORD.findall(row.text) if w.islower()}
    )
    for row in rows:
        words = WORD.findall(row.text)
        inner = [word for word in words[1:] if not word.startswith("I'") and word != "I"]
        first = words[0].lower() if words else ""
        fine = bool(words) and all(small[word] >= COMMON for word in inner)
        known = first.startswith("i'") or first == "i" or small[first] >= COMMON
        if fine and known and not unwanted & {word.lower() for word in words}:
            yield row


def drawn(rows: list[Row]) -> list[Row]:
    """Return as many of each length, in an order that only the words decide."""
    ranked = sorted(rows, key=lambda row: hashlib.sha256(row.text.encode()).hexdigest())
    kept: list[Row] = []
    for length in LENGTHS:
        of = [row for row in ranked if length_of(row.text) == length]
        felt = [row for row in of if row.emotions != "neutral"]
        calm = [row for row in of if row.emotions == "neutral"]
        room = min(int(A_CLASS * NEUTRAL), len(calm))
        kept += felt[: A_CLASS - room] + calm[:room]
    return sorted(kept, key=lambda row: int(row.number[1:]))


def main() -> int:
    """Write ``lines/xed.csv``."""
    if len(sys.argv) != 2:
        print("python -m nesy.benchmarks.build.select_lines FILE", file=sys.stderr)
        return 2
    chosen = drawn(list(everyday(list(candidates(Path(sys.argv[1]))))))
    with (FOLDER / "xed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(chosen)
    print(f"{len(chosen)} lines, {Counter(length_of(row.text) for row in chosen)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
