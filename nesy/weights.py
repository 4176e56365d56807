"""Weights of rules: a file beside the rules, so that learning never changes a rule's text.

A weight stands under its rule's id, ``words.named``. A rule with a note ``%  weigh: Seen, Emotion``
may have one for each of what these variables stand for, ``conflict.face(anger,fear)``; where there
is none, the rule's own counts, and without that the default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from nesy import resources, strict_json
from nesy.diagnostics import Diagnostic, NesyError

SCHEMA = "nesy.weights.v1"


@dataclass(frozen=True, slots=True)
class Weights:
    """How many log-odds a rule's evidence at full strength is worth, by key."""

    default: float
    rules: Mapping[str, float] = field(default_factory=dict)
    digest: str = ""

    def of(self, rule_id: str, terms: Sequence[str] = ()) -> float:
        """Return the weight of a rule for these terms, else of the rule, else the default."""
        if terms:
            own = self.rules.get(key(rule_id, terms))
            if own is not None:
                return own
        return self.rules.get(rule_id, self.default)

    def house(self) -> Weights:
        """Return what the house chose: without the weights of ground terms, which votes gave."""
        return Weights(self.default, {k: w for k, w in self.rules.items() if "(" not in k})


def key(rule_id: str, terms: Sequence[str] = ()) -> str:
    """Return the name a weight stands under."""
    return f"{rule_id}({','.join(terms)})" if terms else rule_id


def load(path: Path | None = None) -> Weights:
    """Read a weights file, or the shipped one; raises NesyError N330."""
    return _load(path or resources.folder("rules") / "weights.json")


@lru_cache(maxsize=8)
def _load(path: Path) -> Weights:
    value = strict_json.loads(strict_json.read_text(path), file=str(path))
    rules = value.get("rules", {}) if isinstance(value, dict) else None
    if (
        not isinstance(rules, dict)
        or value.get("schema") != SCHEMA
        or not all(_is_weight(w) for w in (value.get("default"), *rules.values()))
    ):
        what = "this is not a weights file"
        why = 'it needs "schema": "nesy.weights.v1", a number "default" and numbers in "rules"'
        raise NesyError(Diagnostic("N330", what, why, "see rules/weights.json", str(path)))
    return Weights(float(value["default"]), rules, resources.digest([path]))


def write(path: Path, weights: Weights, *, note: str, learned: Mapping[str, object]) -> None:
    """Write a weights file whole or not at all; raises NesyError N150 where it cannot be."""
    value = {
        "schema": SCHEMA,
        "note": note,
        "learned": dict(learned),
        "default": weights.default,
        "rules": dict(sorted(weights.rules.items())),
    }
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(strict_json.dumps(value, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        what, why = f"{path} cannot be written", error.strerror or str(error)
        raise NesyError(Diagnostic("N150", what, why, "name another file")) from error


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 100
