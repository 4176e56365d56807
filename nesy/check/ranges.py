"""What values a rule's variables can take: numbers as intervals, words as sets.

clingo orders every number before every word, so a word counts as infinitely large here, and what
is concluded holds for it too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nesy.check.clause import Clause, Literal, Term
from nesy.check.kinds import PERMILLE, places

Range = tuple[float, float]
ANY: Range = (-math.inf, math.inf)
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_DENIED = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "=": "!=", "!=": "="}


@dataclass
class Values:
    """The values of variables; ``words`` only of those that comparisons bind to words."""

    numbers: dict[str, Range] = field(default_factory=dict)
    words: dict[str, frozenset[str]] = field(default_factory=dict)

    def range(self, term: Term) -> Range:
        """Return the least and the largest value of a term."""
        match term.kind:
            case "number":
                return (int(term.text), int(term.text))
            case "variable":
                return self.numbers.get(term.text, ANY)
            case "interval" | "pool":
                parts = [self.range(argument) for argument in term.arguments]
                return min(low for low, _ in parts), max(high for _, high in parts)
            case "operation" if len(term.arguments) == 2:
                left, right = map(self.range, term.arguments)
                return _computed(term.text, left, right)
            case _:
                return ANY

    def narrow(self, comparison: Literal) -> None:
        """Let a comparison that holds bound the variables on its two sides."""
        sign = _sign(comparison)
        left, right = comparison.terms
        for one, how, other in ((left, sign, right), (right, _MIRRORED[sign], left)):
            if one.kind != "variable" or one.text == "_":
                continue
            if how == "=" and (named := _words(other)) is not None:
                held = self.words.get(one.text, named)
                self.words[one.text] = held & named
                continue
            low, high = self.range(other)
            least, most = self.numbers.get(one.text, ANY)
            if how in ("=", ">=", ">"):
                least = max(least, low + (how == ">"))
            if how in ("=", "<=", "<"):
                most = min(most, high - (how == "<"))
            self.numbers[one.text] = (least, most)

    @property
    def empty(self) -> str | None:
        """Return a variable that can have no value."""
        for name, (low, high) in self.numbers.items():
            if low > high and name not in self.words:
                return name
        return next((name for name, words in self.words.items() if not words), None)

    def holds(self, comparison: Literal) -> bool | None:
        """Tell whether a comparison always holds, never, or now and then (None)."""
        sign = _sign(comparison)
        left, right = comparison.terms
        for one, other in ((left, right), (right, left)):
            held = self.words.get(one.text) if one.kind == "variable" else None
            named = _words(other)
            if held and named is not None and sign in ("=", "!="):
                if not held & named:
                    return sign == "!="
                return (sign == "=") if len(held) == 1 == len(named) else None
        if sign in ("=", "!=") and _words(left) is not None and _words(right) is not None:
            both = (_words(left), _words(right))
            return (both[0] == both[1]) == (sign == "=") if len(both[0] or ()) == 1 else None
        if {term.kind for term in (left, right)} & {"word", "pool", "interval", "function"}:
            return None
        return _compared(sign, self.range(left), self.range(right))


def _words(term: Term) -> frozenset[str] | None:
    """Return the words a term stands for; None where it may be anything else."""
    parts = term.arguments if term.kind == "pool" else (term,)
    if all(part.kind == "word" for part in parts):
        return frozenset(part.text for part in parts)
    return None


def _sign(comparison: Literal) -> str:
    return _DENIED[comparison.text] if comparison.sign == 1 else comparison.text


def _compared(sign: str, left: Range, right: Range) -> bool | None:
    (low, high), (least, most) = left, right
    match sign:
        case "<":
            return True if high < least else False if low >= most else None
        case "<=":
            return True if high <= least else False if low > most else None
        case ">" | ">=":
            return _compared("<" if sign == ">" else "<=", right, left)
        case _:
            same = low == high == least == most and not math.isinf(low)
            apart = high < least or most < low
            found = True if same else False if apart else None
            return found if sign == "=" or found is None else not found


def _computed(sign: str, left: Range, right: Range) -> Range:
    if math.inf in map(abs, (*left, *right)):
        return ANY
    (low, high), (least, most) = left, right
    match sign:
        case "+":
            return low + least, high + most
        case "-":
            return low - most, high - least
        case "*":
            every = [a * b for a in left for b in right]
            return min(every), max(every)
        case "/" if least > 0 or most < 0:
            every = [math.trunc(a / b) for a in left for b in right]
            return min(every), max(every)
        case "\\" if least > 0:
            return min(0, max(low, 1 - most)), min(max(0, high), most - 1)
        case _:
            return ANY


def given(clause: Clause) -> Values:
    """Return what the rule's atoms alone say of its variables: confidences are 0-1000."""
    values = Values()
    for literal in clause.body:
        if literal.kind == "atom" and literal.sign == 0:
            for _, name, term in places(literal):
                if name in PERMILLE and term.kind == "variable" and term.text != "_":
                    values.numbers[term.text] = (0, 1000)
    return values


def comparisons(clause: Clause) -> list[Literal]:
    """Return the comparisons of a rule's body."""
    return [literal for literal in clause.body if literal.kind == "comparison"]


def values(clause: Clause, of: Iterable[Literal] | None = None) -> Values:
    """Return what the rule's atoms and some of its comparisons, all by default, say together."""
    found = given(clause)
    every: Sequence[Literal] = comparisons(clause) if of is None else list(of)
    # What is said of one variable may bound another; three rounds settle what people write.
    for _ in range(3):
        for comparison in every:
            found.narrow(comparison)
    return found
