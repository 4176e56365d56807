"""The kinds of things that ``nesy list`` lists: what ships, and what a user has beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nesy.diagnostics import NesyError

if TYPE_CHECKING:
    from nesy.rule_file import Pack, Rule
    from nesy.vocabulary import Vocabulary

Row = dict[str, Any]


class Found(NamedTuple):
    """A pack, who brings it (None: nesy), and whether it is used without being named."""

    origin: str | None
    on: bool
    pack: Pack


@dataclass(frozen=True, slots=True)
class Own:
    """What a user names beside what ships; ``nesy.toml`` names more."""

    rules: tuple[Path, ...] = ()
    ontology: tuple[Path, ...] = ()

    def packs(self) -> tuple[list[Found], list[Row]]:
        """Return the packs there are, and a row for each of another distribution that is broken."""
        from nesy import pack_points, project, rulebook

        found = [Found(None, pack.is_default, pack) for pack in rulebook.everything().packs]
        broken: list[Row] = []
        for point in pack_points.installed().values():
            try:
                found.append(Found(point.origin, False, rulebook.read_pack(point.file)))
            except NesyError as error:
                what = error.diagnostics[0].what
                broken.append({"name": point.name, "from": point.origin, "what": what})
        ours = project.find()
        for path in ours.rules_and(self.rules):
            origin = str(ours.file) if path in ours.rules else "--rules"
            found.append(Found(origin, True, rulebook.read_pack(path)))
        return found, broken

    def vocabulary(self) -> Vocabulary:
        """Return the vocabulary with the user's terms."""
        from nesy import project, vocabulary

        return vocabulary.load(self.ontology or project.find().ontology)


def _packs(own: Own) -> list[Row]:
    from nesy import resources

    found, broken = own.packs()
    return broken + [
        {
            "name": pack.name,
            "stratum": pack.stratum,
            "default": "on" if on else "off",
            "rules": len(pack.rules),
            "from": origin,
            "place": resources.shown(pack.path),
            "what": pack.title,
        }
        for origin, on, pack in found
    ]


def _rules(own: Own) -> list[Row]:
    found, _ = own.packs()
    return [_rule(rule) for _, _, pack in found for rule in pack.rules]


def _rule(rule: Rule) -> Row:
    known = {"name": rule.id, "place": rule.place, "what": rule.sentence}
    # A note may have any name, these three too, and stands in none's place.
    return known | rule.notes | known | {"rule": rule.text}


def _predicates(own: Own) -> list[Row]:
    from nesy.predicates import PREDICATES

    shared: list[Row] = [
        {"name": str(p), "stratum": p.stratum, "channel": p.origin, "what": p.meaning}
        for p in PREDICATES.values()
    ]
    found, _ = own.packs()
    return shared + [
        {"name": str(p), "stratum": pack.stratum, "from": f"pack {pack.name}", "what": p.meaning}
        for _, _, pack in found
        for p in pack.predicates
    ]


def _norms(own: Own) -> list[Row]:
    from nesy.explain.citation import citation

    words = own.vocabulary()
    return [
        {
            "name": n.id.upper(),
            "force": n.one("force"),
            "what": n.label,
            "when": n.one("condition"),
            "exception": n.one("exception"),
            "repair": n.one("repair"),
            "citation": citation(n.id, words),
            "read as": n.one("level"),
            "note": n.one("note"),
        }
        for n in words.norms.values()
    ]


def _terms(kind: str) -> Callable[[Own], list[Row]]:
    def rows(own: Own) -> list[Row]:
        return [
            {
                "name": t.id,
                "what": t.label,
                "phrase": t.phrase,
                "meaning": t.one("definition"),
                "note": t.one("note"),
            }
            for t in own.vocabulary().terms[kind].values()
        ]

    return rows


def _adapters(_: Own) -> list[Row]:
    from nesy import registry

    found = registry.adapters().values()
    return [{"name": a.name, "from": a.origin, "what": a.summary} for a in found]


def _readers(_: Own) -> list[Row]:
    from nesy import registry

    found = registry.readers().values()
    return [{"name": r.name, "from": r.origin, "what": r.summary} for r in found]


def _drafters(_: Own) -> list[Row]:
    from nesy import registry

    found = registry.adapters(registry.DRAFTER).values()
    return [{"name": d.name, "from": d.origin, "what": d.summary} for d in found]


def _models(_: Own) -> list[Row]:
    """Return the models there are recipes for; any other is loaded by its configuration."""
    from nesy import registry

    return registry.models()


def _errors(_: Own) -> list[Row]:
    from nesy.catalogue import cards

    return [{"name": code, "what": card["title"]} for code, card in cards().items()]


LISTS: dict[str, Callable[[Own], list[Row]]] = {
    "adapters": _adapters,
    "models": _models,
    "readers": _readers,
    "drafters": _drafters,
    "packs": _packs,
    "rules": _rules,
    "norms": _norms,
    "predicates": _predicates,
    "errors": _errors,
    "emotions": _terms("emotion"),
    "expressions": _terms("expression"),
    "units": _terms("unit"),
    "cues": _terms("cue"),
    "mismatches": _terms("mismatch"),
    "contexts": _terms("context"),
}
