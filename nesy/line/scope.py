"""Who says it of whom: negation, quotation, other people, questions, hedges, emphasis.

A word in a line is a mention. Whether it is what the speaker says of themselves here and now is
read from the words before it in its clause; English only.
"""

from __future__ import annotations

import re

from nesy.line.text import AUXILIARY

_DOUBLE = re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»')
# An apostrophe between letters is none of the marks.
_SINGLE = re.compile(r"(?<!\w)['‘](?=\w)(?:[^'’]|(?<=\w)['’](?=\w))+['’](?!\w)")
# "I said 'I want to die'": who quotes themselves speaks for themselves.
_OWN_WORDS = re.compile(
    r"\b(?:i|i'm|i've|i’m|i’ve)\s+(?:\w+\s+)?"
    r"(?:said|say|saying|told|tell|telling|thought|think|thinking|wrote|feel)\b[\w\s,:]{0,30}$",
    re.IGNORECASE,
)
# "Can you say 'I love you'?": words asked for are what the speaker wants said.
_ASKED_FOR = re.compile(
    r"\b(?:(?:can|could|would|will|won['’]?t|hear|want|need|if)\s+you(?:\s+(?:just|please|to|once))*"
    r"|just|please)\s+say[\s,:]*$",
    re.IGNORECASE,
)
_NEGATOR = re.compile(rf"not|never|no|nor|without|aint|nobody|none|hardly|(?:{AUXILIARY})nt")
# A negator that negates something else: "can't stop crying", "never been so happy", "why not".
_NOT_NEGATED = re.compile(
    rf"\b(?:(?:not|never|{AUXILIARY}|(?:{AUXILIARY})nt)\s+(?:stop|help|resist|only|just|know|believe)"
    r"|never\s+(?:been|felt)\s+(?:so|this|more|as)|(?:couldnt|cant)\s+be\s+(?:more|any)"
    r"|why\s+not|no\s+doubt)\b"
)
_FIRST = frozenset(re.findall(r"\w+", "i im ive ill id me my mine myself we weve us our"))
_PEOPLE = """he she they hes shes theyre his her hers their him them himself herself themselves
    someone somebody people who friend friends brother sister mother mom mum father dad son
    daughter husband wife boyfriend girlfriend uncle aunt cousin neighbour neighbor colleague"""
_WORKS = """character characters hero film movie book novel song lyrics album band episode series
    story essay article lecture documentary class course research game play poem quote scene"""
_OTHER = frozenset(re.findall(r"\w+", f"{_PEOPLE} {_WORKS}"))
_YOU = frozenset({"you", "youre", "youve", "your", "yourself"})
# "suicide prevention" is about the word's subject and not about the speaker.
_TOPIC = re.compile(
    r"^[\s-]+(?:prevention|awareness|hotlines?|helplines?|squad|rates?|statistics|bomb\w*|attacks?|"
    r"research|survivors?)\b"
)
_CLAUSE = re.compile(r"[.,;:!?()\n…–—]")
_HEDGED = re.compile(r"\b(?:a bit|a little|a tad|slightly|somewhat|almost)\s+(?:\w+\s+)?$")
_UNREAL = re.compile(r"\b(?:if|wish|used to|would be|pretend|pretending|supposed to be)\b")
# Words that judge a thing speak for the speaker, whoever is the subject: "you are amazing".
_JUDGES = re.compile(r"(?:ing|ive|ible|able|ful|funny|gross|cute|sweet)$")
# A negator reaches over two words, for a crisis over four.
REACH, FAR_REACH = 2, 4
_SUBJECT_WITHIN = 8
_BEFORE, _AFTER = 120, 200


def spoken(line: str) -> str:
    """Return the line without what it quotes; a line that is one quotation is itself."""
    kept = line
    for marks in (_DOUBLE, _SINGLE):
        kept = marks.sub(_unquoted, kept)
    return kept if re.search(r"\w", kept) else line


def _unquoted(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    return found[0] if _OWN_WORDS.search(before) or _ASKED_FOR.search(before) else " "


def clause_before(folded: str, start: int) -> str:
    """Return the words of the clause that stand before a mention."""
    return _CLAUSE.split(folded[max(0, start - _BEFORE) : start])[-1]


def is_negated(before: str, reach: int = REACH) -> bool:
    """Tell whether a clause negates what follows it; two negators undo each other."""
    words = _NOT_NEGATED.sub(" ", before).split()[-(reach + 1) :]
    return sum(bool(_NEGATOR.fullmatch(word)) for word in words) % 2 == 1


def is_of_another(before: str, mention: str, *, crisis: bool = False) -> bool:
    """Tell whether the nearest subject before a mention is somebody else.

    Of emotions an addressee is somebody else too ("are you sad"), unless the word judges.
    """
    if not crisis and _JUDGES.search(mention):
        return False
    if _FIRST & set(mention.split()):
        return False
    others = _OTHER if crisis else _OTHER | _YOU
    for word in reversed(before.split()[-_SUBJECT_WITHIN:]):
        if word in _FIRST:
            return False
        if word in others:
            return True
    return False


def is_distant(folded: str, found: re.Match[str]) -> bool:
    """Tell whether words of a crisis are negated, another's, or about the subject as such."""
    before = clause_before(folded, found.start())
    about = _TOPIC.search(folded[found.end() : found.end() + _AFTER])
    return bool(
        about or is_negated(before, FAR_REACH) or is_of_another(before, found[0], crisis=True)
    )


def is_hedged(before: str, hedges: re.Pattern[str] | None) -> bool:
    """Tell whether a clause takes back part of what follows it; ``hedges`` are the ontology's."""
    return bool(_HEDGED.search(before) or (hedges and hedges.search(before)))


def is_unreal(before: str) -> bool:
    """Tell whether a clause speaks of what is not, or no longer, so."""
    return bool(_UNREAL.search(before))


def is_asked(folded: str, end: int) -> bool:
    """Tell whether the sentence of a mention ends as a question, and not as an outcry."""
    stop = re.search(r"[.!?]+", folded[end : end + _AFTER])
    return bool(stop and "?" in stop[0] and "!" not in stop[0])


def is_loud(line: str) -> bool:
    """Tell whether a line shouts: an exclamation mark, a word in capitals, a drawn-out letter."""
    return bool(re.search(r"!|\b(?=[A-Z]{3,}\b)[A-Z]+\b|([^\W\d_])\1{2,}", line))
