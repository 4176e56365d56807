"""Free text read for what it says: a report if it is one, else the emotions it names.

Names are the ontology's: ids, labels, other labels, phrases, and the labels of foreign schemes
(``fer2013:angry``), with the adjectives of ``names.toml``. A name that is quoted, or that its
clause negates, is not counted. Free text gives no probabilities: what it names shares equally.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nesy import schema
from nesy.diagnostics import NesyError
from nesy.line.scope import clause_before, is_negated, spoken
from nesy.line.text import plain
from nesy.trace import Observation
from nesy.vocabulary import Vocabulary

from .shown import NotShown

_NAMES = Path(__file__).parent / "names.toml"
_FENCE = re.compile(r"^```(?:json)?\s*|\s*```$")
_NOT_THIS = re.compile(r"\b(?:rather than|instead of|as opposed to)\s+(?:\w+\s+){0,2}$")
_TURN = re.compile(r"\b(?:but|yet|although|though)\b")
_RATING = r"\W{1,4}(?:score\W+|rating\W+)?([1-5])\b(?!\.\d)"
# The paper asks for three ratings of the model's own answer.
SELF_RATED = {
    "tone": "tone appropriateness",
    "helpfulness": "helpfulness",
    "alignment": "emotional alignment",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What free text says: emotions in the order they are named, a report if it is one."""

    emotions: tuple[str, ...]
    text: str
    observation: Observation | None = None
    ratings: dict[str, int] | None = None


def parse(text: str, vocabulary: Vocabulary, perceiver: str = "free") -> Said | NotShown:
    """Return what a text says, or why it cannot be read: nothing in it counts as an answer then."""
    bare = _FENCE.sub("", text.strip())
    if not bare:
        return NotShown("unparseable", "the text is empty")
    if bare.startswith("{"):
        return _report(bare, vocabulary, perceiver)
    found = tuple(dict.fromkeys(emotions_in(bare, vocabulary)))
    if not found:
        return NotShown("unparseable", "the text names no emotion")
    return Said(found, text, ratings=ratings_in(bare))


def _report(text: str, vocabulary: Vocabulary, perceiver: str) -> Said | NotShown:
    """Read a JSON report that no constraint held to its form."""
    import jsonschema

    try:
        value: Any = json.loads(text)
        asked = [key for key in schema.REPORTS if key in value]
        jsonschema.Draft202012Validator(schema.report_schema(vocabulary, asked)).validate(value)
        seen = schema.to_observation(value, {}, perceiver, vocabulary=vocabulary)
    except (ValueError, TypeError, RecursionError, NesyError, jsonschema.ValidationError):
        return NotShown("unparseable", "it begins as a report and is none")
    claims = tuple(claim.emotion for face in seen.faces for claim in face.claims)
    if not seen.faces:
        return NotShown("failed", "no face was found")
    if not claims:
        return NotShown("unparseable", "the report names no emotion")
    return Said(tuple(dict.fromkeys(claims)), text, observation=seen)


def emotions_in(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the emotions that a text names, in order, as often as it does.

    >>> from nesy import vocabulary
    >>> list(emotions_in("She looks surprised and not happy; some doubt.", vocabulary.load()))
    ['surprise', 'doubt']
    """
    pattern, names = _names(vocabulary)
    folded = plain(spoken(text))
    for found in pattern.finditer(folded):
        # What a clause negates before its "but" it does not negate behind it.
        before = _TURN.split(clause_before(folded, found.start()))[-1]
        if not (is_negated(before, reach=3) or _NOT_THIS.search(before)):
            yield names[found[0]]


def ratings_in(text: str) -> dict[str, int] | None:
    """Return the ratings of 1-5 that a text gives itself, by criterion; None where there is none.

    >>> ratings_in("Tone Appropriateness: 4. Helpfulness - 3")
    {'tone': 4, 'helpfulness': 3}
    """
    found = {}
    for criterion, title in SELF_RATED.items():
        if rated := re.search(title + _RATING, text, re.IGNORECASE):
            found[criterion] = int(rated[1])
    return found or None


@lru_cache(maxsize=4)
def _names(vocabulary: Vocabulary) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return the pattern of all names and the emotion of each; a name of two is nobody's.

    An emotion's own names go before the labels of foreign schemes, exact ones before near ones.
    """
    told = tomllib.loads(_NAMES.read_text(encoding="utf-8"))
    adjectives: dict[str, list[str]] = told["adjectives"]
    found: dict[str, str] = {}
    for rank in range(3):
        level: dict[str, set[str]] = {}
        for emotion in vocabulary.emotions.values():
            own = (emotion.id.replace("_", " "), emotion.label, emotion.phrase)
            exact = [*_labels(emotion.all("alias")), *adjectives.get(emotion.id, ())]
            of = (
                [*own, *emotion.all("altLabel")],
                exact,
                _labels(emotion.all("nearAlias")),
            )[rank]
            for name in of:
                level.setdefault(plain(name), set()).add(emotion.id)
        found |= {n: next(iter(of)) for n, of in level.items() if len(of) == 1 and n not in found}
    for name in told["ambiguous"]:
        found.pop(plain(name), None)
    longest = sorted(found, key=lambda name: (-len(name), name))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
    return pattern, found


def _labels(aliases: tuple[str, ...]) -> list[str]:
    names = (alias.partition(":")[2] for alias in aliases)
    return [re.sub(r"[_-]", " ", name) for name in names]
