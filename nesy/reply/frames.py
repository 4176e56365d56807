"""Frames: the words before a match that take it back ("I can't say that you have …", "if …")."""

from __future__ import annotations

import re

# Said for form; they take nothing back.
_FILLERS = re.compile(
    r"\b(?:if (?:im|i am|were) (?:being )?(?:honest|frank)|if you ask me|if i may(?: say so)?|"
    r"if anything|no doubt|without (?:a )?doubt|not only|no question|to be (?:honest|fair)|"
    r"as you (?:know|can see)|like i said|whether you (?:like|know|see|admit) it or not|"
    r"if you must know|i (?:cant|dont) (?:deny|doubt|help but|stop)|no need to deny)\b"
)
_BOUNDARY = re.compile(r"[,;:.!?()…–—]|\b(?:but|however|because|and yet|although|yet|so)\b")
_SUPPOSED = re.compile(
    r"\b(?:if|whether|when|whenever|unless|in case|suppose|supposing|imagine|until|once|anyone|"
    r"someone|somebody|people|those who|pretend|would|tell you (?:if|whether)|"
    r"(?:something|anything)(?! (?:tells|told|in|about)))\b"
)
_HEDGED = re.compile(
    r"\b(?:maybe|perhaps|might|may|could|possibly|possible|seems?|sounds?|as if|as though|"
    r"i wonder|i guess|im guessing|not sure|not certain|im not certain|i imagine|i suppose|"
    r"i get the (?:sense|impression)|if i (?:read|hear|understand))\b"
)
_ATTRIBUTED = re.compile(
    r"\b(?:you|he|she|they|people|someone|somebody|who|your \w+|the \w+|some)\s+(?:\w+\s+)?"
    r"(?:say|says|saying|said|told|tell|tells|mention|mentions|mentioned|wrote|write|writes|think|"
    r"thinks|thought|believe|believes|feel|feels|fear|fears|worry|worries|ask|asks|asked|describe|"
    r"described|claims?|claimed|call|called)\b(?:\s+\w+){0,3}\s*$|\baccording to\b"
    r"|\b(?:frightening|scary|terrifying|hard|painful|lonely|exhausting|awful|upsetting|difficult)"
    r" to (?:feel|believe|think|fear|sense)\b(?:\s+\w+){0,3}\s*$"
)
# Words behind a match that make what it offers worthless: "…, but they never help".
_DISMISSED = re.compile(
    r"\b(?:they|it|theyll|itll|those|that|these|nobody|no one|who|which|\w+lines?|people|friends)"
    r"(?: \w+){0,2}? (?:(?:never|dont|doesnt|wont|cant|rarely|hardly(?: ever)?|didnt|not)(?: \w+)? "
    r"(?:help|answer|pick up|listen|work|understand|do (?:anything|much)|"
    r"care(?! (?:how|what|who|if)))\w*(?! (?:to|you to|if)\b)|(?:is|are|was|were|be)(?: \w+)? "
    r"(?:useless|pointless|worthless|no (?:use|good|help)|a (?:waste|joke|scam)))"
    r"|\b(?:theyre|its|thats)(?: \w+)? "
    r"(?:useless|pointless|worthless|no (?:use|good|help)|a (?:waste|joke|scam))"
    r"|\bwaste of time\b|\bno point\b|\bwhat good\b|\bmakes? (?:it|things|everything) worse\b"
)
_BEFORE, _BEHIND = 160, 120
_NEGATION_REACH = 5
_NEGATIVE = re.compile(
    r"\b(?:not|never|no|nor|without|cant|cannot|dont|doesnt|didnt|wont|wouldnt|isnt|arent|wasnt|"
    r"werent|havent|hasnt|shouldnt|couldnt|neither|nobody|none|unable to|refuse to|avoid|"
    r"instead of|rather than|far from|nothing)\b"
)


def taken_back(sentence: str, start: int, frames: frozenset[str]) -> bool:
    """Tell whether a frame stands before a match in its clause, or behind and dismisses it."""
    before = _FILLERS.sub(" ", sentence[max(0, start - _BEFORE) : start])
    clause = _BOUNDARY.split(before)[-1]
    return (
        ("negated" in frames and _is_negated(clause))
        or ("supposed" in frames and bool(_SUPPOSED.search(clause)))
        or ("hedged" in frames and is_hedged(clause))
        or ("attributed" in frames and bool(_ATTRIBUTED.search(clause)))
        or ("dismissed" in frames and _is_dismissed(sentence[start : start + _BEHIND]))
    )


def _is_dismissed(behind: str) -> bool:
    """Tell whether what follows a match calls it worthless, and does not only suppose so."""
    found = _DISMISSED.search(behind)
    if found is None:
        return False
    return not _SUPPOSED.search(_BOUNDARY.split(behind[: found.end()])[-1])


def is_hedged(clause: str) -> bool:
    """Tell whether a clause puts what follows it as possible."""
    return bool(_HEDGED.search(clause))


def clause_before(sentence: str, start: int) -> str:
    """Return what stands before a match in its clause, without what is said for form."""
    return _BOUNDARY.split(_FILLERS.sub(" ", sentence[max(0, start - _BEFORE) : start]))[-1]


def _is_negated(clause: str) -> bool:
    """Tell a clause with one negation near its end; two undo each other."""
    near = " ".join(clause.split()[-_NEGATION_REACH:])
    return len(_NEGATIVE.findall(near)) % 2 == 1
