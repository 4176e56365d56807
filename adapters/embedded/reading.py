"""The saved weights, asked as in production, and pictures of people never trained on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText

from .data import FACES, TEST
from .faces.labels import EMOTIONS, EXPRESSIONS, LEVELS, UNITS, fields
from .faces.render import shoot
from .faces.sample import Case, sample_case, sample_line
from .faces.scene import Scene, sample_scene
from .model import ImageProcessor

NUMBER = len(UNITS) + len(EXPRESSIONS)


class Row(NamedTuple):
    """A picture, the line that goes with it, and the true answer."""

    image: Image.Image
    line: str
    true: dict[str, Any]


class Reader:
    """The saved model, run greedily and without any constraint."""

    def __init__(self, folder: Path) -> None:
        model: Any = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
        self.model = model.eval()
        self.processor = ImageProcessor.from_pretrained(folder)
        said = json.loads((folder / "nesy.json").read_text(encoding="utf-8"))
        self.prompt, self.limit = said["prompt"], said["line_limit"]
        ids = self.processor.tokenizer.convert_tokens_to_ids
        self._levels = torch.tensor(ids([f'"{v}"' for v in (*LEVELS, "x")]))
        self._words = torch.tensor(ids(['"no"', '"yes"']))

    @torch.no_grad()
    def __call__(
        self, pictures: list[Image.Image], lines: list[str], prompt: str | None = None
    ) -> tuple[list[str], np.ndarray]:
        """Return the answers and the chance of each unit and expression (n, NUMBER) in 0..1.

        The chance is what the constraint would leave: of the field's values alone. It is NaN where
        the answer is not of the tokens that training shows.
        """
        asked = self.processor(
            images=pictures,
            text=[self._asked(prompt or self.prompt, line) for line in lines],
            padding=True,
            return_tensors="pt",
        )
        out: Any = self.model.generate(
            **asked,
            max_new_tokens=120,
            do_sample=False,
            return_dict_in_generate=True,
            output_logits=True,
        )
        said = self.processor.tokenizer.batch_decode(
            out.sequences[:, asked["input_ids"].shape[1] :], skip_special_tokens=True
        )
        chances = np.full((len(lines), NUMBER), np.nan)
        places = 3 + 2 * np.arange(NUMBER)
        if len(out.logits) > places[-1]:
            logits = torch.stack([out.logits[k] for k in places], 1)
            levels = logits[:, : len(UNITS), self._levels].softmax(-1)
            chances[:, : len(UNITS)] = levels[..., 1:-1].sum(-1)
            words = logits[:, len(UNITS) :, self._words].softmax(-1)
            chances[:, len(UNITS) :] = words[..., 1]
        return [str(text) for text in said], chances

    def _asked(self, prompt: str, line: str) -> str:
        text = prompt.replace("{line}", line[: self.limit])
        content = [{"type": "image"}, {"type": "text", "text": text}]
        turn: dict[str, Any] = {"role": "user", "content": content}
        return str(
            self.processor.apply_chat_template([turn], tokenize=False, add_generation_prompt=True)
        )


def rendered(
    count: int,
    first: int,
    change: Callable[[Scene], Scene] | None = None,
    *,
    caption: bool = True,
    size: tuple[int, int] | None = None,
) -> list[Row]:
    """Return pictures of people that training never saw, with their true answers."""
    rows = []
    for i in range(count):
        case: Case = sample_case(first + i, TEST)
        rng = np.random.default_rng([41, first + i])
        words = case.caption if caption else None
        line = case.caption if case.caption is not None else sample_line(rng)
        shape = size or case.size
        scene = sample_scene(np.random.default_rng([23, case.seed]), shape, words is not None)
        shot = shoot(
            case.units,
            case.identity,
            size=shape,
            seed=case.seed,
            scene=change(scene) if change else scene,
            caption=words,
            faces=case.faces,
            sides=case.sides,
        )
        # As the adapter does: a quotation mark in a line would end the quotation.
        line = line.replace('"', "'")
        rows.append(Row(shot.image, line, fields(case.units, FACES[min(2, case.faces)])))
    return rows


def marks(answer: dict[str, Any]) -> tuple[list[bool], list[bool]]:
    """Return which units and which expressions an answer claims."""
    units = [v not in ("0", "x") for v in answer["action_units"].values()]
    return units, [v == "yes" for v in answer["expressions"].values()]


def recalls(pairs: list[tuple[str, str]]) -> dict[str, float]:
    """Return the share of each true emotion that was said, of (said, true) pairs."""
    return {
        e: round(float(np.mean([said == e for said, true in pairs if true == e])), 3)
        for e in EMOTIONS
        if any(true == e for _, true in pairs)
    }
