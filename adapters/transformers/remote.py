"""Models that bring code of their own: when it may run, and what stands in for a processor.

Code of a repository runs as the user. So it runs only where the user says so, and of a hub's
repository only at the commit the user names: a name alone is whatever stands there tomorrow.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nesy.diagnostics import Diagnostic, NesyError

from .recipes import FOREIGN, Recipe

# The library is only partly annotated; this is the boundary to it.
transformers: Any = importlib.import_module("transformers")

_COMMIT = re.compile(r"^[0-9a-f]{40}$")
YES = "yes"


@dataclass(frozen=True, slots=True)
class Access:
    """What the user allows; ``trust_remote_code`` is a commit of the hub, or ``yes`` of a folder.

    ``code_of`` names other repositories, by commas, whose code may be fetched as well.
    """

    revision: str | None = None
    trust_remote_code: str | None = None
    code_of: str = ""

    @property
    def commit(self) -> str | None:
        """Return the revision to read, which is the one that is trusted where one is."""
        trusted = self.trust_remote_code
        return self.revision if trusted in (None, YES) else trusted


def permit(
    name: str, here: bool, config: Mapping[str, Any], recipe: Recipe, access: Access
) -> dict[str, Any]:
    """Return the library's options for a model, its code allowed or not.

    Raises NesyError N152 (its own code, not allowed), N153 (not pinned, or a revision of a folder),
    N154 (code of another repository) or N155 (a format that no code of transformers reads).
    """
    if recipe.code == FOREIGN:
        raise _foreign(name, recipe)
    revision = {"revision": access.revision} if access.revision else {}
    given = access.trust_remote_code
    if here and access.revision:
        what = f"revision={access.revision[:40]} names nothing: {name} is a folder"
        why = "a folder is read as it is; only a repository of the hub has revisions"
        raise NesyError(Diagnostic("N153", what, why, "leave revision out, or name the repository"))
    if given is None:
        if needs_code(config):
            raise _refused(name, here, config)
        return {"trust_remote_code": False, **revision}
    if here != (given == YES) or not (here or _COMMIT.match(given)):
        what = f"trust_remote_code={given[:40]} does not say which code may run"
        why = "a folder is trusted as it is; of a hub's repository one commit, by its 40 digits"
        fix = f"write trust_remote_code={YES if here else 'COMMIT, the commit whose code you read'}"
        raise NesyError(Diagnostic("N153", what, why, fix))
    if access.revision and access.revision != given:
        what = f"{name} is asked for at two revisions"
        why = f"revision={access.revision[:40]}, and trust_remote_code={given}"
        raise NesyError(Diagnostic("N153", what, why, "leave revision out"))
    allowed = {part.strip() for part in access.code_of.split(",")}
    if others := sorted(_elsewhere(config) - allowed):
        what = f"the model {name} runs code of {others[0]} as well"
        why = "its configuration points there, and no commit of it can be named"
        fix = f"read that code, then add code_of={','.join(others)}"
        raise NesyError(Diagnostic("N154", what, why, fix))
    pinned = {} if here else {"revision": given, "code_revision": given}
    return {"trust_remote_code": True, **pinned}


def needs_code(config: Mapping[str, Any]) -> bool:
    """Tell whether a model cannot be built by the library alone."""
    known = importlib.import_module("transformers.models.auto.configuration_auto")
    return bool(config.get("auto_map")) and (
        config.get("model_type") not in known.CONFIG_MAPPING_NAMES
    )


def _elsewhere(config: Any) -> set[str]:
    """Return the other repositories whose code a configuration, or a part of it, names."""
    return {text.partition("--")[0] for text in _code_names(config) if "--" in text}


def _code_names(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key == "auto_map" and isinstance(value, Mapping):
                for named in value.values():
                    names = named if isinstance(named, Sequence) else ()
                    yield from [named] if isinstance(named, str) else [str(n) for n in names if n]
            else:
                yield from _code_names(value)


def _refused(name: str, here: bool, config: Mapping[str, Any]) -> NesyError:
    what = f"the model {name} brings code of its own, which is not run"
    files = sorted({text.rpartition("--")[2].partition(".")[0] for text in _code_names(config)})
    why = f"its configuration asks for {', '.join(f'{file}.py' for file in files)}, run as you"
    allowed = YES if here else "COMMIT, its 40 digits on the hub"
    fix = f"read that code; then --with 'transformers:{name}?trust_remote_code={allowed}'"
    return NesyError(Diagnostic("N152", what, why, fix))


def _foreign(name: str, recipe: Recipe) -> NesyError:
    what = f"the model {name} is in its authors' own format"
    twin = next((m.twin for m in recipe.models if m.name == name), recipe.models[0].twin)
    why = "it names no code that transformers could load"
    return NesyError(Diagnostic("N155", what, why, f"use {twin}, {recipe.note}"))


class TilesAndText(transformers.ProcessorMixin):  # type: ignore[misc]  # the library is untyped
    """An image processor and a tokenizer as one processor, for repositories without one.

    The picture's place in a text, ``<image>``, becomes as many tokens as its tiles have, between
    ``<img>`` and ``</img>``. The interface is that of Llama-3.1-Nemotron-Nano-VL.
    """

    image_token = "<image>"

    def __init__(self, image_processor: Any, tokenizer: Any, tokens_per_tile: int) -> None:
        self.image_processor, self.tokenizer = image_processor, tokenizer
        self.tokens_per_tile = tokens_per_tile

    def __call__(self, text: Sequence[str], images: Sequence[Any], **options: Any) -> Any:
        """Return ``input_ids`` and ``attention_mask`` (texts × tokens), and ``pixel_values``.

        The pixels are tiles × 3 × height × width; every text holds one picture.
        """
        options.pop("padding", None)
        flat = [one for each in images for one in (each if isinstance(each, list) else [each])]
        seen = self.image_processor(flat)
        tiles = seen["num_patches"]
        counts = [int(n) for n in (tiles.tolist() if hasattr(tiles, "tolist") else tiles)]
        whole = [
            one.replace(self.image_token, self._written(count), 1)
            for one, count in zip(text, counts, strict=True)
        ]
        # The chat template has written the token that begins a text.
        words = self.tokenizer(
            whole, padding=True, padding_side="left", add_special_tokens=False, return_tensors="pt"
        )
        given = {key: words[key] for key in ("input_ids", "attention_mask")}
        return transformers.BatchFeature({**given, "pixel_values": seen["pixel_values"]})

    def _written(self, tiles: int) -> str:
        return f"<img>{self.image_token * (self.tokens_per_tile * tiles)}</img>"


def put_together(model: Any, source: str, name: str, options: dict[str, Any]) -> TilesAndText:
    """Return the processor of a model whose repository has parts only; raises NesyError N904."""
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **options)
        pictures = transformers.AutoImageProcessor.from_pretrained(source, **options)
        tagged = getattr(model, "image_tag_type", "internvl")
        if tagged != "internvl":
            raise ValueError(f"pictures are tagged the way of {tagged}, not of internvl")
        model.img_context_token_id = tokenizer.convert_tokens_to_ids(TilesAndText.image_token)
        return TilesAndText(pictures, tokenizer, int(model.num_image_token))
    except Exception as error:  # code of the repository may raise whatever it likes
        what = f"the processor of {name} cannot be put together"
        why = " ".join(str(error).split())[:300] or type(error).__name__
        fix = "install what it names; or use a model with a processor (nesy list models)"
        raise NesyError(Diagnostic("N904", what, why, fix)) from error
