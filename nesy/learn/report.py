"""What was learned: each rule before and after, what is worth nothing, what people contradict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from nesy.learn.fit import Fitted, Learned

# A rule whose silence costs less than this, in nats a case, is worth nothing.
LEAST_WORTH = 1e-4
MOST_SHOWN = 12


def of_rules(learned: Learned) -> Iterator[tuple[str, list[Fitted]]]:
    """Yield each rule with its weights, the most useful rule first."""
    by_rule = {
        rule: list(weights) for rule, weights in groupby(learned.fitted, key=lambda f: f.key[0])
    }
    for rule in sorted(by_rule, key=lambda r: (-learned.worth[r], r)):
        yield rule, by_rule[rule]


def contradicting(learned: Learned) -> list[Fitted]:
    """Return the weights that turned against what the rule says, the surest first."""
    found = [f for f in learned.fitted if f.finding == "opposes" and f.before > 0]
    return sorted(found, key=lambda f: (f.told / f.error, f.name))


def worthless(learned: Learned) -> list[str]:
    """Return the rules whose silence costs nothing on cases left out of the fit."""
    return sorted(rule for rule, worth in learned.worth.items() if worth < LEAST_WORTH)


def as_json(learned: Learned) -> dict[str, Any]:
    """Return the whole report."""
    return {
        **about(learned),
        "worth_nothing": worthless(learned),
        "contradict_people": [f.name for f in contradicting(learned)],
        "rules": [
            {
                "rule": rule,
                "worth": round(learned.worth[rule], 6),
                "weights": [
                    {
                        "name": f.name,
                        "before": f.before,
                        "after": f.after,
                        "told": round(f.told, 4),
                        "error": round(f.error, 4),
                        "cases": f.cases,
                        "finding": f.finding,
                    }
                    for f in weights
                ],
            }
            for rule, weights in of_rules(learned)
        ],
    }


def about(learned: Learned) -> dict[str, Any]:
    """Return how the weights were found: what a weights file records of it."""
    return {
        "cases": learned.cases,
        "cases_mute": learned.mute,
        "groups": learned.groups,
        "folds": learned.folds,
        "ridge": learned.ridge,
        "weights": len(learned.fitted),
        "nats_before": round(learned.before, 6),
        "nats_after": round(learned.after, 6),
        "unreadable": round(learned.unreadable, 6),
    }


def as_text(learned: Learned) -> str:
    """Return the report as plain text."""
    lines = [
        f"{learned.cases} cases of {learned.groups} groups, {len(learned.fitted)} weights, "
        f"ridge {learned.ridge:g}",
        f"{learned.before:.4f} nats a case before; {learned.after:.4f} after, on cases left out "
        f"({learned.folds} folds by group)",
    ]
    if learned.mute:
        lines.append(f"{learned.mute} cases left aside: no rule reads there what people voted for")
    if learned.unreadable:
        lines.append(f"{learned.unreadable:.1%} of the votes are for what no rule can read")
    width = max((len(f.key[0]) for f in learned.fitted), default=4)
    lines += [
        "",
        f"{'rule':<{width}}  {'before':>7}  {'after':>16}  {'cases':>6}  {'worth':>8}  data",
    ]
    for rule, weights in of_rules(learned):
        lines.append(
            f"{rule:<{width}}  {_span([f.before for f in weights]):>7}  {_after(weights):>16}  "
            f"{max(f.cases for f in weights):>6}  {learned.worth[rule]:>+8.4f}  {_found(weights)}"
        )
    if against := contradicting(learned):
        lines += ["", "people contradict:"]
        lines += [f"  {f.name}  {f.after:+.2f} ± {f.error:.2f}" for f in against[:MOST_SHOWN]]
        if len(against) > MOST_SHOWN:
            lines.append(f"  and {len(against) - MOST_SHOWN} more; see --json")
    if nothing := worthless(learned):
        lines += ["", f"worth nothing here: {', '.join(nothing)}"]
    return "\n".join(lines)


def _after(weights: list[Fitted]) -> str:
    if len(weights) == 1:
        return f"{weights[0].after:.2f} ± {weights[0].error:.2f}"
    return _span([f.after for f in weights])


def _span(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.2f}" if low == high else f"{low:.2f} … {high:.2f}"


def _found(weights: list[Fitted]) -> str:
    counted = Counter(f.finding for f in weights)
    if len(weights) == 1:
        return weights[0].finding
    return ", ".join(f"{counted[name]} {name}" for name in sorted(counted))
