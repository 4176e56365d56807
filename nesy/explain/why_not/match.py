"""Match: the literals of a rule evaluated over the atoms of an answer set, as clingo would.

What a rule lacks is found by trying its conditions one by one, thousands of times a question, so
they are compiled once and evaluated here. Numbers are ``int``, every other term is a
``clingo.Symbol``. Semantics are clingo's: integers wrap at 32 bits, an undefined term drops its
instance, an interval stands for each of its values, terms are ordered as clingo orders them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import clingo
from clingo import ast

from nesy.reason.asp import Functions

Value = int | clingo.Symbol
Env = Mapping[str, Value]
Key = tuple[str, int, bool]

NOTHING: frozenset[str] = frozenset()
# What stands for a variable that nothing binds.
OPEN = clingo.String("_")


@lru_cache(maxsize=2**16)
def native(symbol: clingo.Symbol) -> Value:
    """Return a term as this module holds it: numbers as integers."""
    return symbol.number if symbol.type == clingo.SymbolType.Number else symbol


def symbol_of(value: Value) -> clingo.Symbol:
    """Return a value as clingo's term."""
    return clingo.Number(value) if isinstance(value, int) else value


@lru_cache(maxsize=2**16)
def atom_of(key: Key, arguments: tuple[Value, ...]) -> clingo.Symbol:
    """Return an atom by its predicate and arguments; the same few are asked for again and again."""
    return clingo.Function(key[0], [symbol_of(value) for value in arguments], key[2])


class Atoms:
    """The atoms that hold, found by predicate and by the value of an argument."""

    def __init__(self, atoms: Iterable[clingo.Symbol], base: Atoms | None = None) -> None:
        self._rows: dict[Key, list[tuple[Value, ...]]] = defaultdict(list)
        self._index: dict[tuple[Key, int], dict[Value, list[tuple[Value, ...]]]] = {}
        self._base = base
        for atom in atoms:
            key, row = parts(atom)
            self._rows[key].append(row)

    def rows(self, key: Key) -> Sequence[tuple[Value, ...]]:
        """Return the arguments of every atom of a predicate."""
        own = self._rows.get(key, ())
        below = self._base.rows(key) if self._base is not None else ()
        return [*below, *own] if below and own else below or own

    def has(self, key: Key) -> bool:
        """Tell whether any atom of a predicate holds."""
        return bool(self._rows.get(key)) or (self._base is not None and self._base.has(key))

    def candidates(self, key: Key, args: Sequence[Term], env: Env) -> Iterable[tuple[Value, ...]]:
        """Return the rows that agree with the first argument known; all of them where none is."""
        for at, arg in enumerate(args):
            known = arg.known(env)
            if known is not None:
                own = self._at(key, at).get(known, ())
                below = self._base._at(key, at).get(known, ()) if self._base is not None else ()
                return [*below, *own] if below and own else below or own
        return self.rows(key)

    def _at(self, key: Key, at: int) -> dict[Value, list[tuple[Value, ...]]]:
        found = self._index.get((key, at))
        if found is None:
            found = defaultdict(list)
            for row in self._rows.get(key, ()):
                found[row[at]].append(row)
            self._index[key, at] = found = dict(found)
        return found


@lru_cache(maxsize=2**16)
def parts(atom: clingo.Symbol) -> tuple[Key, tuple[Value, ...]]:
    """Return the predicate of an atom and its arguments."""
    arguments = tuple(map(native, atom.arguments))
    return (atom.name, len(arguments), atom.positive), arguments


class Term:
    """A term of a rule. ``names`` are its variables, ``needs`` those it cannot bind by itself."""

    names: frozenset[str] = NOTHING
    needs: frozenset[str] = NOTHING
    open: bool = False

    def values(self, env: Env) -> Sequence[Value]:
        """Return every value under bindings of all variables; none where it is undefined."""
        raise NotImplementedError

    def match(self, value: Value, env: Env) -> Env | None:
        """Return the bindings under which the term has this value, None where it cannot."""
        return env if value in self.values(env) else None

    def known(self, _env: Env) -> Value | None:
        """Return the value of a constant or of a bound variable."""
        return None


@dataclass(frozen=True, slots=True)
class Constant(Term):
    """A ground term without arithmetic."""

    value: Value

    def values(self, _env: Env) -> Sequence[Value]:
        """Return the constant."""
        return (self.value,)

    def match(self, value: Value, env: Env) -> Env | None:
        """Compare with the constant."""
        return env if value == self.value else None

    def known(self, _env: Env) -> Value | None:
        """Return the constant."""
        return self.value


class _Anything(Term):
    """The anonymous variable."""

    open = True

    def values(self, _env: Env) -> Sequence[Value]:
        return (clingo.String("_"),)

    def match(self, _value: Value, env: Env) -> Env | None:
        return env


ANYTHING = _Anything()


class Variable(Term):
    """A named variable."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names = frozenset([name])

    def values(self, env: Env) -> Sequence[Value]:
        """Return what the variable is bound to."""
        return (env[self.name],)

    def match(self, value: Value, env: Env) -> Env | None:
        """Bind the variable, or compare with what it is bound to."""
        held = env.get(self.name)
        if held is None:
            return {**env, self.name: value}
        return env if held == value else None

    def known(self, env: Env) -> Value | None:
        """Return what the variable is bound to."""
        return env.get(self.name)


class Function(Term):
    """A function or a tuple of terms."""

    def __init__(self, name: str, arguments: Sequence[Term]) -> None:
        self.name, self.arguments = name, tuple(arguments)
        self.names = NOTHING.union(*(a.names for a in arguments))
        self.needs = NOTHING.union(*(a.needs for a in arguments))
        self.open = any(a.open for a in arguments)

    def values(self, env: Env) -> Sequence[Value]:
        """Return the function of each combination of its arguments' values."""
        every = product(*(a.values(env) for a in self.arguments))
        return [clingo.Function(self.name, [symbol_of(v) for v in values]) for values in every]

    def match(self, value: Value, env: Env) -> Env | None:
        """Match each argument."""
        if isinstance(value, int) or value.type != clingo.SymbolType.Function:
            return None
        if value.name != self.name or not value.positive:
            return None
        arguments = value.arguments
        if len(arguments) != len(self.arguments):
            return None
        return match_all(self.arguments, list(map(native, arguments)), env)


class Linear(Term):
    """``factor * X + offset``: clingo finds X from the value."""

    def __init__(self, name: str, factor: int, offset: int, exact: Term) -> None:
        self.name, self.factor, self.offset, self.exact = name, factor, offset, exact
        self.names = frozenset([name])

    def values(self, env: Env) -> Sequence[Value]:
        """Return the value of the sum."""
        return self.exact.values(env)

    def match(self, value: Value, env: Env) -> Env | None:
        """Bind the variable to what gives this value."""
        if self.name in env:
            return super().match(value, env)
        if not isinstance(value, int) or (value - self.offset) % self.factor:
            return None
        return {**env, self.name: (value - self.offset) // self.factor}


class Computed(Term):
    """Arithmetic, an interval, an absolute value or a function ``@name``."""

    def __init__(self, operator: str, arguments: Sequence[Term]) -> None:
        self.operator, self.arguments = operator, tuple(arguments)
        self.names = NOTHING.union(*(a.names for a in arguments))
        self.needs = self.names

    def values(self, env: Env) -> Sequence[Value]:
        """Return the value of each combination of arguments that has one."""
        found: list[Value] = []
        for values in product(*(a.values(env) for a in self.arguments)):
            found += self._of(values)
        return found

    def _of(self, values: Sequence[Value]) -> Sequence[Value]:
        if self.operator[0] == "@":
            return _called(self.operator[1:], values)
        if self.operator == "-" and len(values) == 1 and not isinstance(values[0], int):
            term = values[0]
            is_name = term.type == clingo.SymbolType.Function and bool(term.name)
            return [clingo.Function(term.name, term.arguments, not term.positive)] * is_name
        numbers = [v for v in values if isinstance(v, int)]
        if len(numbers) != len(values):
            return ()
        if self.operator == "..":
            return range(numbers[0], numbers[1] + 1)
        return _calculated(self.operator, *numbers)


def _called(name: str, values: Sequence[Value]) -> Sequence[Value]:
    try:
        return [native(getattr(Functions, name)(*map(symbol_of, values)))]
    except (AttributeError, RuntimeError, TypeError):
        return ()


@lru_cache(maxsize=2**14)
def _calculated(operator: str, *numbers: int) -> Sequence[Value]:
    """Let clingo calculate; what it cannot, as a division by zero, has no value."""
    texts = [f"({n})" for n in numbers]
    text = operator.join(texts) if len(texts) == 2 else f"{operator}{texts[0]}"
    text = f"|{texts[0]}|" if operator == "|" else text
    try:
        return [native(clingo.parse_term(text, logger=lambda _code, _text: None))]
    except RuntimeError:
        return ()


_BINARY = {
    ast.BinaryOperator.And: "&",
    ast.BinaryOperator.Division: "/",
    ast.BinaryOperator.Minus: "-",
    ast.BinaryOperator.Modulo: "\\",
    ast.BinaryOperator.Multiplication: "*",
    ast.BinaryOperator.Or: "?",
    ast.BinaryOperator.Plus: "+",
    ast.BinaryOperator.Power: "**",
    ast.BinaryOperator.XOr: "^",
}
_UNARY = {
    ast.UnaryOperator.Absolute: "|",
    ast.UnaryOperator.Minus: "-",
    ast.UnaryOperator.Negation: "~",
}


def term_of(node: ast.AST) -> Term:
    """Compile a term that holds no pool."""
    kind = node.ast_type
    if kind == ast.ASTType.SymbolicTerm:
        return Constant(native(node.symbol))
    if kind == ast.ASTType.Variable:
        return ANYTHING if node.name == "_" else Variable(node.name)
    if kind == ast.ASTType.Interval:
        return Computed("..", [term_of(node.left), term_of(node.right)])
    if kind == ast.ASTType.UnaryOperation:
        return _linear(Computed(_UNARY[node.operator_type], [term_of(node.argument)]))
    if kind == ast.ASTType.BinaryOperation:
        sides = [term_of(node.left), term_of(node.right)]
        return _linear(Computed(_BINARY[node.operator_type], sides))
    arguments = [term_of(argument) for argument in node.arguments]
    if node.external:
        return Computed(f"@{node.name}", arguments)
    built = Function(node.name, arguments)
    if all(isinstance(a, Constant) for a in arguments):
        return Constant(built.values({})[0])
    return built


def _linear(term: Computed) -> Term:
    """Return the term as ``a * X + b`` where it is one, so that a value binds X."""
    found = _coefficients(term)
    if found is None:
        return term
    name, factor, offset = found
    if name is None:
        values = term.values({})
        return Constant(values[0]) if len(values) == 1 else term
    return Linear(name, factor, offset, term) if factor else term


def _coefficients(term: Term) -> tuple[str | None, int, int] | None:
    match term:
        case Constant(value=int() as number):
            return None, 0, number
        case Variable():
            return term.name, 1, 0
        case Linear():
            return term.name, term.factor, term.offset
        case Computed(operator="-", arguments=(only,)):
            inner = _coefficients(only)
            return inner and (inner[0], -inner[1], -inner[2])
        case Computed(operator="+" | "-" | "*" as operator, arguments=(first, second)):
            left, right = _coefficients(first), _coefficients(second)
            if left is None or right is None or None not in (left[0], right[0]):
                return None
            if operator == "*":
                (name, factor, offset), times = (left, right) if left[0] else (right, left)
                return name, factor * times[2], offset * times[2]
            sign = 1 if operator == "+" else -1
            return left[0] or right[0], left[1] + sign * right[1], left[2] + sign * right[2]
    return None


def match_all(terms: Sequence[Term], row: Sequence[Value], env: Env) -> Env | None:
    """Match terms with the values of a row."""
    found: Env | None = env
    for term, value in zip(terms, row, strict=True):
        found = term.match(value, found) if found is not None else None
        if found is None:
            return None
    return found


@dataclass(frozen=True, slots=True)
class Pattern:
    """An atom of a rule: its predicate and the terms of its arguments."""

    key: Key
    terms: tuple[Term, ...]
    names: frozenset[str] = field(default=NOTHING)
    needs: frozenset[str] = field(default=NOTHING)

    @classmethod
    def of(cls, node: ast.AST) -> Pattern:
        """Compile the term of a symbolic atom."""
        positive = node.ast_type != ast.ASTType.UnaryOperation
        inner = node if positive else node.argument
        if inner.ast_type == ast.ASTType.SymbolicTerm:
            symbol = inner.symbol
            arguments: list[Term] = [Constant(native(a)) for a in symbol.arguments]
        else:
            symbol = inner
            arguments = [term_of(a) for a in inner.arguments]
        names = NOTHING.union(*(a.names for a in arguments))
        needs = NOTHING.union(*(a.needs for a in arguments))
        return cls((symbol.name, len(arguments), positive), tuple(arguments), names, needs)

    def matches(self, env: Env, atoms: Atoms) -> Iterator[Env]:
        """Yield the bindings under which an atom of the pattern holds."""
        for row in atoms.candidates(self.key, self.terms, env):
            found = match_all(self.terms, row, env)
            if found is not None:
                yield found

    def text(self, env: Env) -> clingo.Symbol:
        """Return the atom under bindings; what is not bound stands as the string ``_``."""
        return atom_of(self.key, tuple(_shown(term, env) for term in self.terms))


def _shown(term: Term, env: Env) -> Value:
    values = term.values(env) if term.names <= env.keys() else ()
    return values[0] if len(values) == 1 else OPEN
