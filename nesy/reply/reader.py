"""The independent reader: which acts, tones and claims stand in a reply, whoever wrote it.

Lexical, by ``rules/replies/reader.toml``; English only. What it cannot read it says (``unread``):
``language`` another language, ``hidden`` characters nobody can see, ``length`` too long a text,
``empty`` no word at all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

from nesy import resources
from nesy.diagnostics import NesyError
from nesy.language import has_english, is_covered
from nesy.line.text import LONGEST_LINE, check
from nesy.reply.claims import Claim, Feelings
from nesy.reply.frames import taken_back
from nesy.reply.sentences import LONGEST_REPLY, Sentence, sentences
from nesy.trace import Asserted, ReplyReading
from nesy.vocabulary import Vocabulary

LEXICAL = "lexical"
ASSERT_FEELING = "assert_feeling"
# A text cut into more pieces than this is no reply, and would take long to read.
MOST_SENTENCES = 1500
_QUOTES = re.compile("[\"“”‘]|(?<!\\w)'")
_CHUNK = LONGEST_LINE // 20


@runtime_checkable
class ReplyReader(Protocol):
    """What a further reader offers: a model that reads a reply it has not written."""

    def describe(self) -> dict[str, Any]:
        """Return ``name``, ``model``, ``licence`` and ``needs`` (packages)."""

    def read(self, reply: str, *, line: str) -> ReplyReading:
        """Return what stands in a reply to a line; raises NesyError where it cannot be read."""


@dataclass(frozen=True, slots=True)
class _Act:
    pattern: re.Pattern[str]
    asked: bool
    unless: frozenset[str]
    tone: str | None

    def stands_in(self, sentence: Sentence) -> bool:
        if sentence.asked and not self.asked:
            return False
        return any(
            not taken_back(spelled, match.start(), self.unless)
            for spelled in sentence.spellings
            for match in self.pattern.finditer(spelled)
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, with the places that show it: characters of the reply, first to last."""

    acts: Mapping[str, tuple[int, int]]
    tones: tuple[str, ...]
    claims: tuple[Claim, ...]
    unread: tuple[str, ...]

    def in_order(self) -> tuple[str, ...]:
        """Return the acts in the order in which the text does them."""
        return tuple(sorted(self.acts, key=lambda act: (self.acts[act], act)))

    def reading(self, text: str) -> ReplyReading:
        """Return it as a Trace keeps it."""
        said = [
            Asserted(
                emotion=c.emotion,
                modality=c.modality,
                quote=text[c.sentence.start : c.sentence.end].strip(),
            )
            for c in self.claims
        ]
        return ReplyReading(
            reader=LEXICAL,
            acts=tuple(sorted(self.acts)),
            tones=self.tones,
            claims=tuple(said),
            unread=self.unread,
        )


def find(text: str, line: str = "") -> Found:
    """Return what stands in a reply to a line.

    What it quotes of the line is not its own, and neither is a feeling that the person reports
    there of themselves and that it says back ("I'm so sad." – "You're sad.").
    """
    return _find(text, line if _QUOTES.search(text) else "", _told(line))


@lru_cache(maxsize=1024)
def _told(line: str) -> re.Pattern[str] | None:
    return _feelings().told(sentences(line)) if len(line) <= LONGEST_LINE else None


@lru_cache(maxsize=4096)
def _find(text: str, line: str, told: re.Pattern[str] | None) -> Found:
    if len(text) > LONGEST_REPLY:
        return Found({}, (), (), ("length",))
    pieces = []
    for sentence in sentences(text, line):
        pieces.append(sentence if told is None else sentence.without(told))
        if len(pieces) > MOST_SENTENCES:
            return Found({}, (), (), ("length",))
    acts = _acts()
    found: dict[str, tuple[int, int]] = {}
    claims: dict[tuple[str, str], Claim] = {}
    for sentence in pieces:
        done, claimed = _said(sentence.spellings, sentence.asked)
        for name in done:
            found.setdefault(name, (sentence.start, sentence.end))
        for claim in claimed:
            claims.setdefault((claim.emotion, claim.modality), replace(claim, sentence=sentence))
    tones = {acts[name].tone for name in found if acts[name].tone}
    unread = tuple(_unread(text, pieces))
    return Found(found, tuple(sorted(map(str, tones))), tuple(claims.values()), unread)


# Replies of the templates have most of their sentences in common.
@lru_cache(maxsize=4096)
def _said(spellings: tuple[str, ...], asked: bool) -> tuple[tuple[str, ...], tuple[Claim, ...]]:
    """Return the acts and the claims that stand in a sentence, wherever it is."""
    sentence = Sentence(0, 0, spellings, asked)
    done = [name for name, act in _acts().items() if act.stands_in(sentence)]
    claims = tuple(_feelings().claims(sentence))
    if any(claim.modality == "certain" for claim in claims) and ASSERT_FEELING not in done:
        done.append(ASSERT_FEELING)
    return tuple(done), claims


def read(text: str, *, line: str = "") -> ReplyReading:
    """Return what stands in a reply to a line, as a Trace keeps it."""
    return find(text, line).reading(text)


def _unread(text: str, pieces: Sequence[Sentence]) -> Iterator[str]:
    if not re.search(r"\w", text):
        yield "empty"
    elif not has_english(text) or not all(is_covered(text[p.start : p.end]) for p in pieces):
        yield "language"
    try:
        for start in range(0, len(text), _CHUNK):
            check(text[start : start + _CHUNK])
    except NesyError:
        yield "hidden"


@lru_cache(maxsize=1)
def _file() -> Mapping[str, Any]:
    path = resources.folder("rules") / "replies" / "reader.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


_WORD = re.compile(r"\{([a-z_]+)\}")


@lru_cache(maxsize=1)
def _acts() -> dict[str, _Act]:
    """Compile the patterns: one alternation an act."""
    words = _file()["words"]
    found = {}
    for name, entry in _file()["acts"].items():
        whole = "|".join(f"(?:{pattern})" for pattern in entry["patterns"])
        while _WORD.search(whole):
            whole = _WORD.sub(lambda word: f"(?:{words[word[1]]})", whole)
        found[name] = _Act(
            re.compile(whole),
            entry.get("asked", True),
            frozenset(entry.get("unless", ())),
            entry.get("tone"),
        )
    return found


@lru_cache(maxsize=1)
def _feelings() -> Feelings:
    return Feelings.of(_file()["feelings"])


def known_acts() -> frozenset[str]:
    """Return the acts the lexical reader knows."""
    return frozenset(_acts())


def in_vocabulary(reading: ReplyReading, vocabulary: Vocabulary) -> ReplyReading:
    """Return a reading of a further reader; raises NesyError with every N201 of it."""
    named = [("reply act", act) for act in reading.acts]
    named += [("tone", tone) for tone in reading.tones]
    named += [("emotion", claim.emotion) for claim in reading.claims]
    named += [("modality", claim.modality) for claim in reading.claims]
    faults = [fault for kind, term in named for fault in vocabulary.lacking(kind, term)]
    if faults:
        raise NesyError(faults)
    return reading
