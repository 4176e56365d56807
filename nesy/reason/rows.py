"""Atoms as rows of plain values, which Python compares and hashes without asking clingo.

A number is an int, a name a str, a tuple of terms a tuple; every other term is the symbol itself.
Equal terms are equal values, so rows can be looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import overload

import clingo

from nesy.reason.conditions import LEAST, MOST
from nesy.rulebook import Signature

Value = int | str | tuple["Value", ...] | clingo.Symbol
Row = tuple[Value, ...]
# An atom by its signature and its arguments.
Known = tuple[Signature, Row]
# Rows by their signature.
Groups = Mapping[Signature, frozenset[Row]]


class UndecidedError(ArithmeticError):
    """A term without a value, or beyond the numbers that clingo has: how it is read is clingo's."""


# The facts of one case are largely those of the next, and asking clingo for their parts takes long.
MOST_REMEMBERED = 2**16


@lru_cache(maxsize=MOST_REMEMBERED)
def row(atom: clingo.Symbol) -> Known:
    """Return the signature of an atom and its arguments as values."""
    arguments = tuple(map(value, atom.arguments))
    name = atom.name if atom.positive else f"-{atom.name}"
    return (name, len(arguments)), arguments


@lru_cache(maxsize=MOST_REMEMBERED)
def atom_of(name: str, arguments: Row) -> clingo.Symbol:
    """Return the atom of a row."""
    terms = [symbol(argument) for argument in arguments]
    return clingo.Function(name.removeprefix("-"), terms, not name.startswith("-"))


class Atoms(Sequence[clingo.Symbol]):
    """Ground atoms held as rows by their signature; symbols are made once they are asked for.

    To evaluate rules over a case, and to answer it, nobody asks.
    """

    def __init__(self, groups: Groups) -> None:
        self.groups = groups

    @classmethod
    def of(cls, known: Iterable[Known]) -> Atoms:
        """Return these atoms; as symbols they keep their order."""
        ordered = tuple(known)
        found = cls(grouped(ordered))
        found.known = ordered
        return found

    @cached_property
    def known(self) -> tuple[Known, ...]:
        """Return them in their order: by signature as given, then as clingo orders atoms."""
        return tuple((of, row) for of, some in self.groups.items() for row in in_order(some))

    @cached_property
    def symbols(self) -> tuple[clingo.Symbol, ...]:
        """Return them as symbols."""
        return tuple(atom_of(name, arguments) for (name, _), arguments in self.known)

    def with_(self, more: Iterable[tuple[Signature, Iterable[Row]]]) -> Atoms:
        """Return these atoms and further ones."""
        groups = dict(self.groups)
        for of, some in more:
            groups[of] = groups.get(of, _NO_ROWS).union(some)
        return Atoms(groups)

    def __len__(self) -> int:
        return len(self.known)

    @overload
    def __getitem__(self, at: int) -> clingo.Symbol: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[clingo.Symbol, ...]: ...
    def __getitem__(self, at: int | slice) -> clingo.Symbol | tuple[clingo.Symbol, ...]:
        return self.symbols[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Atoms) and self.known == other.known

    def __hash__(self) -> int:
        return hash(self.known)


_NO_ROWS: frozenset[Row] = frozenset()


def grouped(known: Iterable[Known]) -> Groups:
    """Return rows by their signature."""
    found: dict[Signature, list[Row]] = {}
    for of, row in known:
        if of in found:
            found[of].append(row)
        else:
            found[of] = [row]
    return {of: frozenset(some) for of, some in found.items()}


def groups(atoms: Iterable[clingo.Symbol]) -> Groups:
    """Return atoms as rows by their signature."""
    return atoms.groups if isinstance(atoms, Atoms) else grouped(map(row, atoms))


def written(name: str, arguments: Row) -> str:
    """Return an atom as text; what the text says is remembered."""
    found = f"{name}({','.join(map(text, arguments))})"
    if len(_written) >= MOST_REMEMBERED:
        _written.clear()
    _written[found] = (name, len(arguments)), arguments
    return found


def read(found: str) -> Known:
    """Return the ground atom that a text is."""
    return _written.get(found) or _parsed(found)


_written: dict[str, Known] = {}


@lru_cache(maxsize=MOST_REMEMBERED)
def _parsed(found: str) -> Known:
    return row(clingo.parse_term(found))


def value(term: clingo.Symbol) -> Value:
    """Return a term as a value."""
    if term.type == clingo.SymbolType.Number:
        return term.number
    if term.type == clingo.SymbolType.Function:
        if not term.name:
            return tuple(map(value, term.arguments))
        if term.positive and not term.arguments:
            return term.name
    return term


@lru_cache(maxsize=2**14)
def symbol(of: Value) -> clingo.Symbol:
    """Return the term of a value."""
    if isinstance(of, int):
        return clingo.Number(of)
    if isinstance(of, str):
        return clingo.Function(of)
    if isinstance(of, tuple):
        return clingo.Function("", [symbol(each) for each in of])
    return of


def text(of: Value) -> str:
    """Return a term as clingo writes it."""
    if isinstance(of, str):
        return of
    if isinstance(of, tuple):
        return f"({','.join(map(text, of))}{',' if len(of) == 1 else ''})"
    return str(of)


# Kinds of values that Python orders as clingo does, each among its own.
_IN_PYTHONS_ORDER = {int, str}


def in_order(some: Collection[Row]) -> list[Row]:
    """Return rows of one predicate as clingo orders its atoms."""
    if len(some) < 2:
        return list(some)
    if set(map(type, chain.from_iterable(some))) <= _IN_PYTHONS_ORDER:
        try:
            return sorted(some)
        except TypeError:  # numbers beside names
            pass
    return sorted(some, key=lambda row: [symbol(each) for each in row])


def less(one: Value, other: Value) -> bool:
    """Tell whether clingo orders one term before the other."""
    if isinstance(one, int) and isinstance(other, int):
        return one < other
    return symbol(one) < symbol(other)


def _computed(operation: Callable[[int, int], int]) -> Callable[[Value, Value], int]:
    def of(one: Value, other: Value) -> int:
        if isinstance(one, int) and isinstance(other, int):
            found = operation(one, other)
            if LEAST <= found <= MOST:
                return found
        raise UndecidedError

    return of


def _quotient(one: int, other: int) -> int:
    if not other:
        raise UndecidedError
    # As clingo does, towards zero.
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


plus = _computed(lambda one, other: one + other)
minus = _computed(lambda one, other: one - other)
times = _computed(lambda one, other: one * other)
quotient = _computed(_quotient)


def largest(rows: set[Row]) -> Value:
    """Return the ``#max`` of rows by their first value."""
    return max((_first(each) for each in rows), default=clingo.Infimum)


def smallest(rows: set[Row]) -> Value:
    """Return the ``#min`` of rows by their first value."""
    return min((_first(each) for each in rows), default=clingo.Supremum)


def total(rows: set[Row]) -> int:
    """Return the ``#sum`` of rows by their first value."""
    found = sum(_first(each) for each in rows)
    if not LEAST <= found <= MOST:
        raise UndecidedError
    return found


def _first(of: Row) -> int:
    if not of or not isinstance(of[0], int):
        raise UndecidedError
    return of[0]
