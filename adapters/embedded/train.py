"""Train the embedded model: render, train the eyes, train the words, export.

    python -m nesy.adapters.embedded.train --out DIR

An interrupted run goes on from its last checkpoint in DIR/work. Minutes are wall time.

    python -m nesy.adapters.embedded.measure --weights DIR

writes the figures of the exported weights.
"""

import argparse
import json
import math
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from .data import TRAIN, VALID, VALID_SEED, Pictures, held_out, load, render_shards, save
from .lesson import COUNT, Book, Language, Questions, aid_loss, chosen, read, values
from .model import export, make_model, make_tokenizer, parameters
from .optimizer import Muon, split
from .transfer import extra
from .vision import Aids, patches, see

BATCH, TALK = 32, 16  # pictures in a step of the eyes alone; in a step with words
REPORT = 270.0  # seconds between reports
WHOLE = 240.0  # seconds at the end in which every token of a picture is looked at


def whiten(model: Any, pictures: Pictures) -> None:
    """Start the patch embedding at the whitened principal components of patches."""
    x = patches(pictures.pixels[:300]).flatten(0, 1)
    _, vectors = torch.linalg.eigh(x.T @ x / len(x))
    power, _ = torch.linalg.eigh(x.T @ x / len(x))
    kernel = model.model.visual.patch_embed.proj.weight
    width = kernel.shape[0]
    top, scale = vectors[:, -width:], power[-width:]
    rows = (top / (scale + scale[width // 3]).sqrt()).T.reshape(width, 3, 1, *kernel.shape[3:])
    with torch.no_grad():
        kernel.copy_(rows.expand_as(kernel) / kernel.shape[2])


class Training:
    """Everything that a checkpoint holds, and the steps."""

    def __init__(
        self,
        out: Path,
        minutes: tuple[float, float, float],
        book: Book,
        checks: list[Pictures],
        extra: Book | None = None,
    ) -> None:
        self.out, self.minutes, self.book, self.checks, self.extra = (
            out,
            minutes,
            book,
            checks,
            extra,
        )
        self.tokenizer = make_tokenizer()
        self.language = Language(self.tokenizer)
        torch.manual_seed(1)
        self.model = make_model(self.tokenizer)
        language: Any = self.model.config.text_config
        self.aids = Aids(language.hidden_size)
        eyes = split(self.model.model.visual.named_parameters())
        words = split(self.model.model.language_model.named_parameters())
        self.eyes = [
            Muon(eyes[0], lr=0),
            torch.optim.AdamW(
                [*eyes[1], *self.aids.parameters()], lr=0, betas=(0.9, 0.98), weight_decay=0.01
            ),
        ]
        self.words = [
            Muon(words[0], lr=0),
            torch.optim.AdamW(words[1], lr=0, betas=(0.9, 0.98), weight_decay=0.01),
        ]
        self.spent, self.cpu, self.images, self.steps = 0.0, 0.0, 0, 0
        self.said: list[dict[str, Any]] = []
        self.rng = np.random.default_rng(int(time.time()))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        part = self.out / "checkpoint.part"
        state = {
            "model": self.model.state_dict(),
            "aids": self.aids.state_dict(),
            "optimizers": [o.state_dict() for o in (*self.eyes, *self.words)],
            "figures": (self.spent, self.cpu, self.images, self.steps, self.said),
        }
        torch.save(state, part)
        part.rename(self.out / "checkpoint.pt")

    def resume(self) -> bool:
        """Read the checkpoint, if there is one."""
        path = self.out / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, weights_only=False)
        self.model.load_state_dict(state["model"])
        self.aids.load_state_dict(state["aids"])
        for optimizer, saved in zip((*self.eyes, *self.words), state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.spent, self.cpu, self.images, self.steps, self.said = state["figures"]
        return True

    def rates(self, speaking: bool) -> None:
        """Set the learning rates from the time spent."""
        whole = 60 * sum(self.minutes)
        eyes = min(1.0, self.steps / 100) * (
            0.5 + 0.5 * math.cos(math.pi * min(1.0, self.spent / whole))
        )
        since, length = self.spent - 60 * self.minutes[0], 60 * sum(self.minutes[1:])
        words = min(1.0, max(0.0, since) / 20) * (
            0.5 + 0.5 * math.cos(math.pi * min(1.0, max(0.0, since) / length))
        )
        for optimizers, share in ((self.eyes, eyes), (self.words, words if speaking else 0.0)):
            for optimizer in optimizers:
                peak = 2.5e-3 if isinstance(optimizer, Muon) else 1.5e-3
                peak *= 1.6 if optimizers is self.words else 1.0
                for group in optimizer.param_groups:
                    group["lr"] = max(0.02, share) * peak

    def step(
        self, batch: Pictures, positive: torch.Tensor, stage: str, asked: list[list[int]]
    ) -> tuple[float, float]:
        """Learn from one batch: the eyes, the words, or both; return both losses, NaN for none."""
        self.rates(stage != "eyes")
        late = self.spent > 60 * sum(self.minutes) - WHOLE
        keep = None if late else chosen(batch, self.rng)
        dense = spoken = torch.tensor(math.nan)
        with torch.autocast("cpu", torch.bfloat16, enabled=stage != "eyes"):
            with torch.set_grad_enabled(stage != "words"):
                tokens = see(self.model, batch.pixels, keep)
            if stage != "words":
                dense = aid_loss(self.aids, tokens, batch, positive, keep)
            if stage != "eyes":
                ids, weights = self.language.answers(values(batch))
                logits = read(
                    self.model, self.language, tokens, batch.pixels.shape[1:3], asked, ids, keep
                ).float()
                each = F.cross_entropy(logits.flatten(0, 1), ids.flatten(), reduction="none").view(
                    ids.shape
                )
                spoken = (each * weights).sum() / (len(ids) * COUNT)
        loss = dense if stage == "eyes" else spoken if stage == "words" else dense + 2.0 * spoken
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([*self.model.parameters(), *self.aids.parameters()], 2.0)
        for optimizer in (
            *(self.eyes if stage != "words" else ()),
            *(self.words if stage != "eyes" else ()),
        ):
            optimizer.step()
        self.model.zero_grad(set_to_none=True)
        self.aids.zero_grad(set_to_none=True)
        self.images, self.steps = self.images + len(batch), self.steps + 1
        return float(dense.detach()), float(spoken.detach())

    def stage(self) -> str:
        """Return what is trained now."""
        ends = np.cumsum(self.minutes) * 60
        return "eyes" if self.spent < ends[0] else "words" if self.spent < ends[1] else "both"

    def run(self) -> None:
        """Train until both stages have had their minutes."""
        prevalence = np.concatenate([g.units for group in self.book._groups for g in group])
        p = torch.from_numpy((np.nan_to_num(prevalence) >= 0.1).mean(0)).float().clamp(0.01, 0.5)
        positive = ((1 - p) / p).sqrt().clamp(max=5.0)
        questions = Questions(self.language, int(time.time()))
        clock, cpu, last, losses = time.time(), time.process_time(), self.spent, []
        strange = self.extra.batches(TALK) if self.extra else None
        many, few = self.book.batches(BATCH), self.book.batches(TALK)
        while self.spent < 60 * sum(self.minutes):
            stage = self.stage()
            batch = next(
                strange
                if strange and stage == "both" and self.steps % 8 == 0
                else many
                if stage == "eyes"
                else few
            )
            losses.append(self.step(batch, positive, stage, questions.deal(len(batch))))
            self.spent, clock = self.spent + time.time() - clock, time.time()
            self.cpu, cpu = self.cpu + time.process_time() - cpu, time.process_time()
            if self.spent - last > REPORT or self.spent >= 60 * sum(self.minutes):
                last = self.spent
                self.report(np.array(losses), stage != "eyes")
                losses = []
                self.save()
                clock, cpu = time.time(), time.process_time()

    @torch.no_grad()
    def report(self, losses: np.ndarray, speaking: bool) -> None:
        """Say how well held-out pictures are read, without free running."""
        from .evaluate import glance

        figures = {
            "minutes": round(self.spent / 60, 1),
            "cpu": round(self.cpu / 60, 1),
            "images": self.images,
        }
        figures |= {"dense": round(_mean(losses[:, 0]), 4), "spoken": round(_mean(losses[:, 1]), 4)}
        figures |= glance(self.model, self.aids, self.language, self.checks, speaking)
        self.said.append(figures)
        sys.stderr.write(json.dumps(figures) + "\n")
        sys.stderr.flush()


def _mean(losses: np.ndarray) -> float:
    known = losses[~np.isnan(losses)]
    return float(known.mean()) if len(known) else 0.0


def pictures(work: Path, shards: int) -> tuple[Book, list[Pictures]]:
    """Return the training pictures and 300 held-out ones, rendered where they are missing."""
    render_shards(work / "shards", range(shards))
    path = work / "valid.npz"
    if not path.exists():
        save(path, held_out(300, VALID_SEED, VALID))
    groups = [
        g for number in range(shards) for g in load(work / "shards" / f"shard{number:03d}.npz")
    ]
    sys.stderr.write(f"{sum(map(len, groups))} pictures of {len(TRAIN)} people\n")
    return Book(groups, seed=int(time.time())), [
        g.take(np.arange(0, len(g), 3)) for g in load(path)
    ]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.adapters.embedded.train", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, help="where weights and DIR/work go")
    parser.add_argument("--shards", type=int, default=40, help="thousands of training pictures")
    parser.add_argument("--vision-minutes", type=float, default=22.0)
    parser.add_argument("--words-minutes", type=float, default=1.5)
    parser.add_argument("--joint-minutes", type=float, default=24.0)
    parser.add_argument(
        "--photos", type=Path, help="a folder of photographs to mix in, once the words begin"
    )
    parser.add_argument(
        "--synthetic", type=Path, help="a folder of 3-D renderings to mix in likewise"
    )
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    work = given.out / "work"
    work.mkdir(parents=True, exist_ok=True)
    book, checks = pictures(work, given.shards)
    strange = extra(given.photos, given.synthetic)
    more = Book(strange, seed=int(time.time()) + 1) if strange else None
    training = Training(
        work, (given.vision_minutes, given.words_minutes, given.joint_minutes), book, checks, more
    )
    sys.stderr.write(f"{parameters(training.model)} parameters\n")
    if not training.resume():
        whiten(training.model, max(checks, key=len))
    training.run()
    export(given.out, training.model, training.tokenizer)
    used = resource.getrusage(resource.RUSAGE_SELF)
    (work / "progress.json").write_text(json.dumps(training.said, indent=1), encoding="utf-8")
    sys.stderr.write(f"done: {used.ru_utime + used.ru_stime:.0f} CPU s\n")


if __name__ == "__main__":
    main()
