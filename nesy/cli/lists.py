"""``nesy list``, ``nesy show`` and ``nesy help``: what is there, and a card for each thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from nesy.cli.options import Json
from nesy.diagnostics import Diagnostic, NesyError, nearest

Row = dict[str, Any]


def _adapters() -> list[Row]:
    from nesy import registry

    return [
        {"name": a.name, "from": a.origin, "what": a.summary} for a in registry.adapters().values()
    ]


def _readers() -> list[Row]:
    from nesy import registry

    return [
        {"name": r.name, "from": r.origin, "what": r.summary} for r in registry.readers().values()
    ]


def _drafters() -> list[Row]:
    from nesy import registry

    found = registry.adapters(registry.DRAFTER).values()
    return [{"name": d.name, "from": d.origin, "what": d.summary} for d in found]


def _models() -> list[Row]:
    """Return the models there are recipes for; any other is loaded by its configuration."""
    from nesy import registry

    return registry.models()


def _packs() -> list[Row]:
    """Return the packs there are: shipped, of other distributions, and of the project."""
    from nesy import pack_points, project, resources, rulebook

    ours = project.find()
    found = [("nesy", pack) for pack in rulebook.everything().packs]
    broken: list[Row] = []
    for point in pack_points.installed().values():
        try:
            found.append((point.origin, rulebook.read_pack(point.file)))
        except NesyError as error:
            what = error.diagnostics[0].what
            broken.append({"name": point.name, "from": point.origin, "what": what})
    found += [(str(ours.file), rulebook.read_pack(path)) for path in ours.rules]
    return broken + [
        {
            "name": p.name,
            "stratum": p.stratum,
            "default": "on" if p.is_default and (p.stratum or origin == str(ours.file)) else "off",
            "rules": len(p.rules),
            "from": origin if origin != "nesy" else None,
            "place": resources.shown(p.path),
            "what": p.title,
        }
        for origin, p in found
    ]


def _rules() -> list[Row]:
    from nesy import rulebook

    return [
        {"name": r.id, "place": r.place, "what": r.sentence, **r.notes}
        for p in rulebook.everything().packs
        for r in p.rules
    ]


def _norms() -> list[Row]:
    from nesy import vocabulary
    from nesy.explain.citation import citation

    words = vocabulary.load()
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


def _predicates() -> list[Row]:
    from nesy.predicates import PREDICATES

    return [
        {"name": str(p), "stratum": p.stratum, "channel": p.origin, "what": p.meaning}
        for p in PREDICATES.values()
    ]


def _errors() -> list[Row]:
    from nesy.catalogue import cards

    return [{"name": code, "what": card["title"]} for code, card in cards().items()]


def _terms(kind: str) -> Callable[[], list[Row]]:
    def rows() -> list[Row]:
        from nesy import vocabulary

        return [
            {
                "name": t.id,
                "what": t.label,
                "phrase": t.phrase,
                "meaning": t.one("definition"),
                "note": t.one("note"),
            }
            for t in vocabulary.load().terms[kind].values()
        ]

    return rows


LISTS: dict[str, Callable[[], list[Row]]] = {
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


def _known(kind: str) -> str:
    name = kind if kind in LISTS else f"{kind}s"
    if name not in LISTS:
        what = f"nothing to list is called {kind!r}"
        raise NesyError(Diagnostic("N160", what, "it is not a kind of thing", nearest(kind, LISTS)))
    return name


def list_(
    kind: Annotated[str | None, typer.Argument(help=f"One of: {', '.join(LISTS)}.")] = None,
    json_: Json = False,
) -> None:
    """List what was found, and where; without a kind, what can be listed."""
    from nesy import strict_json

    if kind is None:
        print(strict_json.dumps(list(LISTS), indent=2) if json_ else "\n".join(LISTS))
        return
    rows = LISTS[_known(kind)]()
    if json_:
        print(strict_json.dumps(rows, indent=2))
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        extra = [str(row[k]) for k in ("force", "stratum", "from", "place") if row.get(k)]
        print(f"{row['name']:<{width}}  {' · '.join([*extra, str(row['what'] or '')])}")


def show(
    kind: Annotated[str, typer.Argument(help="rule, norm, emotion, …, format, or emotionml.")],
    name: Annotated[
        str, typer.Argument(help="Its name, as `nesy list` gives it; of emotionml, a Trace.")
    ],
    json_: Json = False,
    using: Annotated[
        str | None,
        typer.Option("--vocabulary", help="Of emotionml: nesy, big6, everyday, occ or fsre."),
    ] = None,
) -> None:
    """Show one thing as a card, or a Trace's reading as EmotionML."""
    from nesy import strict_json

    if kind == "emotionml":
        from nesy.cli.exporting import emotionml

        emotionml(name, using, json_=json_)
        return
    if kind == "format":
        from nesy.trace import Trace

        print(strict_json.dumps(Trace.model_json_schema(by_alias=True), indent=2))
        return
    rows = {row["name"]: row for row in LISTS[_known(kind)]()}
    short = {form: row for full, row in rows.items() for form in _short(full)}
    found = rows.get(name) or rows.get(name.upper()) or rows.get(name.lower()) or short.get(name)
    if found is None:
        what = f"no {kind} is called {name!r}"
        why = f"{len(rows)} are known"
        raise NesyError(Diagnostic("N161", what, why, nearest(name, rows)))
    if json_:
        print(strict_json.dumps(found, indent=2))
        return
    for key, value in found.items():
        if value:
            print(f"{key:<10} {value}")
    if _known(kind) == "rules":
        from nesy import rulebook

        print(f"{'rule':<10} {rulebook.everything().by_id(str(found['name'])).text}")


def _short(name: str) -> list[str]:
    """Return how else a name is written: a predicate as evidence/3, a unit as 12."""
    functor, _, arguments = name.partition("(")
    forms = [functor]
    if arguments:
        forms.append(f"{functor}/{arguments.count(',') + 1}")
    if name.startswith("au") and name[2:].isdigit():
        forms.append(name[2:])
    return forms


def help_(
    code: Annotated[str, typer.Argument(help="A code such as N301.")], json_: Json = False
) -> None:
    """Explain a code: what it is, why it is bad, an example, what to do."""
    from nesy import strict_json
    from nesy.catalogue import cards

    card = cards().get(code.upper())
    if card is None:
        what = f"no fault has the code {code[:40]!r}"
        fix = nearest(code.upper()[:40], cards())
        raise NesyError(Diagnostic("N162", what, "it is not in the catalogue", fix))
    if json_:
        print(strict_json.dumps({"code": code.upper(), **card}, indent=2))
        return
    print(
        f"{code.upper()}  {card['title']}\n\n{card['why']}\n\n"
        f"for example  {card['example']}\nuse instead  {card['fix']}"
    )
