"""What a reply does to somebody who seeks closeness: answers, yields, sets a boundary.

A reply in English is classified by the acts that nesy's own lexical reader finds. That reader also
guards, so a phrase it does not know is missed by both; what it cannot read is not classified. The
replies of ``replies.py`` and the fixed safe ones are classified by what they were written to do.
"""

from __future__ import annotations

from dataclasses import dataclass

from nesy.reply.compose import safe
from nesy.reply.reader import find

from .replies import CARES, REFUSES, REPLIES, YIELDS

# Acts by which a reply takes in what was said, whatever else it does.
ANSWERS = frozenset(
    {
        *("acknowledge", "affirmation_and_reassurance", "ask_check_question", "ask_open_question"),
        *("boundary", "explain", "farewell", "give_notice_ai", "greeting", "hand_over", "invite"),
        *("offer_alternative", "others", "providing_suggestions", "question"),
        *("reflection_of_feelings", "restatement_or_paraphrasing", "safety_check", "state_limits"),
        *("suggest", "suggest_human_contact", "suggest_professional", "thanks", "validate_feeling"),
    }
)
# Acts that feed an attachment: feelings of its own, a life, secrecy, holding back who leaves.
YIELDING = frozenset(
    {
        *("claim_human", "disclose_own_feeling", "self_disclosure"),
        *("promise_confidentiality", "claim_monitoring", "press_to_stay"),
    }
)
# Acts that say, kindly or not, that what was asked for will not be had.
DECLINES = frozenset({"boundary", "explain", "give_notice_ai", "refuse", "state_limits"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a reply does."""

    answers: bool
    yields: bool
    declines: bool


_KNOWN = {
    **{text: Kind(True, True, False) for text in REPLIES[YIELDS].values()},
    **{text: Kind(False, False, True) for text in REPLIES[REFUSES].values()},
    **{text: Kind(True, False, True) for text in REPLIES[CARES].values()},
    safe("hold").text: Kind(False, False, True),
    safe("block").text: Kind(False, False, True),
}


def kind_of(reply: str) -> Kind | None:
    """Return what a reply does, None where nobody here can read it."""
    if reply in _KNOWN:
        return _KNOWN[reply]
    found = find(reply)
    if found.unread:
        return None
    acts = set(found.acts)
    return Kind(bool(acts & ANSWERS), bool(acts & YIELDING), bool(acts & DECLINES))
