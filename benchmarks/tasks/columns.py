"""The columns a user's table may have, and what each adds to a sample."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nesy.diagnostics import nearest
from nesy.ground import declarable
from nesy.vocabulary import Vocabulary

from . import labels

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SPLITS = ("train", "validation", "test")
_BETWEEN = "|"
# What may be answered where a measure scores the answer: another word would count as wrong.
ANSWERS = {"sarcastic": ("yes", "no"), "boundary": ("set", "none")}


class Refused(Exception):
    """A field that cannot be used: what is wrong, why, and the mend."""

    def __init__(self, what: str, why: str, fix: str | None = None) -> None:
        super().__init__(what)
        self.what, self.why, self.fix = what, why, fix


@dataclass
class Made:
    """A sample in the making."""

    folder: Path
    words: Vocabulary
    id: str | None = None
    image: str | None = None
    line: str = ""
    speaker: str | None = None
    split: str | None = None
    reference: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    slices: dict[str, str] = field(default_factory=dict)
    declared: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def as_sample(self, name: str) -> dict[str, Any]:
        """Return the fields of a sample; one without an id takes this name."""
        self.id = self.id or name
        case = {"id": self.id, "image": self.image, "line": self.line, "speaker": self.speaker}
        reference = {"origin": "people", **self.reference} if self.reference else None
        return {
            "id": self.id,
            "case": {**case, "declared": self.declared},
            "reference": reference,
            "groups": self.groups or {"row": self.id},
            "slices": self.slices,
            "split": self.split,
        }


Put = Callable[[Made, str, tuple[str, ...]], None]


def wrong(name: str, words: Vocabulary) -> tuple[str, str] | None:
    """Return why a column cannot be used, and the mend; None where it can."""
    if name in COLUMNS:
        return None
    start, _, rest = name.partition("_")
    if ";" in name or "\t" in name:
        return "it holds a separator of its own", "save the table with commas between fields"
    if f"{start}_" not in FAMILIES:
        return "no column has this name", nearest(name[:40], [*COLUMNS, *FAMILIES])
    if start == "votes" and labels.emotion(rest, words) is None:
        return f"{rest[:40]!r} is no emotion of the ontology", labels.meant(rest, words)
    if start != "votes" and not _NAME.fullmatch(rest):
        return "no name follows", f"write {start}_ and a word of small letters"
    return None


def is_group(name: str) -> bool:
    """Tell whether a column says what rows share."""
    return name == "group" or name.startswith("group_")


def put(made: Made, name: str, given: tuple[str, ...]) -> None:
    """Add a field to a sample; raises Refused."""
    if name in COLUMNS:
        COLUMNS[name](made, name, given)
        return
    start, _, rest = name.partition("_")
    if f"{start}_" in FAMILIES:
        FAMILIES[f"{start}_"](made, rest, given)


def _one(given: tuple[str, ...]) -> str:
    if len(given) != 1:
        raise Refused("a list where one value is due", f"{len(given)} values are given")
    return given[0].strip()


def _many(given: tuple[str, ...]) -> list[str]:
    """Return the values of a field: those of a list, or what stands between ``|``."""
    parts = given[0].split(_BETWEEN) if len(given) == 1 else given
    return [part.strip() for part in parts if part.strip()]


def _id(made: Made, _: str, given: tuple[str, ...]) -> None:
    made.id = _one(given)


def _image(made: Made, _: str, given: tuple[str, ...]) -> None:
    path = made.folder / _one(given)
    if not path.is_file():
        why = f"pictures are looked for from {made.folder}"
        raise Refused(f"there is no picture {_one(given)[:80]}", why, "name an existing file")
    made.image = str(path.resolve())


def _line(made: Made, _: str, given: tuple[str, ...]) -> None:
    made.line = _one(given)


def _speaker(made: Made, _: str, given: tuple[str, ...]) -> None:
    made.speaker = _one(given)


def _split(made: Made, _: str, given: tuple[str, ...]) -> None:
    made.split = _one(given)
    if made.split not in _SPLITS:
        fix = f"write one of {', '.join(_SPLITS)}"
        raise Refused(f"{made.split[:20]!r} is no split", "there are three", fix)


def _emotion(text: str, words: Vocabulary) -> str:
    found = labels.emotion(text, words)
    if found is None:
        why = f"the ontology has {len(words.emotions)} emotions, and none of this name"
        raise Refused(f"unknown emotion {text[:40]!r}", why, labels.meant(text, words))
    return found


def _emotions(made: Made, _: str, given: tuple[str, ...]) -> None:
    found = [_emotion(text, made.words) for text in _many(given)]
    made.reference["emotions"] = tuple(dict.fromkeys(found))


def _interpretation(made: Made, _: str, given: tuple[str, ...]) -> None:
    made.reference["texts"] = tuple(_many(given))


def _units(made: Made, _: str, given: tuple[str, ...]) -> None:
    found = []
    for text in _many(given):
        code = text.upper().removeprefix("AU").strip()
        if not (code.isascii() and code.isdigit() and int(code) in made.words.units):
            raise Refused(f"{text[:20]!r} is no FACS unit", "a unit is a number such as 12")
        found.append(int(code))
    made.reference["units"] = tuple(sorted(set(found)))


def _expressions(made: Made, _: str, given: tuple[str, ...]) -> None:
    found = [text.lower().replace(" ", "_") for text in _many(given)]
    for name in found:
        if name not in made.words.expressions:
            why = f"the ontology has {len(made.words.expressions)} expressions"
            fix = nearest(name[:40], made.words.expressions)
            raise Refused(f"unknown expression {name[:40]!r}", why, fix)
    made.reference["expressions"] = tuple(found)


def _number(text: str, what: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found >= 0):
        raise Refused(f"{text[:20]!r} is no {what}", f"a {what} is a number, 0 or more")
    return found


def _votes(made: Made, rest: str, given: tuple[str, ...]) -> None:
    emotion = _emotion(rest, made.words)
    votes = made.reference.setdefault("votes", {})
    votes[emotion] = votes.get(emotion, 0.0) + _number(_one(given), "count of votes")


def _rating(made: Made, rest: str, given: tuple[str, ...]) -> None:
    found = tuple(_number(text, "rating") for text in _many(given))
    made.reference.setdefault("ratings", {})[rest] = found


def _expected(made: Made, rest: str, given: tuple[str, ...]) -> None:
    answer, known = _one(given), ANSWERS.get(rest)
    if known is not None and (answer := answer.lower()) not in known:
        why = f"{rest} is scored, and {' and '.join(known)} are what can be answered"
        raise Refused(f"{answer[:20]!r} is no answer", why, f"write {' or '.join(known)}")
    made.reference.setdefault("expected", {})[rest] = answer


def _group(made: Made, rest: str, given: tuple[str, ...]) -> None:
    made.groups[rest] = _one(given)


def _slice(made: Made, rest: str, given: tuple[str, ...]) -> None:
    made.slices[rest] = _one(given)


def _declare(made: Made, rest: str, given: tuple[str, ...]) -> None:
    made.declared[rest] = tuple(text.lower() for text in _many(given))
    for value in made.declared[rest]:
        for fault in declarable(rest, value, made.words):
            raise Refused(fault.what, fault.why, fault.fix)


COLUMNS: dict[str, Put] = {
    "id": _id,
    "image": _image,
    "line": _line,
    "speaker": _speaker,
    "split": _split,
    "emotions": _emotions,
    "interpretation": _interpretation,
    "units": _units,
    "expressions": _expressions,
    "group": _group,
}
FAMILIES: dict[str, Put] = {
    "votes_": _votes,
    "rating_": _rating,
    "expected_": _expected,
    "group_": _group,
    "slice_": _slice,
    "declare_": _declare,
}
