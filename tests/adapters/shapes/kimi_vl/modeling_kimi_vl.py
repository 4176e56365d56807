"""A model in the shape of Kimi-VL's: a tower over patches, a projector, a language model inside."""

import torch
from torch import nn
from transformers import GenerationMixin, LlamaForCausalLM, PreTrainedModel
from transformers.activations import PytorchGELUTanh
from transformers.models.llava.modeling_llava import LlavaCausalLMOutputWithPast
from transformers.pytorch_utils import is_torch_greater_or_equal_than_1_13
from transformers.utils import is_flash_attn_2_available, is_flash_attn_greater_or_equal_2_10
from transformers.utils.import_utils import is_torch_fx_available

from .configuration_kimi_vl import KimiVLConfig

# Written for transformers 4, as what was published: some of these names are gone in version 5.
if is_torch_fx_available() and not is_torch_greater_or_equal_than_1_13:
    raise ImportError("torch is too old")
FLASH = is_flash_attn_2_available() and is_flash_attn_greater_or_equal_2_10()


class MoonVitPretrainedModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.merge = config.merge_kernel_size
        self.patch_embed = nn.Linear(3 * config.patch_size**2, config.hidden_size)

    def forward(self, pixel_values, grid_hws):
        seen = self.patch_embed(pixel_values.flatten(1))
        found, at = [], 0
        for height, width in grid_hws.tolist():
            tokens = seen[at : at + height * width].view(
                height // self.merge[0], self.merge[0], width // self.merge[1], self.merge[1], -1
            )
            merged = tokens.permute(0, 2, 1, 3, 4).flatten(0, 1)
            found.append(merged.flatten(1))
            at += height * width
        return found


class KimiVLMultiModalProjector(nn.Module):
    def __init__(self, config):
        super().__init__()
        merge = config.vision_config.merge_kernel_size
        width = config.vision_config.hidden_size * merge[0] * merge[1]
        self.linear = nn.Linear(width, config.text_config.hidden_size)
        self.act = PytorchGELUTanh()

    def forward(self, image_features):
        return self.act(self.linear(torch.cat(image_features, dim=0)))


class KimiVLPreTrainedModel(PreTrainedModel):
    config_class = KimiVLConfig
    base_model_prefix = "model"
    _skip_keys_device_placement = "past_key_values"


class KimiVLForConditionalGeneration(KimiVLPreTrainedModel, GenerationMixin):
    _tied_weights_keys = ["language_model.lm_head.weight"]  # noqa: RUF012

    def __init__(self, config):
        super().__init__(config)
        self.vision_tower = MoonVitPretrainedModel(config.vision_config)
        self.multi_modal_projector = KimiVLMultiModalProjector(config)
        self.language_model = LlamaForCausalLM(config.text_config)
        self.post_init()

    def get_input_embeddings(self):
        return self.language_model.get_input_embeddings()

    def get_output_embeddings(self):
        return self.language_model.get_output_embeddings()

    def _merge_with_image_features(self, inputs_embeds, input_ids, image_features):
        batch, length, width = inputs_embeds.shape
        places = input_ids.flatten() == self.config.media_placeholder_token_id
        assert int(places.sum()) == len(image_features)
        flat = inputs_embeds.reshape(-1, width).clone()
        flat[places] = image_features
        return flat.reshape(batch, length, width)

    def _extract_image_features(self, pixel_values, image_grid_hws):
        return self.multi_modal_projector(self.vision_tower(pixel_values, image_grid_hws))

    def forward(
        self,
        input_ids=None,
        pixel_values=None,
        image_grid_hws=None,
        attention_mask=None,
        position_ids=None,
        past_key_values=None,
        inputs_embeds=None,
        labels=None,
        use_cache=None,
        **kwargs,
    ):
        if inputs_embeds is None:
            inputs_embeds = self.get_input_embeddings()(input_ids)
        if pixel_values is not None and pixel_values.size(0) > 0:
            features = self._extract_image_features(pixel_values, image_grid_hws)
            inputs_embeds = self._merge_with_image_features(inputs_embeds, input_ids, features)
        outputs = self.language_model(
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
        )
        return LlavaCausalLMOutputWithPast(
            logits=outputs.logits, past_key_values=outputs.past_key_values
        )

    def prepare_inputs_for_generation(
        self,
        input_ids,
        past_key_values=None,
        inputs_embeds=None,
        pixel_values=None,
        attention_mask=None,
        image_grid_hws=None,
        cache_position=None,
        **kwargs,
    ):
        # As the language model in it was published: a cache of version 4 is asked three things.
        past_length = past_key_values.seen_tokens
        assert past_key_values.get_usable_length(1) == past_length
        if past_key_values.get_max_length() is not None:
            attention_mask = attention_mask[:, -past_key_values.get_max_length() :]
        if past_length < input_ids.shape[1]:
            input_ids = input_ids[:, past_length:]
        position_ids = None
        if attention_mask is not None:
            position_ids = attention_mask.long().cumsum(-1) - 1
            position_ids.masked_fill_(attention_mask == 0, 1)
            position_ids = position_ids[:, -input_ids.shape[1] :]
        given = {
            "input_ids": input_ids,
            "position_ids": position_ids,
            "past_key_values": past_key_values,
            "use_cache": kwargs.get("use_cache"),
            "attention_mask": attention_mask,
        }
        if cache_position[0] == 0:
            given |= {"pixel_values": pixel_values, "image_grid_hws": image_grid_hws}
        return given
