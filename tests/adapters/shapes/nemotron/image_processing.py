"""An image processor in the shape of Llama Nemotron Nano VL's: square tiles, and how many."""

import numpy as np
import torch
from transformers import BaseImageProcessor, BatchFeature


class LlamaNemotronNanoVLImageProcessor(BaseImageProcessor):
    model_input_names = ["pixel_values"]  # noqa: RUF012

    def __init__(self, image_size=56, max_num_tiles=4, use_thumbnail=True, **kwargs):
        super().__init__(**kwargs)
        self.image_size = image_size
        self.max_num_tiles = max_num_tiles
        self.use_thumbnail = use_thumbnail

    def _tiles(self, image):
        across = min(self.max_num_tiles, max(1, round(image.width / image.height)))
        size = self.image_size
        wide = image.convert("RGB").resize((size * across, size))
        tiles = [wide.crop((i * size, 0, (i + 1) * size, size)) for i in range(across)]
        if self.use_thumbnail and across > 1:
            tiles.append(image.convert("RGB").resize((size, size)))
        return tiles

    def __call__(self, images, return_tensors=None, **kwargs):
        tiled = [self._tiles(image) for image in images]
        values = [torch.tensor(np.asarray(t) / 255.0).permute(2, 0, 1) for ts in tiled for t in ts]
        stacked = torch.stack(values).to(torch.bfloat16)
        return BatchFeature(
            {"pixel_values": stacked, "num_patches": torch.tensor([*map(len, tiled)])}
        )
