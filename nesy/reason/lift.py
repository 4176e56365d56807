"""Lift a program over cases: rules written for one case, rewritten to hold of many at once.

An atom that can differ between cases, ``cue(C, N)``, becomes ``_of_cue(Case, C, N)``, and each rule
is bound to one case. What follows from the ontology alone is the same in every case and stays as it
is, so it is derived once. Nothing is changed inside terms, aggregates or conditions but the atoms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import clingo
from clingo import ast

from nesy.companions import heads
from nesy.predicates import PREDICATES
from nesy.rulebook import Signature

CASE = "_case"
PREFIX = "_of_"
_VARIABLE = "Case"

# What declares and derives nothing; the caller says what is shown.
SILENT = frozenset(
    {
        ast.ASTType.Comment,
        ast.ASTType.Defined,
        ast.ASTType.Program,
        ast.ASTType.ShowSignature,
        ast.ASTType.ShowTerm,
    }
)


class CannotLift(ValueError):
    """A statement that has no lifted form: the cases are solved one by one."""


@dataclass(frozen=True)
class Lifted:
    """A program over cases.

    ``rules`` hold of a case each, ``common`` of none in particular; ``constant`` are the predicates
    that are the same in every case, ``read`` those the rules look at.
    """

    rules: tuple[ast.AST, ...]
    common: tuple[ast.AST, ...]
    constant: frozenset[Signature]
    read: frozenset[Signature]


def lift(statements: Iterable[ast.AST], *, given: frozenset[Signature] = frozenset()) -> Lifted:
    """Return a program lifted over cases.

    ``given`` are signatures that facts of a case may have although rules derive them too. Raises
    CannotLift for a statement that is no rule, for theory atoms, and where the rules already use
    the names of the lifted program.
    """
    rules = [s for s in statements if s.ast_type not in SILENT]
    seen = [_Seen(rule) for rule in rules]
    constant = constants(seen, given)
    read = frozenset[Signature]().union(*(of.body for of in seen))
    lifted: list[ast.AST] = []
    common: list[ast.AST] = []
    for rule, of in zip(rules, seen, strict=True):
        if of.heads | of.body <= constant and of.is_normal:
            common.append(rule)
        else:
            lifted.append(_over_cases(rule, constant))
    return Lifted(tuple(lifted), tuple(common), constant, read)


# Cases of one chunk and of the next have most facts and conclusions in common.
@lru_cache(maxsize=2**16)
def over_case(atom: clingo.Symbol, case: int) -> clingo.Symbol:
    """Return the atom of one case in the lifted program."""
    arguments = [clingo.Number(case), *atom.arguments]
    return clingo.Function(PREFIX + atom.name, arguments, atom.positive)


@lru_cache(maxsize=2**16)
def of_case(pair: clingo.Symbol) -> tuple[int, clingo.Symbol]:
    """Return the case and the atom of what ``shown`` shows."""
    case, atom = pair.arguments
    return case.number, atom


def shown(signature: Signature) -> str:
    """Return the statement that shows each atom of a lifted predicate as (case, the atom)."""
    name, arity = signature
    variables = [f"X{n}" for n in range(arity)]
    plain = f"{name}({','.join(variables)})" if arity else name
    return f"#show ({_VARIABLE},{plain}) : {PREFIX}{name}({','.join([_VARIABLE, *variables])})."


class _Atoms(ast.Transformer):
    """Visits the atoms of a rule and no terms, which hold none."""

    def visit_Comparison(self, node: ast.AST) -> ast.AST:
        return node

    visit_Guard = visit_Comparison

    def visit_BodyAggregateElement(self, node: ast.AST) -> ast.AST:
        return node.update(condition=[self(literal) for literal in node.condition])


class _Seen(_Atoms):
    """The signatures of one rule, every alternative of a pool counted."""

    def __init__(self, rule: ast.AST) -> None:
        if rule.ast_type != ast.ASTType.Rule:
            raise CannotLift(f"a {rule.ast_type.name} statement")
        self._found: set[Signature] = set()
        self(rule.head)
        of_head = frozenset(self._found)
        self.heads = frozenset(s for atom, _ in heads(rule.head) for s in _signatures(atom.symbol))
        self.is_normal = _is_normal(rule.head)
        # A head that chooses looks at its conditions, and may find its own atoms there.
        self._found = set() if self.is_normal else set(of_head)
        for literal in rule.body:
            self(literal)
        self.body = frozenset(self._found)

    def visit_SymbolicAtom(self, node: ast.AST) -> ast.AST:
        found = _signatures(node.symbol)
        if any(name.startswith((PREFIX, CASE)) for name, _ in found):
            raise CannotLift(f"the name of {node}")
        self._found |= found
        return node

    def visit_TheoryAtom(self, node: ast.AST) -> ast.AST:
        raise CannotLift(f"the theory atom {node}")


def _is_normal(head: ast.AST) -> bool:
    """Tell whether a head is one atom, and no classical negation of one."""
    return bool(
        head.ast_type == ast.ASTType.Literal
        and head.sign == ast.Sign.NoSign
        and head.atom.ast_type == ast.ASTType.SymbolicAtom
        and head.atom.symbol.ast_type != ast.ASTType.UnaryOperation
    )


def _signatures(term: ast.AST) -> set[Signature]:
    if term.ast_type == ast.ASTType.UnaryOperation:
        return _signatures(term.argument)
    if term.ast_type == ast.ASTType.Pool:
        return set().union(*(_signatures(each) for each in term.arguments))
    if term.ast_type != ast.ASTType.Function:
        raise CannotLift(f"the atom {term}")
    return {(term.name, len(term.arguments))}


class Dependent(Protocol):
    """A rule by the signatures it derives and those it looks at."""

    @property
    def heads(self) -> frozenset[Signature]:
        """What it derives."""

    @property
    def body(self) -> frozenset[Signature]:
        """What it looks at."""

    @property
    def is_normal(self) -> bool:
        """Whether its head is one atom."""


def constants(rules: Sequence[Dependent], given: frozenset[Signature]) -> frozenset[Signature]:
    """Return the predicates that no fact of a case can change: the ontology and what it entails."""
    ontology = {s for s, p in PREDICATES.items() if p.stratum == "ontology"}
    stated = {s for s, p in PREDICATES.items() if p.stratum in ("input", "marginal")}
    constant = ontology | set().union(*(rule.heads for rule in rules)) - given - stated
    while True:
        bound: set[Signature] = set()
        for rule in rules:
            if not rule.is_normal or not rule.body <= constant:
                bound |= rule.heads & constant
        if not bound:
            return frozenset(constant)
        constant -= bound


class _OverCase(_Atoms):
    def __init__(self, constant: frozenset[Signature], variable: str) -> None:
        self._constant, self._variable = constant, variable

    def visit_SymbolicAtom(self, node: ast.AST) -> ast.AST:
        return node.update(symbol=self._term(node.symbol))

    def _term(self, term: ast.AST) -> ast.AST:
        if term.ast_type == ast.ASTType.UnaryOperation:
            return term.update(argument=self._term(term.argument))
        if term.ast_type == ast.ASTType.Pool:
            return term.update(arguments=[self._term(each) for each in term.arguments])
        if (term.name, len(term.arguments)) in self._constant:
            return term
        case = ast.Variable(term.location, self._variable)
        return term.update(name=PREFIX + term.name, arguments=[case, *term.arguments])


def _over_cases(rule: ast.AST, constant: frozenset[Signature]) -> ast.AST:
    """Return a rule bound to a case: by a positive literal where one can, else by ``_case``."""
    variable, text = _VARIABLE, str(rule)
    while variable in text:
        variable = f"_{variable}"
    lifted = _OverCase(constant, variable)(rule)
    if any(_binds(literal, constant) for literal in rule.body):
        return lifted
    where = rule.location
    case = ast.Function(where, CASE, [ast.Variable(where, variable)], 0)
    literal = ast.Literal(where, ast.Sign.NoSign, ast.SymbolicAtom(case))
    return lifted.update(body=[*lifted.body, literal])


def _binds(literal: ast.AST, constant: frozenset[Signature]) -> bool:
    return bool(
        literal.ast_type == ast.ASTType.Literal
        and literal.sign == ast.Sign.NoSign
        and literal.atom.ast_type == ast.ASTType.SymbolicAtom
        and not _signatures(literal.atom.symbol) & constant
    )
