"""Load a model and its processor from a folder or the hub; every failure is a diagnostic."""

from __future__ import annotations

import importlib
import json
import os
import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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

from . import older_code, recipes, remote
from .processors import load_processor, load_tokenizer
from .recipes import PICTURES, Recipe
from .remote import Access

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
    """A model ready to run. ``folder`` is None where it came from the hub.

    ``vocabulary`` counts its logits; ``remote`` tells that the repository brought its code.
    """

    name: str
    folder: Path | None
    model: Any
    processor: Any
    device: str
    recipe: Recipe
    vocabulary: int
    remote: bool = False

    def cache(self) -> dict[str, Any]:
        """Return the cache that code of a repository is given, where it prepares the steps."""
        own_loop = self.remote and self.recipe.processor != recipes.PARTS
        return {"past_key_values": older_code.OlderCache()} if own_loop else {}

    def size(self) -> dict[str, Any]:
        """Return how many parameters there are, of which type, and what they weigh."""
        weights = list(self.model.parameters())
        held = sum(w.numel() * w.element_size() for w in weights)
        return {
            "parameters": sum(w.numel() for w in weights),
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "weights_gb": float(f"{held / 1e9:.3g}"),
        }


WORDS = "AutoModelForCausalLM"


def load(name: str, *, kind: str = PICTURES, access: Access | None = None) -> Loaded:
    """Load by folder or hub name; raises NesyError N152-N155, N901-N904. Never asks on stdin.

    Of a model of ``kind`` WORDS the processor is its tokenizer.
    """
    folder = Path(name).expanduser()
    here = folder.is_dir()
    if here and not (folder / "config.json").is_file():
        raise _missing(name, "the folder has no config.json")
    if not here and not _HUB_NAME.match(name):
        raise _missing(name, "there is no such folder, and it is no hub name")
    source = str(folder) if here else name
    access = access or Access()
    local = {"local_files_only": here or not _hub_is_near()}
    with _quiet():
        config = _config(source, name, {**local, "revision": access.commit})
        recipe = recipes.recipe_for(name, config)
        allowed = remote.permit(name, here, config, recipe, access)
        options = {**local, **allowed}
        trusted = bool(options["trust_remote_code"])
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        dtype = getattr(torch, recipe.dtype) if recipe.dtype else dtype
        loader = recipe.loader if kind == PICTURES else kind
        with older_code.lent() if trusted else nullcontext():
            model = _load_model(source, name, loader, {**options, "dtype": dtype})
        if kind != PICTURES:
            processor = load_tokenizer(source, name, options)
        elif recipe.processor == recipes.PARTS and trusted:
            processor = remote.put_together(model, source, name, options)
        else:
            processor = load_processor(source, name, options)
    try:
        model = model.to(device).eval()
    except torch.OutOfMemoryError as error:
        what = f"the model {name} does not fit this machine"
        fix = "use a smaller model: nesy list models says what their weights take"
        raise MissingError(Diagnostic("N905", what, _why(error), fix)) from error
    for part in _parts(model):
        part.generation_config = transformers.GenerationConfig(do_sample=False, num_beams=1)
    if trusted and hasattr(model, "prepare_inputs_for_generation"):
        older_code.count_positions(model)
    at = folder if here else None
    size = _vocabulary(model, name)
    return Loaded(name, at, model, processor, device, recipe, size, remote=trusted)


def _config(source: str, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Read what a checkpoint says of itself; runs nothing of it."""
    try:
        config, _ = transformers.PretrainedConfig.get_config_dict(source, **options)
        return dict(config)
    except OSError as error:
        if not isinstance(error.__context__, json.JSONDecodeError | UnicodeDecodeError):
            raise _missing(name, _why(error)) from error
        cause: BaseException = error.__context__
    except (TypeError, ValueError) as error:
        cause = error
    what, fix = f"the model {name} cannot be loaded", "fetch the checkpoint again"
    why = f"its config.json holds no JSON object: {_why(cause)}"
    raise NesyError(Diagnostic("N903", what, why, fix)) from cause


def _parts(model: Any) -> list[Any]:
    """Return a model, and the language model in it where that one writes."""
    found = (model, getattr(model, "language_model", None))
    return [part for part in found if hasattr(part, "generation_config")]


def _vocabulary(model: Any, name: str) -> int:
    """Return how many logits a model gives: often more than its tokenizer has tokens."""
    for part in _parts(model):
        head = part.get_output_embeddings()
        if head is not None:
            return int(head.weight.shape[0])
    size = getattr(model.config.get_text_config(), "vocab_size", None)
    if size is None:
        what = f"the model {name} cannot be used"
        why = "neither its last layer nor its configuration says how many tokens it knows"
        raise NesyError(Diagnostic("N903", what, why, "use a model that writes text"))
    return int(size)


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


def _load_model(source: str, name: str, loader: str, options: dict[str, Any]) -> Any:
    # Code of a repository may raise whatever it likes.
    unusable = (Exception,) if options["trust_remote_code"] else _UNUSABLE
    try:
        model, report = getattr(transformers, loader).from_pretrained(
            source, output_loading_info=True, **options
        )
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "transformers":
            what = f"the code of {name} was written for another version of transformers"
            fix = f"look for a commit of it that works with {transformers.__version__}"
            raise NesyError(Diagnostic("N903", what, _why(error), fix)) from error
        what = f"the model {name} needs a package that is not installed"
        fix = f"pip install {error.name}" if error.name else "install the package named above"
        raise MissingError(Diagnostic("N902", what, _why(error), fix)) from error
    except OSError as error:
        raise _missing(name, _why(error)) from error
    except unusable as error:
        what = f"the model {name} cannot be loaded"
        fix = f"name a model that transformers {transformers.__version__} loads with {loader}"
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
