"""A question about an atom: how it is written, and whether its words are known."""

from __future__ import annotations

import re
from functools import lru_cache

import clingo

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.explain.tell import Lexicon
from nesy.predicates import kind_of
from nesy.reason.engine import Engine
from nesy.rulebook import Signature, everything

ANYTHING = clingo.String("_")
LONGEST_ATOM = 300
_ANONYMOUS = re.compile(r"(?<![A-Za-z0-9_\"])_(?![A-Za-z0-9_\"])")
_VARIABLE = re.compile(r"(?<![A-Za-z0-9_\"])[A-Z][A-Za-z0-9_]*")
_ATOM = re.compile(r"^[a-z][A-Za-z0-9_]*(\([^()]*\))?$")


class Holds(NesyError):
    """What was asked not to hold does: a true negative answer, exit code 1."""

    exit_code = 1

    def __init__(self, what: str, command: str) -> None:
        why_ = "nothing keeps from holding what holds"
        super().__init__(Diagnostic("N507", what, why_, f"ask why it does: {command}"))


class DoesNotHold(NesyError):
    """The atom asked about does not hold: a true negative answer, exit code 1."""

    exit_code = 1


def pattern_of(text: str) -> clingo.Symbol:
    """Read an atom as a user writes it; `_` matches anything.

    ``reading(Face, Emotion)`` and ``reads(Face, Emotion)`` ask for ``reads(Face, Emotion, _)``.
    """
    atom = text.strip().removesuffix(".")
    if len(text) > LONGEST_ATOM or not text.isascii() or not _ATOM.match(atom):
        what = f"{text[:60]!r} is not an atom"
        why_ = "an atom is a predicate with constants, numbers or _ in brackets"
        raise NesyError(Diagnostic("N501", what, why_, "write it as in 'reads(f1, joy, _)'"))
    try:
        symbol = clingo.parse_term(_ANONYMOUS.sub('"_"', atom), logger=_silent)
    except RuntimeError as error:
        what = f"{text[:60]!r} is not an atom"
        why_, fix = "clingo cannot read it", "write it as in 'reads(f1, joy, _)'"
        if variable := _VARIABLE.search(atom):
            why_ = f"{variable[0]} begins with a capital letter, so it is a variable"
            fix = f"write _ for anything: '{_VARIABLE.sub('_', atom)}'; nesy ask takes variables"
        raise NesyError(Diagnostic("N501", what, why_, fix)) from error
    if symbol.match("reading", 2) or symbol.match("reads", 2):
        return clingo.Function("reads", [*symbol.arguments, ANYTHING])
    return symbol


def _silent(_code: clingo.MessageCode, _text: str) -> None:
    """Keep clingo from writing to standard error what the diagnostic says."""


def matches(pattern: clingo.Symbol, atom: clingo.Symbol) -> bool:
    """Tell whether an atom is the one asked about."""
    if pattern == ANYTHING:
        return True
    if pattern.type != clingo.SymbolType.Function or not pattern.arguments:
        return pattern == atom
    return (
        atom.type == clingo.SymbolType.Function
        and pattern.name == atom.name
        and len(pattern.arguments) == len(atom.arguments)
        and all(map(matches, pattern.arguments, atom.arguments))
    )


def known_pattern(text: str, engine: Engine) -> clingo.Symbol:
    """Read an atom of a predicate and of words that are known; raises NesyError N501, N502."""
    symbol = pattern_of(text)
    lexicon = Lexicon.of(engine)
    derived = engine.rulebook.heads("interpret") | engine.rulebook.heads("govern")
    known = derived | lexicon.predicates.keys() | _shipped()
    name, arity = signature = symbol.name, len(symbol.arguments)
    if signature not in known:
        names = {n for n, _ in known}
        arities = sorted(a for n, a in known if n == name)
        why_ = f"no rule and no fact speaks of {name}"
        fix = nearest(name, names)
        if arities:
            why_ = f"{name} has {arities[0]} argument(s), not {arity}"
            predicate = lexicon.predicates.get((name, arities[0]))
            fix = f"write it as {predicate or f'{name}/{arities[0]}'}"
        raise DoesNotHold(Diagnostic("N502", f"{text} does not hold", why_, fix))
    predicate = lexicon.predicates.get(signature)
    arguments = predicate.arguments if predicate else ()
    for argument, value in zip(arguments, symbol.arguments, strict=False):
        kind = kind_of(predicate, argument)
        terms = set(map(str, engine.vocabulary.terms.get(kind or "", ())))
        if kind == "unit":
            terms = set(map(str, engine.vocabulary.units))
        if terms and value != ANYTHING and str(value) not in terms:
            why_ = f"the ontology has no {kind} called {value}"
            fix = nearest(str(value), terms)
            raise DoesNotHold(Diagnostic("N502", f"{text} does not hold", why_, fix))
    return symbol


@lru_cache(maxsize=1)
def _shipped() -> frozenset[Signature]:
    """Return what the shipped packs can derive, those not in force included."""
    rules = (rule for pack in everything().packs for rule in pack.rules)
    return frozenset(head for rule in rules for head in rule.heads)
