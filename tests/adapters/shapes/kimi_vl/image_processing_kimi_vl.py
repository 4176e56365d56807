"""An image processor in the shape of Kimi-VL's: native resolution, patches and their grid."""

import numpy as np
import torch
from transformers import BaseImageProcessor, BatchFeature
from transformers.image_utils import make_flat_list_of_images


class KimiVLImageProcessor(BaseImageProcessor):
    model_input_names = ["pixel_values", "image_grid_hws"]  # noqa: RUF012

    def __init__(self, patch_size=14, merge_kernel_size=(2, 2), in_token_limit=16, **kwargs):
        super().__init__(**kwargs)
        self.patch_size = patch_size
        self.merge_kernel_size = list(merge_kernel_size)
        self.in_token_limit = in_token_limit

    def preprocess(self, images, return_tensors=None, **kwargs):
        patches, grids = [], []
        for image in make_flat_list_of_images(images):
            step = self.patch_size * self.merge_kernel_size[0]
            scale = min(1.0, (self.in_token_limit * step * step / (image.width * image.height)))
            width = max(step, int(image.width * scale**0.5) // step * step)
            height = max(step, int(image.height * scale**0.5) // step * step)
            values = np.asarray(image.convert("RGB").resize((width, height))) / 255.0
            tensor = torch.tensor(values, dtype=torch.float32).permute(2, 0, 1)
            size = self.patch_size
            cut = tensor.unfold(1, size, size).unfold(2, size, size)
            patches.append(cut.permute(1, 2, 0, 3, 4).flatten(0, 1))
            grids.append((height // size, width // size))
        data = {"pixel_values": torch.cat(patches), "image_grid_hws": np.array(grids)}
        return BatchFeature(data=data, tensor_type=return_tensors)

    def __call__(self, images, **kwargs):
        return self.preprocess(images, **kwargs)
