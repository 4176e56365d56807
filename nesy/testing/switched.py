"""The rules of an engine with a switch for each change to one, so that all are solved in bulk.

A rule holds unless ``_off(N)``, a changed one only with ``_on(M)``; both are stated like facts of a
case. Without switches, the program tells which rules fired and which changes might be noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import clingo
from clingo import ast

from nesy import interpret as interpreting
from nesy.companions import unpooled
from nesy.diagnostics import NesyError
from nesy.interpret import EVIDENCE, READING_CHOICE, VOICE, Interpretation, subjects
from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.reason.bulk import LiftedProgram
from nesy.reason.conditions import CannotSlice, conditions
from nesy.reason.engine import Engine
from nesy.reason.lift import CannotLift
from nesy.reason.parts import Part
from nesy.rulebook import Rule, Signature, Strata
from nesy.testing.mutants import Mutant

OFF, ON = "_off", "_on"
FIRED, NOTICED = ("_fired", 1), ("_noticed", 1)
_EVIDENCE = f"evidence(Face,Emotion,Strength) :- {EVIDENCE}(_,_,_,Face,Emotion,Strength)."

Facts = Sequence[clingo.Symbol]


def switches(number: int, mutant: Mutant, numbers: dict[tuple[str, int], int]) -> Facts:
    """Return the facts that put a mutant in the place of its rule."""
    off = [_switch(OFF, numbers[mutant.rule.id, at]) for at in range(mutant.alternatives)]
    return [*off, _switch(ON, number)] if mutant.instead else off


def numbered(mutants: Sequence[Mutant]) -> dict[tuple[str, int], int]:
    """Return a number for each alternative of the rules that are changed."""
    keys = {(mutant.rule.id, at): None for mutant in mutants for at in range(mutant.alternatives)}
    return {key: number for number, key in enumerate(keys)}


@dataclass(frozen=True)
class _Text:
    """What is solved: rules, one after the other, and whatever stands beside them."""

    rules: tuple[Rule, ...]
    beside: tuple[str, ...]
    show: frozenset[Signature]


class Program:
    """The rules of a stratum: watched, or with ``mutants`` that can be switched on."""

    def __init__(
        self,
        engine: Engine,
        stratum: Strata,
        mutants: Sequence[Mutant],
        numbers: dict[tuple[str, int], int],
        *,
        watched: bool,
    ) -> None:
        rules = engine.rulebook.rules(stratum)
        mine = {rule.id for rule in rules}
        own = [(n, mutant) for n, mutant in enumerate(mutants) if mutant.rule.id in mine]
        text = _watched(rules, own, numbers) if watched else _switched(rules, own, numbers)
        self._engine, self._stratum, self._rules = engine, stratum, text.rules
        self._enumerates = stratum == "interpret" and interpreting.needs_enumeration(rules)
        others = [o for o in engine.rulebook.statements(stratum) if o.ast_type != ast.ASTType.Rule]
        self._show = text.show | engine.rulebook.heads(stratum)
        lines = [asp.ALL_DEFINED, asp.defined([(OFF, 1), (ON, 1)]), *text.beside]
        if stratum == "interpret":
            lines.append(interpreting.evidence_companions(text.rules))
            self._show |= {VOICE}
        plain = [*(rule.statement for rule in text.rules), *others]
        self._statements = [*plain, *asp.parsed("\n".join(lines))]
        if self._enumerates:
            self._statements += asp.parsed(READING_CHOICE)
            self._show |= {("reading", 2)}
        self._lifted = None if self._enumerates else self._lift()

    def _lift(self) -> LiftedProgram | None:
        heads = self._engine.rulebook.heads("interpret")
        given = heads if self._stratum == "govern" else frozenset()
        try:
            kept = [s for s in self._statements if not _says_evidence(s)]
            kept += asp.parsed(_EVIDENCE) if len(kept) < len(self._statements) else []
            part = Part(self._stratum, conditions(kept), self._show, given)
            return _Lifted(part, self._engine)
        except (CannotSlice, CannotLift):
            return None

    def solve(self, cases: Sequence[Facts]) -> list[list[AnswerSet] | NesyError]:
        """Return the answer sets of each case, or why there are none."""
        if self._lifted is None:
            return [self._alone(facts) for facts in cases]
        try:
            return [[answer] for answer in self._lifted.solve(cases)]
        except (CannotLift, NesyError):
            if len(cases) == 1:
                return [self._alone(facts) for facts in cases]
        half = len(cases) // 2
        return [*self.solve(cases[:half]), *self.solve(cases[half:])]

    def _alone(self, facts: Facts) -> list[AnswerSet] | NesyError:
        engine = self._engine
        try:
            return asp.solve(
                self._statements,
                [*facts, *engine.static],
                name=self._stratum,
                guarded=engine.rulebook.strangers,
                show=self._show,
            )
        except NesyError as error:
            return error

    def interpretation(self, found: Sequence[AnswerSet], facts: Facts) -> Interpretation:
        """Return what answer sets mean; raises NesyError N317 where evidence has another form."""
        weights, faces = self._engine.weights, subjects(facts)
        if self._enumerates:
            return interpreting.enumerated(found, self._rules, weights, faces)
        (only,) = found
        return interpreting.closed_form(only, self._rules, weights, faces)


class _Lifted(LiftedProgram):
    """A lifted program that is guarded where some of its rules are not ours."""

    def __init__(self, part: Part, engine: Engine) -> None:
        self._strangers = engine.rulebook.strangers
        super().__init__(part, engine.static)

    def _solved(self, cases: Sequence[frozenset[clingo.Symbol]]) -> list[AnswerSet]:
        if self._strangers:
            statements, facts = self.over(cases)
            asp.require_end(statements, facts, extra="", files=self._strangers)
        return super()._solved(cases)


def _watched(
    rules: Sequence[Rule],
    mutants: Sequence[tuple[int, Mutant]],
    numbers: dict[tuple[str, int], int],
) -> _Text:
    lines = []
    for rule in rules:
        for at, statement in enumerate(unpooled(rule.statement)):
            if (rule.id, at) in numbers:
                fired = f"{FIRED[0]}({numbers[rule.id, at]})"
                lines.append(f"{fired} :- {_joined(map(str, statement.body))}.")
    for number, mutant in mutants:
        for body in mutant.differs or ():
            lines.append(f"{NOTICED[0]}({number}) :- {_joined(body)}.")
    return _Text(tuple(rules), tuple(lines), frozenset({FIRED, NOTICED}))


def _switched(
    rules: Sequence[Rule],
    mutants: Sequence[tuple[int, Mutant]],
    numbers: dict[tuple[str, int], int],
) -> _Text:
    """Return the rules with their switches, and the changed ones behind them."""
    found: list[Rule] = []
    for rule in rules:
        statements = unpooled(rule.statement)
        if (rule.id, 0) not in numbers and len(statements) == 1:
            found.append(rule)
            continue
        for at, statement in enumerate(statements):
            literals = [str(literal) for literal in statement.body]
            if (rule.id, at) in numbers:
                literals.append(f"not {OFF}({numbers[rule.id, at]})")
            found.append(_rule(rule, str(statement.head), literals))
    for number, mutant in mutants:
        for head, body in mutant.instead:
            found.append(_rule(mutant.rule, head, [*body, f"{ON}({number})"]))
    return _Text(tuple(found), (), frozenset())


def _rule(rule: Rule, head: str, body: Sequence[str]) -> Rule:
    (statement,) = asp.parsed(f"{head} :- {_joined(body)}.")
    return replace(rule, statement=statement)


def _joined(body: Iterable[str]) -> str:
    return "; ".join(body) or "#true"


def _switch(name: str, number: int) -> clingo.Symbol:
    return clingo.Function(name, [clingo.Number(number)])


def _says_evidence(statement: ast.AST) -> bool:
    return bool(
        statement.ast_type == ast.ASTType.Rule
        and statement.head.ast_type == ast.ASTType.Literal
        and str(statement.head).startswith("evidence(")
    )
