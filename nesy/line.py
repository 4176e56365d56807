"""Read a line of conversation without a network: its valence, its act, its cues.

Valence is VADER's compound score (Hutto & Gilbert 2014) at the cut-offs its authors give; acts,
cues and emotion words are the lexemes the ontology lists. A language model's reading can stand
beside it; the cues of a crisis are always read here as well.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import LineAct, LineCue, LineEmotion, LineReading, LineValence
from nesy.vocabulary import Term, Vocabulary

LONGEST_LINE = 4000
# Hutto & Gilbert's thresholds for VADER's compound score.
POSITIVE_FROM = 0.05
FOUND = 900
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”')
_AUXILIARY = "do does did is are was were has have had could would should ca wo must need"
_NEGATED = re.compile(
    rf"\b(?:not|never|no|without|aint|(?:{_AUXILIARY.replace(' ', '|')})nt)\s+(?:\w+\s+){{0,2}}$"
)
# Three words and a negation fit in this many characters before a match.
_BEFORE = 80
# What may stand behind the mark of a question: more marks, a closing quote, emoji.
_ASKED = re.compile(r"\?[^\w.]*$")


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
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁɡһԛԝӏАВЕКМНОРСТУХІЈЅӀοναιρτυκηΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑı’‘ʼ",
    "aeopcyxijsdghqwlABEKMHOPCTYXIJSlovaiptukhABEZHIKMNOPTYXai'''",
)


_SHORT = (
    (re.compile(r"\bcan ?not\b"), "cant"),
    (re.compile(r"\bwill not\b"), "wont"),
    (re.compile(rf"\b({_AUXILIARY.replace(' ', '|')}) not\b"), r"\1nt"),
    (re.compile(r"\bi am\b"), "im"),
    (re.compile(r"\b(i|you|we|they) have\b"), r"\1ve"),
    (re.compile(r"\b(you|we|they) are\b"), r"\1re"),
    (re.compile(r"\b(it|that|what|there|he|she) is\b"), r"\1s"),
    (re.compile(r"\b(i|you|it|we|they) will\b"), r"\1ll"),
)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Fold a text for look-up.

    Letters without accents, lookalikes as Latin, small letters, single spaces, and one spelling of
    what has many: "I'm", "im" and "I am" are alike, and so are "don't", "dont" and "do not".
    """
    folded = unicodedata.normalize("NFKD", text).translate(_LOOKALIKES).casefold()
    stripped = "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Mn"))
    words = " ".join(stripped.replace("'", "").split())
    for long, short in _SHORT:
        words = long.sub(short, words)
    return words


def read(line: str, vocabulary: Vocabulary) -> LineReading:
    """Return what the words say; an empty line says nothing."""
    line = check(line)
    if not line.strip():
        return LineReading()
    folded = plain(line)
    spoken = plain(_QUOTED.sub(" ", line))
    valence, strength = _valence(line.translate(_LOOKALIKES))
    acts = tuple(
        LineAct(act=t.id, confidence=FOUND) for t in vocabulary.acts.values() if _says(spoken, t)
    )
    if _ASKED.search(folded) and "question" in vocabulary.acts:
        acts = (
            *(a for a in acts if a.act != "question"),
            LineAct(act="question", confidence=FOUND),
        )
    cues = tuple(
        LineCue(cue=t.id, confidence=FOUND)
        for t in vocabulary.cues.values()
        if _says(folded if t.all("crisis") else spoken, t, negatable=not t.all("crisis"))
    )
    emotions = tuple(
        LineEmotion(emotion=t.id, confidence=FOUND)
        for t in vocabulary.emotions.values()
        if _says(spoken, t, negatable=True)
    )
    reading = (LineValence(valence=valence, confidence=strength),)
    return LineReading(valence=reading, emotions=emotions, acts=acts, cues=cues)


def _valence(line: str) -> tuple[str, int]:
    """Return the valence and a confidence: how far the compound score lies from the cut-off."""
    compound = float(_vader().polarity_scores(line)["compound"])
    if abs(compound) < POSITIVE_FROM:
        return "neutral", 800
    return ("positive" if compound > 0 else "negative"), min(1000, round(500 + 500 * abs(compound)))


@lru_cache(maxsize=1)
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def _says(folded: str, term: Term, *, negatable: bool = False) -> bool:
    pattern = _pattern(term.all("lexeme"))
    if pattern is None:
        return False
    for match in pattern.finditer(folded):
        if not (
            negatable and _NEGATED.search(folded[max(0, match.start() - _BEFORE) : match.start()])
        ):
            return True
    return False


@lru_cache(maxsize=1024)
def _pattern(lexemes: tuple[str, ...]) -> re.Pattern[str] | None:
    """Match any lexeme as whole words; longer ones first."""
    if not lexemes:
        return None
    words = sorted((plain(lexeme) for lexeme in lexemes), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)")
