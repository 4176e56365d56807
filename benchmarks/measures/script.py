"""Which texts the measures of text can read: they know letters a-z, and words of English."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from .measure import NotScored, Pair

NOT_LATIN = "not in Latin script"


@lru_cache(maxsize=65536)
def is_latin(text: str) -> bool:
    """Tell whether more than half of a text's letters are Latin ones.

    >>> is_latin("déjà vu"), is_latin("я в порядке"), is_latin("42")
    (True, False, False)
    """
    letters = [c for c in text if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    return 2 * latin > len(letters)


def text_of(pair: Pair) -> str:
    """Return an answer's words that can be read; raises NotScored."""
    return readable(pair.answer.text, "answer")


def texts_of(pair: Pair) -> tuple[str, ...]:
    """Return the interpretations an answer is held against; raises NotScored."""
    given = [text for text in pair.reference.texts or () if text.strip()]
    if not given:
        raise NotScored("the reference has no text")
    kept = tuple(text for text in given if is_latin(text))
    if not kept:
        raise NotScored(f"the reference is {NOT_LATIN}")
    return kept


def readable(text: str | None, whose: str) -> str:
    """Return a text that is there and in Latin script; raises NotScored."""
    if text is None:
        raise NotScored(f"the {whose} has no text")
    if not text.strip():
        raise NotScored(f"the {whose} is an empty text")
    if not is_latin(text):
        raise NotScored(f"the {whose} is {NOT_LATIN}")
    return text
