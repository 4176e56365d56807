"""Read the earlier turns of a dialogue: whose each was, and what its words say.

Turns are counted back from the line: 1 is the turn just before it. The nearest are read whole; of
those further back only words of a crisis are kept, because a danger that was told does not lapse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from nesy import line
from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Case, LineEmotion, LineReading, Turn, Votes
from nesy.vocabulary import Vocabulary

# Turns back from the line that are read whole, and the furthest that is looked at.
NEAREST = 20
FURTHEST = 1000

SAME, ASSISTANT, OTHER = "same", "assistant", "other"
# What a dialogue calls the person whose line it is, where the case does not say.
PERSON = "user"


def counted(case: Case) -> Iterator[tuple[int, Turn]]:
    """Yield the earlier turns with how far back each is, the nearest first."""
    yield from enumerate(reversed(case.turns[-FURTHEST:]), 1)


def party(turn: Turn, case: Case) -> str:
    """Return whose a turn was: the same person's, the assistant's or somebody else's.

    Names are compared without regard to case. Where the case names its speaker, no other name is
    the same person's.
    """
    name, own = (" ".join(n.casefold().split()) for n in (turn.speaker, case.speaker or PERSON))
    if name == own:
        return SAME
    return ASSISTANT if name == ASSISTANT else OTHER


def read(
    case: Case, vocabulary: Vocabulary, reader: Callable[[str], LineReading] | None = None
) -> tuple[LineReading, ...]:
    """Return what each earlier turn says, oldest first: as the turn itself has it, else as read.

    ``reader`` reads words; without one the lexical reader does.
    Raises NesyError N130 or N131 for a turn that cannot be read, naming it.
    """
    found = []
    for back, turn in counted(case):
        try:
            words = _words(turn.line, vocabulary)
            if back > NEAREST:
                found.append(with_crises(LineReading(), words, vocabulary))
                continue
            said = turn.reading or (reader(turn.line) if reader is not None else words)
        except NesyError as error:
            raise _in_turn(back, error) from error
        kept = with_crises(said, words, vocabulary)
        if turn.votes is not None:
            kept = kept.model_copy(update={"emotions": _shares(turn.votes)})
        found.append(kept)
    return tuple(reversed(found))


# The cases of one dialogue have most of their turns in common.
@lru_cache(maxsize=4096)
def _words(text: str, vocabulary: Vocabulary) -> LineReading:
    return line.read(text, vocabulary)


def with_crises(reported: LineReading, words: LineReading, vocabulary: Vocabulary) -> LineReading:
    """Return a reading with the cues of a crisis that the lexical reader found, at the surer value.

    Who reports may add a sign of a crisis, and can neither take one away nor make it less sure.
    """
    signs = {c.cue: c for c in words.cues if vocabulary.cues[c.cue].all("crisis")}
    kept = []
    for cue in reported.cues:
        sign = signs.pop(cue.cue, cue)
        kept.append(sign if sign.confidence > cue.confidence else cue)
    cues = (*kept, *signs.values())
    return reported if cues == reported.cues else reported.model_copy(update={"cues": cues})


def _shares(votes: Votes) -> tuple[LineEmotion, ...]:
    """Return the share of each emotion among the votes, as a confidence."""
    total = sum(votes.values()) or 1.0
    return tuple(
        LineEmotion(emotion=emotion, confidence=round(1000 * count / total))
        for emotion, count in sorted(votes.items())
    )


def _in_turn(back: int, error: NesyError) -> NesyError:
    return type(error)(
        Diagnostic(d.code, f"{back} turn(s) back: {d.what}", d.why, d.fix, d.file, d.line, d.column)
        for d in error.diagnostics
    )
