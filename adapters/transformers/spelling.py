"""How a tokenizer writes text: what each token says, and which tokens a text is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

_BYTE = re.compile(r"^<0x([0-9A-Fa-f]{2})>$")
_PRINTABLE = re.compile(r"^[ -~]+$")


def token_texts(tokenizer: Any, size: int) -> dict[int, str]:
    """Return the text each token writes; only printable ASCII, and no control tokens.

    ``size`` is the number of tokens the model scores. A report is ASCII, so no other token can be
    part of one, and a control token inside a string would end the answer in the middle.
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


class Spelling:
    """The tokens a report may be written with, ``end`` after it, and how text is cut into them."""

    def __init__(
        self,
        texts: Mapping[int, str],
        end: int,
        encode: Callable[[str], Sequence[int]] | None = None,
    ) -> None:
        self.texts, self.end = texts, end
        self._encode = encode
        self._known: dict[str, tuple[int, ...]] = {}

    @property
    def size(self) -> int:
        """Return a number above all tokens."""
        return max(self.end, max(self.texts, default=0)) + 1

    def __call__(self, text: str) -> tuple[int, ...]:
        """Return the tokens a tokenizer would write a text with; what it cannot write is left."""
        if text not in self._known:
            tokens = tuple(self._encode(text)) if self._encode else ()
            # Some tokenizers put a space before every text; those are cut by the longest match.
            written = "".join(self.texts.get(token, "\0") for token in tokens)
            self._known[text] = tokens if written == text else self._longest_matches(text)
        return self._known[text]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {text: number for number, text in sorted(self.texts.items(), reverse=True)}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._numbers), default=0)

    def _longest_matches(self, text: str) -> tuple[int, ...]:
        tokens: list[int] = []
        at = 0
        while at < len(text):
            ends = range(min(len(text), at + self._longest), at, -1)
            end = next((end for end in ends if text[at:end] in self._numbers), None)
            if end is None:
                break
            tokens.append(self._numbers[text[at:end]])
            at = end
        return tuple(tokens)
