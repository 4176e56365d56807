"""Forms a language model fills: a draft with what its author says of it, and a second reading.

Both are schemas of enumerations and bounded texts, so the longest answer is known
(``nesy.schema.longest``). Texts are plain ASCII: English is what is read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nesy.reply.draft import Draft
from nesy.reply.reader import known_acts
from nesy.schema import Schema, all_of, one_of
from nesy.trace import Asserted, ReplyReading
from nesy.vocabulary import Vocabulary

NONE, YES, NO = "none", "yes", "no"
MOST_ACTS, MOST_CLAIMS = 6, 2
TEXT_LIMIT = 600


def draft_schema(vocabulary: Vocabulary, limit: int = TEXT_LIMIT) -> Schema:
    """Return the schema of a draft: acts in order, tone, feelings it speaks of, then the text."""
    acts = [NONE, *sorted(vocabulary.terms["reply act"])]
    parts: dict[str, Schema] = {f"act_{n}": one_of(acts) for n in _numbers(MOST_ACTS)}
    parts["tone"] = one_of(sorted(vocabulary.terms["tone"]))
    parts |= _claims(vocabulary)
    parts["text"] = {"type": "string", "pattern": rf"^[ -!#-\[\]-~]{{0,{limit}}}$"}
    return all_of(parts)


def to_draft(filled: Mapping[str, Any], author: str) -> Draft:
    """Return a filled form as a draft."""
    acts = [filled[f"act_{n}"] for n in _numbers(MOST_ACTS)]
    said = tuple(dict.fromkeys(act for act in acts if act != NONE))
    return Draft(said, filled["tone"], filled["text"], _asserted(filled), author)


def reading_schema(vocabulary: Vocabulary) -> Schema:
    """Return the schema of a reading: yes or no for each act, tone, and feelings spoken of."""
    parts: dict[str, Schema] = {act: one_of([NO, YES]) for act in _asked(vocabulary)}
    parts["tone"] = one_of(sorted(vocabulary.terms["tone"]))
    return all_of(parts | _claims(vocabulary))


def to_reading(filled: Mapping[str, Any], reader: str) -> ReplyReading:
    """Return a filled form as a reading."""
    acts = sorted(act for act, answer in filled.items() if answer == YES)
    return ReplyReading(
        reader=reader, acts=tuple(acts), tones=(filled["tone"],), claims=_asserted(filled)
    )


def _asked(vocabulary: Vocabulary) -> list[str]:
    return sorted(known_acts() & set(vocabulary.terms["reply act"]))


def _claims(vocabulary: Vocabulary) -> dict[str, Schema]:
    feelings = one_of([NONE, *sorted(vocabulary.emotions)])
    sure = one_of(sorted(vocabulary.terms["modality"]))
    found = {}
    for number in _numbers(MOST_CLAIMS):
        found[f"feeling_{number}"] = feelings
        found[f"modality_{number}"] = sure
    return found


def _asserted(filled: Mapping[str, Any]) -> tuple[Asserted, ...]:
    pairs = ((filled[f"feeling_{n}"], filled[f"modality_{n}"]) for n in _numbers(MOST_CLAIMS))
    return tuple(Asserted(emotion=e, modality=m) for e, m in pairs if e != NONE)


def _numbers(most: int) -> range:
    return range(1, most + 1)
