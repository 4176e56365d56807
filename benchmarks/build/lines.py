"""The lines of conversation: a selection of XED, and templates with their slots filled.

A line belongs to one split, and so do all lines of one template. What XED's lines in ``train`` say
was shown to the reader ``minilm`` and to the learned weights; those in the other splits never were.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

from nesy import resources
from nesy.benchmarks.people.tables import rows
from nesy.vocabulary import Vocabulary

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
FOLDER = Path(__file__).parent / "lines"
# Words of a line. The paper says short, moderate and long without a number; its examples have 2-6.
LENGTHS = {"short": range(1, 5), "moderate": range(5, 10), "long": range(10, 1_000)}
SCHEME = "plutchik8"  # the scheme under which the ontology reads XED's labels
FILLINGS = 12  # lines made of one template, so that none with three slots outweighs the others
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line; ``emotions`` are people's labels, ``act`` the template author's, where there are any.

    ``tone`` is positive, negative, neutral or mixed: from the labels by the ontology's valences, or
    the author's.
    """

    id: str
    text: str
    source: Literal["xed", "template"]
    split: Split
    tone: str
    domain: str
    group: str
    emotions: tuple[str, ...] = ()
    act: str = ""

    @property
    def length(self) -> str:
        """Return the class of length: short, moderate or long."""
        return length_of(self.text)


def length_of(text: str) -> str:
    """Return the class of a line's length by its words; a line has one at least."""
    words = max(1, len(text.split()))
    return next((name for name, counts in LENGTHS.items() if words in counts), "long")


def load(words: Vocabulary) -> tuple[Line, ...]:
    """Return every shipped line, XED's first; what XED has, no template says again."""
    chosen = tuple(xed(words))
    taken = {line.text for line in chosen}
    return (*chosen, *(line for line in templates(words) if line.text not in taken))


def xed(words: Vocabulary) -> Iterator[Line]:
    """Yield the shipped selection of XED (Öhman et al. 2020, CC BY 4.0), labelled by people."""
    aliases = {a: e.id for e in words.emotions.values() for a in e.all("alias")}
    for _, row in rows(FOLDER / "xed.csv", ("number", "text", "emotions", "part")):
        named = [aliases.get(f"{SCHEME}:{label}", label) for label in row["emotions"].split("|")]
        emotions = tuple(sorted(words.require("emotion", name).id for name in named))
        held = SPLITS[1 + digit(row["text"]) % 2]
        split: Split = "train" if row["part"] == "train" else held
        name = f"xed_{row['number']}"
        tone = tone_of(emotions, words)
        yield Line(name, row["text"], "xed", split, tone, "film", name, emotions)


def templates(words: Vocabulary) -> Iterator[Line]:
    """Yield the lines of ``grammar.toml``, at most FILLINGS a template and none twice."""
    grammar = _grammar()
    splits: dict[str, Split] = {}
    every = [text for group in grammar["lines"] for text in group["templates"]]
    for length in LENGTHS:
        splits |= dealt(text for text in every if length_of(text) == length)
    said: set[str] = set()
    for number, group in enumerate(grammar["lines"]):
        act = words.require("line act", group["act"]).id
        tone = words.require("valence", group["tone"]).id
        for at, template in enumerate(group["templates"]):
            name, split = f"template_{number}_{at}", splits[template]
            for filling, text in enumerate(filled(template, grammar["slots"])):
                if text not in said:
                    said.add(text)
                    line, domain = f"{name}_{filling}", group["domain"]
                    yield Line(line, text, "template", split, tone, domain, name, act=act)


def filled(template: str, slots: Mapping[str, list[str]]) -> list[str]:
    """Return a template's lines, at most FILLINGS, chosen by a hash of the words."""
    names = list(dict.fromkeys(_SLOT.findall(template)))
    made = []
    for values in product(*(slots[name] for name in names)):
        text = template.format(**dict(zip(names, values, strict=True)))
        made.append(text[0].upper() + text[1:])
    return sorted(made, key=digit)[:FILLINGS]


def tone_of(emotions: tuple[str, ...], words: Vocabulary) -> str:
    """Return the valence that emotions have together, by the ontology."""
    signs = {words.emotions[name].one("valence") for name in emotions}
    if {"1", "-1"} <= signs:
        return "mixed"
    return "positive" if "1" in signs else "negative" if "-1" in signs else "neutral"


def dealt(names: Iterable[str]) -> dict[str, Split]:
    """Deal things to splits by a hash of their names: of ten, one is for test, one validation."""
    ranked = sorted(set(names), key=digit)
    few: dict[int, Split] = {0: "test", 1: "validation"}
    return {name: few.get(at % 10, "train") for at, name in enumerate(ranked)}


def digit(text: str) -> int:
    """Return a large number that only the text decides."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:15], 16)


def files() -> tuple[Path, ...]:
    """Return the files that lines come from, whose hash a built set records."""
    return FOLDER / "xed.csv", FOLDER / "grammar.toml"


def version() -> str:
    """Return the hash of the shipped lines."""
    return resources.digest(files())


@lru_cache(maxsize=1)
def _grammar() -> dict[str, Any]:
    grammar: dict[str, Any] = tomllib.loads((FOLDER / "grammar.toml").read_text(encoding="utf-8"))
    return grammar
