"""A model served by vLLM (0.12 or later): `MODEL` or `MODEL@URL`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .server import connect

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

    from .server.perceiver import ServerPerceiver


def create(model: str | None, vocabulary: Vocabulary) -> ServerPerceiver:
    """Connect to the server; raises what `server.connect` raises."""
    return connect("vllm", model, vocabulary)
