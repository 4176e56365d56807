"""Lend an Ear: dialogues whose supporters three experts rated, to see whether a judge agrees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy.benchmarks.governance import empathy
from nesy.benchmarks.people import tables
from nesy.benchmarks.samples import Reference, Sample
from nesy.trace import Case, Turn
from nesy.vocabulary import Vocabulary

FORMS = (("lend_an_ear_conversations.csv", "lend_an_ear_long.csv"),)
_SPEAKERS = {"Seeker": "user", "Supporter": "assistant"}


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample a dialogue; the ratings are of what its assistant said in the turns."""
    for dialogue in empathy.read(files[0].parent):
        turns = [Turn(speaker=_SPEAKERS[who], line=said) for who, said in dialogue.turns]
        last = max((i for i, turn in enumerate(turns) if turn.speaker == "user"), default=None)
        if last is None:
            raise tables.refused(files[0], 1, f"nobody seeks in {dialogue.name[:40]}")
        ratings = {
            name: tuple(dialogue.ratings.get((name, rater)) for rater in empathy.EXPERTS)
            for name in empathy.DIMENSIONS
        }
        yield Sample.model_validate(
            {
                "id": dialogue.name,
                "case": Case(
                    id=dialogue.name,
                    line=turns[last].line,
                    speaker="user",
                    turns=tuple(turns[:last]),
                ),
                "reference": Reference(origin="people", ratings=ratings),
                "groups": {"scenario": dialogue.scenario[:100]},
                "rated": "turns",
                "judges": _others(dialogue),
            }
        )


def _others(dialogue: empathy.Conversation) -> dict[str, dict[str, float]]:
    """Return the ratings of the crowd and of three language models, by rater and criterion."""
    return {
        rater: {
            name: dialogue.ratings[name, rater]
            for name in empathy.DIMENSIONS
            if (name, rater) in dialogue.ratings
        }
        for rater in empathy.OTHERS
    }
