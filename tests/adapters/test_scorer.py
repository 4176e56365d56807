"""One pass over a trie of answers finds what a pass for each answer finds."""

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nesy import perceive, registry, schema, vocabulary
from nesy.adapters.transformers import create
from nesy.adapters.transformers.probabilities import distributions
from nesy.adapters.transformers.scorer import Scorer, Trie, Unscorable
from nesy.benchmarks import random_models
from nesy.trace import Case

torch.set_num_threads(1)
WORDS = vocabulary.load()
SMALL = ["faces", "expressions", "emotion", "caption", "rationale"]
NOISE = Image.effect_noise((120, 90), 80).convert("RGB")


def made(kind, base, reports=SMALL, **options):
    folder = base / kind
    if not folder.exists():
        random_models.build(kind, folder)
    card = {"prompt": "Say what the face shows. Line: {line}", "reports": reports}
    (folder / "nesy.json").write_text(json.dumps(card))
    return create(str(folder), WORDS, **options)


def loud(perceiver):
    """Make a random model's attention matter: as they are made, its weights are next to nothing."""
    with torch.no_grad():
        for weight in perceiver.loaded.model.parameters():
            if weight.ndim >= 2:
                weight.mul_(5)
    return perceiver


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tmp_path_factory.mktemp("scored")


@pytest.fixture(scope="module")
def kept(base):
    return made("llava", base)


@pytest.mark.parametrize("kind", random_models.BUILDERS)
def test_one_pass_equals_a_pass_a_choice_on_every_architecture(base, kind):
    perceiver = loud(made(kind, base))
    inputs = perceiver._inputs(perceiver.prompt("hm"), NOISE)
    scorer, report = perceiver.soft.scorer, perceiver.constraint.schema
    assert scorer.fault(inputs, report) is None
    assert scorer.difference(inputs, report, most=12) <= 1e-5


@pytest.mark.parametrize("kind", ["qwen2_5_vl", "gemma3"])
def test_in_half_precision_the_trial_passes_and_still_finds_a_lost_mask(base, kind):
    perceiver = loud(made(kind, base))
    model = perceiver.loaded.model.to(torch.bfloat16)
    inputs = perceiver._inputs(perceiver.prompt("hm"), NOISE)
    scorer, report = perceiver.soft.scorer, perceiver.constraint.schema
    assert scorer.fault(inputs, report) is None
    forward = model.forward
    model.forward = lambda *given, attention_mask=None, **named: forward(*given, **named)
    assert "differ" in str(scorer.fault(inputs, report))


@pytest.mark.parametrize("drop", ["attention_mask", "position_ids"])
def test_a_model_that_ignores_the_mask_or_the_positions_is_found_out(base, drop):
    perceiver = loud(made("qwen2_5_vl", base))
    forward = perceiver.loaded.model.forward

    def deaf(*given, **named):
        return forward(*given, **{k: v for k, v in named.items() if k != drop})

    perceiver.loaded.model.forward = deaf
    inputs = perceiver._inputs(perceiver.prompt("hm"), NOISE)
    assert perceiver.soft.scorer.fault(inputs, perceiver.constraint.schema) is not None


def test_a_model_that_cannot_be_scored_is_recorded_and_says_so(base, face, capsys):
    made("llava", base)
    # A mask of one's own would reach beyond this window.
    file = base / "llava" / "config.json"
    config = json.loads(file.read_text())
    text = {**config["text_config"], "sliding_window": 8, "layer_types": ["sliding_attention"]}
    file.write_text(json.dumps({**config, "text_config": text}))
    perceiver, plainly = made("llava", base, soft_facts="scored"), made("llava", base)
    file.write_text(json.dumps(config))
    assert "cannot be scored, so its confidences are recorded" in capsys.readouterr().err
    assert perceiver.describe()["soft_facts"] == "recorded"
    case = Case(id="c", image=face, line="hm")
    seen, plain = (perceive.perceive_case(p, case, vocabulary=WORDS) for p in (perceiver, plainly))
    assert seen.soft_facts == "recorded" and plain.soft_facts is None
    assert seen.model_dump(exclude={"soft_facts"}) == plain.model_dump()


@pytest.fixture
def face(tmp_path: Path) -> str:
    NOISE.save(tmp_path / "face.png")
    return str(tmp_path / "face.png")


def answers(report):
    """Return a strategy of answers of a schema."""
    if "properties" in report:
        return st.fixed_dictionaries({k: answers(v) for k, v in report["properties"].items()})
    return st.sampled_from(report["enum"]) if "enum" in report else st.just("A smile.")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_each_path_is_the_start_of_the_whole_answer_as_the_tokenizer_cuts_it(kept, data):
    perceiver = kept
    report_schema, texts = perceiver.constraint.schema, perceiver.constraint.texts
    report = data.draw(answers(report_schema))
    spine, choices = perceiver.soft.scorer.cutter.choices(report_schema, report)
    text, places = schema.write(report), schema.spans(report_schema, report)
    assert "".join(texts[t] for t in spine) == text
    for choice in data.draw(st.lists(st.sampled_from(choices), min_size=3, max_size=6)):
        start, end = places[choice.path]
        whole = text[:start] + f'"{choice.value}"' + text[end:]
        cut = perceiver.tokenizer.encode("\n" + whole, add_special_tokens=False)
        path = [*spine[: choice.stem], *choice.tokens]
        assert path == [t for t in cut if t in texts][: len(path)]
        # The value has ended within its path: with what really follows, not with a bare quote.
        assert len("".join(texts[t] for t in path)) >= start + len(choice.value) + 2


def test_probabilities_are_normalised_and_those_of_all_answers(base, face):
    """The chance of a whole answer is the product over its fields, given those before."""
    perceiver = loud(made("deepseek_vl", base, ["faces", "caption"]))
    inputs = perceiver._inputs(perceiver.prompt("hm"), NOISE)
    report = perceiver.constraint.schema
    scorer = Scorer(perceiver.loaded.model, perceiver.tokenizer, perceiver.constraint.texts)
    joint = {}
    for faces in ("none", "one", "several"):
        found = scorer.score(inputs, report, {"faces": faces, "caption": "none"})
        assert all(math.isclose(sum(p.values()), 1.0, abs_tol=1e-9) for p in found.values())
        joint |= {(faces, c): found["faces",][faces] * p for c, p in found["caption",].items()}
    assert sum(joint.values()) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("kind", ["qwen2_5_vl", "llava"])
def test_scored_facts_are_in_the_observation(base, face, kind):
    perceiver = made(kind, base, soft_facts="scored")
    case = Case(id="c", image=face, line="I'm fine")
    first, second = (
        perceive.perceive_case(perceiver, case, vocabulary=WORDS, seed=3) for _ in range(2)
    )
    assert first == second and first.soft_facts == "scored"
    assert perceiver.describe()["soft_facts"] == "scored"
    (row,) = perceiver.recorder.rows
    found = perceiver.soft.scorer.score(
        perceiver._inputs(perceiver.prompt("I'm fine"), Image.open(face)),
        perceiver.constraint.schema,
        json.loads(row.text),
    )
    for face_seen in first.faces[:1] if first.faces and first.faces[0].speaker else ():
        for shown in face_seen.expressions:
            chance = found["expressions", shown.expression]["yes"]
            assert shown.confidence == round(1000 * chance)


def test_broken_weights_are_scored_without_a_nan(base, face):
    perceiver = made("llava", base, soft_facts="scored")
    with torch.no_grad():
        for weight in perceiver.loaded.model.parameters():
            weight.fill_(float("nan"))
    seen = perceive.perceive_case(perceiver, Case(id="c", image=face), vocabulary=WORDS)
    assert seen.soft_facts == "scored"


def test_a_tokenizer_that_writes_something_else_cannot_be_scored(base):
    perceiver = made("llava", base)
    scorer = Scorer(perceiver.loaded.model, perceiver.tokenizer, {1: "a"})
    with pytest.raises(Unscorable, match="tokenizer"):
        scorer.cutter.tokens('{"a":"b"}')


@given(paths=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), max_size=12))
def test_a_node_of_the_trie_sees_its_own_path_and_nothing_else(paths):
    trie = Trie()
    for path in paths:
        node = -1
        for token in path:
            node = trie.node(node, token)
        seen = trie.seen()[node].nonzero()[0].tolist()
        assert [trie.tokens[n] for n in seen] == path
        assert trie.depths[node] == len(path)
    prefixes = {tuple(path[: n + 1]) for path in paths for n in range(len(path))}
    assert len(trie.tokens) == len(prefixes)


def test_on_the_shipped_weights_scored_and_recorded_agree(face):
    """Its values are a token each, so the recorder's numbers are conditional probabilities too."""
    perceiver = registry.perceiver("embedded?soft_facts=scored", WORDS)
    seen = perceive.perceive_case(perceiver, Case(id="c", image=face), vocabulary=WORDS)
    assert seen.soft_facts == "scored"
    (row,) = perceiver.recorder.rows
    report = json.loads(row.text)
    inputs = perceiver._inputs(perceiver.prompt(""), Image.open(face))
    scored = perceiver.soft.scorer.score(inputs, perceiver.constraint.schema, report)
    recorded = distributions(perceiver.constraint.schema, report, row.steps())
    for path, chances in recorded.items():
        for value, chance in chances.items():
            assert scored[path][value] == pytest.approx(chance, abs=2e-3), (path, value)
