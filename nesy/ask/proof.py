"""Proofs as Prolog hands them over: read, put into the words of ``nesy why``, written as data."""

from __future__ import annotations

from typing import Any

import clingo

from nesy.explain.why.instances import ANYTHING
from nesy.explain.why.justify import Node
from nesy.rulebook import Rulebook

# What proof.pl builds, by name and number of arguments.
_SHAPES = {
    ("rule", 5),
    ("fact", 2),
    ("marginal", 2),
    ("chosen", 1),
    ("absent", 1),
    ("test", 1),
    ("aggregate", 3),
}


def is_proof(value: Any) -> bool:
    """Tell whether the value of a variable is a proof of why/2."""
    if not isinstance(value, dict) or (value.get("name"), _arity(value)) not in _SHAPES:
        return False
    first = value["arguments"][0]
    return value["name"] in ("test", "aggregate") or isinstance(first, (dict, str))


def _arity(value: dict[str, Any]) -> int:
    return len(value.get("arguments", ()))


def node(proof: Any, rulebook: Rulebook) -> Node:
    """Return a proof as a justification, to be told in sentences."""
    first, *rest = proof["arguments"]
    match proof["name"]:
        case "rule":
            rule_id, _place, bindings, because = rest
            bound = tuple((b["arguments"][0], symbol(b["arguments"][1])) for b in bindings)
            below = _nodes(because, rulebook)
            rule = rulebook.by_id(rule_id)
            return Node("rule", str(symbol(first)), rule=rule, bindings=bound, because=below)
        case "fact" if rest[0] == "ontology":
            return Node("ontology", str(symbol(first)), origin="ontology")
        case "fact":
            return Node("fact", str(symbol(first)), origin=rest[0])
        case "marginal":
            below = _nodes(rest[0], rulebook)
            return Node("marginal", str(symbol(first)), because=below)
        case "absent":
            return Node("absent", str(symbol(first)))
        case "aggregate":
            below = _nodes(rest[1], rulebook)
            return Node("condition", "", text=f"{first} = {text(rest[0])}", because=below)
        case "test":
            return Node("condition", "", text=text(first))
        case _:
            return Node("fact", str(symbol(first)), origin="the answer set")


def _nodes(proofs: list[Any], rulebook: Rulebook) -> tuple[Node, ...]:
    """Return what is below: what holds first, what is absent last."""
    found = [node(each, rulebook) for each in proofs]
    return tuple(sorted(found, key=lambda each: each.kind == "absent"))


def data(proof: Any) -> dict[str, Any]:
    """Return a proof as plain data: what holds, by which rule, because of what."""
    first, *rest = proof["arguments"]
    match proof["name"]:
        case "rule":
            because = [data(each) for each in rest[3]]
            place = rest[1]["string"]
            return {"atom": text(first), "rule": rest[0], "place": place, "because": because}
        case "fact":
            return {"atom": text(first), "origin": rest[0]}
        case "marginal":
            return {"atom": text(first), "because": [data(each) for each in rest[0]]}
        case "absent":
            return {"absent": text(first)}
        case "aggregate":
            because = [data(each) for each in rest[1]]
            return {"aggregate": first, "value": plain(rest[0]), "because": because}
        case "test":
            return {"test": text(first)}
        case _:
            return {"atom": text(first), "origin": "answer set"}


def symbol(value: Any) -> clingo.Symbol:
    """Return a value as clingo's term; what is not bound stands for anything."""
    if isinstance(value, int):
        return clingo.Number(value)
    if isinstance(value, str):
        return _named(value, [])
    if isinstance(value, dict) and "string" in value:
        return clingo.String(value["string"])
    if isinstance(value, dict) and "name" in value:
        return _named(value["name"], [symbol(argument) for argument in value["arguments"]])
    return ANYTHING


def _named(name: str, arguments: list[clingo.Symbol]) -> clingo.Symbol:
    extremes = {"#inf": clingo.Infimum, "#sup": clingo.Supremum}
    if name in extremes:
        return extremes[name]
    plain_name = name.removeprefix("-")
    plain_name = "" if plain_name == "#tuple" else plain_name
    return clingo.Function(plain_name, arguments, not name.startswith("-"))


def text(value: Any) -> str:
    """Return a value as a table shows it: strings as they are, terms as rules write them."""
    if value is None:
        return "_"
    if isinstance(value, dict):
        if "string" in value:
            return str(value["string"])
        if "name" in value and "#tuple" in str(value["text"]):
            return str(symbol(value))
        return str(value["text"])
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    return str(value)


def plain(value: Any) -> Any:
    """Return a value as JSON for programs: terms as text, proofs as :func:`data`."""
    if is_proof(value):
        return data(value)
    if isinstance(value, dict):
        return text(value)
    return [plain(each) for each in value] if isinstance(value, list) else value
