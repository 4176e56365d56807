"""Tiny language models with a head of real size: one with random weights, one that writes reports.

What decoding costs beside a model, and how much of an answer is forced, depends on the size of the
vocabulary and on how the model cuts text into tokens; not on what it knows.
"""

from __future__ import annotations

import importlib
import itertools
import random
from typing import Any

import torch

from nesy import schema

from .tokenizers import reports

# The library is only partly annotated; this is the boundary to it.
_hf: Any = importlib.import_module("transformers")

PADDED, HIDDEN = 1064, 64
STEPS, ROWS, RATE = 160, 6, 4e-3
PROMPT = "Report what the face shows: "


def random_model(tokenizer: Any, *, seed: int = 0) -> Any:
    """Return a model with random weights that scores more tokens than the tokenizer has."""
    return _llama(len(tokenizer) + PADDED, seed)


def trained_model(tokenizer: Any, report: schema.Schema, *, seed: int = 0) -> Any:
    """Return a model that has learnt to write reports with values at random, as text is cut.

    It is trained over the few tokens that reports use; all others score zero, far below those.
    """
    chance = random.Random(seed)
    texts = list(itertools.islice(reports(report, chance), 300))
    start, end = tokenizer.encode(PROMPT), [tokenizer.eos_token_id]
    answers = [start + tokenizer.encode(text) + end for text in texts]
    used = torch.tensor(sorted({token for answer in answers for token in answer}))
    place = {int(token): at for at, token in enumerate(used)}
    small = _llama(len(used), seed).train()
    optimizer = torch.optim.AdamW(small.parameters(), lr=RATE)
    for _ in range(STEPS):
        rows = [[place[token] for token in row] for row in chance.sample(answers, ROWS)]
        length = max(map(len, rows))
        ids = torch.tensor([row + [place[end[0]]] * (length - len(row)) for row in rows])
        wanted = ids.clone()
        wanted[:, : len(start)] = -100
        loss = small(input_ids=ids, labels=wanted).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model = random_model(tokenizer, seed=seed)
    with torch.no_grad():
        model.model.layers.load_state_dict(small.model.layers.state_dict())
        model.model.norm.load_state_dict(small.model.norm.state_dict())
        model.lm_head.weight.zero_()
        model.lm_head.weight[used] = small.lm_head.weight
        model.model.embed_tokens.weight[used] = small.model.embed_tokens.weight
    return model


def _llama(size: int, seed: int) -> Any:
    config = _hf.LlamaConfig(
        vocab_size=size,
        hidden_size=HIDDEN,
        intermediate_size=2 * HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = _hf.LlamaForCausalLM(config).eval()
    model.generation_config = _hf.GenerationConfig(do_sample=False)
    return model
