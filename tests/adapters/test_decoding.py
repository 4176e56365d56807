"""The constraint: no taste for tokens breaks it, whichever backend holds to it."""

import json
import os
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import schema, vocabulary
from nesy.adapters.transformers import backends, decoding
from nesy.adapters.transformers.backends import automaton, guidance
from nesy.adapters.transformers.characters import Characters, longest_path
from nesy.adapters.transformers.decoding import Constraint, Recorder, Row
from nesy.adapters.transformers.spelling import Spelling
from nesy.benchmarks import random_models
from nesy.benchmarks.adversaries import ADVERSARIES, taste
from nesy.diagnostics import NesyError

torch.set_num_threads(1)
WORDS = vocabulary.load()
SMALL = ("faces", "emotion", "caption")
SIZE = 1600
both = pytest.mark.parametrize("backend", backends.NAMES)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = random_models.build("llava", tmp_path_factory.mktemp("tokenizer"))
    return transformers.AutoTokenizer.from_pretrained(folder)


@cache
def constraint_of(
    tokenizer: Any, backend: str, reports: tuple[str, ...] = schema.REPORTS
) -> Constraint:
    return Constraint(
        schema.report_schema(WORDS, reports),
        decoding.token_texts(tokenizer, SIZE),
        tokenizer.eos_token_id,
        backend=backend,
        encode=lambda text: list(tokenizer.encode(text, add_special_tokens=False)),
    )


def code_of(error: pytest.ExceptionInfo[NesyError]) -> str:
    return error.value.diagnostics[0].code


@both
def test_no_taste_for_tokens_breaks_the_report(tokenizer: Any, backend: str) -> None:
    constraint = constraint_of(tokenizer, backend)
    end = constraint.end
    for name in ADVERSARIES:
        scores = taste(name, constraint.texts, end, SIZE)
        noise = torch.Generator().manual_seed(5)
        recorder = Recorder(constraint)
        ids = torch.zeros((1, 4), dtype=torch.long)
        for _ in range(constraint.most_tokens):
            wanted = scores + torch.rand(SIZE, generator=noise)
            token = recorder(ids, wanted[None]).argmax(-1, keepdim=True)
            ids = torch.cat([ids, token], 1)
            if int(token) == end:
                break
        (row,) = recorder.rows
        assert int(ids[0, -1]) == end, name
        jsonschema.validate(json.loads(row.text), constraint.schema)
        assert row.text == schema.write(json.loads(row.text))


def written(constraint: Constraint, seed: int) -> Iterator[tuple[Row, int]]:
    """Yield a row and the token that comes next, over an answer drawn at random."""
    chance, row = random.Random(seed), Row(constraint)
    while not row.done:
        token = chance.choice(row.legal().tolist())
        yield row, token
        row.take(token)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 999))
def test_what_llguidance_allows_outlines_core_allows_too(tokenizer: Any, seed: int) -> None:
    """Both know the same answers; llguidance wants the tokenizer's own tokens for forced text."""
    wide = Row(constraint_of(tokenizer, backends.OUTLINES_CORE, SMALL))
    for narrow, token in written(constraint_of(tokenizer, backends.LLGUIDANCE, SMALL), seed):
        few, many = narrow.legal().tolist(), wide.legal().tolist()
        assert set(few) <= set(many)
        if not wide.constraint.characters.forced(wide.state):
            assert few == many
        wide.take(token)
    assert wide.done and narrow.text == wide.text


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 999), backend=st.sampled_from(backends.NAMES))
def test_a_proposal_is_what_every_answer_goes_on_with(
    tokenizer: Any, seed: int, backend: str
) -> None:
    constraint = constraint_of(tokenizer, backend, SMALL)
    promised: list[tuple[int, str]] = []
    for row, token in written(constraint, seed):
        proposed = row.proposal(token)
        after = len(row.text) + len(constraint.texts.get(token, ""))
        promised.append((after, "".join(constraint.texts[t] for t in proposed)))
        assert len(row.tokens) == len(row.text) or not row.done
    assert all(row.text[at:].startswith(text) for at, text in promised)
    assert any(text for _, text in promised)


@both
def test_no_control_token_is_ever_legal(tokenizer: Any, backend: str) -> None:
    constraint = constraint_of(tokenizer, backend)
    banned = set(tokenizer.all_special_ids) - {constraint.end}
    for row, _ in written(constraint, 3):
        legal = set(row.legal().tolist())
        assert not legal & banned
        assert constraint.end not in legal or row.text.endswith("}")


@both
def test_a_model_may_score_more_tokens_than_the_tokenizer_has(tokenizer: Any, backend: str) -> None:
    recorder = Recorder(constraint_of(tokenizer, backend, SMALL))
    for size in (SIZE, SIZE + 64):
        recorder.reset()
        masked = recorder(torch.zeros((1, 1), dtype=torch.long), torch.zeros((1, size)))
        assert masked.shape == (1, size)
        assert masked[0, SIZE:].isneginf().all()


def test_each_row_of_a_batch_stands_where_it_stands_alone(tokenizer: Any) -> None:
    constraint = constraint_of(tokenizer, backends.OUTLINES_CORE, SMALL)
    scores = torch.rand((60, 3, SIZE), generator=torch.Generator().manual_seed(1))
    together, alone = Recorder(constraint), [Recorder(constraint) for _ in range(3)]
    tokens = torch.zeros((3, 1), dtype=torch.long)
    for step in scores:
        masked = together(tokens, step)
        for at, recorder in enumerate(alone):
            assert torch.equal(recorder(tokens[at : at + 1], step[at : at + 1])[0], masked[at])
        tokens = masked.argmax(-1, keepdim=True)
    texts = [row.text for row in together.rows]
    assert texts == [recorder.rows[0].text for recorder in alone] and len(set(texts)) == 3
    assert [row.masses for row in together.rows] == [r.rows[0].masses for r in alone]


def test_the_automaton_is_cached_and_a_spoilt_cache_is_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automaton, "_CACHED_FROM", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    texts = {i: chr(i) for i in range(32, 127)}
    report = schema.report_schema(WORDS, SMALL)
    for _ in range(2):
        constraint = Constraint(report, texts, 0)
        (file,) = (tmp_path / "nesy" / "index").iterdir()
        assert Row(constraint).legal().tolist() == [ord("{")]
        os.utime(file, (1, 1))
        Constraint(report, texts, 0)
        assert file.stat().st_mtime == 1
        file.write_bytes(b"spoilt")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    Constraint(report, texts, 0)


def test_a_tokenizer_that_cannot_write_the_report() -> None:
    with pytest.raises(NesyError) as caught:
        Constraint(schema.report_schema(WORDS, SMALL), {1: "a"}, 0)
    assert code_of(caught) == "N904"


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(NesyError) as caught:
        Constraint(schema.report_schema(WORDS, SMALL), {1: "a"}, 0, backend="llguidence")
    assert code_of(caught) == "N135"
    assert "llguidance" in caught.value.diagnostics[0].fix


@pytest.mark.parametrize(
    "part",
    [
        {"type": "array", "uniqueItems": True},
        {"type": "object", "properties": {"a": {"not": {}}}},
        {"type": "object", "dependentRequired": {"a": ["b"]}},
    ],
)
def test_a_keyword_llguidance_does_not_know_is_an_error(part: schema.Schema) -> None:
    texts = {i: chr(i) for i in range(32, 127)}
    with pytest.raises(NesyError) as caught:
        guidance.Guidance(part, Spelling(texts, 0))
    assert code_of(caught) == "N134"


BOUND = {"type": "string", "pattern": r"^[ -!#-\[\]-~]{0,9}$"}


@pytest.mark.parametrize(
    "dropped",
    [
        {"type": "string"},
        {"type": "string", "maxLength": 12},
        {"type": "string", "enum": ["a"]},
    ],
)
def test_a_keyword_dropped_in_compiling_is_an_error(dropped: schema.Schema) -> None:
    assert Characters(BOUND).most == 11
    with pytest.raises(NesyError) as caught:
        Characters(BOUND, automaton.regex_of(dropped))
    assert code_of(caught) == "N133"


def test_an_automaton_with_a_cycle_has_no_longest_path() -> None:
    assert longest_path({1: {0: 2, 1: 3}, 2: {0: 3}}, 1) == 2
    assert longest_path({1: {0: 2}, 2: {0: 1}}, 1) is None
    assert longest_path({1: {0: 1}}, 1) is None


def test_a_token_off_the_schema_is_an_error() -> None:
    constraint = Constraint(
        schema.report_schema(WORDS, SMALL), {i: chr(i) for i in range(32, 127)}, 0
    )
    with pytest.raises(NesyError) as caught:
        Row(constraint).take(ord("["))
    assert code_of(caught) == "N136"


def test_only_printable_ascii_and_no_control_token_can_be_written(tokenizer: Any) -> None:
    texts = decoding.token_texts(tokenizer, SIZE)
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


def test_text_is_cut_as_the_tokenizer_cuts_it_or_by_the_longest_match() -> None:
    texts = {1: "a", 2: "b", 3: "ab", 4: " ab"}
    assert Spelling(texts, 0, lambda _: [1, 2])("ab") == (1, 2)
    # A tokenizer that puts a space first has written another text.
    assert Spelling(texts, 0, lambda _: [4])("ab") == (3,)
    assert Spelling(texts, 0)("aab") == (1, 3)
    assert Spelling(texts, 0)("ac") == (1,)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), max_size=300), st.booleans())
def test_a_mask_is_read_bit_by_bit(words: list[int], sparse: bool) -> None:
    if sparse:
        words = [word if at % 50 == 0 else 0 for at, word in enumerate(words)]
    bits = [(32 * at + bit, word >> bit & 1) for at, word in enumerate(words) for bit in range(32)]
    expected = [number for number, bit in bits if bit]
    assert backends.tokens_of(np.array(words, dtype=np.uint32)).tolist() == expected
