"""outlines_core: the schema as an automaton over tokens, compiled once and kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nesy.diagnostics import Diagnostic, NesyError

from . import MANY, OUTLINES_CORE, Tokens, Words, tokens_of

if TYPE_CHECKING:
    from nesy.schema import Schema

    from ..spelling import Spelling

# Outlines' engine is not annotated; this is the boundary to it.
_core: Any = importlib.import_module("outlines_core")
_json_schema: Any = importlib.import_module("outlines_core.json_schema")

_CACHED_FROM = 20_000


def regex_of(report: Schema) -> str:
    """Return the regular expression of a schema's answers, written without white space."""
    return str(_json_schema.build_regex_from_schema(json.dumps(report), ""))


class Automaton:
    """A Backend over outlines_core's index."""

    name = OUTLINES_CORE

    def __init__(self, report: Schema, spelling: Spelling) -> None:
        self.index = _index(regex_of(report), spelling.texts, spelling.end)
        self.words = -(-spelling.size // 32)
        # What may come next at a state, where that is little enough to be kept.
        self.seen: dict[int, Tokens] = {}

    def matcher(self) -> _Guide:
        """Return the beginning of an answer."""
        return _Guide(self)


class _Guide:
    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._guide = _core.Guide(automaton.index)

    def legal(self) -> Tokens:
        state = self._guide.get_state()
        seen = self._automaton.seen.get(state)
        if seen is None:
            words: Words = np.zeros(self._automaton.words, dtype=np.uint32)
            self._guide.write_mask_into(words.ctypes.data, words.size, words.itemsize)
            seen = tokens_of(words)
            if len(seen) <= MANY:
                self._automaton.seen[state] = seen
        return seen

    def take(self, token: int) -> None:
        self._guide.advance(token_id=token, return_tokens=False)


def _index(regex: str, texts: Mapping[int, str], end: int) -> Any:
    """Build the automaton over tokens, or read it from the cache.

    At 150,000 tokens it is half a minute against half a second. The cache holds data, not code.
    """
    path = _cache_path(regex, texts, end) if len(texts) >= _CACHED_FROM else None
    if path is not None:
        with contextlib.suppress(OSError, ValueError):
            return _core.Index.from_binary(path.read_bytes())
    by_text: dict[str | bytes, list[int]] = {}
    for number, text in sorted(texts.items()):
        by_text.setdefault(text, []).append(number)
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


def _cache_path(regex: str, texts: Mapping[int, str], end: int) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    key = json.dumps([version("outlines_core"), regex, end, sorted(texts.items())])
    return Path(base, "nesy", "index", hashlib.sha256(key.encode()).hexdigest()[:32])


def _store(path: Path, index: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _, (data,) = index.__reduce__()
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(bytes(data))
    Path(file.name).replace(path)
