"""Muon for the matrices inside the network, AdamW for the rest."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn


def orthogonal(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Return the nearest matrix with singular values near one (Newton-Schulz, Jordan 2024)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x: torch.Tensor = (matrix / (matrix.norm() + 1e-7)).bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum whose every step is made orthogonal; fused q, k, v are treated apart."""

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        decay: float = 0.01,
    ) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # noqa: ARG002
        """Change the weights by one step."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                speed = state.setdefault("speed", torch.zeros_like(weight))
                speed.lerp_(weight.grad, 1 - group["momentum"])
                push = weight.grad.lerp(speed, group["momentum"])
                parts = 3 if push.shape[0] == 3 * push.shape[1] else 1
                turned = torch.cat([orthogonal(part) for part in push.chunk(parts)])
                size = 0.2 * max(push.shape[0] // parts, push.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"]).add_(
                    turned, alpha=-group["lr"] * size
                )


def split(
    named: Iterable[tuple[str, nn.Parameter]],
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return (matrices for Muon, the rest for AdamW)."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, weight in named:
        inside = (
            weight.ndim == 2
            and weight.numel() < 100_000
            and ("blocks." in name or "layers." in name)
        )
        (matrices if inside else rest).append(weight)
    return matrices, rest
