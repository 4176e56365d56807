"""The small model that ships with nesy: it knows drawn faces only, and runs on any CPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesy import schema
from nesy.diagnostics import Diagnostic, MissingError, NesyError

from ..transformers import OPTIONS as OPTIONS

if TYPE_CHECKING:
    from nesy.perceive import Perceiver
    from nesy.vocabulary import Vocabulary

WEIGHTS = Path(__file__).parent / "weights"
_RESTING = ("one", "0", "no", "neutral")


def create(model: str | None, vocabulary: Vocabulary, **options: str) -> Perceiver:
    """Load the weights beside this file; raises NesyError N103 or N901.

    The options are those of the adapter transformers.
    """
    if model:
        fix = f"write --with embedded, or --with transformers:{model}"
        what, why = f"the adapter embedded has no model {model!r}", "it is one model"
        raise NesyError(Diagnostic("N103", what, why, fix))
    if not (WEIGHTS / "config.json").is_file():
        what, why = "the embedded model has no weights", f"{WEIGHTS}/config.json is not there"
        fix = "python -m nesy.adapters.embedded.train --out DIR"
        raise MissingError(Diagnostic("N901", what, why, fix))
    # Imported here, so that listing the adapters loads no torch; `loading` says what is missing.
    from ..transformers import build, loading  # noqa: F401
    from .perceiver import EmbeddedPerceiver

    settings: dict[str, Any] = {"name": "embedded", **options}
    perceiver = build(EmbeddedPerceiver, str(WEIGHTS), vocabulary, **settings)
    perceiver.constraint.characters.expect(usual(perceiver.constraint.schema))
    return perceiver


def usual(report: schema.Schema) -> str:
    """Return the report of one resting face: most of it is right of most faces.

    It is only proposed: whatever the model says otherwise is kept (transformers/fast_forward.py).
    """

    def value(part: schema.Schema) -> Any:
        if "properties" in part:
            return {key: value(inner) for key, inner in part["properties"].items()}
        members = part.get("enum", [""])
        return next((word for word in _RESTING if word in members), members[0])

    return schema.write(value(report))
