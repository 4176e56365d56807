"""One rule as one Prolog clause: its literals, its aggregates, in an order that can run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clingo import ast

from nesy.companions import unpooled, variables
from nesy.diagnostics import Diagnostic, NesyError
from nesy.reason.ordering import NOTHING, ordered
from nesy.reason.terms import (
    Equation,
    Goal,
    Side,
    Terms,
    Untranslatable,
    compound,
    names_in,
    refused,
    variable_text,
)
from nesy.rule_text import refuse_unsafe

_Operator = ast.ComparisonOperator
_TESTS = {
    _Operator.Equal: "eq",
    _Operator.NotEqual: "ne",
    _Operator.LessThan: "lt",
    _Operator.LessEqual: "le",
    _Operator.GreaterThan: "gt",
    _Operator.GreaterEqual: "ge",
}
_OPPOSITE = {
    _Operator.Equal: _Operator.NotEqual,
    _Operator.NotEqual: _Operator.Equal,
    _Operator.LessThan: _Operator.GreaterEqual,
    _Operator.GreaterEqual: _Operator.LessThan,
    _Operator.GreaterThan: _Operator.LessEqual,
    _Operator.LessEqual: _Operator.GreaterThan,
}
_AGGREGATES = {
    ast.AggregateFunction.Count: "count",
    ast.AggregateFunction.Sum: "sum",
    ast.AggregateFunction.SumPlus: "'sum+'",
    ast.AggregateFunction.Min: "min",
    ast.AggregateFunction.Max: "max",
}


def clause(statement: ast.AST) -> tuple[str, list[str]]:
    """Return head and body of an unpooled normal rule; raises Untranslatable."""
    terms = Terms()
    head = _atom(statement.head.atom.symbol, terms)
    body = _Body(terms, frozenset(map(variable_text, variables(statement.body))))
    for literal in statement.body:
        body.add(literal)
    return head.text, ordered(terms, NOTHING, statement)


def _atom(symbol: ast.AST, terms: Terms) -> Side:
    if symbol.ast_type == ast.ASTType.UnaryOperation:
        raise refused(symbol, f"the classical negation {symbol}", "use `not`, or another predicate")
    sides = [terms.pattern(argument) for argument in symbol.arguments]
    text = compound(f"p_{symbol.name}", [side.text for side in sides])
    return Side(text, NOTHING.union(*(side.names for side in sides)))


class _Body:
    """Turns literals into items of ``terms``; ``shared`` are the rule's global variables."""

    def __init__(self, terms: Terms, shared: frozenset[str]) -> None:
        self.terms = terms
        self.shared = shared

    def add(self, literal: ast.AST) -> None:
        if literal.ast_type == ast.ASTType.ConditionalLiteral:
            self._conditional(literal)
            return
        atom, sign = literal.atom, literal.sign
        kind = atom.ast_type
        if kind == ast.ASTType.SymbolicAtom:
            found = _atom(atom.symbol, self.terms)
            if sign == ast.Sign.NoSign:
                self._goal(found.text, NOTHING, found.names, 2)
            else:
                self._goal(_negated(found.text, sign), found.names)
        elif kind == ast.ASTType.Comparison:
            self._comparison(atom, sign)
        elif kind == ast.ASTType.BooleanConstant:
            holds = bool(atom.value) == (sign != ast.Sign.Negation)
            self._goal("true" if holds else "fail", NOTHING)
        elif kind == ast.ASTType.BodyAggregate:
            self._aggregate(atom, sign, _AGGREGATES[atom.function], self._tuples(atom))
        elif kind == ast.ASTType.Aggregate:
            self._aggregate(atom, sign, "count", self._atoms(atom))
        else:
            raise refused(literal, f"the literal {literal}", "write normal rules")

    def _goal(
        self, text: str, needs: frozenset[str], binds: frozenset[str] = NOTHING, rank: int = 0
    ) -> None:
        self.terms.items.append(Goal(text, needs, binds, rank))

    def _comparison(self, atom: ast.AST, sign: int) -> None:
        guards = list(atom.guards)
        if sign == ast.Sign.Negation and len(guards) > 1:
            sides = [self.terms.pattern(node) for node in (atom.term, *(g.term for g in guards))]
            tests = [
                _test(guard.comparison, left, right)
                for guard, left, right in zip(guards, sides, sides[1:], strict=False)
            ]
            needs = NOTHING.union(*(side.names for side in sides))
            self._goal(f"\\+ ({', '.join(tests)})", needs)
            return
        left = atom.term
        for guard in guards:
            operator = guard.comparison
            if sign == ast.Sign.Negation:
                operator = _OPPOSITE[operator]
            self._compare(operator, left, guard.term)
            left = guard.term

    def _compare(self, operator: int, left: ast.AST, right: ast.AST) -> None:
        if operator == _Operator.Equal:
            self.terms.items.append(Equation(self.terms.side(left), self.terms.side(right)))
            return
        sides = self.terms.pattern(left), self.terms.pattern(right)
        self._goal(_test(operator, *sides), sides[0].names | sides[1].names)

    def _conditional(self, node: ast.AST) -> None:
        """Every instance of the condition has the literal: there is none that lacks it."""
        known = names_in([node]) & self.shared
        condition = self._inner(node.condition, known)
        bound = known | names_in(node.condition)
        self._goal(f"\\+ ({condition}, \\+ ({self._inner([node.literal], bound)}))", known)

    def _inner(self, literals: Iterable[ast.AST], known: frozenset[str]) -> str:
        terms = self.terms.nested()
        body = _Body(terms, self.shared)
        found = list(literals)
        for literal in found:
            body.add(literal)
        return ", ".join(ordered(terms, known, found[0] if found else None)) or "true"

    def _tuples(self, atom: ast.AST) -> list[tuple[list[ast.AST], list[ast.AST], str]]:
        return [(list(e.terms), list(e.condition), "") for e in atom.elements]

    def _atoms(self, atom: ast.AST) -> list[tuple[list[ast.AST], list[ast.AST], str]]:
        """Return the elements of ``{ a : c }``: a set counts its literals."""
        found = []
        for element in atom.elements:
            literal = element.literal
            if literal.atom.ast_type != ast.ASTType.SymbolicAtom:
                raise refused(literal, f"{literal} in a set", "count tuples with #count")
            condition = [literal, *element.condition]
            found.append(([literal.atom.symbol], condition, str(int(literal.sign))))
        return found

    def _aggregate(
        self,
        atom: ast.AST,
        sign: int,
        function: str,
        elements: Sequence[tuple[list[ast.AST], list[ast.AST], str]],
    ) -> None:
        tuple_, value = self.terms.fresh(), self.terms.fresh()
        known = NOTHING
        parts = []
        for inside, condition, mark in elements:
            mine = names_in([*inside, *condition]) & self.shared
            known |= mine
            parts.append(self._element(inside, condition, mark, mine, tuple_))
        collect = f"collect({function}, {tuple_}, ({' ; '.join(parts) or 'fail'}), {value})"
        guards = [g for g in (atom.left_guard, atom.right_guard) if g is not None]
        result = Side(value, frozenset([value]))
        if sign == ast.Sign.NoSign:
            self._goal(collect, known, result.names, 3)
            for number, guard in enumerate(guards):
                turned = number == 0 and atom.left_guard is not None
                self._guard(guard, result, turned)
            return
        tests = []
        for number, guard in enumerate(guards):
            side = self.terms.pattern(guard.term)
            known |= side.names
            turned = number == 0 and atom.left_guard is not None
            pair = (side, result) if turned else (result, side)
            tests.append(_test(guard.comparison, *pair))
        self._goal(_negated(f"({', '.join([collect, *tests])})", sign), known)

    def _guard(self, guard: ast.AST, value: Side, turned: bool) -> None:
        if guard.comparison == _Operator.Equal:
            self.terms.items.append(Equation(value, self.terms.side(guard.term)))
            return
        side = self.terms.pattern(guard.term)
        pair = (side, value) if turned else (value, side)
        self._goal(_test(guard.comparison, *pair), side.names | value.names)

    def _element(
        self,
        inside: Sequence[ast.AST],
        condition: Sequence[ast.AST],
        mark: str,
        known: frozenset[str],
        tuple_: str,
    ) -> str:
        terms = self.terms.nested()
        body = _Body(terms, self.shared)
        for literal in condition:
            body.add(literal)
        sides = [_atom(i, terms) if mark else terms.pattern(i) for i in inside]
        listed = ", ".join([*([mark] if mark else []), *(side.text for side in sides)])
        goals = ordered(terms, known, (*condition, *inside, None)[0])
        return ", ".join([*goals, f"eq({tuple_}, [{listed}])"])


def _test(operator: int, left: Side, right: Side) -> str:
    return f"{_TESTS[_Operator(operator)]}({left.text}, {right.text})"


def _negated(text: str, sign: int) -> str:
    return f"\\+ {text}" if sign == ast.Sign.Negation else f"\\+ \\+ {text}"


def goal_of(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a goal in rule syntax as Prolog text, with each variable's name in both.

    Raises NesyError N300 where it is no body of a rule, N402 or N404 where it has no translation.
    """
    statement = _parsed(text)
    terms = Terms()
    names = variables(statement.body)
    body = _Body(terms, frozenset(map(variable_text, names)))
    try:
        for literal in statement.body:
            body.add(literal)
        goals = ordered(terms, NOTHING, statement)
    except Untranslatable as fault:
        raise NesyError(Diagnostic(fault.code, fault.what, fault.why, fault.fix)) from fault
    return ", ".join(goals), [(name, variable_text(name)) for name in names]


def _parsed(text: str) -> ast.AST:
    """Return a goal as the one rule it is the body of; a full stop inside it would make two."""
    refuse_unsafe(text, "<goal>")
    found: list[ast.AST] = []
    said: list[str] = []
    goal = text.strip().removesuffix(".")
    try:
        ast.parse_string(f"_goal :- {goal}\n.", found.append, logger=lambda _, m: said.append(m))
    except RuntimeError:
        found = []
    rules = [s for s in found if s.ast_type == ast.ASTType.Rule]
    alternatives = unpooled(rules[0]) if len(rules) == 1 and len(found) == 2 else []
    if len(alternatives) != 1 or not rules[0].body:
        what = f"{text[:80]!r} is no goal"
        why = " ".join(" ".join(said).split())[:200] or "it is not the body of one rule"
        fix = "write literals as in a rule's body: evidence(Face, joy, S), S > 500"
        raise NesyError(Diagnostic("N300", what, why, fix))
    return alternatives[0]
