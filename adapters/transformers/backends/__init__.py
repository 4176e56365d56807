"""What can hold a model to a schema: one small interface over two engines.

``outlines_core`` compiles the schema into an automaton over tokens, once, and keeps it on disk;
``llguidance`` follows the schema as it goes, and where text is forced allows the tokenizer's own
tokens only. Both are given printable texts alone, so no control token can be written by either.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from nesy.diagnostics import Diagnostic, NesyError, nearest

if TYPE_CHECKING:
    from nesy.schema import Schema

    from ..spelling import Spelling

Tokens = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
# Masks of many tokens are those of free text, nearly always the same one.
MANY, _KEPT = 4096, 16

OUTLINES_CORE, LLGUIDANCE = "outlines_core", "llguidance"
DEFAULT = OUTLINES_CORE


class Matcher(Protocol):
    """Where one answer stands."""

    def legal(self) -> Tokens:
        """Return the tokens that may come next, in order; after the whole answer, the end."""

    def take(self, token: int) -> None:
        """Go on by a legal token, which is not the end."""


class Backend(Protocol):
    """A schema compiled for one tokenizer."""

    @property
    def name(self) -> str:
        """Return the engine's name."""

    def matcher(self) -> Matcher:
        """Return the beginning of an answer."""


def compile_schema(name: str, report: Schema, spelling: Spelling) -> Backend:
    """Compile a schema with the engine of this name.

    Raises NesyError N134 (the engine cannot hold to the schema), N135 (no such engine), N902 (it
    is not installed) or N904 (the tokenizer cannot write the schema).
    """
    if name not in _ENGINES:
        what, why = f"no decoding backend is called {name!r}", "a schema needs one to hold to it"
        raise NesyError(Diagnostic("N135", what, why, nearest(name, _ENGINES)))
    return _ENGINES[name](report, spelling)


def _outlines_core(report: Schema, spelling: Spelling) -> Backend:
    from .automaton import Automaton

    return Automaton(report, spelling)


def _llguidance(report: Schema, spelling: Spelling) -> Backend:
    # Imported only when asked for: the package is not needed otherwise.
    from .guidance import Guidance

    return Guidance(report, spelling)


_ENGINES: dict[str, Callable[..., Backend]] = {
    OUTLINES_CORE: _outlines_core,
    LLGUIDANCE: _llguidance,
}
NAMES = tuple(_ENGINES)


def tokens_of(words: Words) -> Tokens:
    """Return the numbers of the bits that are set, in order.

    Most words of a mask are zero, so only the others are looked into.
    """
    some = np.flatnonzero(words)
    if len(some) > MANY // 32:
        return _many(words.astype("<u4").tobytes())
    bits = np.unpackbits(words[some].astype("<u4").view(np.uint8), bitorder="little")
    place, bit = np.nonzero(bits.reshape(-1, 32))
    found: Tokens = some[place] * 32 + bit
    return found


@lru_cache(_KEPT)
def _many(words: bytes) -> Tokens:
    return np.flatnonzero(np.unpackbits(np.frombuffer(words, np.uint8), bitorder="little"))
