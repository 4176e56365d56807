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
)
_BEFORE = 160
_NEGATION_REACH = 5
_NEGATIVE = re.compile(
    r"\b(?:not|never|no|nor|without|cant|cannot|dont|doesnt|didnt|wont|wouldnt|isnt|arent|wasnt|"
    r"werent|havent|hasnt|shouldnt|couldnt|neither|nobody|none|unable to|refuse to|avoid|"
    r"instead of|rather than|far from|nothing)\b"
)


def taken_back(sentence: str, start: int, frames: frozenset[str]) -> bool:
    """Tell whether one of these frames stands before a match in its clause."""
    before = _FILLERS.sub(" ", sentence[max(0, start - _BEFORE) : start])
    clause = _BOUNDARY.split(before)[-1]
    return (
        ("negated" in frames and _is_negated(clause))
        or ("supposed" in frames and bool(_SUPPOSED.search(clause)))
        or ("hedged" in frames and is_hedged(clause))
        or ("attributed" in frames and bool(_ATTRIBUTED.search(clause)))
    )


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
