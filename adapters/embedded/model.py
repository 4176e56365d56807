"""The embedded model: a Qwen2.5-VL of about two million parameters, tokenizer, processor."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import (
    PreTrainedTokenizerFast,
    ProcessorMixin,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from .asking import LINE_LIMIT, PROMPT
from .data import MOST
from .faces.labels import EMOTIONS, EXPRESSIONS, LEVELS, UNITS
from .faces.sample import sample_line

NAME = "nesy-embedded-5"
SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def value_pieces() -> list[str]:
    """Return the values of the answer, each with its quotes."""
    words = (*LEVELS, "x", "no", "yes", "none", "one", "several", *EMOTIONS)
    return [f'"{word}"' for word in words]


def key_pieces() -> list[str]:
    """Return what stands before each value of the answer, in order, and the end."""
    units = [f',"au{unit}":' for unit in UNITS]
    names = [f',"{name}":' for name in EXPRESSIONS]
    units[0] = ',"action_units":{' + units[0][1:]
    names[0] = '},"expressions":{' + names[0][1:]
    return ['{"faces":', *units, *names, '},"emotion":', "}"]


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer in which each value and each key piece is one token."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    rng = np.random.default_rng(5)
    texts = [PROMPT, "user\nassistant\n"] * 400 + [sample_line(rng) for _ in range(4000)]
    trainer = trainers.BpeTrainer(
        vocab_size=720, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    core.add_special_tokens(list(SPECIAL))
    core.add_tokens(
        [
            AddedToken(p, normalized=False, special=False)
            for p in (*value_pieces(), *key_pieces()[:-1])
        ]
    )
    make: Any = PreTrainedTokenizerFast  # untyped
    tokenizer: PreTrainedTokenizerFast = make(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        extra_special_tokens={"image_token": "<|image_pad|>"},
        model_max_length=4096,
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


class ImageProcessor(Qwen2_5_VLProcessor):
    """The checkpoint's processor without its video part, which would need torchvision."""

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        chat_template: Any = None,
        **kw: Any,
    ) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        mixin: Any = ProcessorMixin  # untyped
        mixin.__init__(self, image_processor, tokenizer, chat_template=chat_template, **kw)


def make_processor(tokenizer: PreTrainedTokenizerFast) -> ImageProcessor:
    """Return the processor: pictures shrunk to at most MOST pixels, sides multiples of 28."""
    half = [0.5, 0.5, 0.5]
    size = {"shortest_edge": 12_544, "longest_edge": MOST}
    images = Qwen2VLImageProcessorPil(size=size, image_mean=half, image_std=half)
    return ImageProcessor(images, tokenizer, chat_template=TEMPLATE)


def make_config(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLConfig:
    """Return the configuration."""
    ids: dict[str, Any] = {name: tokenizer.convert_tokens_to_ids(name) for name in SPECIAL}
    width, depth = 128, 6
    return Qwen2_5_VLConfig(
        vision_config={
            "depth": depth,
            "hidden_size": width,
            "intermediate_size": 352,
            "num_heads": 4,
            "out_hidden_size": width,
            "fullatt_block_indexes": list(range(depth)),
        },
        text_config={
            "vocab_size": (len(tokenizer) + 31) // 32 * 32,
            "hidden_size": width,
            "intermediate_size": 352,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": 4096,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10_000.0,
                "mrope_section": [4, 6, 6],
            },
            "bos_token_id": None,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def make_model(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLForConditionalGeneration:
    """Return the untrained model; weights start at 1/sqrt(inputs), residual outputs smaller."""
    model = Qwen2_5_VLForConditionalGeneration(make_config(tokenizer))
    for name, weight in model.named_parameters():
        if weight.ndim >= 2 and "embed_tokens" not in name:
            inputs = weight[0].numel()
            deep = any(part in name for part in ("attn.proj", "o_proj", "down_proj"))
            nn.init.normal_(weight, std=inputs**-0.5 * (0.3 if deep else 1.0))
        elif name.endswith("bias"):
            nn.init.zeros_(weight)
    nn.init.normal_(model.model.language_model.embed_tokens.weight, std=0.05)
    return model


def export(
    folder: Path, model: Qwen2_5_VLForConditionalGeneration, tokenizer: PreTrainedTokenizerFast
) -> None:
    """Write everything that loading needs, weights in bfloat16."""
    folder.mkdir(parents=True, exist_ok=True)
    twin: Any = Qwen2_5_VLForConditionalGeneration(model.config)
    twin.load_state_dict(model.state_dict())
    twin.generation_config.update(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
        max_new_tokens=600,
    )
    twin.to(torch.bfloat16).save_pretrained(folder)
    make_processor(tokenizer).save_pretrained(folder)
    for name in ("processor_config.json", "tokenizer_config.json"):
        path = folder / name
        said = json.loads(path.read_text(encoding="utf-8"))
        said["processor_class"] = "Qwen2_5_VLProcessor"
        path.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    (folder / "model.safetensors").chmod(0o644)
    card = {
        "name": NAME,
        "prompt": PROMPT,
        "line_limit": LINE_LIMIT,
        "reports": ["faces", "action_units", "expressions", "emotion"],
        "licence": "Apache-2.0",
    }
    (folder / "nesy.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def parameters(model: nn.Module) -> int:
    """Return the number of parameters, tied ones once."""
    return sum(p.numel() for p in model.parameters())


def answer_pieces(values: list[str]) -> list[str]:
    """Return key and value pieces of an answer alternately: faces, units, expressions, emotion."""
    keys = key_pieces()
    pairs = zip(keys[:-1], (f'"{v}"' for v in values), strict=True)
    return [*itertools.chain.from_iterable(pairs), keys[-1]]
