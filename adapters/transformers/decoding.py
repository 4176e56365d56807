"""Outlines' constraint over a report's schema, and a record of what the model thought of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from nesy import schema

from . import backends
from .characters import Characters
from .probabilities import Step
from .spelling import Spelling, token_texts

__all__ = ["Constraint", "Recorder", "Row", "token_texts"]

# A value of a field is one of few; where more tokens than this may come, text is being written.
LEAST, MOST_LEGAL = 1e-4, backends.MANY


class Constraint:
    """A schema compiled for one tokenizer.

    ``texts`` says what each token writes, ``end`` ends an answer, ``encode`` cuts a text into the
    tokenizer's own tokens. Raises NesyError N104 (no certificate), N133 (the compiled schema is
    another one) and what ``backends.compile_schema`` raises.
    """

    def __init__(
        self,
        report: schema.Schema,
        texts: Mapping[int, str],
        end: int,
        *,
        backend: str = backends.DEFAULT,
        encode: Callable[[str], Sequence[int]] | None = None,
    ) -> None:
        self.schema = report
        self.texts = texts
        self.end = end
        self.spelling = Spelling(texts, end, encode)
        self.characters = Characters(report)
        self.most_tokens = self.characters.most + 1
        self.backend = backends.compile_schema(backend, report, self.spelling)


class Row:
    """One answer being written: where it stands, and what was thought on the way.

    ``masses`` holds, for each recorded step, the probability that the model, unmasked, gave to the
    legal tokens: a value near zero tells that the constraint forced what it would not have written.
    """

    def __init__(self, constraint: Constraint) -> None:
        self.constraint = constraint
        self.matcher = constraint.backend.matcher()
        self.state = constraint.characters.start
        self.tokens: list[int] = []
        self.likely: list[tuple[list[int], list[float]]] = []
        self.masses: list[float] = []
        self.done = False

    @property
    def mass(self) -> float:
        """Return the least mass of all steps."""
        return min(self.masses, default=1.0)

    @property
    def text(self) -> str:
        """Return the answer, as the automaton read it."""
        return "".join(self.constraint.texts[token] for token in self.tokens)

    def legal(self) -> torch.Tensor:
        """Return the tokens that may come next, in order."""
        if self.done:
            return torch.tensor([self.constraint.end])
        return torch.from_numpy(self.matcher.legal())

    def take(self, token: int) -> None:
        """Go on by the token the model wrote."""
        if self.done or token == self.constraint.end:
            self.done = True
            return
        self.state = self.constraint.characters.after(self.state, self.constraint.texts[token])
        self.tokens.append(token)
        self.matcher.take(token)

    def proposal(self, token: int) -> tuple[int, ...]:
        """Return the tokens of the text that must or will likely follow this token."""
        if self.done or token == self.constraint.end:
            return ()
        characters = self.constraint.characters
        state = characters.after(self.state, self.constraint.texts[token])
        return self.constraint.spelling(characters.expected(state))

    def record(self, legal: torch.Tensor, scores: torch.Tensor, total: torch.Tensor) -> None:
        """Keep a step: the legal tokens, their scores, and the logarithm of what all sum to."""
        share = scores.logsumexp(-1) if len(legal) > 1 else scores[0]
        likely: tuple[list[int], list[float]] = ([], [])
        if len(legal) == 1:
            likely = (legal.tolist(), [1.0])
        elif len(legal) <= MOST_LEGAL:
            chances = (scores - share).exp()
            kept = chances > LEAST
            likely = (legal[kept].tolist(), chances[kept].tolist())
        # The last step only ends the answer: what the model would add says nothing.
        if not self.done and likely[0] != [self.constraint.end]:
            self.masses.append(float((share - total).exp()))
            self.likely.append(likely)

    def steps(self) -> list[Step]:
        """Return the decoding steps as texts and probabilities."""
        texts = self.constraint.texts
        return [
            Step(texts[token], tuple((texts[i], p) for i, p in zip(*likely, strict=True)))
            for token, likely in zip(self.tokens, self.likely, strict=False)
        ]


class Recorder:
    """A logits processor for Outlines' generator: masks by the constraint and keeps a record.

    It is called once for each token that is written, in order, however many come from one forward.
    """

    tensor_library_name = "torch"

    def __init__(self, constraint: Constraint) -> None:
        self.constraint = constraint
        self.rows: list[Row] = []

    def reset(self) -> None:
        """Forget the last batch."""
        self.rows = []

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores with every illegal token at minus infinity."""
        if not self.rows:
            self.rows = [Row(self.constraint) for _ in range(ids.shape[0])]
        else:
            for row, token in zip(self.rows, ids[:, -1].tolist(), strict=True):
                row.take(token)
        masked = torch.full_like(scores, -torch.inf, dtype=torch.float32)
        # A row at a time is quicker than all at once: a row of scores fits the processor's cache.
        for row, before, after in zip(self.rows, scores.float(), masked, strict=True):
            total = before.logsumexp(-1)
            if not total.isfinite():
                # Broken weights give NaN, which must not choose the token.
                before = torch.nan_to_num(before, nan=-1e4, posinf=1e4, neginf=-1e30)
                total = before.logsumexp(-1)
            legal = row.legal()
            places = legal.to(scores.device)
            found = before.index_select(0, places)
            after.index_copy_(0, places, found)
            row.record(legal, found.cpu(), total.cpu())
        return masked

    def proposals(self, tokens: Sequence[int]) -> list[tuple[int, ...]]:
        """Return, for each row, the tokens of what must follow if its token comes next."""
        return [row.proposal(token) for row, token in zip(self.rows, tokens, strict=True)]
