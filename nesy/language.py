"""Which language a text is in, as far as nesy must know: English, or not covered (norm E312).

Rules that look for words look for English ones. What is written in another language has not been
read, and must be met with caution. Told by function words; nothing is learned, nothing fetched.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path

from nesy.line.text import plain

_LETTERS = re.compile(r"[^\W\d_]+")
_MARKS = re.compile("[¿¡]")
# Of so many words or more, at least this share are English function words in English.
FEW, LEAST_SHARE = 5, 0.12


@lru_cache(maxsize=4096)
def is_covered(text: str) -> bool:
    """Tell whether a text is English, or holds no words at all.

    >>> is_covered("I hear you."), is_covered("Ich höre dich."), is_covered("我爱你")
    (True, False, False)
    """
    words = _LETTERS.findall(plain(text))
    if _MARKS.search(text) or any(not _is_latin(word) for word in words):
        return False
    english, shared, others = _known()
    own = sum(word in english for word in words)
    other = max(sum(word in known for word in words) for known in others)
    if other and other > own - sum(word in shared for word in words):
        return False
    return len(words) < FEW or own >= LEAST_SHARE * len(words)


def has_english(text: str) -> bool:
    """Tell whether a text holds one English function word at least."""
    english, shared, _ = _known()
    return not (english - shared).isdisjoint(_LETTERS.findall(plain(text)))


@lru_cache(maxsize=1)
def _known() -> tuple[frozenset[str], frozenset[str], tuple[frozenset[str], ...]]:
    """Return English words, those of them that others share, and the others' words."""
    read = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    others = tuple(frozenset(map(plain, words.split())) for words in read["others"].values())
    return frozenset(read["english"].split()), frozenset(read["shared"].split()), others


def _is_latin(word: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in word)
