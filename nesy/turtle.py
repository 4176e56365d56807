"""Read the ontology from Turtle into the vocabulary; the one place that knows its RDF."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import rdflib
from rdflib.namespace import DCTERMS, RDF, SKOS

from nesy import resources
from nesy.diagnostics import Diagnostic, NesyError
from nesy.strict_json import read_text
from nesy.vocabulary import Pair, Term, Vocabulary
from nesy.written import sources

NESY = rdflib.Namespace("https://nesy.dev/ns#")

_ID = re.compile(r"^[a-z][a-z0-9_]{0,63}$")

# Kinds a caller may declare, by the key used in ``--declare KEY=VALUE``.
_DECLARABLE = {
    "context": NESY.Context,
    "purpose": NESY.Purpose,
    "notice": NESY.Notice,
    "consent": NESY.Consent,
    "jurisdiction": NESY.Jurisdiction,
    "person": NESY.Person,
    "session": NESY.Session,
}
_KINDS = {
    "unit": NESY.ActionUnit,
    "expression": NESY.Expression,
    "emotion": NESY.Emotion,
    "valence": NESY.Valence,
    "line act": NESY.Act,
    "cue": NESY.Cue,
    "reply act": NESY.Act,
    "tone": NESY.Tone,
    "modality": NESY.Modality,
    "mismatch": NESY.Mismatch,
    "prototype": NESY.Prototype,
    "crisis": NESY.Crisis,
    "party": NESY.Party,
    "norm": NESY.Norm,
    **_DECLARABLE,
}


@lru_cache(maxsize=8)
def load(extra: tuple[Path, ...], language: str = "en") -> Vocabulary:
    """Read ``ontology/*.ttl`` and further files; see :func:`nesy.vocabulary.load`.

    Terms are named in ``language`` where ``ontology/languages`` or a further file names them so.
    """
    files = sources()
    graph = rdflib.Graph(bind_namespaces="none")
    for path in files:
        parsed(path, into=graph)
    norms = set(graph.subjects(RDF.type, NESY.Norm))
    for path in extra:
        added = parsed(path)
        _leaves_norms(added, norms, path)
        graph += added
    names = resources.folder("ontology") / "languages" / f"{language}.ttl"
    if names.is_file():
        parsed(names, into=graph)
    terms = {kind: _terms(graph, kind, iri, language) for kind, iri in _KINDS.items()}
    for kind in ("line", "reply"):
        acts = terms[f"{kind} act"]
        terms[f"{kind} act"] = {i: t for i, t in acts.items() if kind in t.all("usedIn")}
    found = Vocabulary(terms, _pairs(graph), resources.digest([*files, *extra]))
    try:
        _ = found.facts, found.units
    except (ValueError, KeyError) as error:
        what, fix = (
            "a term has an unusable value",
            "see ontology/README.md for the form of each term",
        )
        where = ", ".join(map(str, extra)) or None
        raise NesyError(Diagnostic("N203", what, str(error), fix, where)) from error
    return found


def parsed(path: Path, *, into: rdflib.Graph | None = None) -> rdflib.Graph:
    """Return the triples of one Turtle file; raises NesyError N202 with the line."""
    graph = rdflib.Graph(bind_namespaces="none") if into is None else into
    try:
        return graph.parse(data=read_text(path), format="turtle")
    except (rdflib.exceptions.ParserError, SyntaxError, ValueError) as error:
        line = getattr(error, "lines", None)
        why = " ".join(str(error).split())[:200]
        at = line + 1 if isinstance(line, int) else None
        fix = "name a Turtle file; ontology/README.md shows the form"
        raise NesyError(
            Diagnostic("N202", "this is not Turtle", why, fix, str(path), at)
        ) from error


def _leaves_norms(added: rdflib.Graph, norms: set[rdflib.term.Node], path: Path) -> None:
    """Refuse what is said of a shipped norm: a file of yours must not be a way around it."""
    if touched := sorted(_short(n).upper() for n in set(added.subjects()) & norms):
        what = f"this file changes the norm {touched[0]}"
        why = "norms hold whatever files are added"
        raise NesyError(Diagnostic("N205", what, why, "add a norm of your own", str(path)))


def _terms(graph: rdflib.Graph, kind: str, of: rdflib.URIRef, language: str) -> dict[str, Term]:
    found: dict[str, Term] = {}
    for node in graph.subjects(RDF.type, of):
        properties: dict[str, list[str]] = {}
        for predicate, value in graph.predicate_objects(node):
            if isinstance(value, rdflib.BNode):
                continue
            name = _property(predicate)
            properties.setdefault(name, []).append(_short(value))
        name = (properties.get("id") or [""])[0]
        if not _ID.match(name) or name in found:
            what = f"{_short(node)} has no usable nesy:id"
            why = f"{name!r} is not a small-letter word of its own"
            fix = 'give it nesy:id "snake_case", unique within its class'
            raise NesyError(Diagnostic("N203", what, why, fix, str(node)))
        label = _said(graph, node, SKOS.prefLabel, language) or name
        phrase = _said(graph, node, NESY.phrase, language) or label.lower()
        ordered = {k: tuple(sorted(v)) for k, v in properties.items()}
        found[name] = Term(name, kind, label, phrase, ordered)
    return dict(sorted(found.items()))


def _said(graph: rdflib.Graph, node: rdflib.term.Node, of: rdflib.URIRef, language: str) -> str:
    """Return what a term is called in a language, else in English, else without one; or ""."""
    order = [language, "en", None]
    said = [v for v in graph.objects(node, of) if isinstance(v, rdflib.Literal)]
    known = [v for v in said if v.language in order]
    return str(
        min(known or said, key=lambda v: order.index(v.language) if known else 0, default="")
    )


def _property(predicate: rdflib.term.Node) -> str:
    """Name a property: ours and SKOS's by its own name, others with their vocabulary's."""
    base, name = re.split(r"[#/](?=[^#/]*$)", str(predicate))
    ours = str(NESY).startswith(base) or str(SKOS).startswith(base)
    return name if ours else f"{base.rsplit('/', 1)[-1]}:{name}"


def _pairs(graph: rdflib.Graph) -> tuple[Pair, ...]:
    """Return the pairs; a pair that names the paper as its source belongs to Table 1.

    An expression's own ``nesy:suggests`` link is a pair too, so that one line adds one.
    """
    paper = NESY["source.hossain"]
    found: dict[tuple[str, str], Pair] = {}
    for node in graph.subjects(RDF.type, NESY.Pair):
        expression = _id_of(graph, graph.value(node, NESY.expression))
        emotion = _id_of(graph, graph.value(node, NESY.emotion))
        support = str(graph.value(node, NESY.support) or "none")
        from_paper = (node, DCTERMS.source, paper) in graph
        said = (str(graph.value(node, NESY[name]) or "") for name in ("condition", "evidence"))
        found[expression, emotion] = Pair(expression, emotion, support, from_paper, *said)
    for node, target in graph.subject_objects(NESY.suggests):
        key = _id_of(graph, node), _id_of(graph, target)
        found.setdefault(key, Pair(*key, "none", False))
    return tuple(found[key] for key in sorted(found))


def _id_of(graph: rdflib.Graph, node: rdflib.term.Node | None) -> str:
    value = graph.value(node, NESY.id) if node is not None else None
    if value is None:
        what = f"{node} is named in a pair but has no nesy:id"
        why = "a pair joins an expression and an emotion of the ontology"
        raise NesyError(Diagnostic("N203", what, why, "define it first, with its nesy:id"))
    return str(value)


def _short(node: rdflib.term.Node) -> str:
    """Return a literal's text, or the last part of a term's name (``nesy:emotion.joy`` → joy)."""
    if isinstance(node, rdflib.URIRef) and str(node).startswith(str(NESY)):
        return str(node)[len(str(NESY)) :].split(".", 1)[-1]
    return str(node)
