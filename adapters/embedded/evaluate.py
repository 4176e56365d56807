"""How well pictures are read: quickly while training, and with free running after it."""

from typing import Any

import numpy as np
import torch

from .asking import PROMPT
from .data import Pictures, cells
from .faces.labels import EXPRESSIONS, UNITS
from .lesson import COUNT, Language, read, values
from .vision import Aids, see


def f1(hit: float, false: float, missed: float) -> float:
    """Return the F1 score."""
    return 2 * hit / (2 * hit + false + missed) if hit + false + missed else 1.0


def agreement(said: np.ndarray, true: np.ndarray) -> dict[str, Any]:
    """Return micro-F1 and F1 per column of two boolean arrays."""
    hit, false, missed = (said & true).sum(0), (said & ~true).sum(0), (~said & true).sum(0)
    each = [
        round(f1(*(float(c[i]) for c in (hit, false, missed))), 3) for i in range(said.shape[1])
    ]
    return {
        "micro_f1": round(f1(float(hit.sum()), float(false.sum()), float(missed.sum())), 4),
        "each": each,
    }


def calibration_error(chances: np.ndarray, true: np.ndarray, bins: int = 10) -> float | None:
    """Return the expected calibration error over equal bins of the chance, 0 best; 1 worst."""
    known = ~np.isnan(chances)
    p, y = chances[known], true[known].astype(float)
    if not len(p):
        return None
    place = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs(float((p - y)[place == b].sum())) for b in range(bins)]
    return round(sum(gaps) / len(p), 4)


@torch.no_grad()
def glance(
    model: Any, aids: Aids, language: Language, checks: list[Pictures], speaking: bool
) -> dict[str, Any]:
    """Return figures of the dense head, and of the words given the true values before each."""
    said, true, face = [], [], []
    rows_said: list[list[int]] = []
    rows_true: list[list[int]] = []
    question = language.questions([PROMPT.replace("{line}", "I am fine, thanks.")])[0]
    for group in checks:
        for k in range(0, len(group), 50):
            batch = group.take(np.arange(k, min(k + 50, len(group))))
            tokens = see(model, batch.pixels)
            region = torch.from_numpy(cells(batch)[0]).float()
            units, _, faces = (part.cpu() for part in aids(tokens))
            pooled = (units.float() * region).sum(1) / region.sum(1).clamp(min=1)
            one = batch.faces == 1
            said.append((pooled.numpy() > 0.3)[one])
            true.append((batch.units >= 0.1)[one])
            face.append((faces.argmax(-1).numpy() == batch.faces).mean() * len(batch))
            if speaking:
                ids, _ = language.answers(values(batch))
                logits = read(
                    model, language, tokens, batch.pixels.shape[1:3], [question] * len(batch), ids
                )
                rows_said += logits[:, 1:-2:2].argmax(-1).tolist()
                rows_true += ids[:, 1:-2:2].tolist()
    head = agreement(np.concatenate(said), np.concatenate(true))
    total = sum(map(len, checks))
    figures: dict[str, Any] = {
        "aid_au": head["micro_f1"],
        "aid_faces": round(float(sum(face)) / total, 3),
    }
    if not speaking:
        return figures | {"each": dict(zip(UNITS, head["each"], strict=True))}
    a, b = np.array(rows_said), np.array(rows_true)
    none = [language.ids["0"], language.ids["x"]]
    au = agreement(~np.isin(a[:, 1:27], none), ~np.isin(b[:, 1:27], none))
    yes = language.ids["yes"]
    expression = agreement(a[:, 27 : COUNT - 1] == yes, b[:, 27 : COUNT - 1] == yes)
    return figures | {
        "faces": round(float((a[:, 0] == b[:, 0]).mean()), 3),
        "au": au["micro_f1"],
        "expression": expression["micro_f1"],
        "emotion": round(float((a[:, -1] == b[:, -1]).mean()), 3),
        "each": dict(zip((*UNITS, *EXPRESSIONS), au["each"] + expression["each"], strict=True)),
    }


@torch.no_grad()
def temperature(model: Any, language: Language, checks: list[Pictures]) -> float:
    """Return what to divide the logits by so that the chances of held-out values are right."""
    question = language.questions([PROMPT.replace("{line}", "I am fine, thanks.")])[0]
    found: list[tuple[torch.Tensor, torch.Tensor]] = []
    for group in checks:
        for k in range(0, len(group), 50):
            batch = group.take(np.arange(k, min(k + 50, len(group))))
            ids, _ = language.answers(values(batch))
            shape = batch.pixels.shape[1:3]
            asked = [question] * len(batch)
            logits = read(model, language, see(model, batch.pixels), shape, asked, ids)
            found.append((logits[:, 1:-2:2].flatten(0, 1).cpu(), ids[:, 1:-2:2].flatten()))
    logits, ids = (torch.cat(parts) for parts in zip(*found, strict=True))
    grid = np.exp(np.linspace(np.log(0.5), np.log(3.0), 60))
    losses = [float(torch.nn.functional.cross_entropy(logits / t, ids)) for t in grid]
    return float(grid[int(np.argmin(losses))])
