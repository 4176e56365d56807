"""Emotions of a line by a small head on MiniLM sentence embeddings; acts and cues by lexemes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nesy.line.reader import Reader
    from nesy.vocabulary import Vocabulary


def create_reader(model: str | None, vocabulary: Vocabulary) -> Reader:
    """Load the head beside this file, and MiniLM from the extra ``minilm`` or from a folder.

    Raises MissingError N901 or N902 where MiniLM is not here, NesyError N903 where it is another.
    """
    # Imported here, so that listing the readers loads no torch.
    from .reader import MiniLMReader

    return MiniLMReader(model, vocabulary)
