"""Load a model and its processor from a folder or the hub; every failure is a diagnostic."""

from __future__ import annotations

import importlib
import json
import os
import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nesy.diagnostics import Diagnostic, MissingError, NesyError

try:
    import outlines  # noqa: F401
    import torch

    # The library is only partly annotated; this is the boundary to it.
    transformers: Any = importlib.import_module("transformers")
except ImportError as error:
    raise MissingError(
        Diagnostic(
            "N902",
            f"the package {error.name} is not installed",
            "the adapter transformers runs models with torch, transformers and outlines",
            "pip install 'nesy[transformers]'",
        )
    ) from error

from safetensors import SafetensorError

from .processors import load_processor, load_tokenizer

_HUB_NAME = re.compile(r"^[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?$")
# What a checkpoint that is damaged, or is none, makes the library raise.
_UNUSABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RuntimeError,
    json.JSONDecodeError,
    SafetensorError,
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to run. ``folder`` is None where it came from the hub."""

    name: str
    folder: Path | None
    model: Any
    processor: Any
    device: str


PICTURES, WORDS = "AutoModelForImageTextToText", "AutoModelForCausalLM"


def load(name: str, *, kind: str = PICTURES, trust_remote_code: bool = False) -> Loaded:
    """Load by folder or hub name; raises NesyError N901-N904. Never asks on standard input.

    Of a model of ``kind`` WORDS the processor is its tokenizer.
    """
    folder = Path(name).expanduser()
    here = folder.is_dir()
    if here and not (folder / "config.json").is_file():
        raise _missing(name, "the folder has no config.json")
    if not here and not _HUB_NAME.match(name):
        raise _missing(name, "there is no such folder, and it is no hub name")
    source = str(folder) if here else name
    local = here or not _hub_is_near()
    options = {"local_files_only": local, "trust_remote_code": trust_remote_code}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with _quiet():
        model = _load_model(source, name, device, kind, options)
        load_reader = load_processor if kind == PICTURES else load_tokenizer
        processor = load_reader(source, name, options)
    model.generation_config = transformers.GenerationConfig(do_sample=False, num_beams=1)
    return Loaded(name, folder if here else None, model.to(device).eval(), processor, device)


def _hub_is_near() -> bool:
    """Tell whether the hub's name resolves: without it the library tries for half a minute."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY")):
        return True
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    try:
        socket.getaddrinfo(urlsplit(endpoint).hostname, 443)
    except OSError:
        return False
    return True


def _load_model(source: str, name: str, device: str, kind: str, options: dict[str, Any]) -> Any:
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    try:
        model, report = getattr(transformers, kind).from_pretrained(
            source, dtype=dtype, output_loading_info=True, **options
        )
    except ImportError as error:
        what = f"the model {name} needs a package that is not installed"
        fix = f"pip install {error.name}" if error.name else "install the package named above"
        raise MissingError(Diagnostic("N902", what, _why(error), fix)) from error
    except OSError as error:
        raise _missing(name, _why(error)) from error
    except _UNUSABLE as error:
        what = f"the model {name} cannot be loaded"
        fix = f"name a model that transformers loads with {kind}"
        raise NesyError(Diagnostic("N903", what, _why(error), fix)) from error
    lacking = sorted(report["missing_keys"])
    lacking += [str(key[0]) for key in report.get("mismatched_keys", ())]
    if lacking:
        what = f"the weights of {name} are not whole"
        why = f"{len(lacking)} tensors are missing or misshapen, {lacking[0]} first"
        raise NesyError(Diagnostic("N903", what, why, "fetch or train the checkpoint again"))
    return model


def _missing(name: str, why: str) -> MissingError:
    fix = "name a folder with config.json, weights and tokenizer, or fetch the model first"
    return MissingError(Diagnostic("N901", f"the model {name} is not here", why, fix))


def _why(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's progress bars and advice off the terminal while a model loads."""
    logging = transformers.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
