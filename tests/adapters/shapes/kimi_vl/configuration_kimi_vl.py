"""Configuration in the shape of Kimi-VL's: a text part, a vision part, and one media token."""

from transformers import LlamaConfig, PretrainedConfig


class MoonViTConfig(PretrainedConfig):
    model_type = "moonvit"

    def __init__(self, patch_size=14, hidden_size=32, merge_kernel_size=(2, 2), **kwargs):
        self.patch_size = patch_size
        self.hidden_size = hidden_size
        self.merge_kernel_size = merge_kernel_size
        super().__init__(**kwargs)


class KimiVLConfig(PretrainedConfig):
    model_type = "kimi_vl"

    def __init__(
        self,
        vision_config=None,
        text_config=None,
        ignore_index=-100,
        media_placeholder_token_id=163605,
        pad_token_id=0,
        **kwargs,
    ):
        self.vision_config = MoonViTConfig(**(vision_config or {}))
        self.text_config = LlamaConfig(**(text_config or {}))
        self.ignore_index = ignore_index
        self.media_placeholder_token_id = media_placeholder_token_id
        super().__init__(pad_token_id=pad_token_id, **kwargs)
