"""The run of the embedded model: what a checkpoint holds, each step, and each round."""

import json
import math
import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from .data import Pictures, load
from .evaluate import glance, temperature
from .lesson import COUNT, Language, Questions, aid_loss, chosen, deal, read, scattered, values
from .model import make_model, make_tokenizer
from .optimizer import Muon, split
from .schedule import LEGS, LONGEST, Schedule
from .vision import Aids, patches, see

BATCH = 32  # pictures in a step
ALONE = 24  # so many batches of each kind new aids learn from while the eyes rest


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


def rarity(groups: list[Pictures]) -> torch.Tensor:
    """Return what the presence of each unit (26,) weighs: the more, the rarer it is."""
    units = np.concatenate([g.units[g.faces == 1] for g in groups])
    p = torch.from_numpy((units >= 0.1).mean(0)).float().clamp(0.01, 0.5)
    return ((1 - p) / p).sqrt().clamp(max=5.0)


class Beside(NamedTuple):
    """What a leg has beside its shards: pictures that we did not draw, and held-out drawings."""

    others: list[Pictures]
    checks: list[Pictures]


class Training:
    """Everything that a checkpoint holds, and the steps."""

    def __init__(
        self, out: Path, schedule: Schedule, seed: int, shards: Path | None = None
    ) -> None:
        self.out, self.schedule, self.seed = out, schedule, seed
        self.shards = shards or out / "shards"
        self.label: dict[str, Any] = {}  # what its rows of the log begin with
        self.tokenizer = make_tokenizer()
        self.language = Language(self.tokenizer)
        torch.manual_seed(seed)
        self.model = make_model(self.tokenizer)
        self.model.set_attn_implementation("eager")  # faster here, backwards, than the fused form
        language: Any = self.model.config.text_config
        self.aids = Aids(language.hidden_size)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        made: list[torch.nn.Module] = [self.model, self.aids]  # on the CPU: the same everywhere
        for part in made:
            part.to(self.device)
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
        self.done, self.images, self.steps, self.cpu = 0, 0, 0, 0.0
        self.wanted = multiprocessing.get_context("spawn").Value("i", 0)
        self.said: list[dict[str, Any]] = []
        self.renderer: Any = None

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        part = self.out / "checkpoint.part"
        state = {
            "model": self.model.state_dict(),
            "aids": self.aids.state_dict(),
            "optimizers": [o.state_dict() for o in (*self.eyes, *self.words)],
            "figures": (self.done, self.images, self.steps, self.cpu, self.said),
        }
        torch.save(state, part)
        part.rename(self.out / "checkpoint.pt")

    def resume(self) -> bool:
        """Read the checkpoint, if there is one."""
        path = self.out / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.device, weights_only=False)
        self.model.load_state_dict(state["model"])
        self.aids.load_state_dict(state["aids"])
        for optimizer, saved in zip((*self.eyes, *self.words), state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.done, self.images, self.steps, self.cpu, self.said = state["figures"]
        return True

    def rates(self, share: float, since: int) -> None:
        """Set the rates to this share of their peaks, less in the first steps and first words."""
        for optimizers, warm in ((self.eyes, self.steps / 100), (self.words, since / 60)):
            for optimizer in optimizers:
                peak = 2.5e-3 if isinstance(optimizer, Muon) else 1.5e-3
                peak *= 1.6 if optimizers is self.words else 1.0
                for group in optimizer.param_groups:
                    group["lr"] = min(1.0, warm) * share * peak

    def step(
        self,
        batch: Pictures,
        positive: torch.Tensor,
        keep: torch.Tensor | None,
        asked: list[list[int]] | None,
        *,
        ours: bool,
    ) -> tuple[float, float]:
        """Learn from one batch, with words where something is asked; return both losses."""
        leg = LEGS[self.schedule.leg(self.done)]
        spoken = torch.tensor(math.nan)
        with torch.autocast(self.device.type, torch.bfloat16):
            tokens = see(self.model, batch.pixels, keep)
            corners = 1.0 if ours else leg.corners
            loss = dense = aid_loss(self.aids, tokens, batch, positive, keep, corners)
            if asked:
                smiles = 1.0 if ours else leg.smiles
                ids, weights = self.language.answers(values(batch), smiles)
                shape = batch.pixels.shape[1:3]
                logits = read(self.model, self.language, tokens, shape, asked, ids, keep).float()
                truth, weights = ids.to(self.device), weights.to(self.device)
                each = F.cross_entropy(logits.flatten(0, 1), truth.flatten(), reduction="none")
                spoken = (each.view(ids.shape) * weights).sum() / (len(ids) * COUNT)
                loss = dense + 2.0 * spoken
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([*self.model.parameters(), *self.aids.parameters()], 2.0)
        for optimizer in (*self.eyes, *(self.words if asked else ())):
            optimizer.step()
        self.model.zero_grad(set_to_none=True)
        self.aids.zero_grad(set_to_none=True)
        self.images, self.steps = self.images + len(batch), self.steps + 1
        return float(dense.detach()), float(spoken.detach())

    def begin(self, groups: list[Pictures], others: list[Pictures], checks: list[Pictures]) -> None:
        """Do what the leg that begins now asks for."""
        leg = LEGS[self.schedule.leg(self.done)]
        if leg.fresh:
            for optimizer in (*self.eyes, *self.words):
                optimizer.state.clear()
        if leg.saved:
            cool(self, checks)
            self.renew(groups, others)

    def renew(self, groups: list[Pictures], others: list[Pictures]) -> None:
        """Go on as from a saved folder: the weights that it keeps, and new aids, taught first."""
        rng = np.random.default_rng([self.seed, self.done, ALONE])
        torch.manual_seed(self.seed + self.done)
        with torch.no_grad():
            for weight in self.model.parameters():
                weight.copy_(weight.bfloat16())
        self.aids.load_state_dict(Aids(self.aids.norm.weight.numel()).state_dict())
        learner = torch.optim.AdamW(self.aids.parameters(), lr=1e-2)
        batches = [b for some in (groups, others) for b in list(deal(some, BATCH, rng))[:ALONE]]
        positive = rarity(groups)
        for k in rng.permutation(len(batches)):
            with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
                tokens = see(self.model, batches[k].pixels)
            learner.zero_grad()
            torch.autograd.backward(aid_loss(self.aids, tokens, batches[k], positive))
            learner.step()

    def round(self, groups: list[Pictures], others: list[Pictures]) -> np.ndarray:
        """Deal these pictures once; return the losses of each step."""
        number, plan = self.done, self.schedule
        rng = np.random.default_rng([self.seed, number])
        questions = Questions(self.language, rng) if plan.speaks(number) else None
        own = list(deal(groups, BATCH, rng))
        count = plan.others(number, len(own)) if others else 0
        mixed = list(deal(others, BATCH, rng))[:count] if count else []
        positive = rarity(groups)
        order = rng.permutation(len(own) + len(mixed))
        losses, since = [], 0
        for place, k in enumerate(order):
            batch = own[k] if k < len(own) else mixed[k - len(own)]
            now = number + place / len(order)
            since = (number - plan.eyes) * len(order) + place
            self.rates(plan.rate(now), max(0, since))
            keep = None if plan.whole(now, place) else chosen(batch, rng)
            shown = LEGS[plan.leg(now)].shown
            if k >= len(own) and shown < 1:
                keep = None if place % 4 == 0 else scattered(batch, shown, rng)
            ask = questions is not None and plan.asks(now, place)
            asked = questions.deal(len(batch)) if questions and ask else None
            losses.append(self.step(batch, positive, keep, asked, ours=k < len(own)))
        self.done += 1
        return np.array(losses)

    def run(self, besides: Callable[[int], Beside], every: int, until: int) -> None:
        """Train until so many rounds are done, with a checkpoint after each."""
        if self.done >= until:
            return
        leg = self.schedule.leg(self.done)
        others, checks = besides(leg)
        while self.done < until:
            clock, cpu = time.time(), time.process_time()
            self.wanted.value = self.done
            if leg != self.schedule.leg(self.done):
                leg = self.schedule.leg(self.done)
                others, checks = besides(leg)
            lags = self.schedule.lags(self.done)
            groups = [g for lag in lags for g in self.shard(self.done - lag)]
            if self.done in self.schedule.starts:
                self.begin(groups, others, checks)
            waited = time.time() - clock
            losses = self.round(groups, others)
            self.cpu += time.process_time() - cpu
            figures = self.label | {
                "round": self.done,
                "images": self.images,
                "cpu_minutes": round(self.cpu / 60, 1),
                "waited": round(waited, 1),
                "dense": round(float(losses[:, 0].mean()), 4),
            }
            if self.done > self.schedule.eyes:
                figures["spoken"] = round(float(np.nanmean(losses[:, 1])), 4)
            if self.done % every == 0 or self.done == self.schedule.rounds:
                speaking = self.done > self.schedule.eyes
                figures |= glance(self.model, self.aids, self.language, checks, speaking)
            self.said.append(figures)
            sys.stderr.write(json.dumps(figures) + "\n")
            sys.stderr.flush()
            self.save()
            self.path(self.done - 1 - LONGEST).unlink(missing_ok=True)

    def path(self, number: int) -> Path:
        """Return where a shard lies."""
        return self.shards / f"shard{number:03d}.npz"

    def shard(self, number: int) -> list[Pictures]:
        """Return a shard, when it has been rendered; none before the first."""
        if number < 0:
            return []
        while not self.path(number).exists():
            if self.renderer is None or not self.renderer.is_alive():
                sys.exit(f"{self.path(number)} is not there, and nothing draws it: start again")
            time.sleep(0.2)
        return load(self.path(number))


def cool(training: Training, checks: list[Pictures]) -> None:
    """Fit the temperature on held-out pictures and put it into the last norm's weights."""
    found = temperature(training.model, training.language, checks)
    norm: Any = training.model.model.language_model.norm
    with torch.no_grad():
        norm.weight.div_(found)
    training.said.append({"temperature": round(found, 3)})
