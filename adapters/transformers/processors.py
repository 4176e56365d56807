"""Processors without torchvision: nesy shows single pictures, and only videos need it."""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

from nesy.diagnostics import Diagnostic, NesyError

# The library is only partly annotated; this is the boundary to it.
transformers: Any = importlib.import_module("transformers")

_UNBUILDABLE = (ImportError, AttributeError, OSError, ValueError, KeyError, TypeError)


def load_processor(source: str, name: str, options: dict[str, Any]) -> Any:
    """Load a checkpoint's processor; raises NesyError N904."""
    try:
        try:
            processor = transformers.AutoProcessor.from_pretrained(source, **options)
        except _UNBUILDABLE as error:
            if not any(word in str(error).lower() for word in ("video", "torchvision")):
                raise
            processor = _load_parts(source, options)
    except _UNBUILDABLE as error:
        why = " ".join(str(error).split())[:300] or type(error).__name__
        what = f"the processor of {name} cannot be built"
        fix = "use a checkpoint with an image processor and a tokenizer, or install what it needs"
        raise NesyError(Diagnostic("N904", what, why, fix)) from error
    if not hasattr(processor, "image_processor") or not hasattr(processor, "tokenizer"):
        what = f"the processor of {name} does not read a picture and a text"
        why = f"transformers chose {type(processor).__name__} for it"
        fix = "use a checkpoint of an image-text-to-text model"
        raise NesyError(Diagnostic("N904", what, why, fix))
    if processor.tokenizer.chat_template is None:
        processor.tokenizer.chat_template = getattr(processor, "chat_template", None)
    return processor


def load_tokenizer(source: str, name: str, options: dict[str, Any]) -> Any:
    """Load a checkpoint's tokenizer; raises NesyError N904."""
    try:
        return transformers.AutoTokenizer.from_pretrained(source, **options)
    except _UNBUILDABLE as error:
        why = " ".join(str(error).split())[:300] or type(error).__name__
        what = f"the tokenizer of {name} cannot be built"
        fix = "use a checkpoint with a tokenizer, or install what it needs"
        raise NesyError(Diagnostic("N904", what, why, fix)) from error


def picture_only(wanted: Any) -> Any:
    """Return a subclass of a processor class that is built without a video processor.

    A processor's ``__init__`` hands its parts on to ``ProcessorMixin``, which insists on all of
    them. A class put between the two drops the part that is None.
    """
    mixin = transformers.ProcessorMixin

    def hand_on(self: Any, *parts: Any, **named: Any) -> None:
        named.pop("video_processor", None)
        mixin.__init__(self, *(part for part in parts if part is not None), **named)

    def get_attributes(_: Any) -> list[str]:
        return [part for part in wanted.get_attributes() if "video" not in part]

    between = type("PictureOnly", (mixin,), {"__init__": hand_on})
    members = {"get_attributes": classmethod(get_attributes)}
    return type(f"PictureOnly{wanted.__name__}", (wanted, between), members)


def _load_parts(source: str, options: dict[str, Any]) -> Any:
    """Build a processor from its parts, leaving out the one for videos."""
    wanted = getattr(transformers, _class_name(source, options))
    settings, _ = wanted.get_processor_dict(source, **options)
    accepted = inspect.signature(wanted.__init__).parameters
    parts = wanted.get_attributes()
    extra = {k: v for k, v in settings.items() if k in accepted and k not in parts}
    tokenizer = transformers.AutoTokenizer.from_pretrained(source, **options)
    extra.setdefault("chat_template", tokenizer.chat_template)
    return picture_only(wanted)(
        image_processor=transformers.AutoImageProcessor.from_pretrained(source, **options),
        tokenizer=tokenizer,
        video_processor=None,
        **extra,
    )


def _class_name(source: str, options: dict[str, Any]) -> str:
    """Return the processor class that a checkpoint names, or that its model type implies."""
    for file in ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json"):
        path = transformers.utils.cached_file(
            source,
            file,
            local_files_only=options["local_files_only"],
            _raise_exceptions_for_missing_entries=False,
        )
        settings = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
        if isinstance(settings.get("processor_class"), str):
            return str(settings["processor_class"])
    config = transformers.AutoConfig.from_pretrained(source, **options)
    names = importlib.import_module("transformers.models.auto.processing_auto")
    return str(names.PROCESSOR_MAPPING_NAMES[config.model_type])
