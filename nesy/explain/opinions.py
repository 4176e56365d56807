"""Tell what two perceivers make of a face, and where they differ; nothing rests on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nesy.explain.english import WORDS
from nesy.explain.why.justify import Node

if TYPE_CHECKING:
    from nesy.trace import Trace
    from nesy.vocabulary import Vocabulary

VOICES = ("claim", "read", "beside_claim", "beside_read")


def opinions_of(trace: Trace, words: Vocabulary) -> Iterator[Node]:
    """Yield the voices of a trace with a second perceiver, and the units only one of them saw."""
    beside = trace.beside
    if beside is None or beside.voices is None or trace.observation is None:
        return
    who = {"first": trace.observation.perceiver, "second": beside.perceiver}
    for voice in VOICES:
        emotions = getattr(beside.voices, voice)
        if emotions:
            named = ", ".join(words.phrase("emotion", emotion) for emotion in emotions)
            yield _said(f"voice_{voice}", emotions=named, **who)
    if beside.units is not None:
        for side in ("first", "second"):
            alone = getattr(beside.units, f"{side}_only")
            if alone:
                units = ", ".join(name.upper() for name in alone)
                yield _said("voice_alone", perceiver=who[side], units=units)
    yield _said("voices_differ" if beside.voices.differ else "voices_meet")


def _said(word: str, **slots: str) -> Node:
    return Node("condition", "", text=WORDS[word].format(**slots))
