"""llguidance: the schema followed as the answer is written, compiled for no tokenizer."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nesy.diagnostics import Diagnostic, MissingError, NesyError

from . import LLGUIDANCE, Tokens, Words, tokens_of

if TYPE_CHECKING:
    from nesy.schema import Schema

    from ..spelling import Spelling

try:
    # The engine's own annotations are not strict; this is the boundary to it.
    _llguidance: Any = importlib.import_module("llguidance")
    _wrapper: Any = importlib.import_module("llguidance._tokenizer").TokenizerWrapper
except ImportError as error:
    what = f"the package {error.name} is not installed"
    why = "the decoding backend llguidance is that package"
    fix = "pip install llguidance, or use the backend outlines_core"
    raise MissingError(Diagnostic("N902", what, why, fix)) from error


class Guidance:
    """A Backend over llguidance's matcher, with white space fixed to none."""

    name = LLGUIDANCE

    def __init__(self, report: Schema, spelling: Spelling) -> None:
        # Its default allows white space without end, which no certificate could bound.
        fixed = {**report, "x-guidance": {"whitespace_flexible": False}}
        self.grammar = _llguidance.LLMatcher.grammar_from_json_schema(fixed)
        self.end = spelling.end
        self.tokenizer = _llguidance.LLTokenizer(_wrapper(_Spelled(spelling)))
        self.words = -(-self.tokenizer.vocab_size // 32)
        found = _llguidance.LLMatcher.validate_grammar_with_warnings(self.grammar, self.tokenizer)
        failed, messages = found
        if failed or messages:
            what = "the decoding backend llguidance cannot hold to this schema"
            why = " ".join(" ".join(messages).split())[:200]
            fix = "use enumerations, ^[…]{0,N}$ and objects, or the backend outlines_core"
            raise NesyError(Diagnostic("N134", what, why, fix))

    def matcher(self) -> _Matcher:
        """Return the beginning of an answer."""
        return _Matcher(self)


class _Matcher:
    def __init__(self, guidance: Guidance) -> None:
        self._matcher = _llguidance.LLMatcher(guidance.tokenizer, guidance.grammar, log_level=0)
        self._words: Words = np.zeros(guidance.words, dtype=np.uint32)

    def legal(self) -> Tokens:
        self._matcher.unsafe_compute_mask_ptr(self._words.ctypes.data, self._words.nbytes)
        return tokens_of(self._words)

    def take(self, token: int) -> None:
        self._matcher.consume_token(token)


class _Spelled:
    """What llguidance asks of a tokenizer: each token's bytes, and how text is cut into them."""

    bos_token_id = None

    def __init__(self, spelling: Spelling) -> None:
        self.eos_token_id = spelling.end
        self.special_token_ids = [spelling.end]
        self.tokens = [spelling.texts.get(i, "").encode() for i in range(spelling.size)]
        self.tokens[spelling.end] = b"<end>"
        self._spelling = spelling

    def __call__(self, text: str | bytes) -> list[int]:
        return list(self._spelling(text if isinstance(text, str) else text.decode()))
