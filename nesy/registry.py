"""Adapters by name: modules of ``adapters/``, and entry points of the group ``nesy.adapters``."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesy import resources
from nesy.diagnostics import Diagnostic, MissingError, NesyError, nearest
from nesy.perceive import Perceiver

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

GROUP = "nesy.adapters"
_SPEC = re.compile(r"^(?P<name>[A-Za-z][A-Za-z0-9_-]{0,63})(?::(?P<model>.+))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that was found, not yet imported. ``origin`` is ``nesy`` or a distribution."""

    name: str
    origin: str
    summary: str
    entry: EntryPoint | None = None


def adapters() -> dict[str, Adapter]:
    """Return every adapter by name, without importing any; a shipped name cannot be taken over."""
    found: dict[str, Adapter] = {}
    for entry in entry_points(group=GROUP):
        origin = entry.dist.name if entry.dist else "unknown"
        found[entry.name] = Adapter(entry.name, origin, entry.value, entry)
    folder = resources.folder("adapters")
    for module in pkgutil.iter_modules([str(folder)]):
        if not module.name.startswith("_"):
            found[module.name] = Adapter(module.name, "nesy", _summary(folder, module.name))
    return dict(sorted(found.items()))


def _summary(folder: Path, name: str) -> str:
    """Return the first line of a module's docstring, read without running it."""
    source = folder / f"{name}.py"
    if not source.is_file():
        source = folder / name / "__init__.py"
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def split(spec: str) -> tuple[str, str | None]:
    """Read ``ADAPTER[:MODEL]``; raises NesyError N103 where it has another form.

    >>> split("transformers:models/mine")
    ('transformers', 'models/mine')
    """
    if found := _SPEC.match(spec):
        return found["name"], found["model"]
    what = f"{spec[:80]!r} does not name an adapter"
    why = "the form is ADAPTER or ADAPTER:MODEL"
    raise NesyError(Diagnostic("N103", what, why, "try --with embedded or --with replay:FILE"))


def perceiver(spec: str, vocabulary: Vocabulary) -> Perceiver:
    """Build the perceiver that ``--with ADAPTER[:MODEL]`` names.

    Raises NesyError N101 (unknown adapter), N102 (not an adapter), N103 (the form of the name).
    """
    name, model = split(spec)
    known = adapters()
    if name not in known:
        why = f"{len(known)} adapters are installed and none has this name"
        what = f"unknown adapter {name!r}"
        raise NesyError(Diagnostic("N101", what, why, nearest(name, known)))
    made = _creator(known[name])(model, vocabulary)
    if not isinstance(made, Perceiver):
        raise _not_an_adapter(name, f"create() returns a {type(made).__name__}")
    return made


def _creator(adapter: Adapter) -> Callable[[str | None, Vocabulary], object]:
    target: Any
    try:
        if adapter.entry is not None:
            target = adapter.entry.load()
        else:
            target = importlib.import_module(f"nesy.adapters.{adapter.name}")
    except ImportError as error:
        what = f"the adapter {adapter.name} cannot be imported"
        fix = f"install what it needs, or mend {adapter.summary}"
        if adapter.entry is None:
            fix = f"pip install {error.name or 'nesy'}"
        raise MissingError(Diagnostic("N902", what, str(error), fix)) from error
    except AttributeError as error:
        raise _not_an_adapter(adapter.name, str(error)) from error
    create: object = target if callable(target) else getattr(target, "create", None)
    if not callable(create):
        raise _not_an_adapter(adapter.name, f"{adapter.summary} has no create(model, vocabulary)")
    return create


def _not_an_adapter(name: str, why: str) -> NesyError:
    what = f"{name} is not an adapter"
    fix = "give its module create(model, vocabulary) -> Perceiver (adapters/README.md)"
    return NesyError(Diagnostic("N102", what, why, fix))
