"""Weights of rules: a file beside the rules, so that learning never changes a rule's text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from nesy import resources, strict_json
from nesy.diagnostics import Diagnostic, NesyError


@dataclass(frozen=True, slots=True)
class Weights:
    """How many log-odds a rule's evidence at full strength is worth."""

    default: float
    rules: Mapping[str, float] = field(default_factory=dict)
    digest: str = ""

    def of(self, rule_id: str) -> float:
        """Return a rule's weight, or the default."""
        return self.rules.get(rule_id, self.default)


def load(path: Path | None = None) -> Weights:
    """Read a weights file, or the shipped one; raises NesyError N330."""
    return _load(path or resources.folder("rules") / "weights.json")


@lru_cache(maxsize=8)
def _load(path: Path) -> Weights:
    value = strict_json.loads(strict_json.read_text(path), file=str(path))
    rules = value.get("rules", {}) if isinstance(value, dict) else None
    if (
        not isinstance(rules, dict)
        or value.get("schema") != "nesy.weights.v1"
        or not all(_is_weight(w) for w in (value.get("default"), *rules.values()))
    ):
        what = "this is not a weights file"
        why = 'it needs "schema": "nesy.weights.v1", a number "default" and numbers in "rules"'
        raise NesyError(Diagnostic("N330", what, why, "see rules/weights.json", str(path)))
    return Weights(float(value["default"]), rules, resources.digest([path]))


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 100
