"""Which instances of which rules fired: companions beside the rules, for the case asked about only.

Every rule gets one companion per (unpooled) alternative, ``_fired(rule, bindings, head, positive,
negative, compared) :- body``, and one per element of an aggregate or conditional literal. The rules
themselves are untouched, so the answer sets are the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import clingo
from clingo import ast

from nesy.companions import heads, unpooled, variables
from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.rulebook import Rule, Rulebook, Strata

_CALCULATED = re.compile(r"[-+*/@]")
ANYTHING = clingo.String("_")

_OPERATORS = {
    ast.ComparisonOperator.Equal: "=",
    ast.ComparisonOperator.NotEqual: "!=",
    ast.ComparisonOperator.LessThan: "<",
    ast.ComparisonOperator.LessEqual: "<=",
    ast.ComparisonOperator.GreaterThan: ">",
    ast.ComparisonOperator.GreaterEqual: ">=",
}


@dataclass(frozen=True, slots=True)
class Instance:
    """A rule with its variables bound, whose body holds.

    ``together`` are the atoms that aggregates and conditional literals counted.
    """

    rule: Rule
    bindings: tuple[tuple[str, clingo.Symbol], ...]
    head: clingo.Symbol
    positive: tuple[clingo.Symbol, ...]
    negative: tuple[clingo.Symbol, ...]
    compared: tuple[str, ...]
    together: tuple[clingo.Symbol, ...] = ()


class _Witness(ast.Transformer):
    """Name the anonymous variables of positive literals, so that each has a witness."""

    def __init__(self) -> None:
        self.count = 0

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name != "_":
            return node
        self.count += 1
        return node.update(name=f"_W{self.count}")


class _Ignored(ast.Transformer):
    """Write the anonymous variables of a negative literal as a constant for anything."""

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        if node.name != "_":
            return node
        return ast.SymbolicTerm(node.location, ANYTHING)


@dataclass(frozen=True, slots=True)
class _Companion:
    """The text of one alternative's companions and how to read them back."""

    number: int
    names: tuple[str, ...]
    text: str


def solve_instrumented(
    rulebook: Rulebook, stratum: Strata, facts: Sequence[clingo.Symbol], *, extra: str = ""
) -> list[tuple[AnswerSet, list[Instance]]]:
    """Return each answer set of a stratum's rules with the rule instances that fired in it."""
    text, owners, names = _instrumented(rulebook, stratum)
    found = asp.solve(
        rulebook.statements(stratum),
        facts,
        extra=asp.ALL_DEFINED + extra + text,
        name=f"rules/{stratum}",
        guarded=bool(rulebook.foreign),
        show=rulebook.heads(stratum) | {("_fired", 6), ("_counted", 3)},
    )
    return [(answer, _read(answer, owners, names)) for answer in found]


@lru_cache(maxsize=16)
def _instrumented(
    rulebook: Rulebook, stratum: Strata
) -> tuple[str, tuple[Rule, ...], dict[int, tuple[str, ...]]]:
    """Return the companions' text, and by number the rule and the variables of each."""
    companions: list[_Companion] = []
    owners: list[Rule] = []
    for rule in rulebook.rules(stratum):
        for statement in unpooled(rule.statement):
            added = _companions(statement, len(owners))
            companions += added
            owners += [rule] * len(added)
    text = "\n".join(c.text for c in companions) + "\n"
    return text, tuple(owners), {c.number: c.names for c in companions}


def _companions(statement: ast.AST, number: int) -> list[_Companion]:
    """Return the companions of one alternative; their numbers begin at ``number``."""
    found: list[_Companion] = []
    for head, condition in heads(statement.head):
        mine = number + len(found)
        body, parts = _body([*statement.body, *condition])
        names = tuple(variables(body))
        bound = _tuple(names)
        chosen = [str(head)] if _is_choice(statement) else []
        lines = [_rule(f"_fired({mine},{bound},{head},{parts})", [*map(str, body), *chosen])]
        for element in _elements(statement.body):
            fired = f"_fired({mine},{bound},{','.join('_' * 4)})"
            counted = f"_counted({mine},{bound},{_tuple(_positive_terms(element))})"
            lines.append(_rule(counted, [fired, *map(str, element)]))
        found.append(_Companion(mine, names, "\n".join(lines)))
    return found


def _is_choice(statement: ast.AST) -> bool:
    return bool(statement.head.ast_type != ast.ASTType.Literal)


def _body(literals: Sequence[ast.AST]) -> tuple[list[ast.AST], str]:
    """Return the body with witnesses named, and its parts as three tuples of terms."""
    witness, ignored = _Witness(), _Ignored()
    body: list[ast.AST] = []
    positive: list[str] = []
    negative: list[str] = []
    compared: list[str] = []
    for literal in literals:
        if literal.ast_type != ast.ASTType.Literal:
            body.append(literal)
            compared.append(_quoted(f"every {literal}"))
            continue
        kind = literal.atom.ast_type
        if kind == ast.ASTType.SymbolicAtom and literal.sign == ast.Sign.NoSign:
            named = witness(literal)
            body.append(named)
            positive.append(str(named.atom))
        elif kind == ast.ASTType.SymbolicAtom:
            body.append(literal)
            term = str(ignored(literal).atom)
            (negative if literal.sign == ast.Sign.Negation else positive).append(term)
        elif kind == ast.ASTType.Comparison:
            body.append(literal)
            compared.append(_comparison(literal))
        else:
            body.append(literal)
            compared.append(_quoted(str(literal)))
    return body, f"{_tuple(positive)},{_tuple(negative)},{_tuple(compared)}"


def _comparison(literal: ast.AST) -> str:
    """Return a comparison with its sides evaluated, or as text where a side has many values."""
    comparison = literal.atom
    sides = [comparison.term, *(guard.term for guard in comparison.guards)]
    texts = [str(side) for side in sides]
    if literal.sign != ast.Sign.NoSign or any(".." in t or ";" in t for t in texts):
        return _quoted(str(literal))
    operators = [_quoted(_OPERATORS[guard.comparison]) for guard in comparison.guards]
    mixed = [texts[0]]
    for operator, text in zip(operators, texts[1:], strict=True):
        mixed += [operator, text]
    return _tuple([_quoted(str(literal)), *mixed])


def _elements(body: Sequence[ast.AST]) -> list[list[ast.AST]]:
    """Return the literals of each element of the body's aggregates and conditional literals."""
    found: list[list[ast.AST]] = []
    for literal in body:
        if literal.ast_type == ast.ASTType.ConditionalLiteral:
            found.append([literal.literal, *literal.condition])
        elif literal.atom.ast_type == ast.ASTType.BodyAggregate:
            found += [list(e.condition) for e in literal.atom.elements]
        elif literal.atom.ast_type == ast.ASTType.Aggregate:
            found += [[e.literal, *e.condition] for e in literal.atom.elements]
    witness = _Witness()
    witness.count = 1000
    return [[witness(part) for part in parts] for parts in found]


def _positive_terms(literals: Sequence[ast.AST]) -> list[str]:
    return [
        str(part.atom)
        for part in literals
        if part.sign == ast.Sign.NoSign and part.atom.ast_type == ast.ASTType.SymbolicAtom
    ]


def _tuple(terms: Sequence[str]) -> str:
    return "(" + ",".join(terms) + ("," if len(terms) == 1 else "") + ")"


def _quoted(text: str) -> str:
    return str(clingo.String(text))


def _rule(head: str, body: Sequence[str]) -> str:
    return f"{head} :- {'; '.join(body)}." if body else f"{head}."


def _read(
    answer: AnswerSet, owners: Sequence[Rule], names: dict[int, tuple[str, ...]]
) -> list[Instance]:
    counted: dict[tuple[int, clingo.Symbol], list[clingo.Symbol]] = defaultdict(list)
    for atom in answer.named("_counted", 3):
        number, bound, terms = atom.arguments
        counted[number.number, bound] += terms.arguments
    found = []
    for atom in answer.named("_fired", 6):
        number, bound, head, positive, negative, compared = atom.arguments
        of = number.number
        found.append(
            Instance(
                rule=owners[of],
                bindings=tuple(zip(names[of], bound.arguments, strict=True)),
                head=head,
                positive=tuple(positive.arguments),
                negative=tuple(negative.arguments),
                compared=tuple(filter(None, map(_told, compared.arguments))),
                together=tuple(dict.fromkeys(counted.get((of, bound), ()))),
            )
        )
    return found


def _told(term: clingo.Symbol) -> str:
    """Return a comparison as ``930 >= 500, from C >= 500``, or "" where it only names a value."""
    if term.type == clingo.SymbolType.String:
        return term.string
    text, *sides = term.arguments
    values = sides[::2]
    if len(set(map(str, values))) == 1 and sides[1].string == "=":
        return f"{values[0]}, from {text.string}" if _CALCULATED.search(text.string) else ""
    told = " ".join(s.string if s.type == clingo.SymbolType.String else str(s) for s in sides)
    return told if told == text.string else f"{told}, from {text.string}"
