"""A bounded thought, then the constraint: for each row by itself, whatever the model wants."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nesy import perceive, vocabulary
from nesy.adapters.transformers import create
from nesy.adapters.transformers.decoding import Constraint, Recorder, token_texts
from nesy.adapters.transformers.recipes import Thinking
from nesy.adapters.transformers.thinking import Tags, ThinkThenConstrain
from nesy.benchmarks import random_models
from nesy.diagnostics import NesyError
from nesy.ground import ground
from nesy.observation import Face, Thought
from nesy.schema import all_of, one_of
from nesy.trace import Case, Observation

torch.set_num_threads(1)
WORDS = vocabulary.load()
ASKED = all_of({"faces": one_of(("none", "one")), "tone": one_of(("warm", "cold"))})
KIMI = Thinking("◁think▷", "◁/think▷")
QWEN = Thinking("<think>\n", "</think>\n\n")
TOKENIZER = random_models._tokenizer("<|image_pad|>", {"image_token": "<|image_pad|>"})
SIZE = random_models._VOCABULARY
CONSTRAINT = Constraint(ASKED, token_texts(TOKENIZER, SIZE), TOKENIZER.eos_token_id)
BANNED = frozenset({"<|image_pad|>"})


def processor(thinking: Thinking, budget: int, *, opened: bool = False) -> ThinkThenConstrain:
    tags = Tags(thinking, TOKENIZER, BANNED, opened=opened, budget=budget)
    return ThinkThenConstrain(lambda: Recorder(CONSTRAINT), tags)


def written(held: ThinkThenConstrain, wishes: list[list[int]], seed: int) -> list[list[int]]:
    """Decode by hand: each row wants its wishes first, in order, then whatever the seed says."""
    noise = torch.Generator().manual_seed(seed)
    queues = [list(wish) for wish in wishes]
    ids = torch.zeros((len(wishes), 0), dtype=torch.long)
    done = [False] * len(wishes)
    for _ in range(held.tags.most_tokens + CONSTRAINT.most_tokens):
        scores = torch.randn((len(wishes), SIZE), generator=noise)
        scores[:, TOKENIZER.all_special_ids] += 50.0  # what must never be obeyed
        for row, queue in enumerate(queues):
            if queue:
                scores[row, queue[0]] += 500.0
        before = scores.clone()
        masked = held(ids, scores)
        assert torch.equal(before, scores)
        chosen = masked.argmax(-1)
        assert masked.gather(1, chosen[:, None]).isfinite().all()
        for row, queue in enumerate(queues):
            was_free = not held._rows[row].forced
            if queue and was_free and int(chosen[row]) == queue[0]:
                queue.pop(0)
            done[row] = done[row] or int(chosen[row]) == TOKENIZER.eos_token_id
        ids = torch.cat([ids, chosen[:, None]], 1)
        if all(done):
            return ids.tolist()
    raise AssertionError("an answer was cut off")


def cut(text: str) -> list[int]:
    return list(TOKENIZER.encode(text, add_special_tokens=False))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.integers(0, 12),
    st.sampled_from([KIMI, QWEN]),
    st.booleans(),
    st.integers(0, 2**16),
)
def test_every_row_thinks_within_its_budget_and_then_answers(
    lengths: list[int], budget: int, thinking: Thinking, opened: bool, seed: int
) -> None:
    held = processor(thinking, budget, opened=opened)
    close = cut(thinking.close.strip())
    body = cut("the brow is low and the mouth open " * 8)
    rows = written(held, [body[:length] + close for length in lengths], seed)
    tag = thinking.close.strip()
    for row, thought, tokens in zip(held.rows, held.thoughts, rows, strict=True):
        assert set(json.loads(row.text)) == {"faces", "tone"}
        assert thought.tokens <= budget
        assert tag not in thought.text
        text = TOKENIZER.decode(tokens, skip_special_tokens=False)
        before, _, after = text.rpartition(tag)
        assert tag not in before
        assert before.startswith("" if opened else thinking.open)
        assert json.loads(after.partition("<|im_end|>")[0].strip()) == json.loads(row.text)
        control = set(TOKENIZER.all_special_ids) - {TOKENIZER.eos_token_id}
        ends = tokens.index(TOKENIZER.eos_token_id)
        assert not control & set(tokens[:ends])


def test_a_thought_that_ends_in_time_is_closed_by_the_model() -> None:
    held = processor(QWEN, 60)
    (tokens,) = written(held, [cut("the brow is low</think>")], 0)
    (thought,) = held.thoughts
    assert (thought.text, thought.closed) == ("the brow is low", True)
    # What the model writes behind its tag is written for it, and the answer comes next.
    text = TOKENIZER.decode(tokens, skip_special_tokens=False)
    assert text.startswith('<think>\nthe brow is low</think>\n\n{"faces":')


def test_a_thought_that_does_not_end_is_ended() -> None:
    held = processor(KIMI, 5)
    (tokens,) = written(held, [cut("on and on " * 30)], 0)
    (thought,) = held.thoughts
    assert (thought.tokens, thought.closed) == (5, False)
    assert TOKENIZER.decode(tokens).startswith("◁think▷on and on")
    assert "◁/think▷{" in TOKENIZER.decode(tokens)


def test_one_row_does_not_wait_for_another() -> None:
    held = processor(KIMI, 40)
    quick, slow = cut("yes◁/think▷"), cut("no " * 60)
    rows = written(held, [quick, slow], 1)
    assert [thought.closed for thought in held.thoughts] == [True, False]
    first, second = (TOKENIZER.decode(row, skip_special_tokens=False) for row in rows)
    assert first.index("{") < second.index("{")
    alone = processor(KIMI, 40)
    written(alone, [quick], 1)
    assert alone.thoughts[0] == held.thoughts[0]


def test_what_must_follow_is_proposed() -> None:
    held = processor(KIMI, 3)
    opening = held.tags.opening
    scores = torch.zeros((1, SIZE))
    ids = torch.zeros((1, 0), dtype=torch.long)
    held(ids, scores)
    assert held.proposals([opening[0]]) == [opening[1:]]
    for token in (*opening, *cut("no no no")[:3]):
        ids = torch.cat([ids, torch.tensor([[token]])], 1)
        held(ids, scores)
    assert held.proposals([held.tags.closing[0]]) == [held.tags.closing[1:]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = random_models.build("qwen2_5_vl", tmp_path_factory.mktemp("m") / "MiMo-VL-7B-RL")
    card = {"name": "mimo", "prompt": "{line}", "reports": ["faces", "emotion"]}
    (made / "nesy.json").write_text(json.dumps(card))
    return made


@pytest.fixture
def face(tmp_path: Path) -> str:
    Image.effect_noise((90, 70), 80).convert("RGB").save(tmp_path / "face.png")
    return str(tmp_path / "face.png")


def test_a_model_of_the_list_thinks_first(folder: Path, face: str) -> None:
    """MiMo-VL is built of Qwen2.5-VL's classes: its name alone tells that it thinks."""
    perceiver: Any = create(str(folder), WORDS, think="7", batch_size=2)
    assert (perceiver.describe()["recipe"], perceiver.thinking.budget) == ("MiMo-VL", 7)
    cases = [Case(id=str(i), image=face, line="word " * 9 * i) for i in range(3)]
    found = list(perceive.perceive_cases(perceiver, cases, vocabulary=WORDS))
    for outcome in found:
        seen = outcome.observation
        assert seen and seen.thought and seen.thought.tokens <= 7
        assert json.loads(seen.model_dump_json())["thought"]["closed"] in (True, False)
    again = list(perceive.perceive_cases(perceiver, cases, vocabulary=WORDS))
    assert [o.observation for o in again] == [o.observation for o in found]


def test_reading_forced_text_at_once_changes_no_thought(folder: Path, face: str) -> None:
    case = Case(id="c", image=face, line="hm")
    found = [
        perceive.perceive_case(
            create(str(folder), WORDS, think="20", fast_forward=swift), case, vocabulary=WORDS
        )
        for swift in (True, False)
    ]
    assert found[0] == found[1] and found[0].thought


@given(st.text(max_size=80), st.integers(0, 512), st.booleans())
def test_no_rule_reads_a_thought(text: str, tokens: int, closed: bool) -> None:
    seen = Observation(perceiver="x", faces=(Face(id="f1"),))
    thought = Thought(text=text, tokens=tokens, closed=closed)
    case = Case(id="c", line="I'm fine")
    with_it = seen.model_copy(update={"thought": thought})
    assert ground(case, with_it, WORDS) == ground(case, seen, WORDS)


def test_a_thought_of_nothing_leaves_the_tags_only(folder: Path, face: str) -> None:
    perceiver: Any = create(str(folder), WORDS, think="0")
    seen = perceive.perceive_case(perceiver, Case(id="c", image=face), vocabulary=WORDS)
    assert seen.thought and (seen.thought.tokens, seen.thought.text) == (0, "")


def test_a_template_that_opens_the_thought_is_noticed(
    folder: Path, face: str, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "unknown"))
    template = (other / "chat_template.jinja").read_text()
    (other / "chat_template.jinja").write_text(
        template.replace("assistant\n{%", "assistant\n<think>\n{%")
    )
    perceiver: Any = create(str(other), WORDS, think="4")
    assert perceiver.describe()["recipe"] == "Qwen2.5-VL"
    assert perceiver.thinking.opening == []
    seen = perceive.perceive_case(perceiver, Case(id="c", image=face), vocabulary=WORDS)
    assert seen.thought and seen.thought.tokens <= 4


@pytest.mark.parametrize("think", ["-1", "many", "1.5", "1000000", "٣"])
def test_a_wrong_budget_is_named(folder: Path, think: str) -> None:
    with pytest.raises(NesyError) as caught:
        create(str(folder), WORDS, think=think)
    assert caught.value.diagnostics[0].code == "N156"


def test_a_model_that_does_not_think_is_given_no_budget(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "plain")
    with pytest.raises(NesyError) as caught:
        create(str(other), WORDS, think="8")
    assert caught.value.diagnostics[0].code == "N156"
    assert create(str(other), WORDS, think="0").thinking is None
