"""The head: from a sentence embedding to the probability of each emotion and valence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from nesy.diagnostics import Diagnostic, NesyError

FILE = Path(__file__).parent / "head.safetensors"
EMOTION, VALENCE = "emotion:", "valence:"
_TENSORS = ("first", "first_bias", "second", "second_bias", "slope", "offset")


@dataclass(frozen=True)
class Head:
    """Two layers, and a straight line on each output's log-odds that calibrates it.

    ``outputs`` names them: ``emotion:joy``, ``valence:positive``. ``card`` says how it was made.
    """

    outputs: tuple[str, ...]
    tensors: dict[str, torch.Tensor]
    card: dict[str, Any]

    def probabilities(self, embedded: torch.Tensor) -> torch.Tensor:
        """Return (lines, outputs) in [0, 1]; emotions need not sum to 1."""
        return torch.sigmoid(self.log_odds(embedded))

    def log_odds(self, embedded: torch.Tensor) -> torch.Tensor:
        """Return the calibrated log-odds, (lines, outputs)."""
        t = {name: tensor.float() for name, tensor in self.tensors.items()}
        hidden = torch.nn.functional.gelu(embedded @ t["first"].T + t["first_bias"])
        raw = hidden @ t["second"].T + t["second_bias"]
        return raw * t["slope"] + t["offset"]


def save(head: Head, file: Path) -> None:
    """Write a head; the same head gives the same bytes."""
    data = {"outputs": list(head.outputs), **head.card}
    file.write_bytes(to_bytes(head.tensors, metadata={"card": json.dumps(data, sort_keys=True)}))


def load(file: Path = FILE) -> Head:
    """Read a head; raises NesyError N903 where the file is none."""
    try:
        with safe_open(file, framework="pt") as opened:
            card = json.loads(opened.metadata()["card"])
            tensors = {name: opened.get_tensor(name) for name in _TENSORS}
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        fix = "python -m nesy.adapters.minilm.train --xed FILE --goemotions FILE"
        what = "the head of MiniLM cannot be read"
        raise NesyError(Diagnostic("N903", what, str(error), fix, str(file))) from error
    return Head(tuple(card.pop("outputs")), tensors, card)
