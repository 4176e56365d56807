"""What transformers 5 has dropped and code written for version 4 asks for.

Code that a repository brings is rarely newer than its weights. What is here
was asked for by the code of Kimi-VL and Llama Nemotron Nano VL as it was published in 2025; it is
lent where the library has none, and only once a user has allowed such code to run.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

# The library is only partly annotated; this is the boundary to it.
_hf: Any = importlib.import_module("transformers")


class OlderCache(_hf.DynamicCache):  # type: ignore[misc]  # the library is untyped
    """A cache that answers as in version 4."""

    @property
    def seen_tokens(self) -> int:
        """Return how many tokens it holds."""
        return int(self.get_seq_length())

    def get_usable_length(self, _: int, layer_idx: int = 0) -> int:
        """Return how many tokens a layer holds."""
        return int(self.get_seq_length(layer_idx))

    def get_max_length(self, layer_idx: int = 0) -> None:
        """Return that there is no bound, which version 5 calls -1."""

    get_max_cache_shape = get_max_length


_NAMES: dict[str, dict[str, Any]] = {
    "transformers.utils.import_utils": {"is_torch_fx_available": lambda: False},
    "transformers.processing_utils": {
        "_validate_images_text_input_order": lambda images, text: (images, text)
    },
}


@contextmanager
def lent() -> Iterator[None]:
    """Lend the names, for good, and, while a model loads, what ``post_init`` would have noted.

    Version 5 notes there which weights are shared; code that never calls it shares none.
    """
    letters = importlib.import_module("transformers.convert_slow_tokenizer").bytes_to_unicode
    moved = {"transformers.models.gpt2.tokenization_gpt2": {"bytes_to_unicode": letters}}
    for name, missing in {**_NAMES, **moved}.items():
        _lend(importlib.import_module(name), missing)
    noted = "all_tied_weights_keys"
    setattr(_hf.PreTrainedModel, noted, {})
    try:
        yield
    finally:
        delattr(_hf.PreTrainedModel, noted)


def _lend(owner: Any, missing: dict[str, Any]) -> None:
    for name, value in missing.items():
        if not hasattr(owner, name):
            setattr(owner, name, value)


def count_positions(model: Any) -> None:
    """Tell a model's own code where in the text it is, as version 4 did at every step."""
    own = model.prepare_inputs_for_generation
    if "cache_position" not in inspect.signature(own).parameters:
        return

    @functools.wraps(own)  # the library reads the signature
    def prepare(input_ids: Any, **given: Any) -> Any:
        past = given.get("past_key_values")
        start = past.get_seq_length() if past is not None else 0
        places = torch.arange(start, max(start + 1, input_ids.shape[1]), device=input_ids.device)
        return own(input_ids, **{**given, "cache_position": places})

    model.prepare_inputs_for_generation = prepare
