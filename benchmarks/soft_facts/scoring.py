"""The scorer against a pass for each choice, and against generating."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from nesy import registry
from nesy.adapters.transformers import create
from nesy.adapters.transformers.scorer import Choice
from nesy.benchmarks import random_models
from nesy.benchmarks.soft_facts.timing import processor_seconds
from nesy.vocabulary import Vocabulary

LINE, ROUNDS, TRIED = "I'm fine, thanks.", 3, 60
LOUDER = 5


def picture() -> Image.Image:
    """Return a picture of noise."""
    torch.manual_seed(0)
    noise = torch.randint(0, 256, (96, 128, 3), dtype=torch.uint8).numpy()
    return Image.fromarray(noise)


def rows(folder: Path, words: Vocabulary) -> Iterator[dict[str, Any]]:
    """Yield, for each architecture and the embedded model, how exact and how cheap scoring is."""
    for kind in random_models.BUILDERS:
        yield row(kind, create(str(random_models.build(kind, folder / kind)), words))
    yield row("embedded", registry.perceiver("embedded?fast_forward=yes", words))


def row(name: str, perceiver: Any) -> dict[str, Any]:
    """Return the figures of one model; random weights are made louder, or attention is nothing."""
    if name != "embedded":
        with torch.no_grad():
            for weight in perceiver.loaded.model.parameters():
                if weight.ndim >= 2:
                    weight.mul_(LOUDER)
    shown, report_schema = (perceiver.prompt(LINE), picture()), perceiver.constraint.schema
    scorer, swift = perceiver.soft.scorer, perceiver.fast_forward
    seconds: dict[str, list[float]] = {"step by step": [], "fast-forward": [], "scored": []}
    for _ in range(ROUNDS):
        for way, forward in (("step by step", None), ("fast-forward", swift)):
            perceiver.fast_forward = forward
            with processor_seconds() as taken:
                (written,) = perceiver._generate([shown], 0)
            seconds[way] += taken
        report = json.loads(written.text)
        with processor_seconds() as taken:
            found = scorer.score(perceiver._inputs(*shown), report_schema, report)
        seconds["scored"] += taken
    best = {way: min(times) for way, times in seconds.items()}
    inputs = perceiver._inputs(*shown)
    spine, choices = scorer.cutter.choices(report_schema, report)
    tried = whole_fields(choices)
    with processor_seconds() as taken:
        apart = scorer.one_by_one(inputs, spine, tried)
    alone = shares(tried, apart)
    off = [
        abs(math.log(found[c.path][c.value] / chance))
        for c, chance in zip(tried, alone, strict=True)
        if min(chance, found[c.path][c.value]) > 1e-6
    ]
    return {
        "model": name,
        "tokens": len(spine),
        "choices": len(choices),
        "compared": len(off),
        "log p": max(off),
        "p": max(
            abs(found[c.path][c.value] - chance) for c, chance in zip(tried, alone, strict=True)
        ),
        "generating/scoring": best["step by step"] / best["scored"],
        "fast-forward/scoring": best["fast-forward"] / best["scored"],
        "one by one/scoring": taken[0] / len(tried) * len(choices) / best["scored"],
    }


def whole_fields(choices: list[Choice]) -> list[Choice]:
    """Return all choices of those fields whose paths are longest, about as many as are tried."""
    longest: dict[Any, int] = {}
    for choice in choices:
        longest[choice.path] = max(longest.get(choice.path, 0), len(choice.tokens))
    kept: list[Choice] = []
    for path in sorted(longest, key=lambda path: -longest[path]):
        kept += [choice for choice in choices if choice.path == path]
        if len(kept) >= TRIED:
            break
    return kept


def shares(choices: list[Choice], logs: list[float]) -> list[float]:
    """Return each choice's share of its field."""
    highest: dict[Any, float] = {}
    for choice, log in zip(choices, logs, strict=True):
        highest[choice.path] = max(log, highest.get(choice.path, -math.inf))
    parts = [math.exp(log - highest[c.path]) for c, log in zip(choices, logs, strict=True)]
    total: dict[Any, float] = {}
    for choice, part in zip(choices, parts, strict=True):
        total[choice.path] = total.get(choice.path, 0.0) + part
    return [part / total[c.path] for c, part in zip(choices, parts, strict=True)]
