"""The network of transformers' Qwen2.5-VL over many pictures of one shape (training only)."""

import numpy as np
import torch
from torch import nn
from transformers import Qwen2_5_VLForConditionalGeneration

from .data import PATCH
from .faces.labels import UNITS


def patches(pixels: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return (n, patches, 588) from uint8 pixels, in the processor's order of merged groups."""
    n, h, w, _ = pixels.shape
    x = torch.from_numpy(np.array(pixels)).to(device).float().mul_(2 / 255).sub_(1)
    x = x.view(n, h // PATCH // 2, 2, PATCH, w // PATCH // 2, 2, PATCH, 3)
    return x.permute(0, 1, 4, 2, 5, 7, 3, 6).reshape(
        n, (h // PATCH) * (w // PATCH), 3 * PATCH * PATCH
    )


def places(h: int, w: int) -> torch.Tensor:
    """Return the (row, column) of each patch, in the same order."""
    rows, columns = torch.meshgrid(
        torch.arange(h // PATCH), torch.arange(w // PATCH), indexing="ij"
    )
    grid = torch.stack([rows, columns], -1).view(h // PATCH // 2, 2, w // PATCH // 2, 2, 2)
    return grid.permute(0, 2, 1, 3, 4).reshape(-1, 2)


def _turn(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def see(
    model: Qwen2_5_VLForConditionalGeneration, pixels: np.ndarray, keep: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the picture tokens (n, t, width); keep (n, k) names the merged tokens to look at."""
    tower = model.model.visual
    n, h, w, _ = pixels.shape
    kernel = tower.patch_embed.proj.weight.sum(2).flatten(1)
    x, place = patches(pixels, kernel.device), places(h, w).to(kernel.device)
    cos, sin = tower.rotary_pos_emb(x, place)
    if keep is None:
        cos, sin = cos[None, None], sin[None, None]
    else:
        k, keep, rows = keep.shape[1], keep.to(x.device), torch.arange(n, device=x.device)
        x = x.view(n, -1, 4, x.shape[-1])[rows[:, None], keep].reshape(n, 4 * k, -1)
        cos, sin = (f.view(-1, 4, f.shape[-1])[keep].reshape(n, 1, 4 * k, -1) for f in (cos, sin))
    x = x @ kernel.T
    for block in tower.blocks:
        heads = block.attn.num_heads
        q, k_, v = (
            block.attn.qkv(block.norm1(x)).view(n, x.shape[1], 3, heads, -1).permute(2, 0, 3, 1, 4)
        )
        c, s = cos.to(q.dtype), sin.to(q.dtype)
        # Written out: in bfloat16 on a CPU five times as fast as the fused form, backwards.
        y = (_turn(q, c, s) @ _turn(k_, c, s).mT * q.shape[-1] ** -0.5).softmax(-1).to(v.dtype) @ v
        x = x + block.attn.proj(y.transpose(1, 2).reshape(n, x.shape[1], -1))
        x = x + block.mlp(block.norm2(x))
    merger = tower.merger
    seen: torch.Tensor = merger.mlp(merger.ln_q(x).view(n, -1, merger.hidden_size))
    return seen


def positions(h: int, w: int, before: int, after: int) -> torch.Tensor:
    """Return the rope positions (3, length) of text, one picture, text."""
    rows, columns = h // PATCH // 2, w // PATCH // 2
    r, c = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    picture = torch.stack([torch.zeros_like(r), r, c]).view(3, -1) + before
    start = before + max(rows, columns)
    tail = torch.arange(start, start + after)
    return torch.cat([torch.arange(before).expand(3, -1), picture, tail.expand(3, -1)], 1)


class Aids(nn.Module):
    """Heads only for training: what each token shows, where it is, how many faces."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width)
        self.units = nn.Linear(width, len(UNITS))
        self.place = nn.Linear(width, 3)
        self.faces = nn.Linear(width, 3)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return unit logits (n, t, 26), place (n, t, 3), face-count logits (n, 3)."""
        x = self.norm(tokens.float())
        return self.units(x), self.place(x), self.faces(x.mean(1))
