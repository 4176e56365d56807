"""The changes to a rule that some case should notice: the rule dropped, a condition, a bound moved.

A condition is dropped where the rest of its rule still binds every variable. A condition that holds
whatever the facts are, as a norm that is in force anywhere, cannot be noticed and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import clingo
from clingo import ast
from clingo.ast import ComparisonOperator as Compares

from nesy.companions import unpooled
from nesy.diagnostics import NesyError
from nesy.reason import asp
from nesy.reason.conditions import CannotSlice, conditions
from nesy.reason.lift import CannotLift, constants
from nesy.rulebook import Rule, Rulebook

Body = tuple[str, ...]
Change = Literal["rule", "condition", "bound"]
CHANGES: tuple[Change, ...] = ("rule", "condition", "bound")
_MOVED = {
    Compares.GreaterEqual: Compares.GreaterThan,
    Compares.GreaterThan: Compares.GreaterEqual,
    Compares.LessEqual: Compares.LessThan,
    Compares.LessThan: Compares.LessEqual,
}


@dataclass(frozen=True, eq=False)
class Mutant:
    """A rule with one change, in each of its alternatives where pools give it several.

    ``instead`` are the heads and bodies that stand in its place, ``differs`` the bodies under which
    the change can make a difference (None: whenever the rule fires).
    """

    rule: Rule
    change: Change
    text: str
    line: int
    column: int
    alternatives: int
    instead: tuple[tuple[str, Body], ...] = ()
    differs: tuple[Body, ...] | None = None

    @property
    def what(self) -> str:
        """Say what was changed."""
        if self.change == "rule":
            return f"{self.rule.id} can be dropped"
        verb = "be dropped" if self.change == "condition" else "have its bound moved by one"
        return f"{self.text} of {self.rule.id} can {verb}"


def mutants(
    rules: Sequence[Rule], always: frozenset[str], changes: Iterable[Change] = CHANGES
) -> Iterator[Mutant]:
    """Yield the changes to rules, those of one rule together; ``always`` are atoms that hold."""
    wanted = frozenset(changes)
    for rule in rules:
        statements = unpooled(rule.statement)
        count = len(statements)
        if "rule" in wanted:
            yield Mutant(rule, "rule", rule.text, rule.line, rule.column, count)
        for place, literal in enumerate(rule.statement.body):
            begin = literal.location.begin
            at = str(literal), begin.line, begin.column, count
            for change, of in (("condition", _dropped), ("bound", _bound)):
                changed = [of(statement, place, always) for statement in statements]
                found = [each for each in changed if each is not None]
                if change in wanted and len(found) == count:
                    heads = [str(statement.head) for statement in statements]
                    instead = tuple(zip(heads, (body for body, _ in found), strict=True))
                    yield Mutant(rule, change, *at, instead, tuple(there for _, there in found))


def _dropped(statement: ast.AST, place: int, always: frozenset[str]) -> tuple[Body, Body] | None:
    """Return a body without a condition, and when that differs; None where it cannot be noticed."""
    body = tuple(map(str, statement.body))
    rest = (*body[:place], *body[place + 1 :])
    if body[place] in always or body[place] in rest or not _is_safe(str(statement.head), rest):
        return None
    opposite = (*rest, _opposite(statement.body[place]))
    return rest, opposite if _is_safe("_head", opposite) else rest


def _bound(statement: ast.AST, place: int, _: frozenset[str]) -> tuple[Body, Body] | None:
    """Return a body with the bound of a comparison moved by one, and when that differs."""
    literal = statement.body[place]
    if literal.ast_type != ast.ASTType.Literal or literal.atom.ast_type != ast.ASTType.Comparison:
        return None
    guards = list(literal.atom.guards)
    if len(guards) != 1 or guards[0].comparison not in _MOVED:
        return None
    (bound,) = guards
    moved = bound.update(comparison=_MOVED[bound.comparison])
    there = literal.update(atom=literal.atom.update(guards=[moved]))
    body = tuple(map(str, statement.body))
    rest = (*body[:place], *body[place + 1 :])
    return (*rest, str(there)), (*rest, f"{literal.atom.term} = {bound.term}")


def _opposite(literal: ast.AST) -> str:
    """Return the literal that holds where this one does not; it may be unsafe."""
    if literal.ast_type != ast.ASTType.Literal:
        return f"not {literal}"
    signs = {ast.Sign.Negation: ast.Sign.DoubleNegation}
    return str(literal.update(sign=signs.get(literal.sign, ast.Sign.Negation)))


@lru_cache(maxsize=2**13)
def _is_safe(head: str, body: tuple[str, ...]) -> bool:
    statements: list[ast.AST] = []
    text = f"{head} :- {'; '.join(body) or '#true'}."
    try:
        ast.parse_string(text, statements.append, logger=lambda *_: None)
        asp.ground(statements, extra="", part=asp.NOTHING, name="mutant")
    except (NesyError, RuntimeError):
        return False
    return True


def held_always(book: Rulebook, static: Sequence[clingo.Symbol]) -> frozenset[str]:
    """Return the atoms that hold in every case: what follows from the ontology alone."""
    found: set[str] = set()
    for stratum in ("interpret", "govern"):
        try:
            rules = conditions(book.statements(stratum))
            constant = constants(rules, frozenset())
        except (CannotSlice, CannotLift):
            continue
        fixed = [rule.statement for rule in rules if rule.is_normal and rule.body <= constant]
        for answer in asp.solve(fixed, static, name=stratum, guarded=book.strangers):
            found |= {str(atom) for atom in answer.atoms}
    return frozenset(found)
