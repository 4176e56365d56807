"""The parts of an engine's rules that are solved by themselves, each with what is wanted of it.

Whether a face may be read rests on few norms, which are solved by themselves.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

import clingo
from clingo import ast

from nesy.exemption import EXCEPTION
from nesy.govern import INFER_FROM_FACE, NEEDED, companions
from nesy.interpret import EVIDENCE, VOICE, prepared
from nesy.predicates import PREDICATES
from nesy.reason.asp import parsed
from nesy.reason.conditions import CannotSlice, Conditions, Pattern, conditions
from nesy.reason.relevance import Relevance
from nesy.rulebook import Rulebook, Signature, Strata
from nesy.stratify import is_stratified

DRAFT = frozenset(s for s, p in PREDICATES.items() if p.origin == "draft")
_FACE = clingo.Function(INFER_FROM_FACE)
ADMISSION = (Pattern("forbidden", (_FACE, None)), Pattern("overridden", (_FACE, None, None)))


@dataclass(frozen=True, slots=True)
class Part:
    """Rules with one answer set whatever the facts.

    ``show`` are the signatures wanted, ``given`` those that facts of a case may have although rules
    derive them too.
    """

    name: Strata
    rules: tuple[Conditions, ...]
    show: frozenset[Signature]
    given: frozenset[Signature] = frozenset()

    @property
    def statements(self) -> list[ast.AST]:
        """Return the rules as clingo takes them."""
        return [rule.statement for rule in self.rules]

    def showing(self, wanted: frozenset[Signature]) -> Part:
        """Return this part with less wanted of it."""
        return replace(self, show=self.show & wanted)


@lru_cache(maxsize=16)
def interpreting(rulebook: Rulebook) -> Part | None:
    """Return the rules that interpret, or None where they have to be solved the general way."""
    _, voices, has_many = prepared(rulebook)
    if rulebook.foreign or has_many:
        return None
    statements = [s for s in rulebook.statements("interpret") if not _says_evidence(s)]
    statements += parsed(voices + _EVIDENCE)
    with suppress(CannotSlice):
        return Part("interpret", conditions(statements), rulebook.heads("interpret") | {VOICE})
    return None


# Each rule for evidence is solved once, as the companion that says which rule it is.
_EVIDENCE = f"evidence(Face,Emotion,Strength) :- {EVIDENCE}(_,_,_,Face,Emotion,Strength)."


def _says_evidence(statement: ast.AST) -> bool:
    return bool(
        statement.ast_type == ast.ASTType.Rule
        and statement.head.ast_type == ast.ASTType.Literal
        and str(statement.head).startswith("evidence(")
    )


@dataclass(frozen=True, slots=True)
class Governing:
    """The norms: all of them, and those on reading a face.

    ``read`` are the signatures that norms look at.
    """

    admission: Part
    whole: Part
    read: frozenset[Signature]

    def brief(self) -> Governing:
        """Return the norms with no more wanted of them than decides on a reply."""
        return replace(self, whole=self.whole.showing(NEEDED))


@lru_cache(maxsize=16)
def governing(rulebook: Rulebook) -> Governing | None:
    """Return the norms in parts, or None where they have to be solved the general way."""
    if rulebook.foreign or not is_stratified(rulebook.rules("govern")):
        return None
    statements = [*rulebook.statements("govern"), *parsed(companions(rulebook))]
    try:
        rules = conditions(statements)
    except CannotSlice:
        return None
    show, given = rulebook.heads("govern") | {EXCEPTION}, rulebook.heads("interpret")
    admitting = Relevance(rules).behind(ADMISSION).rules
    return Governing(
        Part("govern", admitting, show, given),
        Part("govern", rules, show, given),
        frozenset[Signature]().union(*(rule.body for rule in rules)),
    )
