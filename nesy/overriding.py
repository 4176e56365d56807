"""A user's rule in the place of a shipped one: ``%  overrides: table1.smile.joy`` above it.

What is overridden is out, and every explanation, the Trace and ``nesy list rules`` say so. What
protects people stays: prohibitions, what holds a reply, what a crisis asks for, and what these
rest on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nesy.diagnostics import Diagnostic, nearest
from nesy.rule_file import Pack, Rule, Signature

NOTE = "overrides"
# Prohibitions, held replies, and whether there is danger: no rule these rest on can be overridden.
PROTECTED = frozenset({("forbidden", 2), ("hold", 1), ("danger", 1), ("crisis", 1)})
# What a crisis asks for, and the order that puts it first.
PACKS = ("crisis", "order")


@dataclass(frozen=True, slots=True)
class Overridden:
    """The packs left in force, and the shipped rules that are out, each with what replaces it."""

    packs: tuple[Pack, ...]
    rules: tuple[tuple[str, str], ...]
    faults: tuple[Diagnostic, ...]


def applied(packs: Sequence[Pack]) -> Overridden:
    """Return packs without the rules that others override; an N348 for each that cannot be."""
    ours = {r.id: (p, r) for p in packs if p.stratum is not None for r in p.rules}
    theirs = [rule for pack in packs if pack.stratum is None for rule in pack.rules]
    out: dict[str, str] = {}
    faults: list[Diagnostic] = []
    for rule in theirs:
        for name in _named(rule):
            if name not in ours:
                why = "nothing shipped and in force is called so, and only that can be overridden"
                faults.append(_fault(rule, f"no rule {name} to override", why, nearest(name, ours)))
            elif name in out:
                why = f"{out[name]} does so already"
                faults.append(_fault(rule, f"{name} is overridden twice", why, "keep one of them"))
            elif _is_protected(*ours[name], packs):
                why = "a prohibition, a held reply or a crisis rests on it, which no rule lifts"
                fix = "write a rule beside it; a norm is lifted by an exception (%  exception: …)"
                faults.append(_fault(rule, f"{name} cannot be overridden", why, fix))
            else:
                out[name] = rule.id
    if not out:
        return Overridden(tuple(packs), (), tuple(faults))
    left = tuple(replace(pack, rules=tuple(_left(pack, out, ours))) for pack in packs)
    return Overridden(left, tuple(sorted(out.items())), tuple(faults))


def _named(rule: Rule) -> list[str]:
    return [name.strip() for name in rule.notes.get(NOTE, "").split(",") if name.strip()]


def _left(pack: Pack, out: dict[str, str], ours: dict[str, tuple[Pack, Rule]]) -> Iterator[Rule]:
    """Yield the rules of a pack that stay; one that overrides says so in its sentence."""
    for rule in pack.rules:
        if pack.stratum is not None and rule.id in out:
            continue
        instead = [name for name, by in out.items() if pack.stratum is None and by == rule.id]
        if instead and rule.sentence is not None:
            places = ", ".join(f"{name} ({ours[name][1].place})" for name in instead)
            yield replace(rule, sentence=f"{rule.sentence} [in place of {places}]")
        else:
            yield rule


def _is_protected(pack: Pack, rule: Rule, packs: Sequence[Pack]) -> bool:
    if pack.name in PACKS:
        return True
    of = (r for p in packs if p.stratum == pack.stratum for r in p.rules)
    return bool(rule.heads & _behind(PROTECTED, tuple(of)))


def _behind(wanted: Iterable[Signature], rules: Sequence[Rule]) -> frozenset[Signature]:
    """Return what these predicates rest on, themselves included."""
    found = frozenset(wanted)
    while True:
        read = (rule.body_signatures for rule in rules if rule.heads & found)
        more = found.union(*read)
        if more == found:
            return found
        found = more


def _fault(rule: Rule, what: str, why: str, fix: str) -> Diagnostic:
    return Diagnostic("N348", what, why, fix, rule.file, rule.line, rule.column)
