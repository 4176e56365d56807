"""Atoms as rows of plain values, which Python compares and hashes without asking clingo.

A number is an int, a name a str, a tuple of terms a tuple; every other term is the symbol itself.
Equal terms are equal values, so rows can be looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache

import clingo

from nesy.reason.conditions import LEAST, MOST
from nesy.rulebook import Signature

Value = int | str | tuple["Value", ...] | clingo.Symbol
Row = tuple[Value, ...]


class UndecidedError(ArithmeticError):
    """A term without a value, or beyond the numbers that clingo has: how it is read is clingo's."""


# The facts of one case are largely those of the next, and asking clingo for their parts takes long.
MOST_REMEMBERED = 2**16
_rows: dict[clingo.Symbol, tuple[Signature, Row]] = {}


def row(atom: clingo.Symbol) -> tuple[Signature, Row]:
    """Return the signature of an atom and its arguments as values."""
    found = _rows.get(atom)
    if found is None:
        arguments = tuple(map(value, atom.arguments))
        name = atom.name if atom.positive else f"-{atom.name}"
        found = _remembered(atom, ((name, len(arguments)), arguments))
    return found


@lru_cache(maxsize=MOST_REMEMBERED)
def atom_of(name: str, arguments: Row) -> clingo.Symbol:
    """Return the atom of a row."""
    made = clingo.Function(name, [symbol(argument) for argument in arguments])
    _remembered(made, ((name, len(arguments)), arguments))
    return made


def _remembered(atom: clingo.Symbol, of: tuple[Signature, Row]) -> tuple[Signature, Row]:
    if len(_rows) >= MOST_REMEMBERED:
        _rows.clear()
    _rows[atom] = of
    return of


def written(name: str, arguments: Row) -> str:
    """Return an atom as text; the atom of the text is remembered."""
    found = f"{name}({','.join(map(text, arguments))})"
    if len(_atoms) >= MOST_REMEMBERED:
        _atoms.clear()
    _atoms[found] = atom_of(name, arguments)
    return found


def read(found: str) -> clingo.Symbol:
    """Return the ground atom that a text is."""
    return _atoms.get(found) or _parsed(found)


_atoms: dict[str, clingo.Symbol] = {}
_parsed = lru_cache(maxsize=MOST_REMEMBERED)(clingo.parse_term)


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


def in_order(some: Collection[Row]) -> list[Row]:
    """Return rows of one predicate as clingo orders its atoms."""
    if all(type(each) is int or type(each) is str for row in some for each in row):
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
