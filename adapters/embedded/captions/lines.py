"""Random lines to read: words, invented words, numbers, signs; one in ten is held out."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

import numpy as np

from ..faces.sample import sample_line
from .alphabet import SIGNS, written

LONGEST = 110  # letters of a line that is drawn
_LETTERS = [sign for sign in SIGNS if sign.isalpha()]
_ASCII = [sign for sign in _LETTERS if sign.isascii()]
_OTHER = [sign for sign in SIGNS if not sign.isalpha() and sign != " "]
_COMMON = re.findall(
    r"\S+",
    "I I I'm I'm I've I'd I'll you you're he she it it's that's we they're the the a an of to in "
    "is was are not not don't can't won't isn't didn't never no nothing and but so if because "
    "what who why how when my your his her me him them this that there here very just really too "
    "all any some one two good fine okay great sure well please thanks sorry yes do did have had "
    "be been go going get got know think say said see want like love hate need make take come "
    "time day night work home people man woman child life mother father friend boss",
)


def held_out(line: str) -> bool:
    """Tell whether a line is kept from training: one in ten, by its letters."""
    return zlib.crc32(line.casefold().encode()) % 10 == 0


def sampled(rng: np.random.Generator, *, learnt: bool) -> str:
    """Return a random line of 1 to LONGEST signs, of the learnt ones or of those held out."""
    while True:
        line = written(_any(rng))[:LONGEST].strip()
        if line and held_out(line) != learnt:
            return line


def spoken(rng: np.random.Generator) -> str:
    """Return words as in a sentence, from one to twenty of them."""
    count = 1 + min(19, int(rng.geometric(0.15)))
    words = [_word(rng) for _ in range(count)]
    if rng.random() < 0.4 and count > 3:
        words[int(rng.integers(count - 1))] += _pick(rng, list(",,,,;:-.!?"))
    text = " ".join(words)
    style = rng.random()
    if style < 0.7:
        text = text[0].upper() + text[1:]
    elif style < 0.8:
        text = text.upper()
    elif style < 0.85:
        text = text.title()
    return text + _pick(rng, [".", ".", ".", "!", "?", "", "", "...", ",", '"', "!!", "?!"])


def _any(rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.25:
        return sample_line(rng)
    if kind < 0.75:
        return spoken(rng)
    if kind < 0.85:
        return " ".join(_number(rng) for _ in range(int(rng.integers(1, 6))))
    return " ".join(_signs(rng) for _ in range(int(rng.integers(1, 9))))


def _word(rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.5:
        return _pick(rng, _COMMON)
    if kind < 0.9:
        return _pick(rng, lexicon())
    if kind < 0.95:
        return _number(rng)
    return _accented(rng, _pick(rng, lexicon()))


def _accented(rng: np.random.Generator, word: str) -> str:
    at = int(rng.integers(len(word)))
    return word[:at] + _pick(rng, _LETTERS) + word[at + 1 :]


def _number(rng: np.random.Generator) -> str:
    value = int(rng.integers(0, 10 ** int(rng.integers(1, 6))))
    forms = ("{}", "{}", "{}%", "${}", "{}.5", "#{}", "{}:30", "({})", "{}th", "{}-7", "€{}", "+{}")
    return _pick(rng, list(forms)).format(value)


def _signs(rng: np.random.Generator) -> str:
    """Return up to nine signs of the alphabet that make no word."""
    of = (_ASCII, _LETTERS, [*_ASCII, *_OTHER], _OTHER)[
        int(rng.choice(4, p=[0.4, 0.25, 0.25, 0.1]))
    ]
    return "".join(_pick(rng, of) for _ in range(int(rng.integers(1, 10))))


@lru_cache(maxsize=1)
def lexicon() -> list[str]:
    """Return the words of VADER's lexicon, which ships with nesy's reader of lines."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    words = SentimentIntensityAnalyzer().lexicon
    return sorted(word for word in words if word.isascii() and word.isalpha())


def _pick(rng: np.random.Generator, options: list[str]) -> str:
    return options[int(rng.integers(len(options)))]
