"""Tell: a justification in sentences, from the rules' own and the ontology's phrases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import clingo
from clingo import ast

from nesy.diagnostics import visible
from nesy.explain import language
from nesy.explain.citation import citation
from nesy.explain.english import WORDS
from nesy.explain.why.justify import Node
from nesy.predicates import PREDICATES, Predicate, kind_of
from nesy.reason.engine import Engine
from nesy.rulebook import Rule, Signature
from nesy.vocabulary import Pair, Term, Vocabulary

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
        told = {
            signature: replace(predicate, meaning=language.current().sentence(predicate.meaning))
            for signature, predicate in {**own, **PREDICATES}.items()
        }
        return cls(engine.vocabulary, told)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of an explanation with everything a rendering needs.

    ``more`` is the command that tells what was left out, ``small`` asks for as little small print
    as names the rule.
    """

    sentence: str
    kind: str
    atom: str
    place: str | None = None
    rule: str | None = None
    source: str | None = None
    support: str | None = None
    evidence: str | None = None
    citation: str | None = None
    origin: str | None = None
    strength: int | None = None
    contribution: float | None = None
    more: str | None = None
    small: bool = False
    because: tuple[Told, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as plain data, empty fields left out."""
        found: dict[str, Any] = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in ("because", "small") and getattr(self, name) not in (None, "")
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
        sentence=visible(_sentence(node, lexicon)),
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
        because=() if node.brief else tuple(_below(node, lexicon)),
    )


def _below(node: Node, lexicon: Lexicon) -> Iterator[Told]:
    """Yield what a line rests on; what a rule compares is told as a kind of its own.

    What only gives a value its name is not told: the value stands in the sentence.
    """
    choice = WORDS["choice"].partition("{")[0]
    told_as = re.escape(WORDS["calculated"])
    named = re.compile(told_as.replace(r"\{told\}", r"\S+").replace(r"\{text\}", r"[A-Z]\w* = "))
    for child in node.because:
        told = _told(child, lexicon)
        if node.kind not in ("rule", "voice") or child.kind != "condition":
            yield told
        elif not named.match(told.sentence):
            is_choice = told.sentence.startswith(choice)
            yield told if is_choice else replace(told, kind="compared")


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
    if node.kind == "balance" and node.text is None:
        (emotion, own), (rival, against) = node.scores
        return WORDS["balance"].format(
            emotion=lexicon.vocabulary.phrase("emotion", emotion),
            own=own,
            rival=lexicon.vocabulary.phrase("emotion", rival),
            against=against,
        )
    if node.kind == "group":
        return WORDS[node.text or ""] if node.text in WORDS else node.text or ""
    if node.kind in ("reply", "contrast", "balance"):
        return node.text or ""
    if node.kind == "condition" or (node.kind == "assumed" and not node.atom):
        return WORDS.get(node.text or "", node.text or "")
    if node.kind in ("miss", "against") and node.rule is not None:
        sentence = _filled(node.rule, dict(node.bindings), lexicon, some=True)
        told = sentence or node.text or node.rule.text
        return WORDS[node.kind].format(sentence=told, lacking=node.text)
    symbol = clingo.parse_term(node.atom)
    if node.kind == "against":
        return WORDS["against"].format(sentence=of_atom(symbol, lexicon))
    if node.kind in ("absent", "assumed"):
        return WORDS[node.kind].format(sentence=of_atom(symbol, lexicon))
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


def _filled(
    rule: Rule, bindings: dict[str, clingo.Symbol], lexicon: Lexicon, *, some: bool = False
) -> str:
    """Return a rule's sentence; with ``some``, what has no value is named by its role."""
    roles = _roles(rule, lexicon)

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in bindings:
            return WORDS["some"].format(role=role_of(name, rule, lexicon)) if some else match[0]
        argument, predicate = roles.get(name, (name, None))
        return _phrase(bindings[name], argument, predicate, lexicon.vocabulary)

    return _SLOT.sub(value, language.current().sentence(rule.sentence or ""))


def role_of(name: str, rule: Rule, lexicon: Lexicon) -> str:
    """Return what a variable of a rule stands for, as a word."""
    argument, _ = _roles(rule, lexicon).get(name, (name, None))
    return WORDS.get(f"role_{argument}", argument.replace("_", " ").lower())


def value_of(value: clingo.Symbol, name: str, rule: Rule, lexicon: Lexicon) -> str:
    """Return the value of a variable of a rule as a sentence tells it."""
    argument, predicate = _roles(rule, lexicon).get(name, (name, None))
    return _phrase(value, argument, predicate, lexicon.vocabulary)


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
        anything = WORDS.get(f"any_{argument}", WORDS["anything"])
        return anything if value.string == "_" else str(value)
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
            return f"AU{value.number} ({_name(vocabulary.units[value.number])})"
        return str(value)
    text = str(value)
    if argument in ("Norm", "By"):
        norm = vocabulary.norms.get(text)
        return f"{text.upper()} ({_name(norm)})" if norm else text.upper()
    kind = kind_of(predicate, argument)
    if kind is None and argument == "Kind":  # of a pack's own predicate, which may speak of either
        kind = "crisis" if text in vocabulary.terms["crisis"] else "mismatch"
    if kind is None and argument == "Other":  # of a pack's own predicate: what the first one is
        acts = predicate is not None and "Act" in predicate.arguments
        kind = "reply act" if acts else "emotion"
    return vocabulary.phrase(kind or argument.lower(), text)


def _name(term: Term) -> str:
    return language.current().name(term.label)


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


def heading(told: Told) -> str:
    """Return a line as it is told: its sentence, its share, its origin, and what tells more."""
    head = told.sentence
    if told.contribution is not None:
        head += f"  [{told.contribution:+.2f}]"
    if told.kind in ("fact", "ontology") and told.origin:
        head += f"  — {told.origin}"
    if told.kind == "brief":
        head += f"  — {WORDS['rule'].format(rule=told.rule, place=told.place)}"
        if told.support:
            head += f" · {WORDS['literature'].format(support=told.support)}"
    return head + (f"  ({WORDS['more'].format(command=told.more)})" if told.more else "")


def details(told: Told) -> list[str]:
    """Return the small print of a line: rule and place, source, citation."""
    if told.kind == "brief":
        return []
    found = []
    if told.rule:
        found.append(WORDS["rule"].format(rule=told.rule, place=told.place))
    if told.source:
        found.append(WORDS["source"].format(source=told.source))
    if told.support:
        found.append(f"{WORDS['literature'].format(support=told.support)}. {told.evidence}")
    if told.citation:
        found.append(told.citation)
    if told.small and found:
        return [" · ".join([found[0], *([told.citation] if told.citation else found[1:2])])]
    return found
