"""Tiny vision-language models with random weights: what must hold whatever the weights say.

They are real classes of the transformers library, saved and loaded like any checkpoint.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nesy import strict_json, vocabulary

# The library is only partly annotated; this is the boundary to it.
_hf: Any = importlib.import_module("transformers")
_tokenizers: Any = importlib.import_module("tokenizers")
_torch: Any = importlib.import_module("torch")

_VOCABULARY = 1600
_TEMPLATE = (
    "{%% for m in messages %%}<|im_start|>{{ m['role'] }}\n"
    "{%% if m['content'] is string %%}{{ m['content'] }}"
    "{%% else %%}{%% for c in m['content'] %%}{%% if c['type'] == 'image' %%}%s"
    "{%% else %%}{{ c['text'] }}{%% endif %%}{%% endfor %%}{%% endif %%}<|im_end|>\n{%% endfor %%}"
    "{%% if add_generation_prompt %%}<|im_start|>assistant\n{%% endif %%}"
)
_TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "max_position_embeddings": 16384,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_COUNTS = ("num_hidden_layers", "num_attention_heads")
_VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
_SQUARE = {"image_size": 56, "patch_size": 14}
_EDGES = {"size": {"shortest_edge": 3136, "longest_edge": 12544}}
_QWEN = {"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"}


def _corpus() -> list[str]:
    """Return the words a prompt and a report are made of, so that neither takes many tokens."""
    words = vocabulary.load()
    terms = [term for kind in words.terms.values() for term in kind.values()]
    said = [f"{term.id} {term.label} {term.phrase}. " for term in terms]
    return said + [f'"{term.id}":"no","{term.id}":"x",' for term in terms]


def _tokenizer(image_text: str, extra: dict[str, str]) -> Any:
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"]
    special += [token for token in extra.values() if token not in special]
    tokenizer = _tokenizers.Tokenizer(_tokenizers.models.BPE())
    tokenizer.pre_tokenizer = _tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = _tokenizers.decoders.ByteLevel()
    trainer = _tokenizers.trainers.BpeTrainer(
        vocab_size=_VOCABULARY - 64,
        special_tokens=special,
        initial_alphabet=_tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    fast = _hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=extra,
    )
    fast.chat_template = _TEMPLATE % image_text
    return fast


def _qwen2_5_vl(folder: Path) -> None:
    tokenizer = _tokenizer("<|vision_start|><|image_pad|><|vision_end|>", _QWEN)
    vision = {
        **_VISION,
        "depth": 2,
        "num_heads": 4,
        "patch_size": 14,
        "out_hidden_size": 64,
        "fullatt_block_indexes": [0, 1],
    }
    config = _hf.Qwen2_5_VLConfig(
        text_config={**_TEXT, "vocab_size": _VOCABULARY, "rope_parameters": _rope([2, 3, 3])},
        vision_config={k: v for k, v in vision.items() if k not in _COUNTS},
        **_numbers(tokenizer),
    )
    _hf.Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    _picture_part(folder, "Qwen2VLImageProcessor", _EDGES)
    _finish(folder, tokenizer, "Qwen2_5_VLProcessor")


def _qwen3_vl(folder: Path) -> None:
    tokenizer = _tokenizer("<|vision_start|><|image_pad|><|vision_end|>", _QWEN)
    vision = {
        **_VISION,
        "depth": 3,
        "num_heads": 4,
        "patch_size": 14,
        "out_hidden_size": 64,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0, 1],
    }
    text = {**_TEXT, "num_hidden_layers": 3, "head_dim": 16, "vocab_size": _VOCABULARY}
    config = _hf.Qwen3VLConfig(
        text_config={**text, "rope_parameters": _rope([2, 3, 3], mrope_interleaved=True)},
        vision_config={k: v for k, v in vision.items() if k not in _COUNTS},
        **_numbers(tokenizer),
    )
    _hf.Qwen3VLForConditionalGeneration(config).save_pretrained(folder)
    _picture_part(folder, "Qwen2VLImageProcessor", _EDGES)
    _finish(folder, tokenizer, "Qwen3VLProcessor")


def _rope(section: list[int], **extra: Any) -> dict[str, Any]:
    return {"rope_type": "default", "rope_theta": 1e6, "mrope_section": section, **extra}


def _numbers(tokenizer: Any) -> dict[str, int]:
    """Return the numbers of Qwen's tokens around pictures, as its configurations call them."""
    number = tokenizer.convert_tokens_to_ids
    return {
        "image_token_id": number("<|image_pad|>"),
        "video_token_id": number("<|video_pad|>"),
        "vision_start_token_id": number("<|vision_start|>"),
        "vision_end_token_id": number("<|vision_end|>"),
    }


def _deepseek_vl(folder: Path) -> None:
    tokenizer = _tokenizer("<image_placeholder>", {"image_token": "<image_placeholder>"})
    config = _hf.DeepseekVLConfig(
        text_config={**_TEXT, "model_type": "llama", "vocab_size": _VOCABULARY},
        vision_config={**_VISION, **_SQUARE, "model_type": "siglip_vision_model"},
        image_token_id=tokenizer.convert_tokens_to_ids("<image_placeholder>"),
    )
    _hf.DeepseekVLForConditionalGeneration(config).save_pretrained(folder)
    _picture_part(folder, "DeepseekVLImageProcessor", {"size": {"height": 56, "width": 56}})
    _finish(folder, tokenizer, "DeepseekVLProcessor", {"num_image_tokens": 16})


def _deepseek_vl_hybrid(folder: Path) -> None:
    """Write DeepSeek-VL with its second tower, which looks at the picture enlarged."""
    tokenizer = _tokenizer("<image_placeholder>", {"image_token": "<image_placeholder>"})
    high = {
        **_VISION,
        "model_type": "sam_vision_model",
        "image_size": 128,
        "patch_size": 16,
        "output_channels": 8,
        "window_size": 4,
        "global_attn_indexes": [1],
        "mlp_dim": 64,
    }
    config = _hf.DeepseekVLHybridConfig(
        text_config={**_TEXT, "model_type": "llama", "vocab_size": _VOCABULARY},
        vision_config={**_VISION, **_SQUARE, "model_type": "siglip_vision_model"},
        high_res_vision_config=high,
        image_token_id=tokenizer.convert_tokens_to_ids("<image_placeholder>"),
    )
    _hf.DeepseekVLHybridForConditionalGeneration(config).save_pretrained(folder)
    sizes = {"size": {"height": 56, "width": 56}, "high_res_size": {"height": 128, "width": 128}}
    _picture_part(folder, "DeepseekVLHybridImageProcessor", sizes)
    _finish(folder, tokenizer, "DeepseekVLHybridProcessor", {"num_image_tokens": 16})


def _llava(folder: Path) -> None:
    tokenizer = _tokenizer("<image>\n", {"image_token": "<image>"})
    vision = {**_VISION, **_SQUARE, "model_type": "clip_vision_model", "projection_dim": 32}
    config = _hf.LlavaConfig(
        text_config={**_TEXT, "model_type": "llama", "vocab_size": _VOCABULARY},
        vision_config=vision,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    _hf.LlavaForConditionalGeneration(config).save_pretrained(folder)
    side = {"height": 56, "width": 56}
    _picture_part(folder, "CLIPImageProcessor", {"size": {"shortest_edge": 56}, "crop_size": side})
    settings = {"patch_size": 14, "vision_feature_select_strategy": "default"}
    extra = {**settings, "num_additional_image_tokens": 1}
    _finish(folder, tokenizer, "LlavaProcessor", extra)


def _of_idefics(folder: Path, name: str) -> None:
    """Write an Idefics3 or a SmolVLM, which are built alike: tiles and one view of the whole."""
    rows = {f"row_{i}_col_{j}_token": f"<row_{i}_col_{j}>" for i in (1, 2) for j in (1, 2)}
    extra = {
        "image_token": "<image>",
        "fake_image_token": "<fake_token_around_image>",
        "global_image_token": "<global-img>",
        "end_of_utterance_token": "<end_of_utterance>",
        **rows,
    }
    tokenizer = _tokenizer("<image>", extra)
    config = getattr(_hf, f"{name}Config")(
        text_config={**_TEXT, "model_type": "llama", "vocab_size": _VOCABULARY},
        vision_config={**_VISION, **_SQUARE},
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=0,
    )
    getattr(_hf, f"{name}ForConditionalGeneration")(config).save_pretrained(folder)
    sizes = {"size": {"longest_edge": 112}, "max_image_size": {"longest_edge": 56}}
    _picture_part(folder, f"{name}ImageProcessor", sizes)
    _finish(folder, tokenizer, f"{name}Processor", {"image_seq_len": 4})


def _idefics3(folder: Path) -> None:
    _of_idefics(folder, "Idefics3")


def _smolvlm(folder: Path) -> None:
    _of_idefics(folder, "SmolVLM")


def _gemma3(folder: Path) -> None:
    extra = {
        "image_token": "<image_soft_token>",
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
    }
    tokenizer = _tokenizer("<start_of_image>", extra)
    number = tokenizer.convert_tokens_to_ids
    config = _hf.Gemma3Config(
        text_config={**_TEXT, "num_hidden_layers": 2, "head_dim": 16, "vocab_size": _VOCABULARY},
        vision_config={**_VISION, **_SQUARE},
        mm_tokens_per_image=4,
        image_token_index=number("<image_soft_token>"),
        boi_token_index=number("<start_of_image>"),
        eoi_token_index=number("<end_of_image>"),
    )
    _hf.Gemma3ForConditionalGeneration(config).save_pretrained(folder)
    _picture_part(folder, "Gemma3ImageProcessor", {"size": {"height": 56, "width": 56}})
    _finish(folder, tokenizer, "Gemma3Processor", {"image_seq_length": 4})


def _internvl(folder: Path) -> None:
    extra = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = _tokenizer("<IMG_CONTEXT>\n", extra)
    config = _hf.InternVLConfig(
        text_config={**_TEXT, "model_type": "qwen2", "vocab_size": _VOCABULARY},
        vision_config={**_VISION, "image_size": [56, 56], "patch_size": [14, 14]},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    _hf.InternVLForConditionalGeneration(config).save_pretrained(folder)
    sizes = {"size": {"height": 56, "width": 56}, "crop_to_patches": False}
    _picture_part(folder, "GotOcr2ImageProcessor", sizes)
    _finish(folder, tokenizer, "InternVLProcessor", {"image_seq_length": 4})


def _picture_part(folder: Path, kind: str, settings: dict[str, Any]) -> None:
    given = {"image_processor_type": kind, **settings}
    (folder / "preprocessor_config.json").write_text(strict_json.dumps(given))


def _finish(folder: Path, tokenizer: Any, kind: str, extra: dict[str, Any] | None = None) -> None:
    tokenizer.save_pretrained(folder)
    given = {"processor_class": kind, **(extra or {})}
    (folder / "processor_config.json").write_text(strict_json.dumps(given))


BUILDERS: dict[str, Callable[[Path], None]] = {
    "qwen2_5_vl": _qwen2_5_vl,
    "deepseek_vl": _deepseek_vl,
    "llava": _llava,
    "qwen3_vl": _qwen3_vl,
    "deepseek_vl_hybrid": _deepseek_vl_hybrid,
    "idefics3": _idefics3,
    "smolvlm": _smolvlm,
    "gemma3": _gemma3,
    "internvl": _internvl,
}


def _llama(folder: Path) -> None:
    config = _hf.LlamaConfig(**_TEXT, vocab_size=_VOCABULARY)
    _hf.LlamaForCausalLM(config).save_pretrained(folder)
    _tokenizer("", {}).save_pretrained(folder)


def build_writer(folder: Path, seed: int = 0) -> Path:
    """Write a causal language model with the weights of a seed, and return its folder."""
    return _build(_llama, folder, seed)


def build(kind: str, folder: Path, seed: int = 0) -> Path:
    """Write a model of this kind with the weights of a seed, and return its folder."""
    return _build(BUILDERS[kind], folder, seed)


def _build(write: Callable[[Path], None], folder: Path, seed: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    logging = _hf.utils.logging
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with _torch.random.fork_rng():
            _torch.manual_seed(seed)
            write(folder)
    finally:
        if bars:
            logging.enable_progress_bar()
    return folder
