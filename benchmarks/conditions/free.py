"""Free text of a vision-language model: what it is asked, how it is decoded.

The paper's prompt is "Describe the image" with further instructions (``describe.txt``); it gives
the temperature as 0.8 in one place and 0.7 in another, so all of decoding is a recorded parameter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.shown import picture_of
from nesy.trace import Case

if TYPE_CHECKING:
    from PIL.Image import Image

    from nesy.adapters.transformers.perceiver import TransformersPerceiver
    from nesy.perceive import Perceiver

PAPER = Path(__file__).parent / "describe.txt"


@dataclass(frozen=True, slots=True)
class Decoding:
    """How free text is made; greedy at temperature 0, else sampled from the whole distribution.

    ``prompt`` holds ``{line}`` once; without one a checkpoint's own (``nesy.json``), else the
    paper's.
    """

    temperature: float = 0.8
    max_tokens: int = 512
    prompt: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the parameters, for keys and manifests."""
        return {**asdict(self), "top_k": 0, "top_p": 1.0}


def prompt_of(perceiver: Perceiver, decoding: Decoding) -> str:
    """Return what a model is asked, with ``{line}`` in it; raises NesyError N741, N742."""
    model = _writer(perceiver)
    if decoding.prompt is not None:
        if decoding.prompt.count("{line}") != 1:
            what, fix = "this is not a prompt", 'write {line} where the line goes: Line: "{line}"'
            why = f"it holds {{line}} {decoding.prompt.count('{line}')} times"
            raise NesyError(Diagnostic("N741", what, why, fix))
        return decoding.prompt
    folder = model.loaded.folder
    if folder is not None and (folder / "nesy.json").is_file():
        own: str = model.card.prompt
        return own
    return PAPER.read_text(encoding="utf-8").strip()


def describe(
    perceiver: Perceiver, cases: Sequence[Case], decoding: Decoding, *, seed: int = 0
) -> Iterator[str | NesyError]:
    """Yield a model's own words on each case, in order, or the error of its picture.

    The same prompt, picture and seed give the same words, whatever stands beside them. Raises
    NesyError N741 (the prompt), N742 (no free text), N905 (memory).
    """
    model = _writer(perceiver)
    card = replace(model.card, prompt=prompt_of(perceiver, decoding))
    for case in cases:
        try:
            asked, image = model.prompt(case.line, card), picture_of(case)
        except NesyError as error:
            yield error
        else:
            yield _written(model, asked, image, decoding, seed)


def _writer(perceiver: Perceiver) -> TransformersPerceiver:
    """Return the perceiver as one whose model can be let write; raises NesyError N742."""
    from nesy.adapters.transformers.perceiver import TransformersPerceiver

    from . import DEFAULT

    if isinstance(perceiver, TransformersPerceiver):
        return perceiver
    name = perceiver.describe().get("name", type(perceiver).__name__)
    what = f"the adapter {name} writes no free text"
    why = "only a model that transformers loads can be let write here"
    rest = ",".join(name for name in DEFAULT if name != "free")
    fix = f"--conditions {rest}, or --with transformers:FOLDER"
    raise NesyError(Diagnostic("N742", what, why, fix))


def _written(
    model: TransformersPerceiver, asked: str, image: Image, decoding: Decoding, seed: int
) -> str:
    import torch

    loaded = model.loaded
    sampling: dict[str, Any] = {"do_sample": False}
    if decoding.temperature > 0:
        sampling = {"do_sample": True, "temperature": decoding.temperature, "top_k": 0}
    end, pad = model.tokenizer.eos_token_id, model.tokenizer.pad_token_id
    inputs = loaded.processor(text=[asked], images=[[image]], padding=True, return_tensors="pt")
    inputs = inputs.to(loaded.model.device, dtype=loaded.model.dtype)
    try:
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(_mixed(seed, asked, image))
            written = loaded.model.generate(
                **inputs,
                max_new_tokens=decoding.max_tokens,
                eos_token_id=end,
                pad_token_id=end if pad is None else pad,
                **sampling,
            )
    except torch.OutOfMemoryError as error:
        what = f"the model {loaded.name} does not fit this machine"
        why = " ".join(str(error).split())[:200]
        raise MissingError(Diagnostic("N905", what, why, "use a smaller model")) from error
    new = written[0, inputs["input_ids"].shape[1] :]
    return str(model.tokenizer.decode(new, skip_special_tokens=True)).strip()


def _mixed(seed: int, asked: str, image: Image) -> int:
    """Return a seed of its own for each prompt and picture."""
    content = hashlib.sha256(f"{seed}\0{asked}\0{image.size}\0".encode() + image.tobytes())
    return int.from_bytes(content.digest()[:6])
