"""Atoms as rows of plain values, which Python compares and hashes without asking clingo.

A number is an int, a name a str, a tuple of terms a tuple; every other term is the symbol itself.
Equal terms are equal values, so rows can be looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import clingo

from nesy.reason.conditions import LEAST, MOST
from nesy.rulebook import Signature

Value = int | str | tuple["Value", ...] | clingo.Symbol
Row = tuple[Value, ...]


class UndecidedError(ArithmeticError):
    """A term without a value, or beyond the numbers that clingo has: how it is read is clingo's."""


# The facts of one case are largely those of the next.
@lru_cache(maxsize=2**16)
def row(atom: clingo.Symbol) -> tuple[Signature, Row]:
    """Return the signature of an atom and its arguments as values."""
    arguments = tuple(map(value, atom.arguments))
    return (atom.name if atom.positive else f"-{atom.name}", len(arguments)), arguments


@lru_cache(maxsize=2**16)
def atom_of(name: str, arguments: Row) -> clingo.Symbol:
    """Return the atom of a row."""
    return clingo.Function(name, [symbol(argument) for argument in arguments])


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
