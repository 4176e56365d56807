"""Any image-text-to-text model of the transformers library, by local folder or hub name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

    from .perceiver import TransformersPerceiver
    from .writing import TransformersDrafter, TransformersReplyReader


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


def create_drafter(
    model: str | None,
    vocabulary: Vocabulary,
    *,
    temperature: float = 0.0,
    text_limit: int | None = None,
) -> TransformersDrafter:
    """Load a causal language model that drafts; raises NesyError N103, N901-N904."""
    from .loading import WORDS, load
    from .writing import TransformersDrafter

    loaded = load(_named(model), kind=WORDS)
    if text_limit is None:
        return TransformersDrafter(loaded, vocabulary, temperature=temperature)
    return TransformersDrafter(loaded, vocabulary, temperature=temperature, text_limit=text_limit)


def create_reply_reader(model: str | None, vocabulary: Vocabulary) -> TransformersReplyReader:
    """Load a causal language model that reads replies; raises NesyError N103, N901-N904."""
    from .loading import WORDS, load
    from .writing import TransformersReplyReader

    return TransformersReplyReader(load(_named(model), kind=WORDS), vocabulary)


def _named(model: str | None) -> str:
    if model:
        return model
    what = "the adapter transformers needs a model"
    why = "it runs any causal language model, so none can be assumed"
    fix = "write --draft-with transformers:FOLDER or transformers:ORGANISATION/NAME"
    raise NesyError(Diagnostic("N103", what, why, fix))
