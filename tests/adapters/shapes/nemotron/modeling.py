"""A model in the shape of Llama Nemotron Nano VL's: its own generate, no processor, bfloat16."""

from types import SimpleNamespace

import torch
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from .configuration import Llama_Nemotron_Nano_VL_Config


class RADIOModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.patch = nn.Conv2d(3, config.width, config.patch_size, config.patch_size)

    def forward(self, pixel_values):
        return SimpleNamespace(features=self.patch(pixel_values).flatten(2).transpose(1, 2))


class Llama_Nemotron_Nano_VL(PreTrainedModel):
    config_class = Llama_Nemotron_Nano_VL_Config
    main_input_name = "pixel_values"

    def __init__(self, config):
        super().__init__(config)
        side = config.force_image_size // config.patch_size
        self.num_image_token = int(side**2 * config.downsample_ratio**2)
        self.downsample_ratio = config.downsample_ratio
        self.image_tag_type = config.image_tag_type
        self.language_model = AutoModelForCausalLM.from_config(
            config.llm_config, torch_dtype=torch.bfloat16
        )
        self.vision_model = RADIOModel(config.vision_config)
        wide = config.vit_hidden_size * int(1 / self.downsample_ratio) ** 2
        self.mlp1 = nn.Sequential(
            nn.LayerNorm(wide),
            nn.Linear(wide, config.projector_hidden_size),
            nn.GELU(),
            nn.Linear(config.projector_hidden_size, config.llm_config.hidden_size),
        )
        self.img_context_token_id = None

    def forward(
        self, pixel_values, input_ids=None, attention_mask=None, image_flags=None, **kwargs
    ):
        if torch.distributed.get_rank() == 0:
            print("only where training is distributed")
        raise NotImplementedError

    def extract_feature(self, pixel_values):
        seen = self.vision_model(pixel_values).features.to(dtype=torch.bfloat16)
        side = int(seen.shape[1] ** 0.5)
        step = int(1 / self.downsample_ratio)
        cells = seen.reshape(len(seen), side // step, step, side // step, step, -1)
        shuffled = cells.permute(0, 1, 3, 2, 4, 5).flatten(3)
        return self.mlp1(shuffled.flatten(1, 2))

    @torch.no_grad()
    def generate(
        self,
        pixel_values=None,
        input_ids=None,
        attention_mask=None,
        visual_features=None,
        generation_config=None,
        output_hidden_states=None,
        return_dict=None,
        **generate_kwargs,
    ):
        assert self.img_context_token_id is not None
        embeds = self.language_model.get_input_embeddings()(input_ids)
        batch, length, width = embeds.shape
        flat = embeds.reshape(batch * length, width)
        selected = input_ids.reshape(batch * length) == self.img_context_token_id
        assert selected.sum() != 0
        flat[selected] = self.extract_feature(pixel_values).reshape(-1, width).to(flat.device)
        return self.language_model.generate(
            inputs_embeds=flat.reshape(batch, length, width),
            attention_mask=attention_mask,
            generation_config=generation_config,
            output_hidden_states=output_hidden_states,
            use_cache=True,
            **generate_kwargs,
        )
