"""Tokenizers of real size, made here: byte-level BPE over made-up words and reports."""

from __future__ import annotations

import importlib
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nesy import schema, vocabulary

# The library is only partly annotated; this is the boundary to it.
_hf: Any = importlib.import_module("transformers")
_tokenizers: Any = importlib.import_module("tokenizers")

_STARTS = (*"bcdfghjklmnprstvwz", "br", "ch", "dr", "fl", "gr", "pl", "sh", "sk", "st", "th", "tr")
_MIDDLES = (*"aeiou", "ai", "ea", "ee", "ie", "oo", "ou", "ay")
_ENDS = ("", *"lmnrst", "nd", "ng", "nt", "rd", "rs", "ck", "ll", "ss")
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def words(chance: random.Random) -> Iterator[str]:
    """Yield made-up words for ever; short ones are frequent."""
    syllables = ["".join(parts) for parts in itertools.product(_STARTS, _MIDDLES, _ENDS)]
    while True:
        count = chance.choice((1, 1, 2, 2, 2, 3, 3, 4))
        yield "".join(chance.choice(syllables) for _ in range(count))


def reports(report: schema.Schema, chance: random.Random) -> Iterator[str]:
    """Yield written reports with values drawn at random, for ever."""
    made = words(chance)

    def value(part: schema.Schema) -> Any:
        if "properties" in part:
            return {key: value(inner) for key, inner in part["properties"].items()}
        if "enum" in part:
            return chance.choice(part["enum"])
        return " ".join(itertools.islice(made, 12))[:100]

    while True:
        yield schema.write(value(report))


def corpus(size: int, seed: int = 0) -> Iterator[str]:
    """Yield the texts a tokenizer of so many tokens is made from."""
    chance = random.Random(seed)
    known = vocabulary.load()
    for kind in known.terms.values():
        for term in kind.values():
            yield f"{term.id} {term.label} {term.phrase}. "
    # Reports are a small part of what is read, as of what a real tokenizer was made from.
    yield from itertools.islice(reports(schema.report_schema(known), chance), 50)
    made = words(chance)
    for _ in range(size // 8):
        yield " ".join(itertools.islice(made, 16)) + ". "


def tokenizer(size: int, folder: Path) -> Any:
    """Return a tokenizer of this many tokens, made once for a folder."""
    path = folder / f"bpe-{size}"
    if not (path / "tokenizer.json").is_file():
        made = _tokenizers.Tokenizer(_tokenizers.models.BPE())
        made.pre_tokenizer = _tokenizers.pre_tokenizers.Sequence(
            [
                _tokenizers.pre_tokenizers.Split(_tokenizers.Regex(_PIECES), "isolated"),
                _tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        made.decoder = _tokenizers.decoders.ByteLevel()
        trainer = _tokenizers.trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=_SPECIAL,
            initial_alphabet=_tokenizers.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        made.train_from_iterator(corpus(size), trainer)
        fast = _hf.PreTrainedTokenizerFast(
            tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>"
        )
        fast.save_pretrained(path)
    return _hf.AutoTokenizer.from_pretrained(path)


# How the tokenizers of current models cut text before merging: words, digits, runs of signs.
_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
