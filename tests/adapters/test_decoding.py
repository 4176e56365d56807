"""The constraint: no taste for tokens breaks it, and it is compiled once."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import jsonschema
import pytest
import torch
import transformers

from nesy import schema, vocabulary
from nesy.adapters.transformers import decoding
from nesy.benchmarks import random_models
from nesy.diagnostics import NesyError

torch.set_num_threads(1)
WORDS = vocabulary.load()
SMALL = ["faces", "emotion", "caption"]
Scores = Callable[[], torch.Tensor]


def adversaries(texts: dict[int, str], end: int, size: int) -> dict[str, Scores]:
    chance = random.Random(5)

    def prefer(wanted: Callable[[str], bool]) -> Scores:
        scores = torch.tensor([5.0 if wanted(texts.get(i, "")) else 0.0 for i in range(size)])
        scores[end] = -50.0
        return lambda: scores + torch.rand(size, generator=noise)

    noise = torch.Generator().manual_seed(chance.randrange(99))
    return {
        "space": prefer(lambda t: t.startswith(" ")),
        "digit": prefer(str.isdigit),
        "letter": prefer(str.isalpha),
        "quote": prefer(lambda t: '"' in t),
        "brace": prefer(lambda t: "{" in t or "}" in t),
        "backslash": prefer(lambda t: "\\" in t),
        "comma": prefer(lambda t: "," in t),
        "shortest": prefer(lambda t: len(t) == 1),
        "longest": prefer(lambda t: len(t) > 3),
        "control": prefer(lambda t: t == ""),
        "random": prefer(lambda t: False),
    }


def test_no_taste_for_tokens_breaks_the_report(tmp_path: Path) -> None:
    folder = random_models.build("llava", tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    size, end = 1600, tokenizer.eos_token_id
    texts = decoding.token_texts(tokenizer, size)
    constraint = decoding.Constraint(schema.report_schema(WORDS), texts, end)
    for name, scores in adversaries(texts, end, size).items():
        recorder = decoding.Recorder(constraint)
        ids = torch.zeros((1, 4), dtype=torch.long)
        for _ in range(constraint.most_tokens):
            token = recorder(ids, scores()[None]).argmax(-1, keepdim=True)
            ids = torch.cat([ids, token], 1)
            if int(token) == end:
                break
        (row,) = recorder.rows
        assert int(ids[0, -1]) == end, name
        jsonschema.validate(json.loads(row.text), constraint.schema)


def test_the_automaton_is_cached_and_a_spoilt_cache_is_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_CACHED_FROM", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    texts = {i: chr(i) for i in range(32, 127)}
    report = schema.report_schema(WORDS, SMALL)
    for _ in range(2):
        constraint = decoding.Constraint(report, texts, 0)
        (file,) = (tmp_path / "nesy" / "index").iterdir()
        assert constraint.index.get_transitions()
        file.write_bytes(b"spoilt")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    decoding.Constraint(report, texts, 0)


def test_a_tokenizer_that_cannot_write_the_report() -> None:
    report = schema.report_schema(WORDS, SMALL)
    with pytest.raises(NesyError) as caught:
        decoding.Constraint(report, {1: "a"}, 0)
    assert caught.value.diagnostics[0].code == "N904"


def test_only_printable_ascii_and_no_control_token_can_be_written(tmp_path: Path) -> None:
    folder = random_models.build("llava", tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    texts = decoding.token_texts(tokenizer, 1600)
    assert all(text.isascii() and text.isprintable() for text in texts.values())
    assert not {"<|im_end|>", "<image>"} & set(texts.values())
    assert {chr(code) for code in range(32, 127)} <= set(texts.values())


class Pieces:
    """A tokenizer of the SentencePiece kind: spaces as blocks, single bytes in brackets."""

    all_special_ids = (0,)
    added_tokens_decoder = MappingProxyType[int, object]({})

    def get_vocab(self) -> dict[str, int]:
        return {"<s>": 0, "\u2581the": 1, "<0x41>": 2, "<0x0A>": 3, "é": 4, "a": 5, "far": 99}

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        return "".join(tokens).strip()


def test_pieces_and_bytes_are_read_as_what_they_write() -> None:
    assert decoding.token_texts(Pieces(), 50) == {1: " the", 2: "A", 5: "a"}
