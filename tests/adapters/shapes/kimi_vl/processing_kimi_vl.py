"""A processor in the shape of Kimi-VL's: the media token grows to as many as the grid has cells."""

from transformers import BatchFeature, ProcessorMixin
from transformers.processing_utils import _validate_images_text_input_order


class KimiVLProcessor(ProcessorMixin):
    attributes = ["image_processor", "tokenizer"]  # noqa: RUF012
    valid_kwargs = ["chat_template"]  # noqa: RUF012
    image_processor_class = "AutoImageProcessor"
    tokenizer_class = "AutoTokenizer"

    def __init__(self, image_processor=None, tokenizer=None, chat_template=None, **kwargs):
        self.image_token = "<|media_pad|>"
        super().__init__(image_processor, tokenizer, chat_template=chat_template)

    def __call__(self, images=None, text=None, padding=False, return_tensors=None, **kwargs):
        images, text = _validate_images_text_input_order(images, text)
        seen = self.image_processor(images, return_tensors=return_tensors)
        merge = self.image_processor.merge_kernel_size
        text = [text] if isinstance(text, str) else list(text)
        index = 0
        for number in range(len(text)):
            while self.image_token in text[number]:
                cells = int(seen["image_grid_hws"][index].prod()) // (merge[0] * merge[1])
                text[number] = text[number].replace(self.image_token, "<|place|>" * cells, 1)
                index += 1
            text[number] = text[number].replace("<|place|>", self.image_token)
        words = self.tokenizer(text, padding=padding, return_tensors=return_tensors)
        return BatchFeature(data={**words, **seen})
