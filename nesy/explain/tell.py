"""Tell: a justification in sentences, from the rules' own and the ontology's phrases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import clingo
from clingo import ast

from nesy.explain.citation import citation
from nesy.explain.english import WORDS
from nesy.explain.justify import Node
from nesy.predicates import PREDICATES, Predicate, kind_of
from nesy.reason.engine import Engine
from nesy.rulebook import Rule, Signature
from nesy.vocabulary import Pair, Vocabulary

_SLOT = re.compile(r"\{([A-Za-z_]\w*)\}")
_PERMILLE = {"Confidence", "Strength", "Probability", "Intensity"}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What sentences are made of: the ontology's phrases, and what each predicate means."""

    vocabulary: Vocabulary
    predicates: Mapping[Signature, Predicate]

    @classmethod
    def of(cls, engine: Engine) -> Lexicon:
        """Return an engine's lexicon: the contract's predicates and those its packs document."""
        own = {p.signature: p for pack in engine.rulebook.packs for p in pack.predicates}
        return cls(engine.vocabulary, {**own, **PREDICATES})


@dataclass(frozen=True, slots=True)
class Told:
    """One line of an explanation with everything a rendering needs."""

    sentence: str
    kind: str
    atom: str
    place: str | None
    rule: str | None
    source: str | None
    support: str | None
    evidence: str | None
    citation: str | None
    origin: str | None
    strength: int | None
    contribution: float | None
    because: tuple[Told, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as plain data, empty fields left out."""
        found: dict[str, Any] = {
            name: getattr(self, name)
            for name in self.__slots__
            if name != "because" and getattr(self, name) not in (None, "")
        }
        if self.because:
            found["because"] = [child.as_json() for child in self.because]
        return found


def tell(node: Node, engine: Engine) -> Told:
    """Return a justification in sentences."""
    return _told(node, Lexicon.of(engine))


def _told(node: Node, lexicon: Lexicon) -> Told:
    rule = node.rule
    voice = node.voice
    pair = _pair(node, lexicon.vocabulary)
    return Told(
        sentence=_sentence(node, lexicon),
        kind="brief" if node.brief else node.kind,
        atom=node.atom,
        place=rule.place if rule else None,
        rule=rule.id if rule else None,
        source=_source(rule) if rule else None,
        support=_support(pair) if pair else None,
        evidence=pair.evidence if pair else None,
        citation=_citation(rule, lexicon.vocabulary) if rule else None,
        origin=_origin(node),
        strength=voice.strength if voice else None,
        contribution=_contribution(node),
        because=() if node.brief else tuple(_told(c, lexicon) for c in node.because),
    )


def _source(rule: Rule) -> str | None:
    """Return a rule's source; an exception says as well until when it holds, and who answers."""
    source = rule.notes.get("source")
    if "until" in rule.notes and "owner" in rule.notes:
        said = WORDS["exception"].format(until=rule.notes["until"], owner=rule.notes["owner"])
        return f"{source}; {said}" if source else said
    return source


def _origin(node: Node) -> str | None:
    """Return where a fact comes from; what was said earlier is not said in the line."""
    if node.origin == "line" and node.atom.startswith("turn"):
        return WORDS["earlier"]
    return WORDS.get(node.origin, node.origin) if node.origin else None


def _contribution(node: Node) -> float | None:
    """Return what a voice adds in log-odds, or by how much a balance tips."""
    if node.scores:
        (_, own), (_, rival) = node.scores
        return round(own - rival, 4)
    return round(node.voice.contribution, 4) if node.voice else None


def _sentence(node: Node, lexicon: Lexicon) -> str:
    if node.kind == "balance":
        (emotion, own), (rival, against) = node.scores
        return WORDS["balance"].format(
            emotion=lexicon.vocabulary.phrase("emotion", emotion),
            own=own,
            rival=lexicon.vocabulary.phrase("emotion", rival),
            against=against,
        )
    if node.kind == "group":
        return WORDS[node.text or ""] if node.text in WORDS else node.text or ""
    if node.kind == "reply":
        return node.text or ""
    if node.kind == "condition":
        return WORDS.get(node.text or "", node.text or "")
    symbol = clingo.parse_term(node.atom)
    if node.kind == "absent":
        return WORDS["absent"].format(sentence=of_atom(symbol, lexicon))
    if node.rule is not None and node.rule.sentence:
        return _filled(node.rule, dict(node.bindings), lexicon)
    return of_atom(symbol, lexicon)


def of_atom(atom: clingo.Symbol, lexicon: Lexicon) -> str:
    """Return the sentence of an atom, from the predicate's meaning; a pack's own as clingo text."""
    predicate = lexicon.predicates.get((atom.name, len(atom.arguments)))
    if predicate is None:
        return str(atom).replace('"_"', WORDS["anything"])
    values = {
        name: _phrase(argument, name, predicate, lexicon.vocabulary)
        for name, argument in zip(predicate.arguments, atom.arguments, strict=True)
    }
    sentence = _SLOT.sub(lambda m: values.get(m[1], m[0]), predicate.meaning)
    numbers = [values[n] for n in predicate.arguments if n in _PERMILLE and n not in sentence]
    shown = [n for n in numbers if n != WORDS["anything"]]
    return f"{sentence} ({', '.join(shown)})" if shown else sentence


def _filled(rule: Rule, bindings: dict[str, clingo.Symbol], lexicon: Lexicon) -> str:
    roles = _roles(rule, lexicon)

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in bindings:
            return match[0]
        argument, predicate = roles.get(name, (name, None))
        return _phrase(bindings[name], argument, predicate, lexicon.vocabulary)

    return _SLOT.sub(value, rule.sentence or "")


def _roles(rule: Rule, lexicon: Lexicon) -> dict[str, tuple[str, Predicate | None]]:
    """Return what each variable of a rule stands for, by its place in a known predicate."""
    found: dict[str, tuple[str, Predicate | None]] = {}

    class _Places(ast.Transformer):
        def visit_Function(self, node: ast.AST) -> ast.AST:
            predicate = lexicon.predicates.get((node.name, len(node.arguments)))
            if predicate is not None:
                for name, argument in zip(predicate.arguments, node.arguments, strict=True):
                    if argument.ast_type == ast.ASTType.Variable:
                        found.setdefault(argument.name, (name, predicate))
            return node

    _Places()(rule.statement)
    return found


def _phrase(
    value: clingo.Symbol, argument: str, predicate: Predicate | None, vocabulary: Vocabulary
) -> str:
    if value.type == clingo.SymbolType.String:
        return WORDS["anything"]
    if argument == "Face":
        return (
            f"{WORDS['speaker']} ({value})" if predicate is None else f"{WORDS['face']} ({value})"
        )
    if value.type == clingo.SymbolType.Number:
        if argument == "Back":
            return WORDS["just_before" if value.number == 1 else "back"].format(back=value.number)
        if argument in _PERMILLE:
            return f"{value.number / 10:g} %"
        if argument in ("Unit", "Other") and value.number in vocabulary.units:
            return f"AU{value.number} ({vocabulary.units[value.number].label.lower()})"
        return str(value)
    text = str(value)
    if argument in ("Norm", "By"):
        norm = vocabulary.norms.get(text)
        return f"{text.upper()} ({norm.label.lower()})" if norm else text.upper()
    kind = kind_of(predicate, argument)
    if kind is None and argument == "Kind":  # of a pack's own predicate, which may speak of either
        kind = "crisis" if text in vocabulary.terms["crisis"] else "mismatch"
    return vocabulary.phrase(kind or argument.lower(), text)


def _pair(node: Node, vocabulary: Vocabulary) -> Pair | None:
    """Return the graded pair of expression and emotion that a voice rests on, if it does."""
    if node.rule is None or not node.atom.startswith("evidence("):
        return None
    emotion = str(clingo.parse_term(node.atom).arguments[1])
    grounds = [clingo.parse_term(n.atom) for n in node.because if n.atom and n.kind != "absent"]
    shown = {str(a.arguments[1]) for a in grounds if a.name in ("expression", "formed")}
    graded = (p for p in vocabulary.pairs if p.evidence and p.emotion == emotion)
    return next((pair for pair in graded if pair.expression in shown), None)


def _support(pair: Pair) -> str:
    """Return the support the literature gives a pair, and what would raise it."""
    support = WORDS[f"support_{pair.support}"]
    if not pair.condition:
        return support
    lacking = pair.support in ("none", "contradicted")
    more = WORDS["support_needed" if lacking else "support_raised"]
    return f"{support} ({more.format(condition=pair.condition)})"


def _citation(rule: Rule, vocabulary: Vocabulary) -> str | None:
    """Return where the norm of a rule comes from, None for a rule of no norm."""
    norm = vocabulary.norms.get(rule.notes.get("norm", "").lower())
    if norm is None:
        return None
    return citation(norm.id, vocabulary)
