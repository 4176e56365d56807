"""Where a norm comes from, in words that claim no more than its source does."""

from __future__ import annotations

from nesy.explain.english import WORDS
from nesy.vocabulary import Vocabulary


def citation(norm_id: str, vocabulary: Vocabulary) -> str:
    """Return a norm's citation: "required by" for a rule of the text, else "based on" or house."""
    norm = vocabulary.norms[norm_id]
    source, section = norm.one("source"), norm.one("section")
    basis = norm.one("basis")
    if basis == "text":
        return WORDS["text"].format(source=source, section=section)
    if basis == "house":
        return WORDS["house"].format(source=source)
    return WORDS["derived_norm"].format(source=source, section=f", {section}" if section else "")
