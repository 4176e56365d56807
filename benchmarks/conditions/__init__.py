"""Conditions: how a sample is answered, from the words alone to model, rules and norms.

Each differs from its base by one change, so that a difference in figures has one cause.
"""

from __future__ import annotations

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.rulebook import shipped

from .condition import Condition
from .settings import Settings

__all__ = ["CONDITIONS", "DEFAULT", "Condition", "Settings", "named"]

DEFAULT = ("text", "text_rules", "free", "constrained", "rules", "learned", "governed")


def _conditions() -> dict[str, Condition]:
    main = (
        Condition("text", "words alone", None, "the words alone, by their reader", "words"),
        Condition("text_rules", "words + rules", "text", "rules read the words", "words", "house"),
        Condition("free", "model, free text", None, "the model says it in its own words", "text"),
        Condition(
            "constrained", "model, constrained", "free", "the model is held to the schema", "report"
        ),
        Condition(
            "rules", "model + rules", "constrained", "rules read its report", "report", "house"
        ),
        Condition(
            "learned",
            "model + rules, learned weights",
            "rules",
            "the weights were learned",
            "report",
            "learned",
        ),
        Condition(
            "governed",
            "model + rules + norms",
            "learned",
            "norms decide what may be read and replied",
            "report",
            "learned",
            governed=True,
        ),
    )
    found = {condition.name: condition for condition in main}
    for pack in shipped("interpret"):
        found[f"-{pack}"] = Condition(
            f"-{pack}",
            f"learned, without {pack}",
            "learned",
            f"the pack {pack} is off",
            "report",
            "learned",
            without=pack,
        )
    return found


CONDITIONS = _conditions()


def named(names: str) -> tuple[Condition, ...]:
    """Return the conditions of a list such as ``rules,learned,-table1``, each once.

    ``all`` stands for the default ones. Raises NesyError N740 for an unknown name.
    """
    wanted: list[str] = []
    for name in (part.strip() for part in names.split(",")):
        wanted += DEFAULT if name == "all" else [name]
    if unknown := [name for name in wanted if name not in CONDITIONS]:
        why = f"there are {len(CONDITIONS)} conditions, and none has this name"
        raise NesyError(
            Diagnostic("N740", f"unknown condition {name!r}", why, nearest(name, CONDITIONS))
            for name in unknown
        )
    return tuple(CONDITIONS[name] for name in dict.fromkeys(wanted))
