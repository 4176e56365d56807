"""Which task a Trace sets the reply loop: compose, commission, judge what is given, or replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nesy.reply.compose import TEMPLATES, Composer
from nesy.reply.draft import Draft, Drafter
from nesy.reply.loop import Task
from nesy.reply.reader import LEXICAL, ReplyReader
from nesy.reply.writers import Commissioned, Given, Recorded
from nesy.trace import Trace
from nesy.vocabulary import Vocabulary

MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Desk:
    """Who drafts and who reads beside the lexical reader; without a drafter, the composer."""

    drafter: Drafter | None = None
    readers: tuple[ReplyReader, ...] = ()
    most: int = MOST_ROUNDS
    seed: int = 0

    def task(self, trace: Trace, vocabulary: Vocabulary) -> Task:
        """Return the task of a Trace; where nobody drafts, drafts that are no templates' stand."""
        line = trace.case.line
        if self.drafter is not None:
            writer = Commissioned(self.drafter, line, vocabulary, most=self.most, seed=self.seed)
            return Task(line, writer, self.readers)
        rounds = trace.response.rounds if trace.response else ()
        if any(round_.author != TEMPLATES for round_ in rounds):
            found = [
                tuple(r for r in round_.found if r.reader != LEXICAL) if not self.readers else ()
                for round_ in rounds
            ]
            return Task(line, Recorded(rounds), self.readers, tuple(found))
        return Task(line, Composer(vocabulary, self.most), self.readers)


def given(line: str, draft: Draft, readers: Sequence[ReplyReader] = ()) -> Task:
    """Return the task to judge one reply."""
    return Task(line, Given(draft), tuple(readers))
