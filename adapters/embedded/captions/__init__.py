"""Read the line that is printed at the bottom of a picture: the embedded model's own reader."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nesy import resources
from nesy.diagnostics import Diagnostic, MissingError

if TYPE_CHECKING:
    from PIL.Image import Image

    from .reading import Reader

WEIGHTS = Path(__file__).parent / "weights"


def read(picture: Image) -> str:
    """Return the caption of a picture, "" where it has none; raises MissingError N901."""
    return _reader()(picture)


def digest() -> str:
    """Return the hash of the weights and of what they are used with; raises MissingError N901."""
    names = ("model.safetensors", "config.json")
    return resources.digest(_there(WEIGHTS / name) for name in names)


@lru_cache(maxsize=1)
def _reader() -> Reader:
    # Imported here, so that listing the adapters loads no torch.
    from .reading import Reader

    return Reader(_there(WEIGHTS / "model.safetensors"))


def _there(path: Path) -> Path:
    if path.is_file():
        return path
    what, why = "the embedded model cannot read captions", f"{path} is not there"
    fix = "python -m nesy.adapters.embedded.captions.train --out DIR"
    raise MissingError(Diagnostic("N901", what, why, fix))
