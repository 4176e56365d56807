"""Decoding that reads the text a schema forces in one forward instead of one forward a token.

Forced text is proposed as the tokenizer would cut it, fed together with the token just chosen,
and then *chosen again*, token by token, from the scores of that one forward: what the model would
have cut otherwise is thrown away. The answer is the one that step-by-step decoding gives, greedy
or sampled, for any model and backend; so are the random numbers used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch

# More than this at once is never forced by a report's keys; it bounds what one forward may cost.
MOST = 64
# What transformers lengthens by one for every token, beside the cache.
_BY_TOKEN = ("attention_mask", "position_ids", "token_type_ids", "mm_token_type_ids")


class Proposes(Protocol):
    """A logits processor that knows what must follow a token."""

    def proposals(self, tokens: Sequence[int]) -> Sequence[Sequence[int]]:
        """Return, for each row, the tokens expected after this one; changes nothing."""


class FastForward:
    """A decoding loop for ``generate(custom_generate=…)``.

    ``forwards`` and ``chosen`` count what the last call did: forwards of the model, and tokens
    written in a row.
    """

    def __init__(self, processor: Proposes) -> None:
        self.processor = processor
        self.forwards = 0
        self.chosen = 0

    def __call__(
        self,
        model: Any,
        input_ids: torch.Tensor,
        logits_processor: Any,
        stopping_criteria: Any,
        generation_config: Any,
        **given: Any,
    ) -> torch.Tensor:
        """Return the prompts with their answers, as the library's own loop does."""
        for unused in ("synced_gpus", "streamer"):
            given.pop(unused, None)
        self.forwards, self.chosen = 1, 0
        choose = _sampled if generation_config.do_sample else _greedy
        processors = list(logits_processor)  # called as a whole, it inspects each at every token
        pad = generation_config._pad_token_tensor
        written = input_ids
        finished = torch.zeros(len(written), dtype=torch.bool, device=written.device)
        out = model._prefill(written, generation_config, given, is_first_iteration=True)
        cache = out.past_key_values
        # A cache that cannot forget tokens allows no proposals that may turn out wrong.
        mends = bool(getattr(cache, "is_croppable", False)) and generation_config.use_cache
        if mends:
            cache.activate_past_recording()
        logits = out.logits[:, -1:]
        proposed = written[:, :0]
        while True:
            for at in range(logits.shape[1]):
                scores = logits[:, at].to(copy=True, dtype=torch.float32, device=written.device)
                for processor in processors:
                    scores = processor(written, scores)
                token = choose(scores)
                token = torch.where(finished, pad, token)
                written = torch.cat([written, token[:, None]], 1)
                self.chosen += 1
                finished = finished | stopping_criteria(written, None)
                if bool(finished.all()):
                    return written
                if at < proposed.shape[1] and not bool((token == proposed[:, at]).all()):
                    break
            if mends:
                _forget(cache, given, proposed.shape[1] - at)
            proposed = self._proposed(token, finished, pad) if mends else written[:, :0]
            fed = 1 + proposed.shape[1]
            given = model._update_model_kwargs_for_generation(out, given, num_new_tokens=fed)
            if "logits_to_keep" in given:
                given["logits_to_keep"] = fed
            inputs = model.prepare_inputs_for_generation(
                torch.cat([written, proposed], 1),
                next_sequence_length=fed if generation_config.use_cache else None,
                **given,
            )
            out = model(**inputs, return_dict=True)
            self.forwards += 1
            logits = out.logits[:, -fed:]

    def _proposed(
        self, token: torch.Tensor, finished: torch.Tensor, pad: torch.Tensor
    ) -> torch.Tensor:
        """Return the next proposals, as long as the shortest of the rows that still write."""
        found = self.processor.proposals(token.tolist())
        ended = finished.tolist()
        live = [len(row) for row, over in zip(found, ended, strict=True) if not over]
        length = min(MOST, *live) if live else 0
        filled = int(pad) if pad is not None else 0
        rows = [
            [filled] * length if over else list(row[:length])
            for row, over in zip(found, ended, strict=True)
        ]
        return torch.tensor(rows, dtype=token.dtype, device=token.device).view(len(rows), length)


def _greedy(scores: torch.Tensor) -> torch.Tensor:
    return scores.argmax(-1)


def _sampled(scores: torch.Tensor) -> torch.Tensor:
    return torch.multinomial(scores.softmax(-1), num_samples=1).squeeze(1)


def _forget(cache: Any, given: dict[str, Any], count: int) -> None:
    """Take the last ``count`` tokens out of the cache and of what goes with it."""
    cache.crop(-count)
    for key in _BY_TOKEN if count else ():
        if isinstance(value := given.get(key), torch.Tensor):
            given[key] = value[..., :-count]
