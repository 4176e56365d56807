"""What is measured: compiling, the cost of a step, forwards saved, and what an encoding costs."""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

import torch

from nesy import schema, vocabulary
from nesy.adapters.transformers import backends
from nesy.adapters.transformers.decoding import Constraint, Recorder, Row, token_texts
from nesy.adapters.transformers.fast_forward import FastForward

from .encodings import ENCODINGS, Encoding
from .models import PROMPT, random_model, trained_model
from .tokenizers import reports

Result = dict[str, Any]


def constraint_of(tokenizer: Any, report: schema.Schema, backend: str) -> Constraint:
    """Return a schema compiled for a tokenizer, as the adapter does it."""
    return Constraint(
        report,
        token_texts(tokenizer, len(tokenizer)),
        tokenizer.eos_token_id,
        backend=backend,
        encode=lambda text: list(tokenizer.encode(text, add_special_tokens=False)),
    )


@contextmanager
def _cache(folder: Path) -> Iterator[None]:
    """Keep compiled schemas in a folder of their own."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("XDG_CACHE_HOME")
        if before is not None:
            os.environ["XDG_CACHE_HOME"] = before


def _seconds(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def compiling(tokenizer: Any, folder: Path) -> Result:
    """Measure the report's schema compiled, read from the cache, and followed without compiling."""
    report = schema.report_schema(vocabulary.load())
    folder.mkdir(parents=True, exist_ok=True)
    for old in (folder / "nesy" / "index").glob("*"):
        old.unlink()

    def make(backend: str) -> Constraint:
        return constraint_of(tokenizer, report, backend)

    with _cache(folder):
        compiled = _seconds(lambda: make(backends.OUTLINES_CORE))
        cached = min(_seconds(lambda: make(backends.OUTLINES_CORE)) for _ in range(3))
    followed = min(_seconds(lambda: make(backends.LLGUIDANCE)) for _ in range(3))
    return {
        "vocabulary": len(tokenizer),
        "outlines_core compiled": compiled,
        "outlines_core cached": cached,
        "compiled/cached": compiled / cached,
        "llguidance": followed,
    }


def stepping(tokenizer: Any, folder: Path, *, steps: int = 64, rounds: int = 7) -> list[Result]:
    """Measure a step of decoding with each backend against one without any constraint.

    Rounds of all ways follow each other, and the ratio is the median over rounds, so that a busy
    machine slows all alike. ``text`` is the rationale alone, where most tokens are legal.
    """
    words = vocabulary.load()
    whole, text = schema.report_schema(words), schema.report_schema(words, ["rationale"])
    model = random_model(tokenizer)
    ways: dict[str, Recorder | None] = {"unconstrained": None}
    with _cache(folder):
        for backend in backends.NAMES:
            ways[backend] = Recorder(constraint_of(tokenizer, whole, backend))
            ways[f"{backend}, text"] = Recorder(constraint_of(tokenizer, text, backend))
    found = []
    for batch in (1, 8):
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, recorder in ways.items():
                act = partial(_generate, model, tokenizer, recorder, None, batch, steps)
                times[way].append(_seconds(act) / steps)
        free = times["unconstrained"]
        for way, spent in times.items():
            ratios = [one / other for one, other in zip(spent, free, strict=True)]
            row = {"batch": batch, "way": way, "ms": 1000 * min(spent), "ratio": median(ratios)}
            found.append(row)
    return found


def _generate(
    model: Any,
    tokenizer: Any,
    recorder: Recorder | None,
    forward: FastForward | None,
    batch: int,
    steps: int,
    **settings: Any,
) -> torch.Tensor:
    ids = torch.tensor([tokenizer.encode(PROMPT)] * batch)
    if recorder:
        recorder.reset()
    with torch.inference_mode():
        found: torch.Tensor = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=steps,
            pad_token_id=tokenizer.pad_token_id,
            logits_processor=[recorder] if recorder else None,
            custom_generate=forward,
            **settings,
        )
    return found


def forwarding(tokenizer: Any, folder: Path, *, answers: int = 4) -> list[Result]:
    """Count the forwards of whole answers, and hold each answer against step-by-step decoding."""
    report = schema.report_schema(vocabulary.load())
    models = {
        "writes reports": trained_model(tokenizer, report),
        "random weights": random_model(tokenizer),
    }
    found = []
    with _cache(folder):
        made = {name: constraint_of(tokenizer, report, name) for name in backends.NAMES}
    for (kind, model), (backend, constraint) in itertools.product(models.items(), made.items()):
        recorder = Recorder(constraint)
        forward = FastForward(recorder)
        for sampled in (False, True):
            tokens = forwards = same = 0
            worst = 0.0
            # Greedy decoding of one prompt has one answer; sampling has many.
            for seed in range(answers if sampled else 1):
                rows: list[Row] = []
                for way in (forward, None):
                    with torch.random.fork_rng():
                        torch.manual_seed(seed)
                        _generate(
                            model,
                            tokenizer,
                            recorder,
                            way,
                            1,
                            constraint.most_tokens,
                            eos_token_id=tokenizer.eos_token_id,
                            do_sample=sampled,
                        )
                    rows += recorder.rows
                quick, slow = rows
                tokens, forwards = tokens + forward.chosen, forwards + forward.forwards
                same += quick.tokens == slow.tokens
                pairs = zip(quick.masses, slow.masses, strict=True)
                worst = max(worst, *(abs(one - other) for one, other in pairs))
            found.append(
                {
                    "model": kind,
                    "backend": backend,
                    "decoding": "sampled" if sampled else "greedy",
                    "tokens": tokens,
                    "forwards": forwards,
                    "ratio": tokens / forwards,
                    "identical": f"{same}/{answers if sampled else 1}",
                    "largest difference": worst,
                }
            )
    return found


def encoding(tokenizer: Any, *, answers: int = 20) -> list[Result]:
    """Count the tokens of a report written in each encoding, and those that are not forced."""
    report = schema.report_schema(
        vocabulary.load(), [k for k in schema.REPORTS if k != "rationale"]
    )
    made = [
        json.loads(text) for text in itertools.islice(reports(report, random.Random(1)), answers)
    ]
    return [{"encoding": name, **_cost(tokenizer, each, made)} for name, each in ENCODINGS.items()]


def _cost(tokenizer: Any, each: Encoding, made: Sequence[Any]) -> Result:
    counts, calls = [], []
    for report in made:
        pieces = each(report)
        ids = tokenizer.encode("".join(text for text, _ in pieces), add_special_tokens=False)
        free = list(itertools.chain.from_iterable([chosen] * len(text) for text, chosen in pieces))
        at, fed = 0, 0
        for token in ids:
            length = len(tokenizer.decode([token]))
            # A token is chosen, not forced, where it writes any part of a value.
            fed += any(free[at : at + length])
            at += length
        counts.append(len(ids) + 1)
        calls.append(fed + 1)
    return {"tokens": mean(counts), "forwards": mean(calls)}
