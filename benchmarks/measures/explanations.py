"""What explanations are worth, and how often replies are stopped (P16)."""

from __future__ import annotations

from collections.abc import Callable

from .measure import Additive, NotScored, Pair


def _explained(name: str) -> Callable[[Pair], float]:
    def told(pair: Pair) -> float:
        found = pair.answer.explained
        if found is None:
            raise NotScored("the answer is not explained")
        if name not in found:
            raise NotScored(f"the explanation does not tell its {name}")
        return float(found[name])

    return told


def _veto(pair: Pair) -> float:
    if pair.answer.verdict is None:
        raise NotScored("the answer has no verdict")
    return float(pair.answer.verdict != "release")


MEASURES = (
    Additive(
        "soundness",
        "explanations that replay",
        "higher",
        "nesy.explain; share of explained answers whose told conclusions all follow again",
        _explained("sound"),
        share=True,
    ),
    Additive(
        "coverage",
        "facts that explanations rest on",
        "higher",
        "nesy.explain; share of the facts from picture and words, mean of explained answers",
        _explained("coverage"),
    ),
    Additive(
        "explanation_length",
        "facts in an explanation",
        "none",
        "nesy.explain; leaves, mean of explained answers",
        _explained("leaves"),
    ),
    Additive(
        "veto",
        "replies stopped",
        "none",
        "nesy.govern; share of verdicts block or hold",
        _veto,
        share=True,
    ),
)
