"""The rules in force: which packs, and which of their rules interpret and which govern."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from clingo import ast

from nesy import exemption, overriding, resources
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.pack_points import installed
from nesy.predicates import AFTER_INTERPRETATION, PREDICATES
from nesy.rule_file import Pack, Rule, Signature, Strata, labels_twice, read_pack, signature

__all__ = [
    "Pack",
    "Rule",
    "Rulebook",
    "Signature",
    "Strata",
    "load",
    "read_pack",
    "shipped",
    "signature",
]


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """The packs in force. Two rulebooks are the same only if they are one object.

    ``lapsed`` names the exceptions that ran out: they derive ``lapsed(Norm)``, no ``exempt(Norm)``.
    ``overrides`` names the shipped rules that are out, each with the user's rule in its place.
    """

    packs: tuple[Pack, ...]
    lapsed: frozenset[str] = frozenset()
    overrides: tuple[tuple[str, str], ...] = ()

    def on(self, today: date) -> Rulebook:
        """Return the rulebook of a day: an exception whose last day is over lifts nothing."""
        every = (rule for pack in self.packs for rule in pack.rules)
        over = frozenset(rule.id for rule in every if exemption.has_lapsed(rule, today))
        return self if over == self.lapsed else _without(self, over)

    def rules(self, stratum: Strata) -> tuple[Rule, ...]:
        """Return the rules of one stratum; a user's file is split by what its rules derive."""
        return _rules(self, stratum)

    def statements(self, stratum: Strata) -> tuple[ast.AST, ...]:
        """Return the statements of one stratum, declarations included."""
        return _statements(self, stratum)

    def heads(self, stratum: Strata) -> frozenset[Signature]:
        """Return the signatures that the rules of one stratum can derive."""
        return _heads(self, stratum)

    def by_id(self, rule_id: str) -> Rule:
        """Return a rule by its id; raises NesyError N310."""
        known = {r.id: r for p in self.packs for r in p.rules}
        if rule_id not in known:
            what = f"no rule is called {rule_id}"
            why = f"{len(known)} rules are loaded"
            raise NesyError(Diagnostic("N310", what, why, nearest(rule_id, known)))
        return known[rule_id]

    @property
    def foreign(self) -> tuple[Pack, ...]:
        """Return the packs a user added, whose grounding may be without end."""
        return tuple(pack for pack in self.packs if pack.stratum is None)

    @property
    def strangers(self) -> str:
        """Return the files of a user, as messages name them; empty where there are none."""
        return ", ".join(resources.shown(pack.path) for pack in self.foreign)

    @property
    def added(self) -> dict[str, dict[str, str]]:
        """Return what a Trace records of a user's packs: their hashes, and what they override."""
        packs = {pack.name: resources.digest([pack.path]) for pack in self.foreign}
        found = {"user_packs": packs, "overrides": dict(self.overrides)}
        return {name: of for name, of in found.items() if of}

    @property
    def digest(self) -> str:
        """Return the hash of all files in force."""
        return resources.digest(p.path for p in self.packs)


@lru_cache(maxsize=16)
def _rules(rulebook: Rulebook, stratum: Strata) -> tuple[Rule, ...]:
    found = (r for p in rulebook.packs for r in p.rules if stratum in _strata_of(p, r))
    return tuple(exemption.lapsing(r) if r.id in rulebook.lapsed else r for r in found)


@lru_cache(maxsize=16)
def _without(rulebook: Rulebook, lapsed: frozenset[str]) -> Rulebook:
    """Return one rulebook for each set of exceptions that ran out, so that caches can share it."""
    return replace(rulebook, lapsed=lapsed)


@lru_cache(maxsize=16)
def _statements(rulebook: Rulebook, stratum: Strata) -> tuple[ast.AST, ...]:
    others = tuple(o for p in rulebook.packs if p.stratum in (stratum, None) for o in p.others)
    return tuple(r.statement for r in _rules(rulebook, stratum)) + others


@lru_cache(maxsize=16)
def _heads(rulebook: Rulebook, stratum: Strata) -> frozenset[Signature]:
    return frozenset(head for rule in _rules(rulebook, stratum) for head in rule.heads)


def shipped(stratum: Strata) -> dict[str, Path]:
    """Return the shipped packs of one stratum by name."""
    folder = resources.folder("rules") / stratum
    return {path.stem: path for path in sorted(folder.glob("*.lp"))}


def load(packs: Sequence[str] | None = None, extra: Iterable[Path] = ()) -> Rulebook:
    """Load the packs in force.

    ``packs`` names the interpret packs wanted, the default ones when None; ``+name`` and ``-name``
    add to and take from the default. Packs of other distributions are there to be named. The govern
    packs are always in force, because leaving one out must never be the way to a reply. ``extra``
    adds rule files. Raises NesyError N300-N312, N348 and N349 with every fault of a file.
    """
    interpret = {n: _read_shipped(p, "interpret") for n, p in shipped("interpret").items()}
    others = installed() if packs is not None else {}
    wanted = _chosen(packs, {n: p.is_default for n, p in interpret.items()}, others)
    loaded = [pack for name, pack in interpret.items() if name in wanted]
    loaded += [_read_shipped(path, "govern") for path in shipped("govern").values()]
    loaded += [read_pack(others[name].file) for name in others if name in wanted]
    loaded += [read_pack(Path(path)) for path in extra]
    found = overriding.applied(loaded)
    faults = labels_twice([rule for pack in loaded for rule in pack.rules]) + list(found.faults)
    if faults:
        raise NesyError(faults)
    return Rulebook(found.packs, overrides=found.rules)


def selectable() -> frozenset[str]:
    """Return the names of the packs that can be chosen."""
    return frozenset({*shipped("interpret"), *installed()})


def default() -> frozenset[str]:
    """Return the names of the packs that are used where none is chosen."""
    packs = (_read_shipped(path, "interpret") for path in shipped("interpret").values())
    return frozenset(pack.name for pack in packs if pack.is_default)


def everything() -> Rulebook:
    """Return every shipped pack, used by default or not."""
    strata: tuple[Strata, ...] = ("interpret", "govern")
    packs = (_read_shipped(path, of) for of in strata for path in shipped(of).values())
    return Rulebook(tuple(packs))


def _chosen(
    packs: Sequence[str] | None, ours: Mapping[str, bool], others: Collection[str]
) -> set[str]:
    """Return the names of the packs wanted; raises NesyError N311."""
    known = {*ours, *others}
    changes = [name for name in packs or () if name[:1] in "+-"]
    for name in packs or ():
        if name.lstrip("+-") not in known:
            what, why = f"unknown pack {name}", f"rules/interpret has {len(ours)} packs"
            raise NesyError(Diagnostic("N311", what, why, nearest(name.lstrip("+-"), known)))
        if changes and name not in changes:
            what = f"{name} is named among changes to the default"
            why = f"{changes[0]} changes what is used by default, a bare name replaces it"
            raise NesyError(Diagnostic("N311", what, why, f"write +{name}, or bare names only"))
    if packs is not None and not changes:
        return set(packs)
    added = {name[1:] for name in changes if name[0] == "+"}
    taken = {name[1:] for name in changes if name[0] == "-"}
    return ({name for name, is_default in ours.items() if is_default} | added) - taken


@lru_cache(maxsize=64)
def _read_shipped(path: Path, stratum: Strata) -> Pack:
    return read_pack(path, stratum)


def _strata_of(pack: Pack, rule: Rule) -> tuple[Strata, ...]:
    """Tell which programs a rule belongs to; a helper predicate of a user's file is in both.

    A choice or a constraint is about readings, unless it looks at what the norms derive.
    """
    if pack.stratum is not None:
        return (pack.stratum,)
    if (rule.heads | rule.body_signatures) & AFTER_INTERPRETATION:
        return ("govern",)
    if not rule.is_normal or any(
        s in PREDICATES for s in rule.heads | rule.body_signatures & _READ
    ):
        return ("interpret",)
    return ("interpret", "govern")


_READ = frozenset({("reading", 2), ("evidence", 3), ("excluded", 2)})
