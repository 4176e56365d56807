"""Writers: who writes the next draft of a case, or that nobody does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from nesy.diagnostics import NesyError
from nesy.reply.compose import Composer
from nesy.reply.draft import Draft, Drafter, drafted_by
from nesy.trace import Brief, Round
from nesy.vocabulary import Vocabulary


class Writer(Protocol):
    """What the reply loop asks for drafts."""

    def write(self, brief: Brief, rounds: Sequence[Round]) -> Draft | Round | None:
        """Return the next draft after these rounds, or None where there is none.

        A Round is an attempt that failed; the next call is a further attempt.
        """


class Commissioned:
    """A drafter's drafts, at most so many; then the composer's, so that a reply there is."""

    def __init__(
        self, drafter: Drafter, line: str, vocabulary: Vocabulary, *, most: int, seed: int = 0
    ) -> None:
        self.name = str(drafter.describe().get("name", type(drafter).__name__))
        self._drafter, self._line, self._words = drafter, line, vocabulary
        self._most, self._seed = most, seed
        self._composer = Composer(vocabulary, most)

    def write(self, brief: Brief, rounds: Sequence[Round]) -> Draft | Round | None:
        """Return the next draft."""
        if len(rounds) >= self._most:
            return self._composer.write(brief, rounds)
        # Another seed each time: a sampling model that is told the same says it otherwise.
        seed = self._seed + len(rounds)
        try:
            return drafted_by(self._drafter, self._line, brief, self._words, seed)
        except NesyError as error:
            return Round(acts=(), text="", author=self.name, error=error.as_json())


class Given:
    """One reply that somebody else wrote, with what they say of it."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def write(self, brief: Brief, rounds: Sequence[Round]) -> Draft | None:
        """Return the reply once."""
        del brief
        return None if rounds else self._draft


class Recorded:
    """The drafts a Trace holds, in their order: no model is asked again to say why."""

    def __init__(self, rounds: Sequence[Round]) -> None:
        self._rounds = tuple(rounds)

    def write(self, brief: Brief, rounds: Sequence[Round]) -> Draft | Round | None:
        """Return the draft of the next recorded round."""
        del brief
        if len(rounds) >= len(self._rounds):
            return None
        was = self._rounds[len(rounds)]
        if was.error is not None:
            return was
        return Draft(was.acts, was.tone, was.text, was.claims, was.author)
