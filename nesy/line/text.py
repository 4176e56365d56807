"""Letters: what a line may hold, and the one spelling that lexemes are looked up in."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Container
from functools import lru_cache

from nesy.diagnostics import Diagnostic, NesyError

LONGEST_LINE = 4000
AUXILIARY = "do|does|did|is|are|was|were|has|have|had|could|would|should|ca|wo|must|need"


def check(line: str) -> str:
    """Return the line in NFKC form; raises NesyError N130 (too long) or N131 (hidden)."""
    length = max(len(line), len(unicodedata.normalize("NFKC", line[: LONGEST_LINE + 1])))
    if length > LONGEST_LINE:
        what = f"the line has {length} characters"
        why = f"a line of conversation has at most {LONGEST_LINE}"
        fix = "give the last thing said; earlier turns go into `turns`"
        raise NesyError(Diagnostic("N130", what, why, fix))
    hidden = sorted({f"U+{ord(c):04X}" for c in line if _hidden(c)})
    if hidden:
        what = f"the line holds characters nobody can see: {', '.join(hidden[:5])}"
        why = "they can make a line read differently from how it looks"
        raise NesyError(Diagnostic("N131", what, why, "remove them"))
    return unicodedata.normalize("NFKC", line)


def _hidden(character: str) -> bool:
    """Tell control, directional and tag characters, which draw nothing; a joiner builds emoji."""
    kind = unicodedata.category(character)
    if character in "\n\t\r\u200d\ufe0f\ufe0e":
        return False
    if kind in ("Cc", "Cs") or character in _BLANKS:
        return True
    return kind == "Cf" and character not in "\u00ad\u200c"


# Letters and signs that draw nothing: fillers of Hangul and Khmer, an empty Braille cell.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"


# Letters of other scripts that look like Latin ones: "suісide" with a Cyrillic letter is read.
LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁɡһԛԝӏАВЕКМНОРСТУХІЈЅӀοναιρτυκηΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑı’‘ʼ",
    "aeopcyxijsdghqwlABEKMHOPCTYXIJSlovaiptukhABEZHIKMNOPTYXai'''",
)

_SHORT = (
    (re.compile(r"\bcan ?not\b"), "cant"),
    (re.compile(r"\bwill not\b"), "wont"),
    (re.compile(rf"\b({AUXILIARY}) not\b"), r"\1nt"),
    (re.compile(r"\bi am\b"), "im"),
    (re.compile(r"\b(i|you|we|they) have\b"), r"\1ve"),
    (re.compile(r"\b(you|we|they) are\b"), r"\1re"),
    (re.compile(r"\b(it|that|what|there|he|she) is\b"), r"\1s"),
    (re.compile(r"\b(i|you|it|we|they) will\b"), r"\1ll"),
)


def _stripped(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if unicodedata.category(c) not in ("Cf", "Mn"))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Fold a text for look-up.

    Letters without accents, lookalikes as Latin, small letters, single spaces, and one spelling of
    what has many: "I'm", "im" and "I am" are alike, and so are "don't", "dont" and "do not".
    """
    # Twice: small letters may come with new accents, as those of a dotted capital I do.
    stripped = _stripped(_stripped(text).translate(LOOKALIKES).casefold()).translate(LOOKALIKES)
    words = " ".join(stripped.replace("'", "").split())
    for long, short in _SHORT:
        words = long.sub(short, words)
    return words


_STRETCHED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_STRETCHED_WORD = re.compile(r"\b\w*?([^\W\d_])\1{2,}\w*", re.IGNORECASE)
# A word drawn out in more places than this is noise.
_MOST_RUNS = 6


def unstretched(text: str, known: Container[str]) -> str:
    """Return the text with "haaappy" as "happy": the spelling that is known, else the shortest."""
    return _STRETCHED_WORD.sub(lambda found: _shortened(found[0], known), text)


def _shortened(word: str, known: Container[str]) -> str:
    """Try each run of three or more letters as one letter or two."""
    pieces = _STRETCHED.split(word)
    letters = pieces[1::2]
    if len(letters) <= _MOST_RUNS:
        for counts in itertools.product((1, 2), repeat=len(letters)):
            runs = [letter * count for letter, count in zip(letters, counts, strict=True)]
            whole = itertools.zip_longest(pieces[::2], runs, fillvalue="")
            tried = "".join(itertools.chain.from_iterable(whole))
            if tried.casefold() in known:
                return tried
    return _STRETCHED.sub(r"\1", word)


_SPELLED = re.compile(r"(?<!\w)(?:\w[ .*_-]){2,}\w(?!\w)")
_BROKEN = re.compile(r"(?<=\w)[*._](?=\w)")
_LEET = str.maketrans("013457@$!|", "oieastasil")
_TWO = re.compile(r"(?<!\S)2(?!\S)")
# A word with a letter; a mark at its end is no letter.
_LEET_WORD = re.compile(r"(?=[\w@$!|]*[^\W\d_])[\w@$!|]*[\w@$]")


def disguises(folded: str) -> tuple[str, ...]:
    """Return further spellings of a folded text in which a word may hide.

    Digits for letters and words ("k1ll mys3lf", "2 die"), letters set apart ("d i e"), marks
    inside words ("s.u.i").
    """
    joined = _SPELLED.sub(lambda found: re.sub(r"[ .*_-]", "", found[0]), folded)
    spelt = _TWO.sub("to", joined)
    leet = _LEET_WORD.sub(lambda found: found[0].translate(_LEET), spelt)
    as_l = _LEET_WORD.sub(lambda found: found[0].replace("1", "l").translate(_LEET), spelt)
    found = (joined, _BROKEN.sub("", folded), leet, as_l)
    return tuple(text for text in dict.fromkeys(found) if text != folded)
