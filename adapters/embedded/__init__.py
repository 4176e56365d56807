"""The small model that ships with nesy: it knows drawn faces only, and runs on any CPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, MissingError, NesyError

if TYPE_CHECKING:
    from nesy.perceive import Perceiver
    from nesy.vocabulary import Vocabulary

WEIGHTS = Path(__file__).parent / "weights"


def create(model: str | None, vocabulary: Vocabulary) -> Perceiver:
    """Load the weights beside this file; raises NesyError N103 or N901."""
    if model:
        fix = f"write --with embedded, or --with transformers:{model}"
        what, why = f"the adapter embedded has no model {model!r}", "it is one model"
        raise NesyError(Diagnostic("N103", what, why, fix))
    if not (WEIGHTS / "config.json").is_file():
        what, why = "the embedded model has no weights", f"{WEIGHTS}/config.json is not there"
        fix = "python -m nesy.adapters.embedded.train --out DIR"
        raise MissingError(Diagnostic("N901", what, why, fix))
    from ..transformers import create as create_transformers

    return create_transformers(str(WEIGHTS), vocabulary, name="embedded")
