"""The signs that captions are read in, and how a line is written with them."""

from __future__ import annotations

import unicodedata
from typing import Final

BLANK: Final = 0  # CTC's sign for none; a sign's class is its place in SIGNS and one
SIGNS: Final = (
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
    "{|}~¡¿£§«»°€ßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœ"
)
_CLASS = {sign: at for at, sign in enumerate(SIGNS, 1)}
# Signs that a reader takes for one another are one.
_ALIKE = str.maketrans(
    {"‘": "'", "’": "'", "´": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "..."}
)


def written(text: str) -> str:
    """Return a text in the alphabet: alike signs made one, others left out, blanks single."""
    plain = unicodedata.normalize("NFC", text).translate(_ALIKE)
    return " ".join("".join(sign for sign in plain if sign in _CLASS or sign.isspace()).split())


def classes(text: str) -> list[int]:
    """Return the class of each sign of a text that is ``written``."""
    return [_CLASS[sign] for sign in text]


def decoded(best: list[int]) -> str:
    """Return the text of the likeliest class at each place: runs are one sign, blanks none.

    >>> decoded([0, *classes("aa"), 0, *classes("a b")])
    'aa b'
    """
    pairs = zip([BLANK, *best], best, strict=False)
    kept = [SIGNS[now - 1] for before, now in pairs if now not in (BLANK, before)]
    return " ".join("".join(kept).split())
