"""What an editor asks about a place: what it means, what can stand there, where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nesy.check.kinds import known_words
from nesy.editor.document import Spot, spot
from nesy.predicates import INPUTS, PREDICATES, Predicate, kind_of
from nesy.reason.asp import FUNCTIONS
from nesy.rulebook import Rule, Rulebook
from nesy.vocabulary import Term, Vocabulary

_MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can stand at a place; ``snippet`` is what an editor inserts."""

    label: str
    detail: str
    documentation: str
    snippet: str
    is_predicate: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, from 1."""

    path: Path
    line: int
    column: int


class Answers:
    """Answers from the rules in force and the vocabulary."""

    def __init__(self, rulebook: Rulebook, words: Vocabulary) -> None:
        self.rulebook = rulebook
        self.words = words
        own = {p.signature: p for pack in rulebook.packs for p in pack.predicates}
        self._predicates: dict[tuple[str, int], Predicate] = {**own, **PREDICATES}

    def hover(self, text: str, offset: int) -> str | None:
        """Return in Markdown what stands at an offset; None where nothing is known of it."""
        at = spot(text, offset)
        if rule := self._rule(at.word):
            return _of_rule(rule)
        if at.in_comment or not at.word:
            return None
        if at.word[0] == "@" and at.word[1:] in FUNCTIONS:
            return f"`{at.word}(Confidence)`: the log-odds of a confidence, as a strength 0-1000"
        if at.calls and (found := self._predicates.get((at.word, at.calls))):
            return self._of_predicate(found)
        for term in self._terms(at):
            return _of_term(term)
        named = [p for p in self._predicates.values() if p.name == at.word]
        return "\n\n---\n\n".join(map(self._of_predicate, named)) or None

    def _rule(self, word: str) -> Rule | None:
        every = (rule for pack in self.rulebook.packs for rule in pack.rules)
        return next((rule for rule in every if rule.id == word and rule.sentence), None)

    def _terms(self, at: Spot) -> Iterator[Term]:
        """Yield the terms a word can be: those of the kind its place asks for come first."""
        predicate = self._predicates.get((at.predicate or "", at.arity))
        kind = kind_of(predicate, predicate.arguments[at.at]) if predicate else None
        if kind == "unit" and at.word.isdigit() and int(at.word) in self.words.units:
            yield self.words.units[int(at.word)]
        for name in [*([kind] if kind in self.words.terms else []), *self.words.terms]:
            if (found := self.words.terms[name or ""].get(at.word)) is not None:
                yield found

    def _of_predicate(self, predicate: Predicate) -> str:
        meaning = predicate.meaning.replace("{", "*").replace("}", "*")
        lines = [f"`{predicate}` — {meaning}"]
        if predicate.signature in INPUTS:
            lines.append(f"stated by the engine alone, from: {predicate.origin}")
        rules = self._deriving(*predicate.signature)
        told = [f"- {rule.sentence} ({rule.id})" for rule in rules if rule.sentence]
        if told:
            more = f"\n- … {len(told) - _MOST_SHOWN} more" if len(told) > _MOST_SHOWN else ""
            lines.append("derived where\n" + "\n".join(told[:_MOST_SHOWN]) + more)
        return "\n\n".join(lines)

    def _deriving(self, name: str, arity: int) -> list[Rule]:
        every = (rule for pack in self.rulebook.packs for rule in pack.rules)
        return [rule for rule in every if (name, arity) in rule.heads]

    def definition(self, text: str, offset: int) -> list[Place]:
        """Return the rules that derive the predicate at an offset, or the rule an id names."""
        at = spot(text, offset)
        rule = self._rule(at.word)
        arities = {at.calls} if at.calls else {a for n, a in self._predicates if n == at.word} | {0}
        rules = [rule] if rule else [r for a in arities for r in self._deriving(at.word, a)]
        wanted = set(map(id, rules))
        return [
            Place(pack.path.resolve(), rule.line, rule.column)
            for pack in self.rulebook.packs
            for rule in pack.rules
            if id(rule) in wanted
        ]

    def complete(self, text: str, offset: int) -> list[Offer]:
        """Return what can stand at an offset: words for an argument, predicates elsewhere."""
        at = spot(text, offset)
        if at.in_comment:
            return []
        if text[at.begin : at.begin + 1] == "@" or text[at.begin - 1 : at.begin] == "@":
            return [Offer(f"@{n}", "function", "", f"{n}(${{1:C}})", True) for n in FUNCTIONS]
        if at.predicate is None:
            every = sorted(self._predicates.values(), key=str)
            return [_of(p) for p in every if not (at.in_head and p.signature in INPUTS)]
        named = [p for p in self._predicates.values() if p.name == at.predicate]
        fits = [p for p in named if at.at < len(p.arguments)]
        kinds = {kind_of(p, p.arguments[at.at]) for p in fits}
        return [offer for kind in sorted(k for k in kinds if k) for offer in self._words(kind)]

    def _words(self, kind: str) -> Iterator[Offer]:
        if kind == "unit":
            for code, term in self.words.units.items():
                yield Offer(str(code), term.label, term.one("definition"), str(code), False)
            return
        for word in sorted(known_words(kind, self.words)):
            term = self.words.terms[kind][word]
            yield Offer(word, term.label, term.one("definition"), word, False)


def _of(predicate: Predicate) -> Offer:
    slots = ", ".join(f"${{{n}:{a}}}" for n, a in enumerate(predicate.arguments, 1))
    snippet = f"{predicate.name}({slots})" if slots else predicate.name
    meaning = predicate.meaning.replace("{", "").replace("}", "")
    return Offer(str(predicate), predicate.origin, meaning, snippet, True)


def _of_rule(rule: Rule) -> str:
    notes = "".join(f"\n- {name}: {value}" for name, value in rule.notes.items())
    return f"**{rule.id}** — {rule.sentence}\n{notes}\n\n`{rule.place}`"


def _of_term(term: Term) -> str:
    kind = "FACS unit" if term.kind == "unit" else term.kind
    lines = [f"**{term.label}** — {kind} `{term.id}`"]
    if term.kind == "norm":
        lines[0] = f"**{term.id.upper()}** — {term.label} (norm, {term.one('force')})"
    for name in ("definition", "condition", "exception", "note"):
        if said := term.one(name):
            lines.append(said if name == "definition" else f"{name}: {said}")
    return "\n\n".join(lines)
