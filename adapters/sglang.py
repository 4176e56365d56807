"""A model served by SGLang: `MODEL` or `MODEL@URL`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .server import connect

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

    from .server.perceiver import ServerPerceiver


def create(model: str | None, vocabulary: Vocabulary) -> ServerPerceiver:
    """Connect to the server; raises what `server.connect` raises."""
    return connect("sglang", model, vocabulary)
