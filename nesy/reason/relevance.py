"""Relevance: which rules the facts of a case can reach, and which rules a goal can rest on.

A grounder pays for each rule it is given, whether or not the rule has an instance. What is left out
here has none: some positive condition of its body is met by no fact and by no head of a rule that
is reached. Arguments count where they are constants or numbers with bounds, so the choice errs only
on the side of keeping a rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import clingo
from clingo import ast

from nesy.companions import unpooled
from nesy.reason.asp import signature
from nesy.reason.lift import SILENT
from nesy.rulebook import Signature

_LEAST, _MOST = -(2**31), 2**31 - 1
Range = tuple[int, int]
Argument = clingo.Symbol | Range | None


class CannotSlice(ValueError):
    """A statement whose conditions cannot be told apart: all rules are grounded."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The atoms of one predicate; an argument is a constant, a number in a range, or anything."""

    name: str
    arguments: tuple[Argument, ...]

    @property
    def signature(self) -> Signature:
        """Return the name and arity."""
        return self.name, len(self.arguments)

    def matches(self, atom: clingo.Symbol) -> bool:
        """Tell whether an atom of this signature is among them."""
        return all(map(_admits, self.arguments, atom.arguments))

    def meets(self, other: Pattern) -> bool:
        """Tell whether an atom may be among these and those; never wrongly no."""
        return self.signature == other.signature and all(
            map(_overlap, self.arguments, other.arguments)
        )


def _admits(wanted: Argument, given: clingo.Symbol) -> bool:
    if isinstance(wanted, tuple):
        is_number = given.type == clingo.SymbolType.Number
        return not is_number or wanted[0] <= given.number <= wanted[1]
    return wanted is None or wanted == given


def _overlap(one: Argument, other: Argument) -> bool:
    if one is None or other is None:
        return True
    if isinstance(one, tuple):
        if isinstance(other, tuple):
            return True
        return _admits(one, other)
    return _admits(other, one)


@dataclass(frozen=True, slots=True)
class _Conditions:
    """A rule with the patterns of its head and of its positive conditions, and what it reads."""

    statement: ast.AST
    head: Pattern
    positive: frozenset[Pattern]
    reads: frozenset[Signature]

    def positive_for(self, goal: Pattern) -> frozenset[Pattern]:
        """Return the positive conditions where the head is to be what a goal's constants say."""
        constants: dict[str, Argument] = {
            name: value
            for name, value in _bound(self.statement.head.atom.symbol, goal).items()
            if isinstance(value, clingo.Symbol)
        }
        return _positive(self.statement.body, constants) if constants else self.positive


@dataclass(frozen=True, slots=True)
class Slice:
    """The rules chosen, what their bodies look at and what their heads derive."""

    statements: tuple[ast.AST, ...]
    reads: frozenset[Signature]
    heads: frozenset[Signature]


class Relevance:
    """The rules of a program, ready to be chosen from; each alternative of a pool is a rule.

    ``always`` are facts of every case. Raises CannotSlice for statements other than normal rules,
    and for classical negation.
    """

    def __init__(self, statements: Iterable[ast.AST], always: Iterable[clingo.Symbol] = ()) -> None:
        kept = [s for s in statements if s.ast_type not in SILENT]
        self._rules = [_conditions(each) for statement in kept for each in _alternatives(statement)]
        self._by_head: dict[Signature, list[int]] = defaultdict(list)
        for at, rule in enumerate(self._rules):
            self._by_head[rule.head.signature].append(at)
        self._link()
        self._met_by = lru_cache(maxsize=2**14)(self._patterns_met)
        self._met, self._found = set[int](), [n for n, k in enumerate(self._needs) if not k]
        given = [n for at in self._found for n in self._gives[at]]
        given += [n for fact in always for n in self._patterns_met(fact)]
        self._spread(given, self._needs, self._met, self._found)

    def _link(self) -> None:
        """Lay out which patterns each rule needs and which it gives.

        Where a rule gives a pattern only for some value of its variables, that is a step of its
        own, after the rules: it needs the rule's conditions for that value.
        """
        steps = [rule.positive for rule in self._rules]
        self._gives: list[list[int]] = [[] for _ in steps]
        number: dict[Pattern, int] = {}
        pending = [pattern for positive in steps for pattern in positive]
        while pending:
            pattern = pending.pop()
            if pattern in number:
                continue
            number[pattern] = len(number)
            for at in self._by_head.get(pattern.signature, ()):
                rule = self._rules[at]
                if not pattern.meets(rule.head):
                    continue
                needed = rule.positive_for(pattern)
                if needed == rule.positive:
                    self._gives[at].append(number[pattern])
                else:
                    steps.append(needed)
                    self._gives.append([number[pattern]])
                    pending += needed
        self._of: dict[Signature, list[tuple[int, Pattern]]] = defaultdict(list)
        self._users: list[list[int]] = [[] for _ in number]
        for pattern, n in number.items():
            self._of[pattern.signature].append((n, pattern))
        for at, needed in enumerate(steps):
            for pattern in needed:
                self._users[number[pattern]].append(at)
        self._needs = [len(needed) for needed in steps]

    def reached(self, facts: Iterable[clingo.Symbol]) -> Slice:
        """Return the rules that may have an instance over these facts, in their order."""
        needs, met, found = list(self._needs), set(self._met), list(self._found)
        self._spread([n for fact in facts for n in self._met_by(fact)], needs, met, found)
        return self._slice(found)

    def _spread(self, given: list[int], needs: list[int], met: set[int], found: list[int]) -> None:
        """Count off the conditions met, and add each rule that has none left to what is found."""
        while given:
            pattern = given.pop()
            if pattern in met:
                continue
            met.add(pattern)
            for at in self._users[pattern]:
                needs[at] -= 1
                if not needs[at]:
                    found.append(at)
                    given += self._gives[at]

    def _patterns_met(self, fact: clingo.Symbol) -> tuple[int, ...]:
        return tuple(n for n, p in self._of.get(signature(fact), ()) if p.matches(fact))

    def _slice(self, numbers: Iterable[int]) -> Slice:
        chosen = [self._rules[at] for at in sorted(numbers) if at < len(self._rules)]
        reads = frozenset[Signature]().union(*(rule.reads for rule in chosen))
        heads = frozenset(rule.head.signature for rule in chosen)
        return Slice(tuple(rule.statement for rule in chosen), reads, heads)

    def apart_from(self, late: frozenset[Signature]) -> tuple[Slice, Slice]:
        """Return the rules that do not depend on some predicates, and those that do."""
        upon: set[Signature] = set(late)
        while grown := {
            rule.head.signature
            for rule in self._rules
            if rule.head.signature not in upon and rule.reads & upon
        }:
            upon |= grown
        depends = [rule.head.signature in upon for rule in self._rules]
        early, over = (
            self._slice(n for n, does in enumerate(depends) if does is wanted)
            for wanted in (False, True)
        )
        return early, over

    def behind(self, goals: Iterable[Pattern]) -> Slice:
        """Return the rules that atoms of these patterns can rest on, through negation as well."""
        seen, found = set[Pattern](), set[int]()
        pending = list(goals)
        while pending:
            goal = pending.pop()
            if goal in seen:
                continue
            seen.add(goal)
            for at in self._by_head.get(goal.signature, ()):
                rule = self._rules[at]
                if goal.meets(rule.head):
                    found.add(at)
                    bound = _bound(rule.statement.head.atom.symbol, goal)
                    pending += _behind(rule.statement.body, bound)
        return self._slice(found)


def _alternatives(statement: ast.AST) -> list[ast.AST]:
    if statement.ast_type != ast.ASTType.Rule:
        raise CannotSlice(f"a {statement.ast_type.name} statement")
    return unpooled(statement)


def _conditions(rule: ast.AST) -> _Conditions:
    head = rule.head
    if head.ast_type != ast.ASTType.Literal or head.atom.ast_type != ast.ASTType.SymbolicAtom:
        raise CannotSlice(f"the head {head}")
    reads = frozenset(_read(rule.body))
    bounds = _bounds(rule.body)
    return _Conditions(rule, _pattern(head.atom.symbol, bounds), _positive(rule.body, {}), reads)


def _positive(body: Sequence[ast.AST], constants: dict[str, Argument]) -> frozenset[Pattern]:
    """Return the patterns of a body's positive literals, some of its variables being constants."""
    values = {**_bounds(body), **constants}
    return frozenset(
        _pattern(literal.atom.symbol, values) for literal in body if _is_positive(literal)
    )


def _is_positive(literal: ast.AST) -> bool:
    return bool(
        literal.ast_type == ast.ASTType.Literal
        and literal.sign == ast.Sign.NoSign
        and literal.atom.ast_type == ast.ASTType.SymbolicAtom
    )


def _pattern(term: ast.AST, values: dict[str, Argument]) -> Pattern:
    if term.ast_type != ast.ASTType.Function:
        raise CannotSlice(f"the atom {term}")
    return Pattern(term.name, tuple(_argument(each, values) for each in term.arguments))


def _argument(term: ast.AST, values: dict[str, Argument]) -> Argument:
    if term.ast_type == ast.ASTType.Variable:
        return values.get(term.name)
    if term.ast_type == ast.ASTType.SymbolicTerm:
        symbol: clingo.Symbol = term.symbol
        return symbol
    if term.ast_type == ast.ASTType.Function and not term.arguments and not term.external:
        return clingo.Function(term.name)
    return None


def _bounds(body: Sequence[ast.AST]) -> dict[str, Argument]:
    """Return what plain comparisons of a body with a constant leave to each variable."""
    found: dict[str, Argument] = {}
    for literal in body:
        if literal.ast_type != ast.ASTType.Literal or literal.sign != ast.Sign.NoSign:
            continue
        if literal.atom.ast_type != ast.ASTType.Comparison or len(literal.atom.guards) != 1:
            continue
        left, (guard,) = literal.atom.term, literal.atom.guards
        limit = _argument(guard.term, {})
        if left.ast_type != ast.ASTType.Variable or not isinstance(limit, clingo.Symbol):
            continue
        held = found.get(left.name)
        if guard.comparison == ast.ComparisonOperator.Equal:
            found[left.name] = limit
        elif limit.type == clingo.SymbolType.Number and not isinstance(held, clingo.Symbol):
            least, most = _range(guard.comparison, limit.number)
            low, high = held or (_LEAST, _MOST)
            found[left.name] = max(low, least), min(high, most)
    return found


def _range(comparison: int, limit: int) -> Range:
    """Return what `C < 500` and the like leave of the numbers to C, from and to."""
    return {
        ast.ComparisonOperator.LessThan: (_LEAST, limit - 1),
        ast.ComparisonOperator.LessEqual: (_LEAST, limit),
        ast.ComparisonOperator.GreaterThan: (limit + 1, _MOST),
        ast.ComparisonOperator.GreaterEqual: (limit, _MOST),
    }.get(ast.ComparisonOperator(comparison), (_LEAST, _MOST))


def _bound(head: ast.AST, goal: Pattern) -> dict[str, Argument]:
    """Return what a goal makes of the variables of a head."""
    return {
        term.name: value
        for term, value in zip(head.arguments, goal.arguments, strict=True)
        if term.ast_type == ast.ASTType.Variable and value is not None
    }


def _behind(body: Iterable[ast.AST], bound: dict[str, Argument]) -> Iterator[Pattern]:
    """Yield what literals of a body look at: inside aggregates and conditions, anything."""
    for literal in body:
        is_literal = literal.ast_type == ast.ASTType.Literal
        if is_literal and literal.atom.ast_type == ast.ASTType.SymbolicAtom:
            yield _pattern(literal.atom.symbol, bound)
        else:
            for name, arity in _read([literal]):
                yield Pattern(name, (None,) * arity)


def _read(body: Iterable[ast.AST]) -> set[Signature]:
    found = _Read()
    for literal in body:
        found(literal)
    return found.signatures


class _Read(ast.Transformer):
    """The signatures of the atoms below a node, whatever holds them."""

    def __init__(self) -> None:
        self.signatures: set[Signature] = set()

    def visit_SymbolicAtom(self, node: ast.AST) -> ast.AST:
        self.signatures.add(_pattern(node.symbol, {}).signature)
        return node

    def visit_TheoryAtom(self, node: ast.AST) -> ast.AST:
        raise CannotSlice(f"the theory atom {node}")
