"""Train the reader of captions from nothing, on rows drawn here.

    python -m nesy.adapters.embedded.captions.train --out DIR

Everything follows from --seed, the number of rounds and the fonts that are installed, none of it
from the clock. An interrupted run goes on from DIR/checkpoint.pt and ends in the same weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from . import fonts
from .alphabet import BLANK, SIGNS, classes, decoded
from .drawing import drawn
from .network import Recogniser, places
from .strip import HEIGHT, rows_in

ROUNDS, PICTURES, BATCH, PEAK = 130, 640, 32, 3e-3
WARM = 0.04  # the share of the rounds in which the rate rises; after them it falls to nothing

Pair = tuple[np.ndarray, str]


def pairs(rng: np.random.Generator, count: int) -> list[Pair]:
    """Return the rows found in so many pictures and what each says; in none of them too many."""
    found: list[Pair] = []
    for _ in range(count):
        one = drawn(rng)
        cut = rows_in(one.picture)
        texts = one.rows or [""] * len(cut)
        if len(cut) == len(texts):
            rows = zip(cut, texts, strict=True)
            found += [(row, text) for row, text in rows if _fits(row, text)]
    return found


def _fits(row: np.ndarray, text: str) -> bool:
    """Tell whether a text can be answered of a row: doubled letters need a place between."""
    doubled = sum(a == b for a, b in pairwise(text))
    return len(text) + doubled <= places(row.shape[1])


def padded(rows: list[np.ndarray]) -> torch.Tensor:
    """Return rows (n, HEIGHT, widest), bare paper to the right of the narrower."""
    wide = max(row.shape[1] for row in rows)
    whole = np.zeros((len(rows), HEIGHT, wide), dtype=np.float32)
    for at, row in enumerate(rows):
        whole[at, :, : row.shape[1]] = row
    return torch.from_numpy(whole)


class Training:
    """Everything that a checkpoint holds, and the rounds."""

    def __init__(self, out: Path, rounds: int, pictures: int, seed: int) -> None:
        self.out, self.rounds, self.pictures, self.seed = out, rounds, pictures, seed
        torch.manual_seed(seed)
        self.network = Recogniser()
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.done, self.cpu = 0, 0.0
        self.said: list[dict[str, Any]] = []

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        part = self.out / "checkpoint.part"
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "figures": (self.done, self.cpu, self.said),
        }
        torch.save(state, part)
        part.rename(self.out / "checkpoint.pt")

    def resume(self) -> None:
        """Read the checkpoint, if there is one."""
        path = self.out / "checkpoint.pt"
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.done, self.cpu, self.said = state["figures"]

    def round(self) -> dict[str, float]:
        """Draw and learn one round of pictures; return its figures."""
        rng = np.random.default_rng([self.seed, self.done])
        found = sorted(pairs(rng, self.pictures), key=lambda pair: pair[0].shape[1])
        batches = [found[at : at + BATCH] for at in range(0, len(found), BATCH)]
        wrong, losses, letters = 0, [], 0
        for place, number in enumerate(rng.permutation(len(batches))):
            at = (self.done + place / len(batches)) / self.rounds
            rate = PEAK * min(at / WARM, 1.0) * max(0.002, 1 - at)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            loss, missed = self.step(batches[int(number)])
            losses.append(loss)
            wrong, letters = wrong + missed, letters + len(batches[int(number)])
        self.done += 1
        return {"loss": float(np.mean(losses)), "rows_wrong": wrong / letters}

    def step(self, batch: list[Pair]) -> tuple[float, int]:
        """Learn from one batch; return the loss of a row and how many rows are read wrong."""
        self.network.train()
        rows, texts = [row for row, _ in batch], [text for _, text in batch]
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.network(padded(rows)).float()
        logs = scores.log_softmax(-1)
        lengths = torch.tensor([places(row.shape[1]) for row in rows])
        targets = torch.tensor([sign for text in texts for sign in classes(text)])
        sizes = torch.tensor([len(text) for text in texts])
        each = F.ctc_loss(
            logs.transpose(0, 1), targets, lengths, sizes, BLANK, "none", zero_infinity=True
        )
        loss = (each / sizes.clamp(min=8)).mean()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        best = logs.detach().argmax(-1)
        said = [decoded(line[:n].tolist()) for line, n in zip(best, lengths.tolist(), strict=True)]
        return float(loss.detach()), sum(a != b for a, b in zip(said, texts, strict=True))

    def run(self) -> None:
        """Train until every round is done, with a checkpoint after each."""
        while self.done < self.rounds:
            started = time.process_time()
            figures: dict[str, Any] = {k: round(v, 4) for k, v in self.round().items()}
            self.cpu += time.process_time() - started
            self.said.append({"round": self.done, **figures})
            sys.stderr.write(f"{self.said[-1]} {self.cpu / 60:.1f} CPU minutes\n")
            sys.stderr.flush()
            self.save()

    def export(self) -> str:
        """Write weights, config and log; return the SHA-256 of the weights."""
        state = {name: value.contiguous() for name, value in self.network.state_dict().items()}
        kept = {n: v.half() if v.is_floating_point() else v for n, v in state.items()}
        path = self.out / "model.safetensors"
        save_file(kept, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        about = {
            "architecture": "convolutional network with CTC",
            "licence": "Apache-2.0",
            "parameters": sum(weight.numel() for weight in self.network.parameters()),
            "height": HEIGHT,
            "signs": SIGNS,
            "seed": self.seed,
            "rounds": self.rounds,
            "pictures": self.rounds * self.pictures,
            "fonts": ["Pillow's default", *(n for n in fonts.LEARNT if n in fonts.installed())],
            "sha256": digest,
        }
        text = json.dumps(about, ensure_ascii=False, indent=2) + "\n"
        (self.out / "config.json").write_text(text, encoding="utf-8")
        log = "".join(json.dumps(row) + "\n" for row in self.said)
        (self.out / "training.jsonl").write_text(log, encoding="utf-8")
        return digest


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.adapters.embedded.captions.train", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, help="where weights and log go")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="new pictures of a round")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    given.out.mkdir(parents=True, exist_ok=True)
    training = Training(given.out, given.rounds, given.pictures, given.seed)
    training.resume()
    training.run()
    digest = training.export()
    sys.stderr.write(f"done: {training.cpu / 60:.1f} CPU minutes; sha256 {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
