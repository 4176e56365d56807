"""The lexical reader: VADER's valence, and the ontology's lexemes with what stands around them.

Valence is VADER's compound score (Hutto & Gilbert 2014) at the cut-offs its authors give.
An emotion word counts as the speaker's own; confidences below are house numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from nesy import language
from nesy.line import scope, text
from nesy.line.text import plain
from nesy.trace import LineAct, LineCue, LineEmotion, LineReading, LineValence
from nesy.vocabulary import Term, Vocabulary

# Hutto & Gilbert's thresholds for VADER's compound score.
POSITIVE_FROM = 0.05
# A word of an emotion, an act or a cue; with emphasis, each kind adds.
FOUND, EMPHASIS = 900, 50
# What an "I guess", a question, or both take away; what is another's or not so stays below.
HEDGED, ASKED, NOT_OWN = 300, 300, 400
LEAST = 100
# Cues of what is said to the assistant: with another subject the words are about somebody else.
ADDRESSED = frozenset({"attachment", "reliance"})
# Up to three words between two parts of a lexeme; a comma or a slash does not end the clause.
_GAP = r" (?:[\w,/]+ ){0,3}"
# Words of a crisis that are negated, quoted, another's or a topic: still a sign, never dropped.
DISTANT = 600
# What may stand behind the mark of a question: more marks, a closing quote, emoji.
_ASKED = re.compile(r"\?[^\w.]*$")


def read(line: str, vocabulary: Vocabulary) -> LineReading:
    """Return what the words say; an empty line says nothing. Raises NesyError N130 or N131."""
    line = text.check(line)
    if not line.strip():
        return LineReading()
    known = _known(vocabulary)
    latin = text.unstretched(line.translate(text.LOOKALIKES), known)
    folded, spoken = plain(latin), plain(scope.spoken(latin))
    valence, confidence = _valence(latin)
    return LineReading(
        valence=(LineValence(valence=valence, confidence=confidence),),
        emotions=tuple(_emotions(spoken, scope.is_loud(line), vocabulary)),
        acts=tuple(_acts(spoken, folded, vocabulary)),
        cues=tuple(_cues(spoken, folded, vocabulary)),
        unread=None if language.is_covered(line) else ("language",),
    )


def _valence(line: str) -> tuple[str, int]:
    """Return the valence and a confidence: how far the compound score lies from the cut-off."""
    compound = float(_vader().polarity_scores(line)["compound"])
    if abs(compound) < POSITIVE_FROM:
        return "neutral", 800
    return ("positive" if compound > 0 else "negative"), min(1000, round(500 + 500 * abs(compound)))


@lru_cache(maxsize=1)
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def _emotions(spoken: str, loud: bool, vocabulary: Vocabulary) -> Iterator[LineEmotion]:
    for term in vocabulary.emotions.values():
        sure = [_confidence(spoken, found, loud, vocabulary) for found in _mentions(spoken, term)]
        if best := max(sure, default=0):
            yield LineEmotion(emotion=term.id, confidence=best)


def _confidence(spoken: str, found: re.Match[str], loud: bool, vocabulary: Vocabulary) -> int:
    """Return how surely a mention is the speaker's own emotion, 0 where it is negated."""
    before = scope.clause_before(spoken, found.start())
    if scope.is_negated(before):
        return 0
    sure = FOUND + EMPHASIS * (loud + _is_boosted(before, vocabulary))
    if scope.is_hedged(before, _pattern_of(vocabulary, "hedge")):
        sure -= HEDGED
    if scope.is_asked(spoken, found.end()):
        sure -= ASKED
    if scope.is_of_another(before, found[0]) or scope.is_unreal(before):
        sure = min(sure, NOT_OWN)
    return max(LEAST, sure)


def _is_boosted(before: str, vocabulary: Vocabulary) -> bool:
    """Tell whether an intensifier is one of the two words before a mention."""
    pattern = _pattern_of(vocabulary, "intensifier")
    return bool(pattern and pattern.search(" ".join(before.split()[-2:])))


def _acts(spoken: str, folded: str, vocabulary: Vocabulary) -> Iterator[LineAct]:
    asked = bool(_ASKED.search(folded))
    for term in vocabulary.acts.values():
        if any(_mentions(spoken, term)) or (asked and term.id == "question"):
            yield LineAct(act=term.id, confidence=FOUND)


def _cues(spoken: str, folded: str, vocabulary: Vocabulary) -> Iterator[LineCue]:
    own, whole = (spoken, *text.disguises(spoken)), (folded, *text.disguises(folded))
    for term in vocabulary.cues.values():
        if term.all("crisis"):
            confidence = _crisis(term, own, whole)
        else:
            confidence = FOUND if any(_unnegated(spoken, term)) else 0
        if confidence:
            yield LineCue(cue=term.id, confidence=confidence)


def _crisis(term: Term, own: Sequence[str], whole: Sequence[str]) -> int:
    """Return how sure a cue of a crisis is: it is never dropped, whatever stands around it.

    Words of one's own are FOUND; words that are negated, quoted, another's or a topic are DISTANT
    (norm E210: check gently, do not refuse). What cannot be told apart counts as one's own.
    ``own`` and ``whole`` are the spellings of the line without and with what it quotes.
    """
    mentions = [(line, found) for line in own for found in _mentions(line, term)]
    if any(not scope.is_distant(line, found) for line, found in mentions):
        return FOUND
    return DISTANT if mentions or any(any(_mentions(line, term)) for line in whole) else 0


def _unnegated(folded: str, term: Term) -> Iterator[re.Match[str]]:
    for found in _mentions(folded, term):
        before = scope.clause_before(folded, found.start())
        about = term.id in ADDRESSED and scope.is_of_another(before, "", crisis=True)
        if not (about or scope.is_negated(before)):
            yield found


def _mentions(folded: str, term: Term) -> Iterator[re.Match[str]]:
    lexemes = term.all("lexeme")
    # Most lines have no word that a lexeme of the term begins with.
    if _begin(lexemes).isdisjoint(_begun(folded)):
        return iter(())
    pattern = _pattern(lexemes)
    return iter(()) if pattern is None else pattern.finditer(folded)


_WORD, _ANY = re.compile(r"\w+"), ""


@lru_cache(maxsize=1024)
def _begin(lexemes: tuple[str, ...]) -> frozenset[str]:
    """Return the words that lexemes begin with; one that begins with a mark counts as any."""
    spelled = (plain(of) for e in lexemes for of in (e.replace("…", " "), e.split("…")[0]))
    found = map(_WORD.match, spelled)
    return frozenset(word[0] if word is not None else _ANY for word in found)


@lru_cache(maxsize=64)
def _begun(folded: str) -> frozenset[str]:
    """Return the words of a line, and what counts as any."""
    return frozenset((*_WORD.findall(folded), _ANY))


def _pattern_of(vocabulary: Vocabulary, cue: str) -> re.Pattern[str] | None:
    """Return what finds a cue's lexemes, or None where an ontology lacks the cue."""
    return _pattern(vocabulary.cues[cue].all("lexeme")) if cue in vocabulary.cues else None


@lru_cache(maxsize=1024)
def _pattern(lexemes: tuple[str, ...]) -> re.Pattern[str] | None:
    """Match any lexeme as whole words; longer ones first."""
    if not lexemes:
        return None
    words = sorted((_spelled(lexeme) for lexeme in lexemes), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(words) + r")(?!\w)")


def _spelled(lexeme: str) -> str:
    """Return the pattern of a lexeme; "…" in it is a gap of a few words of the clause."""
    whole = re.escape(plain(lexeme.replace("…", " ")))
    apart = _GAP.join(re.escape(plain(part)) for part in lexeme.split("…"))
    # Words that meet are spelled together ("do you have" as "do youve"), so both are looked for.
    return f"{whole}|{apart}" if "…" in lexeme else whole


def _lexemes(vocabulary: Vocabulary) -> Iterator[str]:
    for terms in (vocabulary.emotions, vocabulary.acts, vocabulary.cues):
        for term in terms.values():
            yield from term.all("lexeme")


@lru_cache(maxsize=8)
def _known(vocabulary: Vocabulary) -> frozenset[str]:
    """Return the words whose spelling is known: VADER's and those of the lexemes."""
    words = (word for lexeme in _lexemes(vocabulary) for word in re.findall(r"[\w']+", lexeme))
    return frozenset((*_vader().lexicon, *words))
