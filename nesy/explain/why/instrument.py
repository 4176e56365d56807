"""Companions beside rules, in clingo's own syntax, that say which instances of which rules fired.

Every rule gets one companion per (unpooled) alternative of its head,
``_fired(number, values) :- body``, and ``_counted(number, bindings, place, tuple, positive,
negative)`` per element of an aggregate or of a conditional literal. The rules themselves are
untouched, so the answer sets are the same. The values are the rule's variables, and what it
calculates; atoms are put together from them where somebody asks, for clingo spends its time on the
size of rules. Constraints and weak constraints are rules whose head is ``_no`` and ``_cost(weight,
priority, tuple)``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import clingo
from clingo import ast

from nesy.companions import heads, unpooled, variables

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
FIRED, COUNTED = ("_fired", 2), ("_counted", 6)
ANYTHING = clingo.String("_")
WITNESS, OWN = "_W", "_H"
EXCLUDED = clingo.Function("_no")
COST = ("_cost", 3)

_OPERATORS = {
    ast.ComparisonOperator.Equal: "=",
    ast.ComparisonOperator.NotEqual: "!=",
    ast.ComparisonOperator.LessThan: "<",
    ast.ComparisonOperator.LessEqual: "<=",
    ast.ComparisonOperator.GreaterThan: ">",
    ast.ComparisonOperator.GreaterEqual: ">=",
}
_FUNCTIONS = {
    ast.AggregateFunction.Count: "#count",
    ast.AggregateFunction.Sum: "#sum",
    ast.AggregateFunction.SumPlus: "#sum+",
    ast.AggregateFunction.Min: "#min",
    ast.AggregateFunction.Max: "#max",
}


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted at one place of a body: a function, its comparisons, and how it is signed.

    A negated aggregate is the one with the opposite comparison, held up as by ``not not``.
    """

    function: str
    comparisons: tuple[str, ...]
    text: str = ""
    opaque: bool = False
    doubly: bool = False


EVERY = "every"


Values = Sequence[clingo.Symbol]
Template = Callable[[Values], clingo.Symbol]


@dataclass(frozen=True, slots=True)
class Companion:
    """The text of one alternative's companions and how to read them back.

    ``compared`` are comparisons as text with what stands between their operators, or text alone.
    """

    text: str
    names: tuple[str, ...]
    head: Template
    positive: tuple[Template, ...]
    negative: tuple[Template, ...]
    doubly: tuple[Template, ...]
    compared: tuple[tuple[str, tuple[Template | str, ...]], ...]
    guards: tuple[Template, ...]
    counts: tuple[Count, ...]


def companions(statement: ast.AST, number: int, constants: Collection[str]) -> list[Companion]:
    """Return the companions of a rule or a weak constraint; their numbers begin at ``number``.

    ``constants`` are the names that ``#const`` gives a value.
    """
    found: list[Companion] = []
    for alternative in unpooled(statement):
        for head, condition, chosen in _concluded(alternative):
            body = _Body([*alternative.body, *condition], head)
            found.append(body.companion(number + len(found), chosen, constants))
    return found


def _concluded(statement: ast.AST) -> list[tuple[ast.AST, list[ast.AST], bool]]:
    """Return what a statement concludes, under which literals, and whether it has a choice."""
    at = statement.location
    if statement.ast_type == ast.ASTType.Minimize:
        terms = ast.Function(at, "", statement.terms, 0)
        priced = [statement.weight, statement.priority, terms]
        return [(ast.Function(at, COST[0], priced, 0), [], False)]
    if is_constraint(statement):
        return [(ast.SymbolicTerm(at, EXCLUDED), [], False)]
    chosen = statement.head.ast_type != ast.ASTType.Literal
    return [(atom.symbol, condition, chosen) for atom, condition in apart(statement)]


def apart(statement: ast.AST) -> list[tuple[ast.AST, list[ast.AST]]]:
    """Return each atom a rule can derive, with the literals of the head under which it may.

    Variables of the head's own get the prefix ``OWN``: the body may use their names in an aggregate
    for something else.
    """
    own = _Own(variables(statement.body))
    return [
        (own(atom), [own(literal) for literal in condition])
        for atom, condition in heads(statement.head)
    ]


class _Own(ast.Transformer):
    def __init__(self, others: Sequence[str]) -> None:
        self.others = others

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name == "_" or node.name in self.others:
            return node
        return node.update(name=OWN + node.name)


def is_constraint(statement: ast.AST) -> bool:
    """Tell whether a rule derives nothing and forbids its body."""
    head = statement.head
    return bool(
        head.ast_type == ast.ASTType.Literal
        and head.atom.ast_type == ast.ASTType.BooleanConstant
        and not head.atom.value
        and head.sign == ast.Sign.NoSign
    )


class _Named(ast.Transformer):
    """Name intervals, and anonymous variables of positive literals, so that each has a witness."""

    def __init__(self, first: int = 0) -> None:
        self.count = first
        self.intervals: list[str] = []
        self._negated = False

    def literal(self, literal: ast.AST) -> ast.AST:
        self._negated = literal.sign != ast.Sign.NoSign
        named: ast.AST = self(literal)
        self._negated = False
        return named

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name != "_" or self._negated:
            return node
        self.count += 1
        return node.update(name=f"{WITNESS}{self.count}")

    def visit_Interval(self, node: ast.AST) -> ast.AST:
        self.count += 1
        named = ast.Variable(node.location, f"{WITNESS}{self.count}")
        self.intervals.append(f"{named} = {node}")
        return named


class _Ignored(ast.Transformer):
    """Write the anonymous variables of a negative literal as a constant for anything."""

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name != "_":
            return node
        return ast.SymbolicTerm(node.location, ANYTHING)


class _Body:
    """A body taken apart: what it holds to be there, to be absent, to compare and to count."""

    def __init__(self, literals: Sequence[ast.AST], head: ast.AST) -> None:
        self.named = _Named()
        self.head: ast.AST = self.named(head)
        self.literals: list[str] = []
        self.kept: list[ast.AST] = []
        self.positive: list[ast.AST] = []
        self.negative: list[ast.AST] = []
        self.doubly: list[ast.AST] = []
        self.compared: list[tuple[str, list[ast.AST | str]]] = []
        self.guards: list[ast.AST] = []
        self.counts: list[Count] = []
        # The place of an element, what tells it from others, what it needs, and all its literals.
        self.elements: list[tuple[int, str, Sequence[ast.AST], Sequence[ast.AST]]] = []
        for literal in literals:
            self._add(literal)
        self.literals += self.named.intervals

    def _add(self, literal: ast.AST) -> None:
        if literal.ast_type == ast.ASTType.ConditionalLiteral:
            self._keep(literal)
            self.compared.append((str(literal), []))
            self._count(literal)
            return
        kind = literal.atom.ast_type
        if kind == ast.ASTType.SymbolicAtom:
            self._symbolic(literal)
            return
        self._keep(literal)
        if kind == ast.ASTType.Comparison:
            self.compared.append(_comparison(literal))
        elif kind in (ast.ASTType.BodyAggregate, ast.ASTType.Aggregate):
            self.compared.append((str(literal), []))
            self._count(literal)

    def _keep(self, literal: ast.AST) -> None:
        self.literals.append(str(literal))
        self.kept.append(literal)

    def _symbolic(self, literal: ast.AST) -> None:
        if literal.sign == ast.Sign.DoubleNegation:
            # It holds where the atom does; so anonymous variables of it have witnesses too.
            named = self.named.literal(literal.update(sign=ast.Sign.NoSign))
            self._keep(named)
            self.doubly.append(named.atom.symbol)
            return
        named = self.named.literal(literal)
        self._keep(named)
        if literal.sign == ast.Sign.NoSign:
            self.positive.append(named.atom.symbol)
        else:
            self.negative.append(_Ignored()(named.atom.symbol))

    def _count(self, literal: ast.AST) -> None:
        place = len(self.counts)
        if literal.ast_type == ast.ASTType.ConditionalLiteral:
            self.counts.append(Count(EVERY, (), str(literal)))
            named = _local([literal.literal, *literal.condition])
            names, atoms = variables(named[1:]), _atoms(named[1:], ast.Sign.NoSign)
            self.elements.append((place, _tuple([_tuple(names), _tuple(atoms)]), named[:1], named))
            return
        aggregate, signed = literal.atom, literal.sign != ast.Sign.NoSign
        guards = _guards(aggregate)
        opaque = any(".." in str(term) for _, term in guards)
        if literal.sign == ast.Sign.Negation:
            opaque = opaque or len(guards) > 1
            guards = [(_OPPOSITE[comparison], term) for comparison, term in guards]
        self.guards += [] if opaque else [term for _, term in guards]
        is_set = aggregate.ast_type == ast.ASTType.Aggregate
        function = "#count" if is_set else _FUNCTIONS[aggregate.function]
        comparisons = () if opaque else tuple(c for c, _ in guards)
        self.counts.append(Count(function, comparisons, str(literal), opaque, signed))
        for element in aggregate.elements:
            if is_set:
                named = _local([element.literal, *element.condition])
                sign = [str(int(element.literal.sign))] if element.literal.sign else []
                key = _tuple([*sign, str(named[0].atom)])
            else:
                named = _local(element.condition)
                key = _tuple([str(term) for term in element.terms])
            self.elements.append((place, key, named, named))

    def companion(self, number: int, chosen: bool, constants: Collection[str]) -> Companion:
        """Return the companions' text, and how to read what they derive."""
        names = tuple(variables(self.kept))
        names += tuple(v for v in _names_in(self.named) if v not in names)
        values = _Values(names, constants)
        read = (
            values.of(self.head),
            tuple(map(values.of, self.positive)),
            tuple(map(values.of, self.negative)),
            tuple(map(values.of, self.doubly)),
            tuple((text, tuple(map(values.side, sides))) for text, sides in self.compared),
            tuple(map(values.of, self.guards)),
        )
        body = [*self.literals, *([str(self.head)] if chosen else [])]
        lines = [_rule(f"{FIRED[0]}({number},{_tuple(values.texts)})", body)]
        unread = ["_"] * (len(values.texts) - len(names))
        fired = f"{FIRED[0]}({number},{_tuple([*names, *unread])})"
        for place, key, needed, literals in self.elements:
            held, absent = (_tuple(_atoms(needed, s)) for s in (ast.Sign.NoSign, ast.Sign.Negation))
            counted = f"{COUNTED[0]}({number},{_tuple(names)},{place},{key},{held},{absent})"
            lines.append(_rule(counted, [fired, *map(str, literals)]))
        told = tuple(name.removeprefix(OWN) for name in names)
        return Companion("\n".join(lines), told, *read, tuple(self.counts))


class _Values:
    """Terms as they are put together from the values of a companion: variables, then the rest."""

    def __init__(self, names: Sequence[str], constants: Collection[str]) -> None:
        self.texts = list(names)
        self._constants = constants

    def side(self, term: ast.AST | str) -> Template | str:
        """Return how a side of a comparison is put together; an operator is itself."""
        return term if isinstance(term, str) else self.of(term)

    def of(self, term: ast.AST) -> Template:
        """Return how a term is put together; what clingo has to calculate becomes a value."""
        kind = term.ast_type
        if kind == ast.ASTType.SymbolicTerm and str(term) not in self._constants:
            symbol: clingo.Symbol = term.symbol
            return lambda _: symbol
        if kind == ast.ASTType.Function and self._is_plain(term):
            return self._function(term, True)
        if kind == ast.ASTType.UnaryOperation and self._is_plain(term.argument):
            return self._function(term.argument, False)
        text = str(term)
        if text not in self.texts:
            self.texts.append(text)
        place = self.texts.index(text)
        return lambda values: values[place]

    def _is_plain(self, term: ast.AST) -> bool:
        """Tell whether a term is a function that clingo takes as it stands."""
        is_function = term.ast_type == ast.ASTType.Function and not term.external
        return bool(is_function and (term.arguments or term.name not in self._constants))

    def _function(self, term: ast.AST, positive: bool) -> Template:
        name, arguments = term.name, [self.of(argument) for argument in term.arguments]
        return lambda values: clingo.Function(name, [a(values) for a in arguments], positive)


def _names_in(named: _Named) -> list[str]:
    """Return the variables that stand for intervals: no literal but their own may hold them."""
    return [interval.split(" = ", 1)[0] for interval in named.intervals]


def _local(literals: Sequence[ast.AST]) -> list[ast.AST]:
    """Return an element's literals with witnesses named apart from those of the body."""
    named = _Named(1000)
    found = [named.literal(literal) for literal in literals]
    for interval in named.intervals:
        ast.parse_string(f":- {interval}.", lambda s: found.extend(getattr(s, "body", ())))
    return found


def _atoms(literals: Sequence[ast.AST], sign: ast.Sign) -> list[str]:
    """Return the atoms of one sign as terms, anonymous variables as a constant for anything."""
    return [
        str(_Ignored()(part.atom))
        for part in literals
        if part.sign == sign and part.atom.ast_type == ast.ASTType.SymbolicAtom
    ]


def _guards(aggregate: ast.AST) -> list[tuple[str, ast.AST]]:
    """Return the comparisons of an aggregate as they read from it: ``>=``, ``2``."""
    found = []
    if (left := aggregate.left_guard) is not None:
        found.append((MIRRORED[_OPERATORS[left.comparison]], left.term))
    if (right := aggregate.right_guard) is not None:
        found.append((_OPERATORS[right.comparison], right.term))
    return found


def _comparison(literal: ast.AST) -> tuple[str, list[ast.AST | str]]:
    """Return a comparison with its sides, or as text alone where a side has many values."""
    comparison = literal.atom
    sides = [comparison.term, *(guard.term for guard in comparison.guards)]
    texts = [str(side) for side in sides]
    if literal.sign != ast.Sign.NoSign or any(".." in t or ";" in t for t in texts):
        return str(literal), []
    mixed: list[ast.AST | str] = [sides[0]]
    for guard in comparison.guards:
        mixed += [_OPERATORS[guard.comparison], guard.term]
    return str(literal), mixed


def _tuple(terms: Sequence[str]) -> str:
    return "(" + ",".join(terms) + ("," if len(terms) == 1 else "") + ")"


def _rule(head: str, body: Sequence[str]) -> str:
    return f"{head} :- {'; '.join(body)}." if body else f"{head}."
