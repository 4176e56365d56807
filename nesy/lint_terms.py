"""Check the terms of a rule: words the ontology lacks, numbers that overflow, wide intervals."""

from __future__ import annotations

from collections.abc import Iterator

import clingo
from clingo import ast

from nesy.diagnostics import Diagnostic, nearest
from nesy.predicates import PREDICATES, kind_of
from nesy.reason import asp
from nesy.rulebook import Rule
from nesy.strict_json import LARGEST_INTEGER
from nesy.vocabulary import Vocabulary

LARGEST_NUMBER = 1_000_000
WIDEST_INTERVAL = 10_000


class _Terms(ast.Transformer):
    """Collect constants by the kind of word their place asks for, and what may go wrong."""

    def __init__(self) -> None:
        self.words: list[tuple[str, ast.AST]] = []
        self.faults: list[tuple[str, ast.AST]] = []

    def visit_Function(self, node: ast.AST) -> ast.AST:
        if node.external:
            if node.name not in asp.FUNCTIONS:
                self.faults.append(("N306", node))
            return node.update(**self.visit_children(node))
        predicate = PREDICATES.get((node.name, len(node.arguments)))
        if predicate is not None:
            for name, argument in zip(predicate.arguments, node.arguments, strict=True):
                if kind := kind_of(predicate, name):
                    self._word(kind, argument)
        return node.update(**self.visit_children(node))

    def _word(self, kind: str, term: ast.AST) -> None:
        if term.ast_type == ast.ASTType.Pool:
            for argument in term.arguments:
                self._word(kind, argument)
        elif term.ast_type == ast.ASTType.SymbolicTerm:
            self.words.append((kind, term))

    def visit_SymbolicTerm(self, node: ast.AST) -> ast.AST:
        if (number := _number(node)) is not None and abs(number) > LARGEST_NUMBER:
            self.faults.append(("N305", node))
        return node

    def visit_BinaryOperation(self, node: ast.AST) -> ast.AST:
        if node.operator_type == ast.BinaryOperator.Power:
            self.faults.append(("N305", node))
        return node.update(**self.visit_children(node))

    def visit_Interval(self, node: ast.AST) -> ast.AST:
        low, high = _number(node.left), _number(node.right)
        if low is not None and high is not None and high - low > WIDEST_INTERVAL:
            self.faults.append(("N316", node))
            return node
        return node.update(**self.visit_children(node))


def _number(term: ast.AST) -> int | None:
    if term.ast_type == ast.ASTType.UnaryOperation:
        inner = _number(term.argument)
        return None if inner is None else -inner
    if term.ast_type != ast.ASTType.SymbolicTerm:
        return None
    symbol: clingo.Symbol = term.symbol
    return symbol.number if symbol.type == clingo.SymbolType.Number else None


def faults_of_terms(rule: Rule, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    """Yield what is wrong with the terms of a rule, each at its place."""
    found = _Terms()
    found(rule.statement)
    for kind, term in found.words:
        yield from _unknown(kind, term, rule, vocabulary)
    for code, node in found.faults:
        what, why, fix = _said(code, node)
        begin = node.location.begin
        yield Diagnostic(code, what, why, fix, rule.file, begin.line, begin.column)


def _unknown(kind: str, term: ast.AST, rule: Rule, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    word = str(term.symbol)
    known = set(vocabulary.terms[kind])
    if kind == "unit":
        known = {str(code) for code in vocabulary.units}
    if word not in known:
        begin = term.location.begin
        what = f"unknown {kind} {word}"
        why = f"the ontology has no {kind} of this name, so nothing will ever match it"
        fix = nearest(word, known)
        yield Diagnostic("N307", what, why, fix, rule.file, begin.line, begin.column)


def _said(code: str, node: ast.AST) -> tuple[str, str, str]:
    """Return what is wrong with a term, why and the mend."""
    match code:
        case "N306":
            what = f"unknown function @{node.name}"
            why = "rules may call a closed set of functions only"
            return what, why, f"use one of: {', '.join('@' + name for name in asp.FUNCTIONS)}"
        case "N316":
            why = f"clingo writes every value out, and {WIDEST_INTERVAL} are the most allowed"
            return f"the interval {node} is too wide", why, "compare: 0 <= X, X <= 1000"
        case _:
            why = f"clingo's integers wrap silently beyond {LARGEST_INTEGER}"
            fix = "confidences and strengths are 0-1000; keep numbers below a million"
            return f"{node} may overflow", why, fix
