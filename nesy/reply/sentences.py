"""Sentences of a reply, each in every spelling in which an act may hide.

Punctuation, line breaks, markup, case, lookalike letters, digits for letters and drawn-out or
spelled-out words change nothing of what is found. A place is a sentence: where an act was found
is told by the sentence of the original text that shows it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from nesy.line.text import disguises, plain

# A sentence ends at its mark, with the quotation marks and brackets that close behind it.
_END = re.compile(r"""[.!?…。！？]+["'”’»)\]*_~`]*(?=\s|$)""")
_LINE = re.compile(rf"(?:{_END.pattern})|\n")
_MARKS = re.compile(r"""["“”„«»*_~#>|()\[\]{}^=+]|(?<!\w)'|'(?!\w)|[-–—]{1,3}(?=\s)|(?<=\s)[-–—]""")
_PAUSES = re.compile(r"[,;:.!…–—/\\-]+")
_TICKS = str.maketrans({"`": "'", "´": "'", "′": "'", "＇": "'"})
_RUN = re.compile(r"([^\W\d_])\1{2,}")
_TAG = re.compile(
    r"\b(?:(?:are|do|is|have|did|was|wo|ca)nt (?:you|it|that|we)|right|no|huh|eh|yes|correct)\W*\?"
)
# Pieces of fewer words than this may be one sentence cut up: "I. Love. You."
FEW_WORDS = 3
MOST_JOINED = 8
LONGEST_REPLY = 20_000


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, or pieces read as one: its place in the text and its spellings.

    ``asked`` tells a question; one that only asks for agreement ("…, aren't you?") is none.
    """

    start: int
    end: int
    spellings: tuple[str, ...]
    asked: bool

    def without(self, told: re.Pattern[str]) -> Sentence:
        """Return it less what it says back; "you are" before a further feeling stays."""
        kept = (
            told.sub(lambda found: found["start"] if found["more"] else " ", spelled)
            for spelled in self.spellings
        )
        return replace(self, spellings=tuple(kept))


def sentences(text: str, quoted: str = "") -> Iterator[Sentence]:
    """Yield the sentences of a text, and runs of short pieces read as one.

    What a text quotes word for word of ``quoted`` is another's and left out.
    """
    shown = without_quotations(text, quoted)
    pieces = list(_pieces(shown, _END))
    spans = dict.fromkeys([*_pieces(shown, _LINE), *pieces, *_joined(shown, pieces)])
    for start, end in spans:
        said = shown[start:end]
        if re.search(r"\S", said):
            yield Sentence(start, end, _spellings(said), _is_question(said))


def _pieces(text: str, end: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in end.finditer(text):
        if text[start : mark.end()].strip():
            yield start, mark.end()
        start = mark.end()
    if text[start:].strip():
        yield start, len(text)


def _joined(text: str, pieces: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield runs of pieces that may be one sentence cut up: one in two of them is short."""
    runs: list[list[tuple[int, int]]] = [[]]
    for piece in pieces:
        if runs[-1] and not (_is_short(text, runs[-1][-1]) or _is_short(text, piece)):
            runs.append([])
        runs[-1].append(piece)
    for run in runs:
        for first in range(len(run)):
            for last in range(first + 1, min(first + MOST_JOINED, len(run))):
                yield run[first][0], run[last][1]


def _is_short(text: str, piece: tuple[int, int]) -> bool:
    return len(text[slice(*piece)].split()) < FEW_WORDS


def _is_question(said: str) -> bool:
    marks = re.search(r"[?？]\W*$", said)
    return bool(marks) and not _TAG.search(plain(said.translate(_TICKS)))


@lru_cache(maxsize=4096)
def _spellings(said: str) -> tuple[str, ...]:
    unmarked = plain(_MARKS.sub(" ", _bare(said)))
    # What stands between words, and the marks that plain() has turned into words' ends.
    unbroken = " ".join(_PAUSES.sub(" ", unmarked).split())
    found = [unmarked, unbroken]
    for folded in (unmarked, unbroken):
        found += disguises(folded)
        if _RUN.search(folded):
            found += [_RUN.sub(r"\1", folded), _RUN.sub(r"\1\1", folded)]
    return tuple(dict.fromkeys(plain(text) for text in found))


def _bare(said: str) -> str:
    """Return a text without what stands on, between or for its letters: accents, hyphens, ticks."""
    letters = unicodedata.normalize("NFKD", said)
    kept = (c for c in letters if unicodedata.category(c) not in ("Cf", "Mn"))
    return "".join(kept).translate(_TICKS)


_QUOTED = re.compile(
    r"\"([^\"]{3,400})\"|“([^”]{3,400})”|"
    r"(?<!\w)['‘]((?:[^'’]|(?<=\w)['’](?=\w)){3,400})['’](?!\w)"
)


_SAID_BY_YOU = re.compile(r"\byou\b[^.!?]{0,40}$", re.IGNORECASE)


def without_quotations(text: str, line: str) -> str:
    """Blank what a text quotes word for word of a line, as the person's: 'you wrote "…"'."""
    said = f" {_words(line)} "

    def blank(found: re.Match[str]) -> str:
        words = _words(next(filter(None, found.groups())))
        own = not _SAID_BY_YOU.search(text[: found.start()])
        return found[0] if own or f" {words} " not in said else " " * len(found[0])

    return _QUOTED.sub(blank, text)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", plain(text)))
