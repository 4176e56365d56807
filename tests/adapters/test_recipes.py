"""The list of models: whole, found by name and by config, and true of what is run here."""

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from nesy.adapters.transformers import recipes
from nesy.benchmarks import random_models

PAPER = {
    "Qwen/Qwen2.5-VL-7B-Instruct": ("qwen2_5_vl", "native"),
    "deepseek-ai/deepseek-vl-7b-chat": ("multi_modality", "foreign"),
    "deepseek-community/deepseek-vl-7b-chat": ("deepseek_vl_hybrid", "native"),
    "nvidia/Llama-3.1-Nemotron-Nano-VL-8B-V1": ("Llama_Nemotron_Nano_VL", "remote"),
    "moonshotai/Kimi-VL-A3B-Thinking-2506": ("kimi_vl", "remote"),
    "XiaomiMiMo/MiMo-VL-7B-RL": ("qwen2_5_vl", "native"),
}


@pytest.mark.parametrize("name", PAPER)
def test_every_model_of_the_paper_has_its_recipe(name: str) -> None:
    kind, code = PAPER[name]
    row = next(row for row in recipes.rows() if row["name"] == name)
    recipe = recipes.recipe_for(name, {"model_type": kind})
    assert (recipe.family, recipe.code) == (row["family"], row["code"]) == (row["family"], code)
    assert bool(recipe.thinking) == any(part in name for part in ("Thinking", "MiMo"))
    if code != "native":
        assert "not run" in recipe.seen


def test_every_recipe_is_whole() -> None:
    names = [model.name for recipe in recipes.recipes() for model in recipe.models]
    assert len(set(names)) == len(names)
    for recipe in recipes.recipes():
        assert recipe.models and recipe.family and recipe.template and recipe.seen
        assert recipe.processor in ("AutoProcessor", "parts", "none")
        for model in recipe.models:
            assert recipe.fit(model.name), model.name
            assert 0.1 < model.parameters < 100 and model.licence
            assert model.memory == pytest.approx(2 * model.parameters, abs=0.06)
            found = recipes.recipe_for(model.name, {"model_type": recipe.model_types[0]})
            assert found is recipe


def test_what_is_called_native_is_known_to_transformers() -> None:
    auto: Any = importlib.import_module("transformers.models.auto.modeling_auto")
    known = auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    for recipe in recipes.recipes():
        assert all((kind in known) == (recipe.code == "native") for kind in recipe.model_types)


def test_what_is_said_to_be_run_is_run() -> None:
    """Every family run with a tiny checkpoint has one among those of the tests."""
    for recipe in recipes.recipes():
        if recipe.seen == "run with a tiny random checkpoint":
            assert set(recipe.model_types) <= set(random_models.BUILDERS), recipe.family


@pytest.mark.parametrize(
    ("name", "kind", "family"),
    [
        ("models/MiMo-VL-7B-RL", "qwen2_5_vl", "MiMo-VL"),
        ("models/mine", "qwen2_5_vl", "Qwen2.5-VL"),
        ("C:\\models\\Kimi-VL-A3B-Thinking-2506\\", "kimi_vl", "Kimi-VL, thinking"),
        ("moonshotai/Kimi-VL-A3B-Instruct", "kimi_vl", "Kimi-VL"),
        ("Qwen/Qwen3-VL-2B-Thinking-FP8", "qwen3_vl", "Qwen3-VL, thinking"),
        # The configuration has the last word over a name.
        ("models/MiMo-VL-7B-RL", "gemma3", "Gemma 3"),
    ],
)
def test_a_recipe_is_found_by_name_and_by_config(name: str, kind: str, family: str) -> None:
    assert recipes.recipe_for(name, {"model_type": kind}).family == family


def test_a_model_without_a_recipe_is_loaded_by_its_configuration() -> None:
    plain = recipes.recipe_for("a/b", {"model_type": "mystery"})
    assert (plain.loader, plain.code, plain.processor) == (
        recipes.PICTURES,
        "native",
        "AutoProcessor",
    )
    brought = {"AutoConfig": "c.C", "AutoModel": "m.M", "AutoModelForCausalLM": "m.M"}
    own = recipes.recipe_for("a/b", {"model_type": "mystery", "auto_map": brought})
    assert (own.loader, own.code) == ("AutoModelForCausalLM", "remote")
    assert "derived" in plain.family and "nothing of it was run" in plain.seen


def test_the_list_is_shown(nesy: Callable[..., Any]) -> None:
    listed = nesy("list", "models")
    assert (listed.code, listed.err) == (0, "")
    rows = json.loads(nesy("list", "models", "--json").out)
    assert [row["name"] for row in rows] == [line.split()[0] for line in listed.out.splitlines()]
    assert all({"licence", "memory", "code", "seen", "thinking"} <= set(row) for row in rows)
    card = nesy("show", "model", "moonshotai/Kimi-VL-A3B-Thinking-2506").out
    assert "32.8 GB" in card and "not run with its weights" in card and "MIT" in card
