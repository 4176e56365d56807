"""Tell whether a text that was read, slips and all, says what a line says.

Letters are compared first, then words: a word more, a word less or quite another word is a
difference, and so is a negation. A misread letter is none, nor is a blank lost or won.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Final, Literal

SAME: Final = 0.7  # least share of the letters that match
LEAST_LETTERS = 3
MERGED = 3  # most words that are read as one
ASTRAY = 12  # most words that one text may be ahead
_JOINS: Final = ((1, 1), (1, 2), (2, 1), (1, MERGED), (MERGED, 1))
# Letters that readers take for one another are one.
_SHAPES: Final = str.maketrans("l1|!jf0qcyuw58h692", "iiiiitooevvvsbbbgz")
_NEGATIONS: Final = frozenset(
    re.findall(
        r"\w+",
        "no not nor never none nothing nobody nowhere neither without cannot hardly "
        "nein nicht nichts nie niemals niemand kein keine keinen keinem keiner keines ohne "
        "dont cant wont isnt arent wasnt werent didnt doesnt hasnt havent hadnt shouldnt couldnt "
        "wouldnt mustnt neednt aint",
    )
)


def against(text: str, line: str) -> Literal["same", "differs"] | None:
    """Tell whether a text is that of the line; None where there is none, or no line.

    >>> against("I'm tine", "I'm fine.")
    'same'
    >>> against("I'm not fine", "I'm fine.")
    'differs'
    """
    one, other = _words(text), _words(line)
    if len("".join(one)) < LEAST_LETTERS or not other:
        return None
    letters = SequenceMatcher(None, " ".join(one), " ".join(other), autojunk=False)
    # Quick bounds first: a line may be very long.
    shares = (letters.real_quick_ratio, letters.quick_ratio, letters.ratio)
    alike = all(share() >= SAME for share in shares) and _aligned(one, other)
    return "same" if alike else "differs"


def _words(text: str) -> list[str]:
    """Return the words without case, accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", " ", re.sub(r"['’‘´`]", "", plain)).split()


def _aligned(one: list[str], other: list[str]) -> bool:
    """Tell whether every word has its like, in order; one may be several where blanks were lost."""
    # Which words of the other text may be reached when so many of this one are done.
    reached: list[set[int]] = [set() for _ in range(len(one) + 1 + MERGED)]
    reached[0].add(0)
    for a, ends in enumerate(reached[: len(one) + 1]):
        for b in range(max(0, a - ASTRAY), min(len(other), a + ASTRAY) + 1):
            if b not in ends:
                continue
            # A lone letter is a speck of dirt, or little more.
            if a < len(one) and _lone(one[a]):
                reached[a + 1].add(b)
            if b < len(other) and _lone(other[b]):
                ends.add(b + 1)
            for i, j in _JOINS:
                fits = a + i <= len(one) and b + j <= len(other)
                if fits and _alike(one[a : a + i], other[b : b + j]):
                    reached[a + i].add(b + j)
    return len(other) in reached[len(one)]


def _lone(word: str) -> bool:
    return len(word) == 1 and not word.isdigit()


def _alike(first: list[str], second: list[str]) -> bool:
    """Tell whether some words may be others, misread."""
    one, other = _shape("".join(first)), _shape("".join(second))
    if one == other:
        return True
    if _negates(first) != _negates(second) and min(len(one), len(other)) > 1:
        # "nof" has the shape of "not", "dontl" has a speck behind it; "now" and "can" have not.
        negative, read = (one, other) if _negates(first) else (other, one)
        return len(negative) > 3 and read[:-1] == negative
    if "".join(first).isdigit() and "".join(second).isdigit():
        return False
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 and long.endswith(short):
        return False  # un-, im-, dis-
    # Of words made one, a letter may be gone with the blank: I am, I'm.
    spared = 1 if len(first) != len(second) else (len(long) >= 4) + (len(long) >= 10)
    return distance(one, other) <= spared


def _negates(words: list[str]) -> bool:
    return not _NEGATIONS.isdisjoint([*words, "".join(words)])


def _shape(word: str) -> str:
    return word.replace("rn", "m").replace("vv", "w").translate(_SHAPES)


def distance(one: str, other: str) -> int:
    """Return how many letters must be put in, left out or changed (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, sign in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, other_sign in enumerate(other, 1):
            change = before + (sign != other_sign)
            before, row[place] = row[place], min(change, row[place] + 1, row[place - 1] + 1)
    return row[-1]
