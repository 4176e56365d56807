"""Check rules before they are believed: unknown words, forged channels, silent overflow, cycles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import clingo
from clingo import ast

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.predicates import INPUTS, PREDICATES
from nesy.reason import asp
from nesy.rulebook import Rule, Rulebook, Signature
from nesy.stratify import is_normal, negative_cycles
from nesy.strict_json import LARGEST_INTEGER
from nesy.vocabulary import Vocabulary

# Which argument of a predicate is a word of which kind.
_KINDS = {
    "Expression": "expression",
    "Emotion": "emotion",
    "Valence": "valence",
    "Cue": "cue",
    "Context": "context",
    "Purpose": "purpose",
    "Notice": "notice",
    "Consent": "consent",
    "Jurisdiction": "jurisdiction",
    "Person": "person",
    "Session": "session",
    "Norm": "norm",
    "Tone": "tone",
}
_ACTS = {"line_act": "line act"}
_KIND_OF = {"mismatch": "mismatch", "crisis": "crisis", "cue_crisis": "crisis"}


def check(rulebook: Rulebook, vocabulary: Vocabulary) -> list[Diagnostic]:
    """Return every fault of the rules in force, in the order of their files."""
    faults: list[Diagnostic] = []
    rules = [rule for pack in rulebook.packs for rule in pack.rules]
    known = _known(rulebook, rules)
    for rule in rules:
        faults += _unknown_predicates(rule, known)
        faults += _forged(rule)
        faults += _terms(rule, vocabulary)
    faults += _norms(rulebook.rules("govern"))
    if not faults:
        faults += _refused_by_clingo(rulebook)
    return faults


def require_sound(rulebook: Rulebook, vocabulary: Vocabulary) -> None:
    """Raise NesyError with every fault of the rules in force."""
    if faults := check(rulebook, vocabulary):
        raise NesyError(faults)


def _known(rulebook: Rulebook, rules: Iterable[Rule]) -> set[Signature]:
    declared = {s for pack in rulebook.packs for s in pack.defined}
    return {*PREDICATES, *declared, *(head for rule in rules for head in rule.heads)}


def _unknown_predicates(rule: Rule, known: set[Signature]) -> Iterator[Diagnostic]:
    for name, arity in sorted(rule.body_signatures - known):
        same = [f"{n}/{a}" for n, a in known if n == name]
        hint = nearest(name, {n for n, _ in known})
        fix = f"did you mean {same[0]}?" if same else f"{hint} or add `#defined {name}/{arity}.`"
        why = "no rule, fact or #defined declares it, so this rule can never fire"
        what = f"unknown predicate {name}/{arity}"
        yield Diagnostic("N301", what, why, fix, rule.file, rule.line, rule.column)


def _forged(rule: Rule) -> Iterator[Diagnostic]:
    for name, arity in sorted(rule.heads & INPUTS):
        origin = PREDICATES[name, arity].origin
        what = f"a rule may not derive {name}/{arity}"
        why = f"only the channel {origin} may state it; a rule could make a text or a picture say it"
        fix = "derive a predicate of your own instead"
        yield Diagnostic("N304", what, why, fix, rule.file, rule.line, rule.column)


class _Terms(ast.Transformer):
    """Collect constants by the kind of word their place asks for, integers and function calls."""

    def __init__(self) -> None:
        self.words: list[tuple[str, str, ast.AST]] = []
        self.faults: list[tuple[str, str, ast.AST]] = []

    def visit_Function(self, node: ast.AST) -> ast.AST:
        if node.external:
            if node.name not in asp.FUNCTIONS:
                self.faults.append(("N306", node.name, node))
            return node.update(**self.visit_children(node))
        predicate = PREDICATES.get((node.name, len(node.arguments)))
        if predicate is not None:
            for name, argument in zip(predicate.arguments, node.arguments, strict=True):
                kind = _kind(predicate.name, name)
                if kind and argument.ast_type == ast.ASTType.SymbolicTerm:
                    self._word(kind, argument)
        return node.update(**self.visit_children(node))

    def _word(self, kind: str, term: ast.AST) -> None:
        symbol: clingo.Symbol = term.symbol
        if symbol.type == clingo.SymbolType.Function and not symbol.arguments:
            self.words.append((kind, symbol.name, term))

    def visit_SymbolicTerm(self, node: ast.AST) -> ast.AST:
        symbol: clingo.Symbol = node.symbol
        if symbol.type == clingo.SymbolType.Number and abs(symbol.number) > 1_000_000:
            self.faults.append(("N305", str(symbol.number), node))
        return node

    def visit_BinaryOperation(self, node: ast.AST) -> ast.AST:
        if node.operator_type == ast.BinaryOperator.Power:
            self.faults.append(("N305", str(node), node))
        return node.update(**self.visit_children(node))


def _kind(predicate: str, argument: str) -> str | None:
    if argument == "Act":
        return _ACTS.get(predicate, "reply act")
    if argument == "Kind":
        return _KIND_OF.get(predicate)
    return _KINDS.get(argument)


def _terms(rule: Rule, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    found = _Terms()
    found(rule.statement)
    for kind, word, node in found.words:
        if word not in vocabulary.terms[kind]:
            begin = node.location.begin
            why = f"the ontology has no {kind} of this name, so nothing will ever match it"
            fix = nearest(word, vocabulary.terms[kind])
            what = f"unknown {kind} {word}"
            yield Diagnostic("N307", what, why, fix, rule.file, begin.line, begin.column)
    for code, text, node in found.faults:
        yield _term_fault(code, text, rule, node)


def _term_fault(code: str, text: str, rule: Rule, node: ast.AST) -> Diagnostic:
    begin = node.location.begin
    if code == "N306":
        what = f"unknown function @{text}"
        why = "rules may call a closed set of functions only"
        fix = f"use one of: {', '.join('@' + name for name in asp.FUNCTIONS)}"
    else:
        what = f"{text} may overflow"
        why = f"clingo's integers wrap silently beyond {LARGEST_INTEGER}"
        fix = "confidences and strengths are 0-1000; keep numbers below a million"
    return Diagnostic(code, what, why, fix, rule.file, begin.line, begin.column)


def _norms(rules: Sequence[Rule]) -> Iterator[Diagnostic]:
    """Norms are normal, stratified rules: one verdict, and no way to make the program unsatisfiable."""
    for rule in rules:
        if not is_normal(rule):
            what = "a norm must be a rule with one atom as its head"
            why = "a constraint that fails drops every norm with it, a choice leaves the verdict open"
            fix = "derive forbidden(Act, Norm), obligatory(Act, Norm) or hold(Norm)"
            yield Diagnostic("N308", what, why, fix, rule.file, rule.line, rule.column)
    for part in negative_cycles(rules):
        names = ", ".join(f"{name}/{arity}" for name, arity in sorted(part))
        rule = next(r for r in rules if r.heads & part)
        what = f"norms depend on their own absence: {names}"
        why = "such rules can have no verdict, or several"
        fix = "break the cycle through `not`"
        yield Diagnostic("N309", what, why, fix, rule.file, rule.line, rule.column)


def _refused_by_clingo(rulebook: Rulebook) -> list[Diagnostic]:
    """Ground the rules without a case: clingo finds unsafe variables."""
    faults: list[Diagnostic] = []
    for pack in rulebook.packs:
        statements = [*(rule.statement for rule in pack.rules), *pack.others]
        try:
            asp.ground(statements, name=pack.rules[0].file if pack.rules else str(pack.path))
        except NesyError as error:
            faults += error.diagnostics
    return faults
