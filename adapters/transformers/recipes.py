"""How each family of models is loaded and asked: ``recipes.toml``, found by name or by config."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

PICTURES = "AutoModelForImageTextToText"
NATIVE, REMOTE, FOREIGN = "native", "remote", "foreign"
AUTO, PARTS = "AutoProcessor", "parts"
# Classes that code of a repository may be registered for, the most telling first.
_LOADERS = (PICTURES, "AutoModelForVision2Seq", "AutoModelForCausalLM", "AutoModel")


@dataclass(frozen=True, slots=True)
class Thinking:
    """The tags around a thought; white space behind a tag is part of how the model writes it."""

    open: str
    close: str


@dataclass(frozen=True, slots=True)
class Published:
    """One checkpoint on the hub; ``parameters`` in billions.

    ``counted`` tells that they were counted from its published dimensions, not read off a card.
    """

    name: str
    parameters: float
    licence: str
    counted: bool = False
    twin: str | None = None

    @property
    def memory(self) -> float:
        """Return the gigabytes (10^9 bytes) of the weights at two bytes a parameter."""
        return round(2 * self.parameters, 1)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one family is loaded and asked; ``seen`` says what of it was run here."""

    family: str
    loader: str
    processor: str
    template: str
    code: str
    seen: str
    note: str = ""
    names: tuple[str, ...] = ()
    model_types: tuple[str, ...] = ()
    dtype: str | None = None
    thinking: Thinking | None = None
    models: tuple[Published, ...] = ()

    def fit(self, name: str) -> int:
        """Return how much of a hub name, or of a folder named like one, a glob of ours spells."""
        last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
        return max(
            len(glob)
            for glob in ("", *self.names)
            if not glob or fnmatchcase(name, glob) or fnmatchcase(last, glob.rpartition("/")[2])
        )


@cache
def recipes() -> tuple[Recipe, ...]:
    """Return the recipes in the order in which they are tried."""
    text = Path(__file__).with_name("recipes.toml").read_text(encoding="utf-8")
    return tuple(_recipe(entry) for entry in tomllib.loads(text)["recipe"])


def _recipe(entry: dict[str, Any]) -> Recipe:
    thinking = entry.pop("thinking", None)
    entry["thinking"] = Thinking(**thinking) if thinking else None
    entry["models"] = tuple(Published(**model) for model in entry["models"])
    for key in ("names", "model_types"):
        entry[key] = tuple(entry[key])
    return Recipe(**entry)


def recipe_for(name: str, config: Mapping[str, Any]) -> Recipe:
    """Return the recipe of a model, by its name, else by its config, else derived from it.

    The config has the last word: a recipe whose name fits is passed over where the config names
    an architecture of another one.
    """
    kind = str(config.get("model_type", ""))
    by_type = [recipe for recipe in recipes() if kind in recipe.model_types]
    named = max(by_type or recipes(), key=lambda recipe: recipe.fit(name))
    if named.fit(name):
        return named
    return by_type[0] if by_type else derived(config)


def derived(config: Mapping[str, Any]) -> Recipe:
    """Return a recipe for a model that has none, from its configuration alone."""
    brought = config.get("auto_map") or {}
    loader = next((name for name in _LOADERS if name in brought), PICTURES)
    return Recipe(
        family=f"derived from the configuration of a {config.get('model_type', 'model')}",
        loader=loader,
        processor=AUTO,
        template="chat template of the checkpoint",
        code=REMOTE if loader in brought else NATIVE,
        seen="not in the list of recipes: nothing of it was run",
    )


def rows() -> list[dict[str, Any]]:
    """Return each published checkpoint with its recipe, for ``nesy list models``."""
    found: list[dict[str, Any]] = []
    for recipe in recipes():
        for model in recipe.models:
            said = "counted" if model.counted else "as published"
            thinks = f"{recipe.thinking.open.strip()} …" if recipe.thinking else None
            found.append(
                {
                    "name": model.name,
                    "family": recipe.family,
                    "loader": recipe.loader,
                    "processor": recipe.processor,
                    "template": recipe.template,
                    "thinking": thinks,
                    "code": recipe.code,
                    "licence": model.licence,
                    "parameters": f"{model.parameters} billion, {said}",
                    "memory": f"{model.memory} GB for the weights at bfloat16, 2 bytes each",
                    "seen": recipe.seen,
                    "note": f"{recipe.note}: {model.twin}" if model.twin else recipe.note,
                    "what": _line(recipe, model),
                }
            )
    return found


def _line(recipe: Recipe, model: Published) -> str:
    parts = [recipe.family, recipe.code, f"{model.memory} GB", model.licence]
    if recipe.thinking:
        parts.insert(1, "thinks first")
    if model.twin:
        parts.append(f"{recipe.note}: {model.twin}")
    return " · ".join([*parts, recipe.seen])
