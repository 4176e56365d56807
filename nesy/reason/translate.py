"""Rules as Prolog: the same ``.lp`` rules for a second engine, each clause with the rule's place.

Stratified normal rules are translated. The others (choices, disjunctions, constraints, cycles
through negation) are left to the answer set that clingo chose: its atoms are then facts here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from clingo import ast

from nesy.companions import unpooled, variables
from nesy.components import components
from nesy.diagnostics import Diagnostic, NesyError
from nesy.reason.clauses import clause
from nesy.reason.terms import Untranslatable, name_text, variable_text
from nesy.rulebook import Rule, Rulebook, Signature, Strata, signature
from nesy.stratify import dependencies, negative_cycles


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause and the rule it comes from; ``variables`` are the rule's names with Prolog's."""

    rule: Rule
    head: str
    goals: tuple[str, ...]
    derives: Signature
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """Return the clause on one line."""
        return f"{self.head} :- {', '.join(self.goals)}." if self.goals else f"{self.head}."


@dataclass(frozen=True, slots=True)
class Program:
    """Translated rules: ``faults`` say what was left out, ``derived`` what the clauses derive."""

    clauses: tuple[Clause, ...]
    tabled: frozenset[Signature]
    derived: frozenset[Signature]
    looked_at: frozenset[Signature]
    faults: tuple[Diagnostic, ...] = ()
    _lines: list[tuple[str, Rule | None]] = field(default_factory=list, repr=False, compare=False)

    @property
    def lines(self) -> list[tuple[str, Rule | None]]:
        """Return the lines of the Prolog text, each with the rule it stands for."""
        if not self._lines:
            self._lines.extend(self._written())
        return self._lines

    @property
    def text(self) -> str:
        """Return the Prolog text, without the module line that its loader writes."""
        return "".join(f"{line}\n" for line, _ in self.lines)

    @property
    def digest(self) -> str:
        """Return the hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def rules_for(self, wanted: Signature) -> list[Rule]:
        """Return the rules that can derive a predicate, in the order of their files."""
        return list({c.rule.id: c.rule for c in self.clauses if c.derives == wanted}.values())

    def require_complete(self) -> Program:
        """Return the program; raises NesyError with what could not be translated."""
        if self.faults:
            raise NesyError(self.faults)
        return self

    def _written(self) -> Iterable[tuple[str, Rule | None]]:
        inputs = sorted(self.looked_at - self.derived)
        for name, arity in inputs:
            yield f":- dynamic {name_text(f'p_{name}')}/{arity}.", None
        for name, arity in sorted(self.derived):
            yield f":- dynamic {name_text(f'f_{name}')}/{arity}.", None
        for name, arity in sorted(self.tabled):
            yield f":- table {name_text(f'p_{name}')}/{arity}.", None
        by_head: dict[Signature, list[Clause]] = {}
        for found in self.clauses:
            by_head.setdefault(found.derives, []).append(found)
        for (name, arity), clauses in by_head.items():
            yield "", None
            yield _given(name, arity), None
            for found in clauses:
                yield f"% {found.rule.place} {found.rule.id}", found.rule
                yield found.text, found.rule


def _given(name: str, arity: int) -> str:
    """Return the clause by which a derived predicate may also be stated as a fact."""
    inside = ", ".join(f"A{n}" for n in range(arity))
    arguments = f"({inside})" if inside else ""
    return f"{name_text(f'p_{name}')}{arguments} :- {name_text(f'f_{name}')}{arguments}."


def stratum(rulebook: Rulebook, wanted: Strata, companions: str = "") -> Program:
    """Translate one stratum of a rulebook; ``companions`` are further rules, numbered by rule."""
    rules = rulebook.rules(wanted)
    return program(rules, _owned(companions, rules))


def program(
    rules: Sequence[Rule],
    further: Sequence[tuple[ast.AST, Rule]] = (),
) -> Program:
    """Translate rules; what has no translation becomes a diagnostic, and its head is left out."""
    faults: list[Diagnostic] = []
    cyclic = set().union(*negative_cycles([r for r in rules if r.is_normal]))
    left_out: set[Signature] = set()
    for rule in rules:
        if (fault := _outside(rule, cyclic)) is not None:
            faults.append(fault)
            left_out |= rule.heads
    owned = [(s, r) for r in rules if r.is_normal for s in unpooled(r.statement)]
    clauses: list[Clause] = []
    for statement, rule in [*owned, *further]:
        head = signature(statement.head.atom.symbol)
        if head in left_out:
            continue
        try:
            text, goals = clause(statement)
        except Untranslatable as fault:
            faults.append(_fault(fault, rule))
            left_out.add(head)
            continue
        names = tuple((name, variable_text(name)) for name in variables(statement.body))
        clauses.append(Clause(rule, text, tuple(goals), head, names))
    kept = tuple(c for c in clauses if c.derives not in left_out)
    seen = frozenset(s for rule in rules for s in rule.body_signatures | rule.heads)
    derived = frozenset(c.derives for c in kept)
    return Program(kept, _tabled(rules) & derived, derived, seen, tuple(faults))


def _owned(companions: str, rules: Sequence[Rule]) -> list[tuple[ast.AST, Rule]]:
    """Return companion rules with the rule whose number is their head's first argument."""
    found: list[tuple[ast.AST, Rule]] = []

    def keep(statement: ast.AST) -> None:
        if statement.ast_type == ast.ASTType.Rule:
            number = statement.head.atom.symbol.arguments[0].symbol.number
            found.append((statement, rules[number]))

    if companions:
        ast.parse_string(companions, keep)
    return found


def _tabled(rules: Sequence[Rule]) -> frozenset[Signature]:
    """Return what is derived once and kept: what recurs, and steps between derived atoms.

    Without a table a step is derived again at each look, so the work multiplies with each layer.
    """
    graph = dependencies(rules)
    parts = components(graph)
    recursive = frozenset(s for p in parts for s in p if len(p) > 1 or s in graph.get(s, ()))
    derived = frozenset(head for rule in rules for head in rule.heads)
    looked_at = frozenset(s for rule in rules for s in rule.body_signatures)
    steps = frozenset(
        head for rule in rules if rule.body_signatures & derived for head in rule.heads
    )
    return recursive | (steps & looked_at)


def _outside(rule: Rule, cyclic: set[Signature]) -> Diagnostic | None:
    """Say why a rule is outside the shared fragment; None where it is inside."""
    if not rule.is_normal:
        what = "only clingo can decide this rule"
        why = (
            "its head is not one atom: a choice, a disjunction or a constraint has no Prolog clause"
        )
        fix = "nothing, if that is meant: Prolog takes these atoms from the answer set"
        return Diagnostic("N401", what, why, fix, rule.file, rule.line, rule.column)
    if found := sorted(rule.heads & cyclic):
        what = f"{found[0][0]}/{found[0][1]} depends on its own absence"
        why = "only clingo can decide a cycle through `not`, an aggregate or a condition"
        fix = "break the cycle, or leave it: Prolog takes these atoms from the answer set"
        return Diagnostic("N403", what, why, fix, rule.file, rule.line, rule.column)
    return None


def _fault(fault: Untranslatable, rule: Rule) -> Diagnostic:
    line, column = rule.line, rule.column
    if fault.node is not None:
        begin = fault.node.location.begin
        if begin.filename == rule.statement.location.begin.filename and begin.line >= rule.line:
            line, column = begin.line, begin.column
    return Diagnostic(fault.code, fault.what, fault.why, fault.fix, rule.file, line, column)
