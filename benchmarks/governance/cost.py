"""Cost: what governing one reply takes, beside a language model that judges it.

Governance is timed as `nesy judge` runs it, one reply after the other: reading line and reply,
norms before and after interpretation, norms over the reply. A judge that is a language model reads
the same dialogue and an instruction, and writes a verdict. The least of all such is measured: a
model with two small random layers, whose verdict means nothing. What a usable one takes is reckoned
from the bytes it must move and the operations it must do, with the assumptions in the table.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesy import pipeline, resources, strict_json
from nesy.benchmarks.report.table import Cell, Table
from nesy.reason.bulk import CHUNK
from nesy.reason.engine import Engine, reason
from nesy.reply.draft import GIVEN, Draft
from nesy.reply.reader import find
from nesy.reply.task import given
from nesy.trace import Case

from .guard import Asked, judged
from .replies import REPLIES

# The judge's work: an instruction with its policy and the dialogue in, a short verdict out.
TOKENS_IN, TOKENS_OUT = 600, 30
# A usable judge: so many parameters of two bytes each.
PARAMETERS = 8e9
# Machines: (name, bytes a second from memory, operations a second that are really reached).
MACHINES = (
    ("a data-centre GPU, 3.35 TB/s, 400 TFLOP/s reached", 3.35e12, 400e12),
    ("a consumer GPU, 0.5 TB/s, 50 TFLOP/s reached", 0.5e12, 50e12),
    ("a CPU, 50 GB/s, 1 TFLOP/s reached", 50e9, 1e12),
)
WARM = 5
Milliseconds = NDArray[np.float64]


def measure(engine: Engine, count: int) -> list[Table]:
    """Return the tables: governance measured, a tiny model measured, a usable one reckoned."""
    pairs = list(islice(_pairs(engine), count))
    rows: list[tuple[Cell, ...]] = [
        _row("governance, one reply at a time", _timed(pairs, lambda *pair: _judge(engine, *pair))),
        _row("  of it: reading the reply", _timed(pairs, _read_reply)),
        _together(engine, pairs),
        _row("a judge with 2 random layers, one token", _timed(pairs[:20], _tiny(1))),
        _row(f"the same, {TOKENS_OUT} tokens", _timed(pairs[:20], _tiny(TOKENS_OUT))),
    ]
    measured = Table(
        "Milliseconds a reply, measured here",
        ("", "replies", "median", "95 %", "most"),
        tuple(rows),
        (
            "One process, every line another. A machine that does other things as well takes "
            "longer, so compare rows and not runs.",
        ),
    )
    return [measured, _reckoned()]


def _pairs(engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield lines with replies, no line twice: those of the demo, and one for each feeling word."""
    path = resources.folder("benchmarks") / "demo" / "cases.jsonl"
    lines = [str(value.get("line", "")) for _, value in strict_json.lines(Path(path))]
    words = engine.vocabulary.emotions.values()
    lines += [f"Today I feel {lexeme}." for term in words for lexeme in term.all("lexeme")]
    texts = cycle(by_language["English"] for by_language in REPLIES.values())
    for line, text in zip(dict.fromkeys(filter(None, lines)), texts, strict=False):
        # What was said keeps the reader from knowing the text already.
        yield line, f"{text} That was thought on {line!r}."


def _judge(engine: Engine, line: str, reply: str) -> None:
    (trace,) = pipeline.perceive([Case(id="c", line=line)], engine=engine)
    reason(trace, engine, given(line, Draft((), None, reply, author=GIVEN)))


def _together(engine: Engine, pairs: list[tuple[str, str]]) -> tuple[Cell, ...]:
    """Return the mean of replies that are judged together, after a few that warm up."""
    asked = [Asked(Case(id="c", line=line), reply) for line, reply in pairs]
    list(judged(asked[:WARM], engine))
    began = time.perf_counter()
    list(judged(asked[WARM:], engine))
    mean = 1000 * (time.perf_counter() - began) / (len(asked) - WARM)
    return f"governance, {CHUNK} replies at a time (mean)", len(asked) - WARM, mean, None, None


def _read_reply(line: str, reply: str) -> None:
    find(f"{reply} ", line)


def _tiny(tokens: int) -> Callable[[str, str], None]:
    """Return a judge of random weights that writes so many tokens."""
    # The library is only partly annotated; this is the boundary to it.
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=1000,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=TOKENS_IN + TOKENS_OUT + 8,
    )
    model = transformers.LlamaForCausalLM(config).eval()
    prompt = torch.randint(3, 1000, (1, TOKENS_IN))
    mask = torch.ones_like(prompt)

    def judge(_line: str, _reply: str) -> None:
        with torch.inference_mode():
            model.generate(
                prompt,
                attention_mask=mask,
                min_new_tokens=tokens,
                max_new_tokens=tokens,
                do_sample=False,
                pad_token_id=0,
            )

    return judge


def _timed(pairs: list[tuple[str, str]], judge: Callable[[str, str], None]) -> Milliseconds:
    """Return milliseconds for each pair; the first few warm up and are done twice."""
    for pair in pairs[:WARM]:
        judge(*pair)
    taken = []
    for pair in pairs:
        began = time.perf_counter()
        judge(*pair)
        taken.append(1000 * (time.perf_counter() - began))
    return np.array(taken)


def _row(name: str, taken: Milliseconds) -> tuple[Cell, ...]:
    median, most = float(np.median(taken)), float(taken.max())
    return name, len(taken), median, float(np.percentile(taken, 95)), most


def _reckoned() -> Table:
    rows = []
    for name, bandwidth, operations in MACHINES:
        reading = 2 * PARAMETERS * TOKENS_IN / operations
        token = max(2 * PARAMETERS / bandwidth, 2 * PARAMETERS / operations)
        rows.append((name, 1000 * reading, 1000 * token, 1000 * (reading + TOKENS_OUT * token)))
    notes = (
        f"A judge of {PARAMETERS / 1e9:.0f} billion parameters of two bytes, {TOKENS_IN} tokens "
        f"in, {TOKENS_OUT} out, one request at a time: 2 operations a parameter and token, every "
        "parameter moved once a token written. Reckoned, not measured; no network, no queue.",
    )
    columns = ("machine", "reading ms", "a token ms", "a verdict ms")
    return Table("Milliseconds a reply of a usable judge, reckoned", columns, tuple(rows), notes)
