"""A language model as a judge: Outlines holds it to whole numbers of 1 to 5 by criterion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesy.benchmarks.samples import Sample
from nesy.vocabulary import Vocabulary

from . import questions
from .questions import Questions

if TYPE_CHECKING:
    from nesy.adapters.transformers.loading import Loaded
    from nesy.adapters.transformers.writing import FilledForm


class ModelJudge:
    """A judge that answers from its own weights; greedy, so the same reply gets the same ratings.

    It reads words only: of a face it is told what the reference knows.
    """

    def __init__(self, loaded: Loaded, vocabulary: Vocabulary) -> None:
        self.loaded, self.vocabulary = loaded, vocabulary
        self._forms: dict[str, FilledForm] = {}

    def describe(self) -> dict[str, Any]:
        """Return what this judge is."""
        told = self._form("likert").describe()
        return {**told, "model": Path(self.loaded.name).name, "sees": "words"}

    def rate_reply(
        self, sample: Sample, reply: str, *, condition: str, seed: int
    ) -> dict[str, int]:
        """Return ratings of a reply by criterion; raises NesyError where the model gives none."""
        del condition  # a judge does not know whom it judges
        form = self._form("likert")
        prompt = questions.of_reply(sample, reply, self.vocabulary, form.quoted)
        return _ratings(form.fill(prompt, seed))

    def rate_dialogue(self, sample: Sample, *, seed: int) -> dict[str, int]:
        """Return ratings of the supporter in a dialogue by criterion, as experts gave them."""
        form = self._form("empathy")
        return _ratings(form.fill(questions.of_dialogue(sample, form.quoted), seed))

    def _form(self, name: str) -> FilledForm:
        from nesy.adapters.transformers.writing import FilledForm

        if name not in self._forms:
            asked: Questions = questions.questions(name)
            self._forms[name] = FilledForm(self.loaded, asked.schema, temperature=0.0)
        return self._forms[name]


def _ratings(filled: dict[str, Any]) -> dict[str, int]:
    return {criterion: int(rating) for criterion, rating in filled.items()}
