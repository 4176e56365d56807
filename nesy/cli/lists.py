"""``nesy list``, ``nesy show`` and ``nesy help``: what is there, and a card for each thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nesy.cli.kinds import LISTS, Own
from nesy.cli.options import Json, Ontology, Rules
from nesy.diagnostics import Diagnostic, NesyError, nearest


def _known(kind: str) -> str:
    name = kind if kind in LISTS else f"{kind}s"
    if name not in LISTS:
        what = f"nothing to list is called {kind!r}"
        raise NesyError(Diagnostic("N160", what, "it is not a kind of thing", nearest(kind, LISTS)))
    return name


def _own(rules: list[Path] | None, ontology: list[Path] | None) -> Own:
    return Own(tuple(rules or ()), tuple(ontology or ()))


def list_(
    kind: Annotated[str | None, typer.Argument(help=f"One of: {', '.join(LISTS)}.")] = None,
    rules: Rules = None,
    ontology: Ontology = None,
    json_: Json = False,
) -> None:
    """List what was found, and where; without a kind, what can be listed."""
    from nesy import strict_json

    if kind is None:
        print(strict_json.dumps(list(LISTS), indent=2) if json_ else "\n".join(LISTS))
        return
    rows = LISTS[_known(kind)](_own(rules, ontology))
    if json_:
        print(strict_json.dumps(rows, indent=2))
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        extra = [str(row[k]) for k in ("force", "stratum", "from", "place") if row.get(k)]
        print(
            f"{row['name']:<{width}}  {' · '.join([*extra, row['what'] or row.get('rule') or ''])}"
        )


def show(
    kind: Annotated[str, typer.Argument(help="rule, norm, emotion, …, format, or emotionml.")],
    name: Annotated[
        str, typer.Argument(help="Its name, as `nesy list` gives it; of emotionml, a Trace.")
    ],
    rules: Rules = None,
    ontology: Ontology = None,
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
    rows = {row["name"]: row for row in LISTS[_known(kind)](_own(rules, ontology))}
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
