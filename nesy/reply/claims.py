"""Claims: which feelings of the person a sentence speaks of, and how surely it does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from nesy.line.scope import is_of_another
from nesy.reply.frames import clause_before, is_hedged, taken_back
from nesy.reply.sentences import Sentence

Modality = Literal["certain", "possible", "asked"]
_SURE = ("possible", "asked", "certain")
# "Your anger is plain to see": a noun that is the emotion's own name.
_NOUN = (
    r"\byour (?:\w+ )?(?P<noun>{nouns}) (?:is|are|has|shows?|comes?|runs?|seems)\b"
    r"(?! (?:\w+ )?(?:valid|understandable|normal|okay|ok|real|welcome|natural))"
)
_NOT_CLAIMED = frozenset({"negated", "supposed", "attributed"})
_NOT_REPORTED = frozenset({"negated", "supposed", "attributed", "hedged"})
_VERY = (
    r"(?:(?:so|very|really|quite|just|clearly|obviously|definitely|certainly|actually|still|deeply|"
    r"all|truly|feeling|extremely|a bit|a little|too|getting|being|completely|also|rather|pretty|"
    r"incredibly|probably|now|only|secretly|inside|deep down|both|is|full of|filled with)\s+)*"
)
_YOU = r"(?:youre|ure|ur|u r|u are)"
# Before a feeling word, what makes it a certain claim.
_CERTAIN = (
    rf"\b{_YOU} {_VERY}",
    rf"\byou(?:ve)? (?:(?:must|do|will|clearly|really|still|just|obviously|so|already) )*"
    rf"(?:feel|felt|are) {_VERY}(?:like youre )?",
    rf"\byou must (?:be|feel|have been) {_VERY}",
    rf"\b(?:makes?|made|making|leaves?|left|got) (?:you|u) (?:feel )?{_VERY}",
    rf"\bi (?:can )?(?:see|know|tell|sense|feel|hear) (?:that )?(?:you|how) {_VERY}",
)
_POSSIBLE = (
    rf"\byou(?:ve)? (?:look|seem|sound|appear)(?:ed)? (?:to be |to feel )?{_VERY}",
    rf"\byou (?:might|may|could|can|would) (?:well )?(?:be|feel|have felt) {_VERY}",
)
# The person's own report: "I'm so sad", "I feel sad"; not "I was sad".
_OWN = (rf"\b(?:im|i(?: (?:do|just|still|really))? feel|ive been) {_VERY}",)
_ASKED = (
    rf"\b(?:are|do|were) you (?:feel )?{_VERY}",
    rf"\b(?:is|does) (?:it|that) make you {_VERY}",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A feeling a sentence speaks of."""

    emotion: str
    modality: Modality
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Feelings:
    """The words of feelings, compiled: one pattern for each modality."""

    emotions: Mapping[str, str]
    patterns: tuple[tuple[Modality, re.Pattern[str]], ...]
    own: re.Pattern[str]

    @classmethod
    def of(cls, words: Mapping[str, str]) -> Feelings:
        """Compile emotion → alternation of words."""
        names = {emotion: f"e{number}" for number, emotion in enumerate(words)}
        any_ = "|".join(f"(?P<{names[emotion]}>{words[emotion]})" for emotion in words)
        by: tuple[tuple[Modality, tuple[str, ...]], ...] = (
            ("certain", _CERTAIN),
            ("possible", _POSSIBLE),
            ("asked", _ASKED),
        )
        nouns = re.compile(_NOUN.format(nouns="|".join(words)))
        return cls(
            {name: emotion for emotion, name in names.items()},
            (
                *((m, re.compile(rf"(?:{'|'.join(starts)})(?:{any_})\b")) for m, starts in by),
                ("certain", nouns),
            ),
            re.compile(rf"(?:{'|'.join(_OWN)})(?:{any_})\b"),
        )

    def told(self, line: Iterable[Sentence]) -> re.Pattern[str] | None:
        """Return what finds a feeling said back that the person reports in a line, or None."""
        words = {
            match[str(match.lastgroup)]
            for sentence in line
            for spelled in sentence.spellings
            for match in self.own.finditer(spelled)
            if not sentence.asked and _is_reported(spelled, match.start())
        }
        if not words:
            return None
        any_ = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
        return re.compile(rf"(?P<start>{'|'.join(_CERTAIN)})(?:{any_})\b(?:,? (?P<more>and) )?")

    def claims(self, sentence: Sentence) -> Iterator[Claim]:
        """Yield the claims of a sentence, each emotion once with the surest modality."""
        found: dict[str, Modality] = {}
        for spelled in sentence.spellings:
            for modality, match in self._matches(spelled):
                if taken_back(spelled, match.start(), _NOT_CLAIMED):
                    continue
                group = str(match.lastgroup)
                emotion = match[group] if group == "noun" else self.emotions[group]
                hedged = is_hedged(clause_before(spelled, match.start()))
                sure: Modality = "asked" if sentence.asked else "possible" if hedged else modality
                if emotion not in found or _SURE.index(sure) > _SURE.index(found[emotion]):
                    found[emotion] = sure
        for emotion, sure in found.items():
            yield Claim(emotion, sure, sentence)

    def _matches(self, spelled: str) -> Iterator[tuple[Modality, re.Match[str]]]:
        for modality, pattern in self.patterns:
            for match in pattern.finditer(spelled):
                yield modality, match


def _is_reported(spelled: str, start: int) -> bool:
    """Tell whether a report of "I am …" is the speaker's own, and meant."""
    return not (
        taken_back(spelled, start, _NOT_REPORTED)
        or is_of_another(clause_before(spelled, start), "", crisis=True)
    )
