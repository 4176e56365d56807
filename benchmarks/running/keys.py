"""What a record depends on, as content: pictures, cases, programs and models by their bytes."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import nesy
from nesy import __version__, registry, resources, strict_json
from nesy.adapters.server import kinds
from nesy.observation import Case
from nesy.vocabulary import Vocabulary

from ..records import Generation, content_key
from ..samples import Sample
from .cache import Cache

_PROGRAMS = frozenset({".py", ".lp", ".pl", ".ttl", ".toml", ".txt", ".csv", ".json"})
# An absolute path in a text: what stands before its last part tells of the machine; a URL is none.
_HOST = re.compile(r"(?<![\w.\-/])(?!(?<=:)//)(?:~|[A-Za-z]:[\\/]|/)[^\s:;,'\"]*[\\/](?=[^\s\\/])")


def without_host(value: Any) -> Any:
    """Return a JSON value whose strings name files without the folders of this machine.

    >>> without_host("--with transformers:/home/ann/models/tiny")
    '--with transformers:tiny'
    >>> without_host("openai:tiny@http://localhost:8000/v1")
    'openai:tiny@http://localhost:8000/v1'
    """
    if isinstance(value, str):
        return _HOST.sub("", value)
    if isinstance(value, dict):
        return {key: without_host(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_host(each) for each in value]
    return value


def of_file(path: str) -> str:
    """Return the SHA-256 of a file's bytes; a file that cannot be read has a key of its own."""
    try:
        known = Path(path).stat()
        return _of_file(path, known.st_size, known.st_mtime_ns)
    except OSError as error:
        return f"unreadable: {error.strerror}"


@lru_cache(maxsize=100_000)
def _of_file(path: str, size: int, changed: int) -> str:
    del size, changed  # while they are the same, so are the bytes
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_case(case: Case) -> dict[str, Any]:
    """Return a case as JSON, its picture by content and not by name."""
    found = case.model_dump(mode="json")
    if case.image is not None:
        found["image"] = of_file(case.image)
    return found


def of_question(sample: Sample) -> dict[str, Any]:
    """Return what a system is given of a sample; never what it is held against."""
    seen = sample.observation.model_dump(mode="json") if sample.observation else None
    return {"case": of_case(sample.case), "observation": seen, "rules": sample.rules}


def content_of(sample: Sample) -> bytes:
    """Return all of a sample as bytes, its picture by content."""
    told = {**sample.model_dump(mode="json", exclude={"case"}), **of_question(sample)}
    return strict_json.dumps(told).encode() + b"\n"


def of_generation(generation: Generation) -> str:
    """Return the key of what was generated."""
    told = generation.model_dump(mode="json", exclude={"key", "task", "sample"})
    key: str = content_key(generation=told)
    return key


@lru_cache(maxsize=8)
def of_programs(*areas: str) -> str:
    """Return the digest of what ships: ``nesy``, ``rules``, or a folder or file in one of them."""
    sha = hashlib.sha256(__version__.encode())
    for area in areas:
        top, _, below = area.partition("/")
        base = Path(nesy.__file__).parent if top == "nesy" else resources.folder(top)
        at = base / below
        for path in sorted(at.rglob("*")) if at.is_dir() else [at]:
            if path.suffix in _PROGRAMS:
                sha.update(f"{path.relative_to(base)}\0".encode() + path.read_bytes() + b"\0")
    return sha.hexdigest()[:16]


def of_model(spec: str, vocabulary: Vocabulary, cache: Cache) -> dict[str, Any]:
    """Say which model ``ADAPTER[:MODEL]`` names, without loading it.

    ``weights`` is the digest of its files, or the revision of a model of the hub that was fetched;
    where neither can be known, ``unknown``. Raises NesyError N101-N103 for a name that is none.
    """
    name, model = registry.split(spec)
    known = registry.adapters()
    if name not in known and "." not in name:
        registry.perceiver(spec, vocabulary)  # raises, and says which there are
    found: dict[str, Any] = {"adapter": name, "model": without_host(model)}
    if options := registry.options_of(spec):
        # A file, such as a calibration, is known by what it holds.
        found["options"] = {
            option: of_file(value) if Path(value).is_file() else value
            for option, value in options.items()
        }
    adapter = known.get(name)
    if adapter is not None and adapter.origin == "nesy":
        folder = resources.folder("adapters")
        own = folder / name / "weights"
        files = [*folder.glob(f"{name}.py"), *(folder / name).glob("__init__.py")]
        # All of the shipped adapters that run a model do so by these; drafting is not looking.
        shared = (p for p in (folder / "transformers").rglob("*") if p.suffix in _PROGRAMS)
        files += sorted(p for p in shared if p.name != "writing.py")
        if (captions := folder / name / "captions").is_dir():
            # What it reads captions with, and how they are set against the line.
            own_reader = (p for p in captions.rglob("*") if p.suffix in {".py", ".safetensors"})
            files += [*sorted(own_reader), folder / name / "perceiver.py"]
            files += [Path(nesy.__file__).parent / n for n in ("caption.py", "same_text.py")]
        if name in kinds.KINDS:
            files += (folder / "server").glob("*.py")
            # Two servers may give different models one name.
            found["server"] = os.environ.get(kinds.URL)
        found["program"] = resources.digest(files)
        if model is None and own.is_dir():
            return {**found, "weights": _weights(own, cache)}
    elif adapter is not None and adapter.entry is not None and adapter.entry.dist is not None:
        found["program"] = f"{adapter.origin} {adapter.entry.dist.version}"
    else:
        module = importlib.util.find_spec(name)
        found["program"] = of_file(str(module.origin)) if module else "unknown"
    return {**found, "weights": _weights_named(model, cache)}


def _weights_named(model: str | None, cache: Cache) -> str:
    if model is None:
        return "none"
    path = Path(model).expanduser()
    if path.exists():
        return _weights(path, cache)
    try:
        from huggingface_hub import try_to_load_from_cache

        config = try_to_load_from_cache(model, "config.json")
    except (ImportError, ValueError):
        config = None
    return f"revision {Path(config).parent.name}" if isinstance(config, str) else "unknown"


def _weights(path: Path, cache: Cache) -> str:
    """Return the digest of a file or a folder; large ones are not read again while unchanged."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    stats = [(str(p.resolve()), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    key = content_key(weights=[[str(part) for part in each] for each in stats])
    known = cache.get(key)
    if known is None:
        known = _digest(path, files)
        cache.put([(key, known)])
    return known


def _digest(path: Path, files: Iterable[Path]) -> str:
    base = path if path.is_dir() else path.parent
    parts = {str(p.relative_to(base)): of_file(str(p)) for p in files}
    return f"sha256:{content_key(**parts)[:16]}"
