"""What Prolog says of a goal or a vocabulary, as diagnostics at their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nesy.ask.archive import OF_TRACE
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.predicates import PREDICATES, kind_of
from nesy.rulebook import Signature
from nesy.vocabulary import Vocabulary

Fault = Mapping[str, Any]
EXAMPLE = "write it as in: reads(F, joy, P), P > 600"
GUARDED = "a question may read what holds, and reach nothing else: no file, program or network"

# What is written in rules, and in Prolog where that is another sign.
_IN_PROLOG = {"not": r"\+", "!=": r"\=", "<=": "=<"}
_SIGNS = re.compile(r"""'[^']*'|"[^"]*"|(\bnot\b(?!\()|!=|<=|#(?:count|sum|min|max)\b)""")


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the user: where its faults are, and which words it may use."""

    text: str
    name: str
    known: frozenset[Signature]
    words: Vocabulary

    def require_sound(self, faults: Iterable[Fault], calls: Iterable[Fault]) -> None:
        """Raise NesyError with every fault: Prolog's, and words the ontology lacks (N307, N414)."""
        found = [self._told(fault) for fault in faults]
        for call in calls:
            found += self._words_of(call)
        if found:
            raise NesyError(dict.fromkeys(found))

    def _at(self, code: str, what: str, why: str, fix: str, at: int) -> Diagnostic:
        at = min(at, len(self.text))
        before = self.text[:at]
        line = before.count("\n") + 1
        return Diagnostic(code, what, why, fix, self.name, line, at - before.rfind("\n"))

    def _told(self, fault: Fault) -> Diagnostic:
        if fault["kind"] == "syntax" and (sign := self._sign_of_rules()):
            of_rules, here = sign[1], _IN_PROLOG.get(sign[1], "aggregate_all(count, Goal, N)")
            why = f"{of_rules} is written in rules; questions are Prolog"
            what = "this cannot be read as a goal"
            return self._at("N410", what, why, f"write {here} for it", sign.start())
        return self._at(*_TOLD[fault["kind"]](fault, self.known), fault["at"])

    def _sign_of_rules(self) -> re.Match[str] | None:
        """Return the first sign that rules have and Prolog has not, what is quoted left out."""
        return next((found for found in _SIGNS.finditer(self.text) if found[1]), None)

    def _words_of(self, call: Fault) -> Iterator[Diagnostic]:
        """Yield what is wrong with the words of a call of one of the contract's predicates."""
        predicate = PREDICATES.get((call["name"], call["arity"]))
        if predicate is None:
            return
        for name, argument in zip(predicate.arguments, call["arguments"], strict=True):
            kind = kind_of(predicate, name)
            if kind is None:
                continue
            terms = self.words.units if kind == "unit" else self.words.terms[kind]
            known = set(map(str, terms))
            word, at = argument["text"], argument["at"]
            if argument["kind"] == "word" and word not in known:
                what = f"unknown {kind} {word}"
                why = f"the ontology has no {kind} of this name, so nothing will ever match it"
                yield self._at("N307", what, why, nearest(word, known), at)
            elif argument["once"] and (meant := _lowered(word)) in known:
                what = f"{word} is a variable, and stands for anything"
                why = f"it begins with a capital, and {meant} is a word for this place ({kind})"
                fix = f"did you mean {meant}? for a variable, take another name: {name}"
                yield self._at("N414", what, why, fix, at)


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


Parts = tuple[str, str, str, str]


def _syntax(fault: Fault, _known: frozenset[Signature]) -> Parts:
    said = fault["text"][:1].lower() + fault["text"][1:]
    return "N410", "this cannot be read as a goal", f"SWI-Prolog says: {said}", EXAMPLE


def _form(_fault: Fault, _known: frozenset[Signature]) -> Parts:
    why = "it is empty, a variable, a rule, or more than one"
    return "N410", "this is not one goal", why, EXAMPLE


def _unknown(fault: Fault, known: frozenset[Signature]) -> Parts:
    name, arity = fault["name"], fault["arity"]
    what = f"unknown predicate {name}/{arity}"
    others = sorted(of for of in known if of[0] == name)
    if others:
        why = f"{name} takes {_counts(others)}, here it has {arity}"
        return "N411", what, why, f"write it as {form(others[0])}"
    why = "no rule, fact or clause of the vocabulary defines it"
    fix = nearest(name, {of[0] for of in known})
    meant = sorted(of for of in known if fix == f"did you mean {of[0]}?")
    return "N411", what, why, f"did you mean {form(meant[0])}?" if meant else fix


def _counts(others: Sequence[Signature]) -> str:
    counts = " or ".join(str(arity) for _, arity in others)
    return f"{counts} argument{'' if counts == '1' else 's'}"


def form(of: Signature) -> str:
    """Return how a predicate is written, its arguments named where they have names."""
    if of in PREDICATES:
        return str(PREDICATES[of])
    from nesy.ask.session import BUILT_IN

    told = OF_TRACE.get(of) or BUILT_IN.get(of)
    if told:
        return told.partition(":")[0]
    return f"{of[0]}({', '.join('_' * of[1])})" if of[1] else of[0]


def _unsafe(fault: Fault, _known: frozenset[Signature]) -> Parts:
    return "N412", f"{_short(fault['text'])} is not for questions", GUARDED, "leave it out"


def _unbound(_fault: Fault, _known: frozenset[Signature]) -> Parts:
    what = "what is called here is known only while it runs"
    why = "so nobody can tell beforehand whether it is safe"
    return "N412", what, why, "name the predicate that is to be called"


def _changes(fault: Fault, _known: frozenset[Signature]) -> Parts:
    what = f"{fault['name']}/{fault['arity']} is not for questions"
    why = "a question changes nothing that others rely on"
    return "N412", what, why, "collect answers with findall/3 or aggregate_all/3"


def _taken(fault: Fault, _known: frozenset[Signature]) -> Parts:
    what = f"{fault['name']}/{fault['arity']} is taken"
    why = "it is a predicate of the rules or of Prolog, and a vocabulary adds words of its own"
    return "N413", what, why, "give it another name"


def _directive(_fault: Fault, _known: frozenset[Signature]) -> Parts:
    what = "this is not a clause of a vocabulary"
    why = "a vocabulary holds facts and rules (head :- body.), no directives and no grammar rules"
    return "N413", what, why, "leave it out"


_TOLD: Mapping[str, Callable[[Fault, frozenset[Signature]], Parts]] = {
    "syntax": _syntax,
    "form": _form,
    "unknown": _unknown,
    "unsafe": _unsafe,
    "unbound": _unbound,
    "changes": _changes,
    "taken": _taken,
    "directive": _directive,
}


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def unreadable(reply: Fault, name: str = "<goal>") -> Diagnostic:
    """Return why a text could not be read at all."""
    why = _short(reply.get("text") or "Prolog gave up on it")
    if reply.get("error") == "memory":
        why = "it is too long, or nested too deep"
    return Diagnostic("N410", "this cannot be read", why, EXAMPLE, name)


def stopped(reply: Fault, seconds: float) -> Diagnostic:
    """Return why a goal came to no end: a limit (N415) or an error of its own (N416)."""
    kind = reply["error"]
    if kind in ("time", "memory"):
        return ended(kind, seconds)
    if kind == "inferences":
        what, why = "the goal takes too long", "it takes more inferences than a goal may"
        return Diagnostic("N415", what, why, _NARROW)
    why = " ".join(str(reply.get("text") or "it failed where it cannot").split())
    fix = (
        "mend what it computes: a number where a number is due, a variable bound before it is used"
    )
    return Diagnostic("N416", "the goal stops with an error", _short(why), fix, "<goal>")


_NARROW = "put the conditions that exclude most first, or ask fewer cases"


def ended(why: str, seconds: float) -> Diagnostic:
    """Return the diagnostic of a goal that was ended from outside."""
    if why == "time":
        what, reason = "the goal takes too long", f"it was stopped after {seconds:g} s"
        return Diagnostic("N415", what, reason, f"{_NARROW}; or raise --seconds")
    what, reason = "the goal takes too much memory", "it was stopped where the limit is"
    return Diagnostic("N415", what, reason, _NARROW)
