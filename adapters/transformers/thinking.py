"""A bounded thought before the constraint: free text up to a tag, then the report.

A model trained to think first writes its thought between two tags. Held to the report from its
first token on, it would be asked for what it has not learnt; left free, it could think for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from nesy.diagnostics import Diagnostic, NesyError
from nesy.observation import Thought

from .decoding import Constraint, Recorder, Row
from .recipes import Thinking, recipes

if TYPE_CHECKING:
    from .loading import Loaded

# Tokens a thought may take where nobody says otherwise, and characters of it that are kept.
BUDGET, KEPT = 512, 600
# Tokens whose text is looked at for the end of a thought: a tag has at most a token a byte.
_TAIL = 32


class Tags:
    """The tags of a model as its tokenizer writes them, and the tokens a thought may hold.

    ``opened`` tells that the prompt already ends with the opening tag; ``budget`` is the tokens a
    thought may take. Control tokens, the tokens of pictures among them, are no part of a thought;
    neither is the end of the text.
    """

    def __init__(
        self,
        thinking: Thinking,
        tokenizer: Any,
        banned: frozenset[str],
        *,
        opened: bool = False,
        budget: int = BUDGET,
    ) -> None:
        self.tokenizer, self.budget = tokenizer, budget
        self.close = thinking.close
        self.opening = [] if opened else self.cut(thinking.open)
        self.closing = self.cut(thinking.close)
        tags = {*self.closing, *self.opening}
        control = set(tokenizer.all_special_ids)
        control |= {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
        control |= {tokenizer.convert_tokens_to_ids(token) for token in banned}
        self.free = torch.tensor(sorted({*tokenizer.get_vocab().values()} - control | tags))

    @property
    def most_tokens(self) -> int:
        """Return how many tokens a thought and its tags may take."""
        behind = self.close.partition(self.close.strip())[2]
        return len(self.opening) + self.budget + max(len(self.closing), len(behind.encode()))

    def cut(self, text: str) -> list[int]:
        """Return a text as tokens."""
        return list(self.tokenizer.encode(text, add_special_tokens=False)) if text else []

    def rest(self, tokens: list[int]) -> list[int] | None:
        """Return what is left to write of a closing tag that the tokens hold; None without one."""
        text = self.tokenizer.decode(tokens[-_TAIL:], skip_special_tokens=False)
        tag = self.close.strip()
        if tag not in text:
            return None
        written, behind = text.rpartition(tag)[2], self.close.partition(tag)[2]
        return self.cut(behind[len(written) :]) if behind.startswith(written) else []


class _Row:
    """One answer: its opening tag, its thought, its closing tag, then the constraint."""

    def __init__(self, tags: Tags, inner: Recorder) -> None:
        self.tags, self.inner = tags, inner
        self.forced = list(tags.opening)
        self.thought: list[int] = []
        self.closed = self.answers = False
        self.closing = False
        self._bound()

    def take(self, token: int) -> None:
        """Go on by the token that was written."""
        if self.answers:
            return
        if self.forced:
            self.forced.pop(0)
            self.answers = self.closing and not self.forced
        else:
            self.thought.append(token)
            rest = self.tags.rest(self.thought)
            if rest is not None:
                self.closed = self.closing = True
                self.forced, self.answers = rest, not rest
        self._bound()

    def _bound(self) -> None:
        """Force the closing tag where the budget is used up."""
        if not (self.forced or self.closing) and len(self.thought) >= self.tags.budget:
            self.forced, self.closing = list(self.tags.closing), True

    def said(self) -> Thought:
        """Return the thought, without its tags."""
        text = str(self.tags.tokenizer.decode(self.thought, skip_special_tokens=False))
        if self.closed:
            text = text.rpartition(self.tags.close.strip())[0]
        shown = " ".join(text.split())[:KEPT]
        return Thought(text=shown, tokens=len(self.thought), closed=self.closed)


class ThinkThenConstrain:
    """A logits processor: each row thinks for itself, then is held to its own constraint.

    ``make_inner`` makes the constraint of one row.
    """

    tensor_library_name = "torch"

    def __init__(self, make_inner: Callable[[], Recorder], tags: Tags) -> None:
        self.make_inner, self.tags = make_inner, tags
        self._rows: list[_Row] = []

    def reset(self) -> None:
        """Forget the last batch."""
        self._rows = []

    @property
    def rows(self) -> list[Row]:
        """Return what the constraints recorded, row by row."""
        return [(row.inner.rows or [Row(row.inner.constraint)])[0] for row in self._rows]

    @property
    def thoughts(self) -> list[Thought]:
        """Return what each row thought."""
        return [row.said() for row in self._rows]

    def proposals(self, tokens: Sequence[int]) -> list[Sequence[int]]:
        """Return the tokens that must follow: the rest of a tag, or what the constraint forces."""
        found: list[Sequence[int]] = []
        for row, token in zip(self._rows, tokens, strict=True):
            if row.answers:
                found += row.inner.proposals([token]) if row.inner.rows else [()]
            else:
                found.append(row.forced[1:])
        return found

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores (rows × tokens) with everything but what may follow at -infinity."""
        if not self._rows:
            made = (self.make_inner() for _ in range(ids.shape[0]))
            self._rows = [_Row(self.tags, inner) for inner in made]
        else:
            for row, token in zip(self._rows, ids[:, -1].tolist(), strict=True):
                row.take(token)
        masked = torch.full_like(scores, -torch.inf, dtype=torch.float32)
        for at, row in enumerate(self._rows):
            if row.answers:
                masked[at] = row.inner(ids[at : at + 1], scores[at : at + 1])[0]
                continue
            places = torch.tensor(row.forced[:1]) if row.forced else self._free(scores.shape[1])
            places = places.to(scores.device)
            found = scores[at, places].float()
            masked[at, places] = torch.nan_to_num(found, nan=-1e4, posinf=1e4, neginf=-1e30)
        return masked

    def _free(self, size: int) -> torch.Tensor:
        """Return what a thought may hold, of ``size`` tokens."""
        return self.tags.free[self.tags.free < size]


def tags_for(
    loaded: Loaded, tokenizer: Any, prompt: str, banned: frozenset[str], think: str | None = None
) -> Tags | None:
    """Return the tags of a model that thinks first; None of one that does not.

    A model whose recipe has no tags thinks where its prompt ends with an opening tag that some
    recipe knows. Raises NesyError N156 where ``think`` is no number, or asks for what is not there.
    """
    known = [recipe.thinking for recipe in recipes() if recipe.thinking]
    ends = prompt.rstrip()
    own = loaded.recipe.thinking or next((t for t in known if ends.endswith(t.open.strip())), None)
    if think is not None and not (think.isascii() and think.isdecimal() and len(think) < 6):
        why = "it is the number of tokens that a thought may take, 0 for none"
        raise NesyError(Diagnostic("N156", f"think={think[:20]} is no number", why, "think=256"))
    if own is None:
        if think is not None and int(think):
            what = f"the model {loaded.name} does not think before it answers"
            why = "neither its recipe nor its chat template has tags for a thought"
            raise NesyError(Diagnostic("N156", what, why, "leave think out"))
        return None
    budget = BUDGET if think is None else int(think)
    opened = ends.endswith(own.open.strip())
    return Tags(own, tokenizer, banned, opened=opened, budget=budget)


def recorder_for(constraint: Constraint, tags: Tags | None) -> Recorder | ThinkThenConstrain:
    """Return what holds a model to its constraint, after a thought where it has tags for one."""
    if tags is None:
        return Recorder(constraint)
    return ThinkThenConstrain(lambda: Recorder(constraint), tags)


def thoughts_of(recorder: Recorder | ThinkThenConstrain) -> list[dict[str, Thought]]:
    """Return, for each row, the field of an observation that its thought fills, if it thinks."""
    if isinstance(recorder, ThinkThenConstrain):
        return [{"thought": thought} for thought in recorder.thoughts]
    return [{} for _ in recorder.rows]
