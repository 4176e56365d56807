"""Tastes for tokens that try to break a constraint: scores that prefer one kind of token."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

ADVERSARIES: Mapping[str, Callable[[str], bool]] = {
    "whitespace": lambda text: text.startswith(" "),
    "digits": str.isdigit,
    "zeros": lambda text: text.strip("0") == "" != text,
    "letters": str.isalpha,
    "commas": lambda text: "," in text,
    "braces": lambda text: "{" in text or "}" in text,
    "special": lambda text: text == "",
    "backslash": lambda text: "\\" in text,
    "shortest": lambda text: len(text) == 1,
    "longest": lambda text: len(text) > 3,
    "random": lambda _: False,
}
LIKED, END = 5.0, -50.0


def taste(name: str, texts: Mapping[int, str], end: int, size: int) -> torch.Tensor:
    """Return a score for each token, in [-50, 5]; the end of an answer is wanted least of all."""
    wanted = ADVERSARIES[name]
    scores = torch.tensor([LIKED if wanted(texts.get(i, "")) else 0.0 for i in range(size)])
    scores[end] = END
    return scores
