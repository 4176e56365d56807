"""What checks look at: the rules in force as clauses, whose they are, and the vocabulary."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

from clingo import ast

from nesy.check.clause import Clause, Literal, Term, read
from nesy.diagnostics import Diagnostic, Edit, Fault
from nesy.predicates import PREDICATES, Predicate
from nesy.rulebook import Pack, Rule, Rulebook, Signature, Strata
from nesy.vocabulary import Vocabulary

Place = tuple[int, int]


class Program:
    """The rules in force, of which those of ``packs`` are checked."""

    def __init__(self, rulebook: Rulebook, words: Vocabulary, packs: Collection[Pack]) -> None:
        self.rulebook = rulebook
        self.words = words
        self.packs = packs
        self._read: dict[int, Clause] = {}
        self._shipped = {id(r) for p in rulebook.packs if p.stratum is not None for r in p.rules}

    def clause(self, rule: Rule) -> Clause:
        """Return a rule read; each is read once."""
        if id(rule) in self._shipped:
            return _of_shipped(rule)
        if id(rule) not in self._read:
            self._read[id(rule)] = read(rule)
        return self._read[id(rule)]

    @cached_property
    def checked(self) -> tuple[Clause, ...]:
        """Return the clauses that are checked."""
        return tuple(self.clause(rule) for pack in self.packs for rule in pack.rules)

    @cached_property
    def every(self) -> tuple[Clause, ...]:
        """Return all clauses in force."""
        return tuple(self.clause(rule) for pack in self.rulebook.packs for rule in pack.rules)

    def of(self, stratum: Strata) -> list[Clause]:
        """Return the clauses of one stratum."""
        return [self.clause(rule) for rule in self.rulebook.rules(stratum)]

    @cached_property
    def foreign(self) -> frozenset[int]:
        """Return the rules a user added, by identity."""
        return frozenset(id(rule) for pack in self.rulebook.foreign for rule in pack.rules)

    def is_foreign(self, clause: Clause) -> bool:
        """Tell whether a user added this rule."""
        return id(clause.rule) in self.foreign

    @cached_property
    def documented(self) -> dict[Signature, Predicate]:
        """Return the predicates with a sentence: the shared ones, and those of packs."""
        own = (p for pack in self.rulebook.packs for p in pack.predicates)
        return {**{p.signature: p for p in own}, **PREDICATES}

    @cached_property
    def declared(self) -> frozenset[Signature]:
        """Return the signatures that some file in force declares by ``#defined``."""
        return frozenset(s for pack in self.rulebook.packs for s in pack.defined)

    @cached_property
    def derived(self) -> dict[Signature, list[Clause]]:
        """Return the clauses that derive each signature."""
        found: dict[Signature, list[Clause]] = {}
        for clause in self.every:
            for head in clause.heads:
                found.setdefault(head.signature, []).append(clause)
        return found

    def rule_at(self, fault: Diagnostic) -> int | None:
        """Return the identity of the rule a fault is in; None where it is in none checked."""
        at = (fault.line or 0, fault.column or 0)
        for begin, end, clause in self._places.get(fault.file or "", ()):
            if begin <= at <= end:
                return id(clause.rule)
        return None

    @cached_property
    def _places(self) -> dict[str, list[tuple[Place, Place, Clause]]]:
        found: dict[str, list[tuple[Place, Place, Clause]]] = {}
        for clause in self.checked:
            rule = clause.rule
            line, column, *_ = span(rule.label if rule.label is not None else rule.statement)
            *_, end_line, end_column = span(rule.statement)
            place = (line, column), (end_line, end_column), clause
            found.setdefault(clause.rule.file, []).append(place)
        return found

    @cached_property
    def read_signatures(self) -> frozenset[Signature]:
        """Return the signatures some condition looks at."""
        every = (literal for clause in self.every for literal in clause.conditioning())
        return frozenset(literal.signature for literal in every if literal.kind == "atom")

    @cached_property
    def known(self) -> set[Signature]:
        """Return every signature that is stated, declared or derived."""
        return {*PREDICATES, *self.declared, *self.derived}


# Shipped rules are read once a process. The rule is kept beside its clause, so that no other can
# come to have its identity; its own equality does not look at what the rule says.
_SHIPPED: dict[int, tuple[Rule, Clause]] = {}


def _of_shipped(rule: Rule) -> Clause:
    if id(rule) not in _SHIPPED:
        _SHIPPED[id(rule)] = rule, read(rule)
    return _SHIPPED[id(rule)][1]


Node = Literal | Term | None


def fault(
    code: str,
    said: tuple[str, str, str],
    clause: Clause,
    at: Node = None,
    *,
    warning: bool = False,
    edits: Iterable[Edit] = (),
) -> Fault:
    """Return a fault at a part of a rule, or at the whole rule; ``said`` is what, why, fix."""
    rule = clause.rule
    node = at.node if at is not None and at.node is not None else rule.statement
    line, column, end_line, end_column = span(node)
    what, why, fix = said
    return Fault(
        code, what, why, fix, rule.file, line, column, end_line, end_column, warning, tuple(edits)
    )


def span(node: ast.AST) -> tuple[int, int, int, int]:
    """Return where a node begins and ends, as clingo counts."""
    begin, end = node.location.begin, node.location.end
    return begin.line, begin.column, end.line, end.column


def replaced(at: Node, text: str) -> tuple[Edit, ...]:
    """Return the edit that puts a text in place of a part of a rule."""
    return () if at is None or at.node is None else (Edit(*span(at.node), text),)
