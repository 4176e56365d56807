"""Overlap of words with people's interpretations: ROUGE-1/2/L and BLEU-4 (P9).

ROUGE (Lin 2004) keeps only a-z and 0-9, and BLEU (Papineni et al. 2002) splits at blanks: a text in
another script would get 0 from them whatever it says, and is not scored.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .measure import Additive, NotScored, Pair
from .script import text_of, texts_of

KINDS = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L"}


def version_of(package: str) -> str:
    """Return a package's version, or that it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@lru_cache(maxsize=16384)
def rouge(references: tuple[str, ...], text: str) -> dict[str, float]:
    """Return the F-measures of a text, stemmed, in [0, 1]: of each kind against its best reference.

    Raises NotScored where one side holds no letter or digit of ASCII.
    """
    scorer = _scorer()
    if not scorer.tokens(text):
        raise NotScored("the answer has no a-z or 0-9")
    kept = [reference for reference in references if scorer.tokens(reference)]
    if not kept:
        raise NotScored("the reference has no a-z or 0-9")
    found = scorer.library.score_multi(kept, text)
    return {kind: float(found[kind].fmeasure) for kind in KINDS}


class _Scorer:
    """The library's scorer; each text is split and stemmed once."""

    def __init__(self) -> None:
        # The libraries are of the extra `bench`, and not annotated.
        scorers: Any = importlib.import_module("rouge_score.rouge_scorer")
        tokenizers: Any = importlib.import_module("rouge_score.tokenizers")
        split = tokenizers.DefaultTokenizer(use_stemmer=True).tokenize
        self.tokens: Callable[[str], list[str]] = lru_cache(maxsize=32768)(split)
        self.library = scorers.RougeScorer(list(KINDS), tokenizer=_Tokens(self.tokens))


class _Tokens:
    def __init__(self, tokens: Callable[[str], list[str]]) -> None:
        self.tokenize = tokens


@lru_cache(maxsize=1)
def _scorer() -> _Scorer:
    return _Scorer()


@lru_cache(maxsize=16384)
def bleu(references: tuple[str, ...], text: str) -> float:
    """Return the sentence BLEU-4 of a text against its references, in [0, 100]."""
    library: Any = importlib.import_module("sacrebleu")
    return float(library.sentence_bleu(text, list(references)).score)


def _of_kind(kind: str) -> Callable[[Pair], float]:
    return lambda pair: rouge(texts_of(pair), text_of(pair))[kind]


def _bleu(pair: Pair) -> float:
    text = text_of(pair)
    return bleu(texts_of(pair), text)


_ROUGE = f"rouge-score {version_of('rouge-score')}, F-measure, stemmed, best reference, 0-1"
# As sacrebleu's own signature says it, with what it cannot know.
_BLEU = f"nrefs:var|case:mixed|eff:yes|tok:13a|smooth:exp|version:{version_of('sacrebleu')}"

MEASURES = (
    *(
        Additive(kind, title, "higher", _ROUGE, _of_kind(kind), needs=("rouge_score",))
        for kind, title in KINDS.items()
    ),
    Additive(
        "bleu4",
        "BLEU-4",
        "higher",
        f"sacrebleu {_BLEU}, mean of sentences, 0-100",
        _bleu,
        needs=("sacrebleu",),
    ),
)
