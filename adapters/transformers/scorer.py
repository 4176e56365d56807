"""The probability of every value of every field in one forward pass.

All answers that differ from the written one in a single field are cut into tokens as the tokenizer
cuts them whole, and laid into one trie behind the prompt. An additive mask lets each token see the
prompt and its own ancestors, its position is that of its depth, and so one pass gives the
logarithm of each path's probability, as one pass a path would. A field's probabilities are these,
normalised over its values: no masked path product, so neither a long value nor one that can be cut
in many ways is at a disadvantage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from nesy import schema

Tokens = tuple[int, ...]
Distributions = dict[schema.Path, dict[str, float]]
# What a self-test may differ by, in natural logarithms: an architecture that ignores the mask is
# off by more, rounding in half precision by less.
CLOSE, CLOSE_IN_HALF = 1e-4, 0.25
_BEFORE, _BEHIND = 2, 24


class Unscorable(Exception):
    """A model or a tokenizer that cannot be scored; the text says why."""


@dataclass(slots=True)
class Trie:
    """Tokens behind a prompt; a node's parent comes before it, -1 is the prompt's last token."""

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    children: dict[tuple[int, int], int] = field(default_factory=dict)

    def node(self, parent: int, token: int) -> int:
        """Return the child of a node that holds this token; it is made where there is none."""
        key = (parent, token)
        if key not in self.children:
            self.children[key] = len(self.tokens)
            self.tokens.append(token)
            self.parents.append(parent)
            self.depths.append(1 if parent < 0 else self.depths[parent] + 1)
        return self.children[key]

    def edges(self, parent: int, tokens: Sequence[int]) -> list[tuple[int, int]]:
        """Return (parent, token) along a path; what nothing follows needs no node."""
        found = []
        for number, token in enumerate(tokens):
            found.append((parent, token))
            if number + 1 < len(tokens):
                parent = self.node(parent, token)
        return found

    def seen(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return (n, n): which nodes each node sees, its ancestors and itself."""
        found = np.eye(len(self.tokens), dtype=bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                found[node] |= found[parent]
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a field: its tokens follow the first ``stem`` tokens of the written answer."""

    path: schema.Path
    value: str
    stem: int
    tokens: Tokens


class Cutter:
    """Cuts answers into tokens as the tokenizer cuts them whole."""

    def __init__(self, tokenizer: Any, texts: Mapping[int, str]) -> None:
        self.tokenizer, self.texts = tokenizer, texts
        self.known: dict[str, Tokens] = {}

    def tokens(self, text: str) -> Tokens:
        """Return a text's tokens; raises Unscorable where they are not those of the text."""
        if text not in self.known:
            # An answer begins a line; without one, some tokenizers would put a space before it.
            found = self.tokenizer.encode("\n" + text, add_special_tokens=False)
            for cut in range(min(4, len(found) + 1)):
                kept = tuple(found[cut:])
                if "".join(self.texts.get(token, "\n") for token in kept) == text:
                    self.known[text] = kept
                    break
            else:
                raise Unscorable("the tokenizer does not cut an answer into tokens that write it")
        return self.known[text]

    def choices(
        self, report_schema: schema.Schema, report: Mapping[str, Any]
    ) -> tuple[Tokens, list[Choice]]:
        """Return the written answer's tokens, and every value of every field.

        A path goes on until the value has ended, with the text that really follows: many
        tokenizers write the end of one value and the start of the next key as one token.
        """
        text = schema.write(report)
        spine = self.tokens(text)
        starts = [0]
        for token in spine:
            starts.append(starts[-1] + len(self.texts[token]))
        places = schema.spans(report_schema, report)
        found: list[Choice] = []
        first = 0
        for path, values in schema.fields(report_schema):
            start, end = places[path]
            while starts[first + 1] <= start:
                first += 1
            last = first
            while starts[last + 1] < end:
                last += 1
            stem, stop = max(0, first - _BEFORE), starts[last + 1] + _BEHIND
            written = spine[stem : last + 1]
            if self.tokens(text[starts[stem] : stop])[: len(written)] != written:
                stem, stop = 0, len(text)
            for value in values:
                lead = text[starts[stem] : start] + f'"{value}"'
                tokens = self.tokens(lead + text[end:stop])
                found.append(Choice(path, value, stem, self._until(tokens, len(lead))))
        return spine, found

    def _until(self, tokens: Tokens, length: int) -> Tokens:
        """Return the first tokens that write so many characters."""
        written = 0
        for number, token in enumerate(tokens):
            written += len(self.texts[token])
            if written >= length:
                return tokens[: number + 1]
        return tokens


class Scorer:
    """Scores the fields of one schema with one model."""

    def __init__(self, model: Any, tokenizer: Any, texts: Mapping[int, str]) -> None:
        self.model = model
        self.cutter = Cutter(tokenizer, texts)
        text = model.config.get_text_config()
        kinds = getattr(text, "layer_types", None) or ()
        # A mask of one's own takes the place of a sliding window, which must then not be narrower.
        self.window = text.sliding_window if "sliding_attention" in kinds else None

    def score(
        self, inputs: Mapping[str, Any], report_schema: schema.Schema, report: Mapping[str, Any]
    ) -> Distributions:
        """Return each field's probabilities, given the prompt and the fields written before it.

        ``inputs`` are the processor's, of one row. Raises Unscorable.
        """
        spine, choices = self.cutter.choices(report_schema, report)
        return _normalised(choices, self._in_one(inputs, spine, choices))

    def _in_one(
        self, inputs: Mapping[str, Any], spine: Tokens, choices: Sequence[Choice]
    ) -> list[float]:
        trie, along = Trie(), [-1]
        for token in spine[: max(choice.stem for choice in choices)]:
            along.append(trie.node(along[-1], token))
        edges = [trie.edges(along[choice.stem], choice.tokens) for choice in choices]
        rows = self._logits(inputs, trie)
        rows = rows if rows.dtype == torch.float64 else rows.float()
        rows = torch.nan_to_num(rows, nan=-1e4, posinf=1e4, neginf=-1e30)
        flat = [edge for path in edges for edge in path]
        parents = torch.tensor([parent + 1 for parent, _ in flat], device=rows.device)
        tokens = torch.tensor([token for _, token in flat], device=rows.device)
        each = (rows[parents, tokens] - rows.logsumexp(-1)[parents]).double()
        sums = np.add.reduceat(
            each.cpu().numpy(), np.cumsum([0, *(len(path) for path in edges[:-1])])
        )
        return [float(value) for value in sums]

    def _logits(self, inputs: Mapping[str, Any], trie: Trie) -> torch.Tensor:
        """Return (1 + n, vocabulary): what follows the prompt, and what follows each node."""
        prompt = inputs["input_ids"]
        before, count = prompt.shape[1], len(trie.tokens)
        length = before + count
        if self.window is not None and length > self.window:
            raise Unscorable(f"the answer reaches beyond the model's window of {self.window}")
        seen = torch.ones((length, length), dtype=torch.bool).tril()
        seen[before:, before:] = torch.from_numpy(trie.seen())
        dtype = self.model.dtype
        mask = torch.zeros((1, 1, length, length), dtype=dtype)
        mask.masked_fill_(~seen, torch.finfo(dtype).min)
        added = torch.tensor([trie.tokens], dtype=prompt.dtype, device=prompt.device)
        given = _longer(inputs, prompt, count)
        known = {key: value for key, value in inputs.items() if key != "input_ids"}
        positions = self.model._prepare_position_ids_for_generation(prompt, known)
        depths = torch.tensor(trie.depths, device=positions.device, dtype=positions.dtype)
        with torch.inference_mode():
            out = self.model(
                **given,
                input_ids=torch.cat([prompt, added], 1),
                attention_mask=mask.to(prompt.device),
                position_ids=torch.cat([positions, positions[..., -1:] + depths], -1),
                use_cache=False,
                logits_to_keep=count + 1,
            )
        logits: torch.Tensor = out.logits[0, -(count + 1) :]
        return logits

    def one_by_one(
        self, inputs: Mapping[str, Any], spine: Tokens, choices: Sequence[Choice]
    ) -> list[float]:
        """Return what one pass finds, by a pass for each choice with nothing but its own tokens."""
        prompt, found = inputs["input_ids"], []
        for choice in choices:
            path = [*spine[: choice.stem], *choice.tokens]
            added = torch.tensor([path], dtype=prompt.dtype, device=prompt.device)
            given = _longer(inputs, prompt, len(path))
            ids = torch.cat([prompt, added], 1)
            with torch.inference_mode():
                out = self.model(
                    **given, input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False
                )
            rows = out.logits[0, prompt.shape[1] - 1 : -1]
            rows = (rows if rows.dtype == torch.float64 else rows.float()).log_softmax(-1)
            each = rows.gather(-1, added[0].unsqueeze(-1)).double()
            found.append(float(each[choice.stem :].sum()))
        return found

    def difference(
        self, inputs: Mapping[str, Any], report_schema: schema.Schema, most: int | None = None
    ) -> float:
        """Return how far one pass is from one pass a choice: the largest difference of logarithms.

        Of ``most`` choices those with the longest paths are tried, which need the mask most.
        """
        report = _first(report_schema)
        spine, choices = self.cutter.choices(report_schema, report)
        tried = sorted(choices, key=lambda choice: -len(choice.tokens))[:most]
        together = dict(zip(choices, self._in_one(inputs, spine, choices), strict=True))
        apart = self.one_by_one(inputs, spine, tried)
        return max(abs(together[c] - alone) for c, alone in zip(tried, apart, strict=True))

    def fault(self, inputs: Mapping[str, Any], report_schema: schema.Schema) -> str | None:
        """Return why this model cannot be scored, found by trying; None where it can."""
        close = CLOSE if self.model.dtype == torch.float32 else CLOSE_IN_HALF
        try:
            off = self.difference(inputs, report_schema, most=6)
        except Unscorable as error:
            return str(error)
        # Whatever an architecture raises at a mask it does not know.
        except (RuntimeError, TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
            return f"it takes no mask of a tree: {' '.join(str(error).split())[:120]}"
        return None if off <= close else f"a tree and single paths differ by {off:.2g}"


def _longer(inputs: Mapping[str, Any], prompt: torch.Tensor, count: int) -> dict[str, Any]:
    """Return the other inputs, those with a value a token lengthened by text (0)."""
    found: dict[str, Any] = {}
    for key, value in inputs.items():
        if key in ("input_ids", "attention_mask"):
            continue
        if isinstance(value, torch.Tensor) and value.shape == prompt.shape:
            value = torch.cat([value, value.new_zeros((value.shape[0], count))], 1)
        found[key] = value
    return found


def _normalised(choices: Sequence[Choice], logs: Sequence[float]) -> Distributions:
    found: dict[schema.Path, dict[str, float]] = {}
    for choice, log in zip(choices, logs, strict=True):
        found.setdefault(choice.path, {})[choice.value] = log
    return {path: _softmax(values) for path, values in found.items()}


def _softmax(logs: Mapping[str, float]) -> dict[str, float]:
    highest = max(logs.values())
    shares = {value: float(np.exp(log - highest)) for value, log in logs.items()}
    total = sum(shares.values())
    return {value: share / total for value, share in shares.items()}


def _first(part: schema.Schema) -> Any:
    """Return the answer with the first value of every field."""
    if "properties" in part:
        return {key: _first(inner) for key, inner in part["properties"].items()}
    return part["enum"][0] if "enum" in part else ""
