"""The saved network over a picture: its rows, read greedily, top first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from .alphabet import decoded
from .network import Recogniser
from .strip import rows_in

LEAST = 2  # letters or digits of a caption


class Reader:
    """The network with its weights, in float32 on the CPU."""

    def __init__(self, weights: Path) -> None:
        self.network = Recogniser()
        self.network.load_state_dict(load_file(weights))
        self.network.eval().requires_grad_(requires_grad=False)

    def __call__(self, picture: Image.Image) -> str:
        """Return the text of the caption, "" where the picture has none."""
        said = [text for row in rows_in(picture) if (text := self.row(row))]
        text = " ".join(said)
        return text if sum(sign.isalnum() for sign in text) >= LEAST else ""

    @torch.inference_mode()
    def row(self, row: np.ndarray) -> str:
        """Return the text of one row (HEIGHT, width) of ink in [0, 1]."""
        scores = self.network(torch.from_numpy(row)[None])
        return decoded(scores[0].argmax(-1).tolist())
