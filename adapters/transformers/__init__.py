"""Any image-text-to-text model of the transformers library, by local folder or hub name."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

    from .perceiver import TransformersPerceiver
    from .writing import TransformersDrafter, TransformersReplyReader

P = TypeVar("P", bound="TransformersPerceiver")


def create(model: str | None, vocabulary: Vocabulary, **options: Any) -> TransformersPerceiver:
    """Load a model; raises NesyError N103 (none named), N901-N904 (it cannot be had or used).

    The options are those of ``build``.
    """
    # Imported here, so that listing the adapters loads no torch; `loading` says what is missing.
    from . import loading  # noqa: F401
    from .perceiver import TransformersPerceiver

    return build(TransformersPerceiver, model, vocabulary, **options)


def build(
    kind: type[P],
    model: str | None,
    vocabulary: Vocabulary,
    /,
    *,
    name: str = "transformers",
    temperature: str | float = 0.0,
    batch_size: str | int | None = None,
    revision: str | None = None,
    trust_remote_code: str | None = None,
    code_of: str = "",
    think: str | None = None,
    backend: str | None = None,
    fast_forward: str | bool = True,
    soft_facts: str = "recorded",
    samples: str | int = 0,
    calibration: str | Path | None = None,
) -> P:
    """Load a model as this kind of perceiver; raises what ``create`` does.

    ``backend`` holds the model to the schema (without one, its card's: see ``backends``);
    ``fast_forward`` (``yes`` or ``no``) reads forced text several tokens a forward. ``revision``,
    ``trust_remote_code`` and ``code_of`` say what may be loaded (``remote.Access``; N152-N155);
    ``think``, how many tokens a thought may take, of a model that thinks first (N156).
    ``soft_facts`` (``recorded`` or ``scored``), ``samples`` and ``calibration`` (a file) say how
    confidences come about (N165, N167-N169).
    """
    if not model:
        what = "the adapter transformers needs a model"
        why = "it runs any image-text-to-text model, so none can be assumed"
        fix = "write --with transformers:FOLDER or --with transformers:ORGANISATION/NAME"
        raise NesyError(Diagnostic("N103", what, why, fix))
    from .loading import load
    from .remote import Access
    from .soft_facts import Asked

    facts = Asked.of(soft_facts, samples, calibration)
    loaded = load(model, access=Access(revision, trust_remote_code, code_of))
    return kind(
        loaded,
        vocabulary,
        name=name,
        temperature=_number("temperature", temperature, 100.0),
        batch_size=None if batch_size is None else int(_number("batch_size", batch_size, 1024, 1)),
        backend=backend,
        fast_forward=_yes("fast_forward", fast_forward),
        think=think,
        facts=facts,
    )


# What may stand behind the name of a model; the adapter's own name may not.
OPTIONS = tuple(
    each.name
    for each in signature(build).parameters.values()
    if each.kind is each.KEYWORD_ONLY and each.name != "name"
)


def models() -> list[dict[str, Any]]:
    """Return each published model there is a recipe for: what `nesy list models` shows."""
    from .recipes import rows

    return rows()


def create_drafter(
    model: str | None,
    vocabulary: Vocabulary,
    *,
    temperature: float = 0.0,
    text_limit: int | None = None,
) -> TransformersDrafter:
    """Load a causal language model that drafts; raises NesyError N103, N901-N904."""
    from .loading import WORDS, load
    from .writing import TransformersDrafter

    loaded = load(_named(model), kind=WORDS)
    if text_limit is None:
        return TransformersDrafter(loaded, vocabulary, temperature=temperature)
    return TransformersDrafter(loaded, vocabulary, temperature=temperature, text_limit=text_limit)


def create_reply_reader(model: str | None, vocabulary: Vocabulary) -> TransformersReplyReader:
    """Load a causal language model that reads replies; raises NesyError N103, N901-N904."""
    from .loading import WORDS, load
    from .writing import TransformersReplyReader

    return TransformersReplyReader(load(_named(model), kind=WORDS), vocabulary)


def _number(name: str, value: str | float, most: float, least: float = 0) -> float:
    """Read an option's number; raises NesyError N165 where it is none of least to most."""
    try:
        if least <= float(value) <= most:
            return float(value)
    except ValueError:
        pass
    what = f"{name}={str(value)[:40]} cannot be asked"
    fix = f"write {name}= and a number from {least:g} to {most:g}"
    raise NesyError(Diagnostic("N165", what, "it is no such number", fix))


def _yes(name: str, value: str | bool) -> bool:
    """Read an option that is yes or no; raises NesyError N165 for anything else."""
    if value in (True, "yes"):
        return True
    if value in (False, "no"):
        return False
    what = f"{name}={str(value)[:40]} cannot be asked"
    raise NesyError(Diagnostic("N165", what, "it is neither yes nor no", f"write {name}=no"))


def _named(model: str | None) -> str:
    if model:
        return model
    what = "the adapter transformers needs a model"
    why = "it runs any causal language model, so none can be assumed"
    fix = "write --draft-with transformers:FOLDER or transformers:ORGANISATION/NAME"
    raise NesyError(Diagnostic("N103", what, why, fix))
