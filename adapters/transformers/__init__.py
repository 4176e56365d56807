"""Any image-text-to-text model of the transformers library, by local folder or hub name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

    from .perceiver import TransformersPerceiver


def create(
    model: str | None,
    vocabulary: Vocabulary,
    *,
    name: str = "transformers",
    temperature: float = 0.0,
    batch_size: int | None = None,
    trust_remote_code: bool = False,
) -> TransformersPerceiver:
    """Load a model; raises NesyError N103 (none named), N901-N904 (it cannot be had or used)."""
    if not model:
        what = "the adapter transformers needs a model"
        why = "it runs any image-text-to-text model, so none can be assumed"
        fix = "write --with transformers:FOLDER or --with transformers:ORGANISATION/NAME"
        raise NesyError(Diagnostic("N103", what, why, fix))
    # Imported here, so that listing the adapters loads no torch.
    from .loading import load
    from .perceiver import TransformersPerceiver

    loaded = load(model, trust_remote_code=trust_remote_code)
    return TransformersPerceiver(
        loaded, vocabulary, name=name, temperature=temperature, batch_size=batch_size
    )
