"""Configuration in the shape of Llama Nemotron Nano VL's: llm_config, and a tower of its own."""

from transformers import LlamaConfig, PretrainedConfig


class RADIOConfig(PretrainedConfig):
    model_type = "radio_shape"

    def __init__(self, patch_size=14, width=32, **kwargs):
        self.patch_size = patch_size
        self.width = width
        super().__init__(**kwargs)


class Llama_Nemotron_Nano_VL_Config(PretrainedConfig):
    model_type = "Llama_Nemotron_Nano_VL"
    is_composition = True

    def __init__(
        self,
        vision_config=None,
        llm_config=None,
        force_image_size=None,
        downsample_ratio=0.5,
        template=None,
        ps_version="v1",
        image_tag_type="internvl",
        projector_hidden_size=4096,
        vit_hidden_size=1280,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vision_config = RADIOConfig(**(vision_config or {}))
        self.llm_config = LlamaConfig(**(llm_config or {}))
        self.force_image_size = force_image_size
        self.patch_size = self.vision_config.patch_size
        self.downsample_ratio = downsample_ratio
        self.template = template
        self.ps_version = ps_version
        self.image_tag_type = image_tag_type
        self.projector_hidden_size = projector_hidden_size
        self.vit_hidden_size = vit_hidden_size
