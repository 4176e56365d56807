"""A vision-language model with random weights behind the small chat server of `serving`."""

import importlib
import json
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.serving import Asked, Said, Token


class TinyModel:
    """A vision-language model with random weights that Outlines holds to the schema it is asked."""

    def __init__(self, folder: Path, *, white_space: str | None = "") -> None:
        import outlines

        from nesy.adapters.transformers import loading

        with warnings.catch_warnings():
            # Not ours: what PyTorch's compiler imports.
            warnings.simplefilter("ignore")
            importlib.import_module("outlines_core.kernels.torch")
        loaded = loading.load(str(folder))
        self.tokenizer = loaded.processor.tokenizer
        self.model = outlines.from_transformers(
            loaded.model, loaded.processor, device_dtype=loaded.model.dtype
        )
        self.white_space = white_space
        self.made: dict[str, Any] = {}
        self.lock = threading.Lock()

    def __call__(self, asked: Asked) -> Said:
        import outlines

        content: list[dict[str, Any]] = [{"type": "text", "text": asked.prompt}]
        if (image := asked.image) is not None:
            content.insert(0, {"type": "image", "image": outlines.Image(image)})
        chat = outlines.inputs.Chat([{"role": "user", "content": content}])
        with self.lock:
            generator, record = self._generator(json.dumps(asked.schema))
            record.steps.clear()
            most = asked.body.get("max_tokens") or asked.body["options"]["num_predict"]
            end = self.tokenizer.eos_token_id
            text = generator(
                chat, max_new_tokens=most, do_sample=False, eos_token_id=end, pad_token_id=end
            )
            tokens = tuple(self.tokens(record.steps, asked.body.get("top_logprobs", 20)))
            ended = record.steps[-1][0] == end
        return Said(text, tokens, "stop" if ended else "length")

    def _generator(self, schema: str) -> Any:
        import outlines

        if schema not in self.made:
            form = outlines.types.JsonSchema(
                json.loads(schema), whitespace_pattern=self.white_space
            )
            record = Record(outlines.Generator(self.model, form).logits_processor)
            self.made[schema] = outlines.Generator(self.model, processor=record), record
        return self.made[schema]

    def tokens(self, steps: list[tuple[int, Any]], most: int) -> Iterator[Token]:
        for chosen, scores in steps:
            chances, numbers = scores.topk(most)
            likely = zip(numbers.tolist(), chances.tolist(), strict=True)
            told = [(self.tokenizer.decode([n]), p) for n, p in likely if p > 0]
            yield Token(self.tokenizer.decode([chosen]), tuple(told))


class Record:
    """A logits processor that keeps what another one, and a greedy choice, made of the scores."""

    tensor_library_name = "torch"

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.steps: list[tuple[int, Any]] = []

    def reset(self) -> None:
        self.inner.reset()

    def __call__(self, ids: Any, scores: Any) -> Any:
        masked = self.inner(ids, scores)
        chances = masked.float().softmax(-1)[0]
        self.steps.append((int(chances.argmax()), chances))
        return masked
