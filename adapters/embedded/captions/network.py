"""The network that reads a row: convolutions over the picture, then along the row, then CTC.

Source: Graves et al. 2006, Connectionist temporal classification; Shi, Bai & Yao 2017, An
end-to-end trainable neural network for image-based sequence recognition (CRNN), here with dilated
convolutions along the row in place of its recurrent layers.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from .alphabet import SIGNS
from .strip import HEIGHT

CHANNELS, WIDTH, DILATIONS = (16, 32, 48), 96, (1, 1, 2, 2)
STEP = 2  # pixels of a row for one place of the answer


class Along(nn.Module):
    """One layer along the row, added to what it is given."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(WIDTH, WIDTH, 5, padding=2 * dilation, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, WIDTH, places)."""
        added: torch.Tensor = x + torch.relu(self.norm(self.conv(x)))
        return added


class Recogniser(nn.Module):
    """Rows of one width (n, HEIGHT, w) in [0, 1] to scores (n, places, classes)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for at, (before, after) in enumerate(pairwise((1, *CHANNELS))):
            size, stride = (5, (2, STEP)) if at == 0 else (3, (2, 1))
            conv = nn.Conv2d(before, after, size, stride, size // 2, bias=False)
            layers += [conv, nn.BatchNorm2d(after), nn.ReLU()]
        self.over = nn.Sequential(*layers)
        high = HEIGHT >> len(CHANNELS)
        self.turn = nn.Conv1d(CHANNELS[-1] * high, WIDTH, 1, bias=False)
        self.norm = nn.BatchNorm1d(WIDTH)
        self.along = nn.Sequential(*(Along(dilation) for dilation in DILATIONS))
        self.head = nn.Conv1d(WIDTH, len(SIGNS) + 1, 1)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the scores of every class, CTC's blank first, at every place."""
        columns = self.over(rows.unsqueeze(1)).flatten(1, 2)
        scores: torch.Tensor = self.head(self.along(torch.relu(self.norm(self.turn(columns)))))
        return scores.transpose(1, 2)


def places(width: int) -> int:
    """Return at how many places a row of this width is answered."""
    return -(-width // STEP)
