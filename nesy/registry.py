"""Adapters and readers by name: modules of ``adapters/``, entry points, and modules by path.

An adapter looks at pictures (``create(model, vocabulary)``, group ``nesy.adapters``); a reader
reads lines (``create_reader(model, vocabulary)``, group ``nesy.readers``). One module may be both.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from nesy import resources
from nesy.diagnostics import Diagnostic, MissingError, NesyError, nearest
from nesy.line.reader import LexicalReader, Reader
from nesy.perceive import Perceiver
from nesy.reply.draft import Drafter
from nesy.reply.reader import ReplyReader

if TYPE_CHECKING:
    from nesy.observation import Case
    from nesy.vocabulary import Vocabulary

LEXICAL = "lexical"
_SPEC = re.compile(
    r"^(?P<name>[A-Za-z][A-Za-z0-9_-]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,9})"
    r"(?::(?P<model>.+))?$",
    re.DOTALL,
)
_OPTIONS = re.compile(r"\?(?P<options>[a-z_]{1,64}=[^?]*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seam:
    """A kind of thing that is found by name, and how to ask for it."""

    noun: str
    group: str
    creator: str
    made: str
    option: str
    fix: str


ADAPTER = Seam(
    "adapter",
    "nesy.adapters",
    "create",
    "Perceiver",
    "--with",
    "try --with embedded or --with replay:FILE",
)
READER = Seam(
    "reader",
    "nesy.readers",
    "create_reader",
    "Reader",
    "--reader",
    "try --reader lexical or --reader minilm",
)


DRAFTER = Seam(
    "drafter",
    "nesy.drafters",
    "create_drafter",
    "Drafter",
    "--draft-with",
    "try --draft-with transformers:FOLDER",
)
REPLY_READER = Seam(
    "reply reader",
    "nesy.reply_readers",
    "create_reply_reader",
    "ReplyReader",
    "--read-reply-with",
    "try --read-reply-with transformers:FOLDER",
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter or a reader that was found, not yet imported.

    ``origin`` is ``nesy`` or a distribution.
    """

    name: str
    origin: str
    summary: str
    entry: EntryPoint | None = None


def adapters(seam: Seam = ADAPTER) -> dict[str, Adapter]:
    """Return every adapter by name, without importing any; a shipped name cannot be taken over."""
    found: dict[str, Adapter] = {}
    for entry in entry_points(group=seam.group):
        origin = entry.dist.name if entry.dist else "unknown"
        found[entry.name] = Adapter(entry.name, origin, entry.value, entry)
    folder = resources.folder("adapters")
    for module in pkgutil.iter_modules([str(folder)]):
        if not module.name.startswith("_"):
            source = _source(folder, module.name)
            if _defines(source, seam.creator):
                summary = (ast.get_docstring(source) or "").partition("\n")[0]
                found[module.name] = Adapter(module.name, "nesy", summary)
    return dict(sorted(found.items()))


def readers() -> dict[str, Adapter]:
    """Return every reader of lines by name, without importing any."""
    words = "VADER's valence and the ontology's lexemes; needs no network"
    found = {**adapters(READER), LEXICAL: Adapter(LEXICAL, "nesy", words)}
    return dict(sorted(found.items()))


def _source(folder: Path, name: str) -> ast.Module:
    """Return a module's source, read without running it."""
    source = folder / f"{name}.py"
    if not source.is_file():
        source = folder / name / "__init__.py"
    return ast.parse(source.read_text(encoding="utf-8"))


def _defines(source: ast.Module, function: str) -> bool:
    return any(isinstance(n, ast.FunctionDef) and n.name == function for n in source.body)


def options_of(spec: str) -> dict[str, str]:
    """Return the options at the end of a spec, written as in a URL.

    >>> options_of("transformers:models/mine?soft_facts=scored&samples=8")
    {'soft_facts': 'scored', 'samples': '8'}
    """
    found = _OPTIONS.search(spec)
    return dict(parse_qsl(found["options"], keep_blank_values=True)) if found else {}


def split(spec: str, seam: Seam = ADAPTER) -> tuple[str, str | None]:
    """Read ``NAME[:MODEL]``, without options; raises NesyError N103 where it has another form.

    >>> split("transformers:models/mine")
    ('transformers', 'models/mine')
    """
    if found := _SPEC.match(_OPTIONS.sub("", spec)):
        return found["name"], found["model"]
    what = f"{spec[:80]!r} does not name {_a(seam.noun)}"
    why = f"the form is {seam.noun.upper()} or {seam.noun.upper()}:MODEL"
    raise NesyError(Diagnostic("N103", what, why, seam.fix))


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def perceiver(spec: str, vocabulary: Vocabulary) -> Perceiver:
    """Build the perceiver that ``--with ADAPTER[:MODEL][?OPTION=VALUE&…]`` names.

    Raises NesyError N101 (unknown adapter), N102 (not an adapter), N103 (the form of the name),
    N165 (no such option).
    """
    made: Perceiver = _made(spec, ADAPTER, Perceiver, vocabulary)
    return made


def listed(spec: str, vocabulary: Vocabulary) -> list[Case] | None:
    """Return the cases that the file behind ``--with ADAPTER:FILE`` holds.

    None where no file is named or the adapter has no ``cases(model, vocabulary)``. Raises NesyError
    N101, N103, or what the adapter finds wrong with the file.
    """
    name, model = split(spec)
    if model is None:
        return None
    lists = getattr(_target(_named(name, ADAPTER, adapters()), ADAPTER), "cases", None)
    return list(lists(model, vocabulary)) if callable(lists) else None


def models() -> list[dict[str, Any]]:
    """Return the models that shipped adapters know by name: their module's ``models()``."""
    folder = resources.folder("adapters")
    shipped = [each for each in adapters().values() if each.entry is None]
    knowing = [each for each in shipped if _defines(_source(folder, each.name), "models")]
    return [row for each in knowing for row in _target(each, ADAPTER).models()]


def reader(spec: str, vocabulary: Vocabulary) -> Reader:
    """Build the reader that ``--reader READER[:MODEL]`` names.

    Raises NesyError N101 (unknown reader), N102 (not a reader), N103 (the form of the name).
    """
    name, model = split(spec, READER)
    if name == LEXICAL:
        if model:
            what, why = f"the reader lexical has no model {model!r}", "it reads by the ontology"
            raise NesyError(Diagnostic("N103", what, why, "write --reader lexical"))
        return LexicalReader(vocabulary)
    made: Reader = _made(spec, READER, Reader, vocabulary)
    return made


def drafter(spec: str, vocabulary: Vocabulary) -> Drafter:
    """Build the drafter that ``--draft-with DRAFTER[:MODEL]`` names.

    Raises NesyError N101 (unknown drafter), N102 (not a drafter), N103 (the form of the name).
    """
    made: Drafter = _made(spec, DRAFTER, Drafter, vocabulary)
    return made


def reply_reader(spec: str, vocabulary: Vocabulary) -> ReplyReader:
    """Build the reader of replies that ``--read-reply-with READER[:MODEL]`` names.

    Raises NesyError N101 (unknown), N102 (no reader of replies), N103 (the form of the name).
    """
    made: ReplyReader = _made(spec, REPLY_READER, ReplyReader, vocabulary)
    return made


def _made(spec: str, seam: Seam, protocol: Any, vocabulary: Vocabulary) -> Any:
    """Build what a seam's spec names, and require that it keeps the seam's protocol."""
    name, model = split(spec, seam)
    known = readers() if seam is READER else adapters(seam)
    create, options = _creator(_named(name, seam, known), seam), options_of(spec)
    taken = _taken(create) if options else None
    bare = f"leave it out: {seam.option} {_OPTIONS.sub('', spec)[:80]}"
    what = f"the {seam.noun} {name} has no such option"
    if taken is not None and (wrong := [option for option in options if option not in taken]):
        why = f"it takes {', '.join(sorted(taken)) or 'none'}"
        raise NesyError(
            Diagnostic("N165", f"{what}: {option}", why, nearest(option, taken) if taken else bare)
            for option in wrong
        )
    try:
        made = create(model, vocabulary, **options)
    except TypeError as error:
        if not options or "unexpected keyword" not in str(error):
            raise
        raise NesyError(Diagnostic("N165", what, str(error), bare)) from error
    if not isinstance(made, protocol):
        raise _not_one(name, seam, f"{seam.creator}() returns a {type(made).__name__}")
    return made


def _named(name: str, seam: Seam, known: dict[str, Adapter]) -> Adapter:
    """Return what was found under a name; one with a dot is a module of the user's own."""
    if name in known:
        return known[name]
    if "." in name:
        value = f"{name}:{seam.creator}"
        return Adapter(name, "module", name, EntryPoint(name, value, seam.group))
    why = f"{len(known)} {seam.noun}s are installed and none has this name"
    what = f"unknown {seam.noun} {name!r}"
    raise NesyError(Diagnostic("N101", what, why, nearest(name, known)))


def _target(adapter: Adapter, seam: Seam) -> Any:
    """Import what was found: a module, or what creates one of its kind."""
    try:
        if adapter.entry is not None:
            return adapter.entry.load()
        return importlib.import_module(f"nesy.adapters.{adapter.name}")
    except ImportError as error:
        what = f"the {seam.noun} {adapter.name} cannot be imported"
        fix = f"install what it needs, or mend {adapter.summary}"
        if adapter.entry is None:
            fix = f"pip install {error.name or 'nesy'}"
        raise MissingError(Diagnostic("N902", what, str(error), fix)) from error
    except AttributeError as error:
        raise _not_one(adapter.name, seam, str(error)) from error


def _creator(adapter: Adapter, seam: Seam) -> Callable[..., object]:
    target = _target(adapter, seam)
    create: object = target if callable(target) else getattr(target, seam.creator, None)
    if not callable(create):
        why = f"{adapter.summary} has no {seam.creator}(model, vocabulary)"
        raise _not_one(adapter.name, seam, why)
    return create


def _taken(create: Callable[..., object]) -> frozenset[str] | None:
    """Return the options that a creator takes; None where it does not say.

    One that takes any (``**options``) names them in its module's ``OPTIONS``.
    """
    try:
        _, _, *parameters = inspect.signature(create).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        named = getattr(sys.modules.get(create.__module__), "OPTIONS", None)
        return None if named is None else frozenset(named)
    return frozenset(each.name for each in parameters)


def _not_one(name: str, seam: Seam, why: str) -> NesyError:
    what = f"{name} is not {_a(seam.noun)}"
    fix = f"give its module {seam.creator}(model, vocabulary) -> {seam.made} (adapters/README.md)"
    return NesyError(Diagnostic("N102", what, why, fix))
