"""Train the head of MiniLM on XED and GoEmotions.

    python -m nesy.adapters.minilm.train --xed lines.csv --goemotions comments.csv

Lines are dealt into five parts by a hash of their words, so that a line which stands twice is in
one part: part 0 is never trained on, part 1 calibrates, the rest trains. Minutes on one core; the
same files and the same torch give the same head.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from nesy import vocabulary
from nesy.diagnostics import Diagnostic, NesyError
from nesy.line import plain
from nesy.vocabulary import Vocabulary

from . import sentences
from .head import EMOTION, FILE, VALENCE, Head, save

PARTS, HELD_OUT, CALIBRATES = 5, 0, 1
HIDDEN, EPOCHS, RATE, DECAY, DROPPED, BATCH = 256, 40, 3e-3, 0.05, 0.5, 256
VERSION = "nesy-minilm-head-1"
# The schemes under which the ontology reads the labels of each set.
SCHEMES = {"xed": "plutchik8", "goemotions": "goemotions"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line, the set it is of, and the emotions people gave it, as ontology terms."""

    text: str
    source: str
    emotions: frozenset[str]

    @property
    def part(self) -> int:
        """Return which of the five parts the line is in."""
        return int(hashlib.sha256(plain(self.text).encode()).hexdigest(), 16) % PARTS


def rows(file: Path, source: str, words: Vocabulary) -> Iterator[Row]:
    """Yield the lines of a set with columns ``text`` and ``emotions`` ("joy|trust").

    Raises NesyError N201 for a label the ontology does not align, N112 for a file that is none.
    """
    scheme = SCHEMES[source]
    aliases = {a: t.id for t in words.emotions.values() for a in t.all("alias")}
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            for record in csv.DictReader(opened):
                labels = [f"{scheme}:{label}" for label in record["emotions"].split("|")]
                named = [aliases.get(label, label.partition(":")[2]) for label in labels]
                terms = frozenset(words.require("emotion", term).id for term in named)
                yield Row(record["text"], source, terms)
    except (OSError, KeyError, UnicodeError) as error:
        what, why = f"{source} cannot be read", str(error)
        fix = "name a CSV file with the columns text and emotions"
        raise NesyError(Diagnostic("N112", what, why, fix, str(file))) from error


def valence(emotions: frozenset[str], words: Vocabulary) -> str:
    """Return the valence that the emotions of a line have together, by the ontology."""
    signs = {words.emotions[e].one("valence") for e in emotions}
    if {"1", "-1"} <= signs:
        return "mixed"
    return "positive" if "1" in signs else "negative" if "-1" in signs else "neutral"


def targets(
    given: Sequence[Row], words: Vocabulary
) -> tuple[tuple[str, ...], torch.Tensor, torch.Tensor]:
    """Return the outputs, (rows, outputs) of 0 and 1, and which of them each row says.

    A set says nothing of the emotions that it does not ask for.
    """
    asked = {s: frozenset(e for r in given if r.source == s for e in r.emotions) for s in SCHEMES}
    emotions = sorted(frozenset().union(*asked.values()))
    valences = sorted(words.valences)
    outputs = (*(EMOTION + e for e in emotions), *(VALENCE + v for v in valences))
    true = [
        [*(e in r.emotions for e in emotions), *(v == valence(r.emotions, words) for v in valences)]
        for r in given
    ]
    said = [[*(e in asked[r.source] for e in emotions), *(True for _ in valences)] for r in given]
    return outputs, torch.tensor(true).float(), torch.tensor(said).float()


def fit(
    embedded: torch.Tensor, true: torch.Tensor, said: torch.Tensor, epochs: int = EPOCHS
) -> dict[str, torch.Tensor]:
    """Return the layers, trained by cross-entropy over what each row says."""
    torch.manual_seed(0)
    first, second = torch.nn.Linear(sentences.WIDTH, HIDDEN), torch.nn.Linear(HIDDEN, true.shape[1])
    net = torch.nn.Sequential(first, torch.nn.GELU(), torch.nn.Dropout(DROPPED), second)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = RATE * (1 - epoch / epochs)
        shuffled: Any = torch.randperm(len(embedded))
        for chosen in shuffled.split(BATCH):
            raw = net(embedded[chosen])
            loss: Any = cross_entropy(raw, true[chosen], weight=said[chosen], reduction="sum")
            optimizer.zero_grad()
            (loss / len(chosen)).backward()
            optimizer.step()
    state = {"first": first.weight, "first_bias": first.bias}
    state |= {"second": second.weight, "second_bias": second.bias}
    return {name: tensor.detach().half().contiguous() for name, tensor in state.items()}


def calibrated(
    raw: torch.Tensor, true: torch.Tensor, said: torch.Tensor
) -> list[tuple[float, float]]:
    """Return slope and offset of each output's log-odds (Platt 1999), drawn weakly to 1 and 0."""
    found = []
    for column in range(raw.shape[1]):
        use = said[:, column] > 0
        x, y = raw[use, column].double().numpy(), true[use, column].double().numpy()

        def loss(pair: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> float:
            z = pair[0] * x + pair[1]
            return float((np.logaddexp(0, z) - y * z).sum() + (pair[0] - 1) ** 2 + pair[1] ** 2)

        slope, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
        found.append((float(slope), float(offset)))
    return found


def train(given: Sequence[Row], embedded: torch.Tensor, words: Vocabulary) -> Head:
    """Return a head with its figures on the part that was kept apart."""
    outputs, true, said = targets(given, words)
    parts = torch.tensor([row.part for row in given])
    learns, tunes = parts > max(HELD_OUT, CALIBRATES), parts == CALIBRATES
    tensors = fit(embedded[learns], true[learns], said[learns])
    width = torch.ones(len(outputs))
    plain_head = Head(outputs, {**tensors, "slope": width, "offset": 0 * width}, {})
    pairs = calibrated(plain_head.log_odds(embedded[tunes]), true[tunes], said[tunes])
    tensors |= {"slope": torch.tensor([p[0] for p in pairs])}
    tensors |= {"offset": torch.tensor([p[1] for p in pairs])}
    counts = {s: sum(r.source == s for r in given) for s in SCHEMES}
    head = Head(outputs, tensors, {"version": VERSION, "rows": counts})
    held = parts == HELD_OUT
    head.card["held_out"] = {
        source: figures(
            head.probabilities(embedded[chosen]), true[chosen], said[chosen], len(words.valences)
        )
        for source in SCHEMES
        if (chosen := held & torch.tensor([r.source == source for r in given])).any()
    }
    return head


def figures(
    found: torch.Tensor, true: torch.Tensor, said: torch.Tensor, valences: int
) -> dict[str, float]:
    """Return how good the emotions and the valence are on rows that were kept apart.

    ``top``: the likeliest emotion is one that people gave. ``error``: expected calibration error
    over all outputs in 15 bins of equal count. ``valence``: the likeliest valence is the true one.
    """
    asked = said[0, :-valences] > 0
    p, y = found[:, :-valences][:, asked], true[:, :-valences][:, asked]
    top = y[torch.arange(len(y)), p.argmax(1)].mean()
    loss = torch.nn.functional.binary_cross_entropy(p, y)
    order: Any = p.flatten().argsort()
    bins = [
        (p.flatten()[b].mean() - y.flatten()[b].mean()).abs() * len(b)
        for b in order.tensor_split(15)
    ]
    right = found[:, -valences:].argmax(1) == true[:, -valences:].argmax(1)
    values = {
        "top": top,
        "loss": loss,
        "error": sum(bins) / len(order),
        "valence": right.float().mean(),
    }
    return {"lines": len(y), **{name: round(float(value), 4) for name, value in values.items()}}


def main(arguments: list[str] | None = None) -> int:
    """Train, write the head, print its figures; 2 or 3 where something is wrong or missing."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.adapters.minilm.train", description=__doc__
    )
    for source in SCHEMES:
        parser.add_argument(f"--{source}", type=Path, required=True)
    parser.add_argument("--model", help="a folder that holds MiniLM; else the installed package")
    parser.add_argument("--out", type=Path, default=FILE)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        words = vocabulary.load()
        read = [r for s in SCHEMES for r in rows(getattr(given, s), s, words)]
        minilm = sentences.Sentences(sentences.folder(given.model))
        print(f"embedding {len(read)} lines", file=sys.stderr)
        head = train(read, minilm.embed([r.text for r in read], batch=64), words)
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    save(head, given.out)
    print(json.dumps(head.card, indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
