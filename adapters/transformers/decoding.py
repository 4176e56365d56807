"""Outlines' constraint over a report's schema, and a record of what the model thought of it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from nesy import schema
from nesy.diagnostics import Diagnostic, NesyError

from .probabilities import Step

# Outlines' engine is not annotated; this is the boundary to it.
_core: Any = importlib.import_module("outlines_core")
_json_schema: Any = importlib.import_module("outlines_core.json_schema")

# A value of a field is one of few; where more tokens than this may come, text is being written.
LEAST, MOST_LEGAL = 1e-4, 4096
_CACHED_FROM = 20_000
_BYTE = re.compile(r"^<0x([0-9A-Fa-f]{2})>$")
_BITS = torch.arange(32, dtype=torch.int32)
_PRINTABLE = re.compile(r"^[ -~]+$")


def token_texts(tokenizer: Any, size: int) -> dict[int, str]:
    """Return the text each token writes; only printable ASCII, and no control tokens.

    A report is ASCII, so no other token can be part of one, and a control token inside a string
    would end the answer in the middle.
    """
    control = set(tokenizer.all_special_ids)
    control |= {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    texts: dict[int, str] = {}
    for token, number in tokenizer.get_vocab().items():
        if number in control or number >= size:
            continue
        if byte := _BYTE.match(token):
            text = chr(int(byte[1], 16))
        elif "\u2581" in token:
            text = token.replace("\u2581", " ")
        else:
            text = tokenizer.convert_tokens_to_string([token])
        if _PRINTABLE.match(text):
            texts[number] = text
    return texts


class Constraint:
    """A schema compiled for one tokenizer."""

    def __init__(self, report: schema.Schema, texts: Mapping[int, str], end: int) -> None:
        self.schema = report
        self.texts = texts
        self.end = end
        self.most_tokens = schema.longest(report) + 1
        self.index = _index(_regex(report), texts, end)


def _regex(report: schema.Schema) -> str:
    return str(_json_schema.build_regex_from_schema(json.dumps(report), ""))


def _index(regex: str, texts: Mapping[int, str], end: int) -> Any:
    """Build the automaton over tokens, or read it from the cache.

    At 150,000 tokens it is half a minute against half a second. The cache holds data, not code.
    """
    by_text: dict[str | bytes, list[int]] = {}
    for number, text in sorted(texts.items()):
        by_text.setdefault(text, []).append(number)
    path = _cache_path(regex, by_text, end) if len(texts) >= _CACHED_FROM else None
    if path is not None:
        with contextlib.suppress(OSError, ValueError):
            return _core.Index.from_binary(path.read_bytes())
    try:
        index = _core.Index(regex, _core.Vocabulary(end, by_text))
    except ValueError as error:
        what = "this model's tokenizer cannot write the report"
        fix = "use a model whose tokenizer has every ASCII character"
        why = " ".join(str(error).split())[:200]
        raise NesyError(Diagnostic("N904", what, why, fix)) from error
    if path is not None:
        with contextlib.suppress(OSError):
            _store(path, index)
    return index


def _cache_path(regex: str, by_text: Mapping[str | bytes, list[int]], end: int) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    key = json.dumps([version("outlines_core"), regex, end, list(by_text.items())])
    return Path(base, "nesy", "index", hashlib.sha256(key.encode()).hexdigest()[:32])


def _store(path: Path, index: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _, (data,) = index.__reduce__()
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(bytes(data))
    Path(file.name).replace(path)


class Row:
    """One answer being written: where the automaton stands, and what was thought on the way."""

    def __init__(self, constraint: Constraint) -> None:
        self.constraint = constraint
        self.guide = _core.Guide(constraint.index)
        self.tokens: list[int] = []
        self.likely: list[tuple[list[int], list[float]]] = []
        self.mass = 1.0
        self.done = False

    def take(self, token: int) -> None:
        """Go on by the token the model wrote."""
        if self.done or token == self.constraint.end:
            self.done = True
            return
        self.tokens.append(token)
        self.guide.advance(token_id=token, return_tokens=False)

    @property
    def text(self) -> str:
        """Return the answer, as the automaton read it."""
        return "".join(self.constraint.texts[token] for token in self.tokens)

    def steps(self) -> list[Step]:
        """Return the decoding steps as texts and probabilities."""
        texts = self.constraint.texts
        return [
            Step(texts[token], tuple((texts[i], p) for i, p in zip(*likely, strict=True)))
            for token, likely in zip(self.tokens, self.likely, strict=False)
        ]


class Recorder:
    """A logits processor for Outlines' generator: masks by the automaton and keeps a record.

    ``Row.mass`` is the least probability that the model, unmasked, gave to the legal tokens: a
    value near zero tells that the constraint forced an answer the model would not have given.
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
        legal = self._legal(scores.shape[1]).to(scores.device)
        # Broken weights give NaN, which must not choose the token.
        clean = torch.nan_to_num(scores.float(), nan=-1e4, posinf=1e4, neginf=-1e30)
        masked = clean.masked_fill(~legal, -torch.inf)
        self._record(legal, clean, masked)
        return masked

    def _legal(self, size: int) -> torch.Tensor:
        """Return, for each row and token, whether the token may come next."""
        words = torch.zeros((len(self.rows), (size + 31) // 32), dtype=torch.int32)
        for row, mask in zip(self.rows, words, strict=True):
            if row.done:
                end = self.constraint.end
                mask[end // 32] = torch.tensor(1 << (end % 32)).to(torch.int32)
            else:
                row.guide.write_mask_into(mask.data_ptr(), mask.numel(), mask.element_size())
        bits = (words.unsqueeze(-1) >> _BITS) & 1
        return bits.view(len(self.rows), -1)[:, :size].bool()

    def _record(self, legal: torch.Tensor, clean: torch.Tensor, masked: torch.Tensor) -> None:
        """Keep each row's least mass and, where the choice is of few tokens, their chances."""
        total = masked.logsumexp(-1, keepdim=True)
        shares = (total - clean.logsumexp(-1, keepdim=True)).exp().squeeze(-1).tolist()
        counts = legal.sum(-1)
        few = legal & (counts <= MOST_LEGAL).unsqueeze(-1)
        at, tokens = few.nonzero(as_tuple=True)
        chances = (masked[at, tokens] - total.squeeze(-1)[at]).exp()
        kept = chances > LEAST
        found: list[tuple[list[int], list[float]]] = [([], []) for _ in self.rows]
        entries = (at[kept].tolist(), tokens[kept].tolist(), chances[kept].tolist())
        for number, token, chance in zip(*entries, strict=True):
            found[number][0].append(token)
            found[number][1].append(chance)
        for row, share, likely in zip(self.rows, shares, found, strict=True):
            # The last step only ends the answer: what the model would add says nothing.
            if not row.done and likely[0] != [self.constraint.end]:
                row.mass = min(row.mass, share)
                row.likely.append(likely)
