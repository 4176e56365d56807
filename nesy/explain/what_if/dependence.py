"""What of the facts a conclusion looks at, and the numbers at which its rules turn.

Both are read off the rules: a pattern is an atom whose variables stand for anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import clingo
from clingo import ast

from nesy.companions import heads, unpooled

# A predicate and its arguments, None for anything.
Pattern = tuple[str, tuple[clingo.Symbol | None, ...]]


_SYMBOLS: dict[clingo.Symbol, clingo.Symbol] = {}


def _one(symbol: clingo.Symbol) -> clingo.Symbol:
    """Return the one object for equal symbols: clingo takes long to compare two."""
    return _SYMBOLS.setdefault(symbol, symbol)


def _ones(pattern: Pattern) -> Pattern:
    name, arguments = pattern
    return name, tuple(None if a is None else _one(a) for a in arguments)


def fits(pattern: Pattern, atom: clingo.Symbol) -> bool:
    """Tell whether an atom is one of those a pattern stands for."""
    wanted, arguments = pattern
    name, given = _parts(atom)
    if wanted != name or len(arguments) != len(given):
        return False
    return all(p is None or p is a or p == a for p, a in zip(arguments, given, strict=True))


# Asking clingo takes far longer than finding what was asked before.
@lru_cache(maxsize=2**14)
def _parts(atom: clingo.Symbol) -> tuple[str, tuple[clingo.Symbol, ...]]:
    return atom.name, tuple(atom.arguments)


@dataclass(frozen=True)
class _Atom:
    """An atom of a rule: names of variables, symbols, or None for what is calculated."""

    name: str
    terms: tuple[str | clingo.Symbol | None, ...]

    def under(self, bound: Mapping[str, clingo.Symbol | None]) -> Pattern:
        terms = (bound.get(t) if isinstance(t, str) else t for t in self.terms)
        return self.name, tuple(terms)


_Bound = dict[str, clingo.Symbol | None]


@dataclass(frozen=True, eq=False)
class ReadRule:
    """One alternative of a rule: what it derives; read when asked for, what it looks at."""

    statement: ast.AST

    @cached_property
    def heads(self) -> tuple[_Atom, ...]:
        """Return what it can derive."""
        return tuple(_atom(atom.symbol) for atom, _ in heads(self.statement.head))

    @cached_property
    def looked_at(self) -> _Body:
        """Return the atoms it looks at, and what it compares."""
        found = _Body()
        conditions = (c for _, condition in heads(self.statement.head) for c in condition)
        for literal in (*self.statement.body, *conditions):
            found(literal)
        return found

    @property
    def body(self) -> Sequence[_Atom]:
        """Return the atoms it looks at, inside aggregates and conditions as well."""
        return self.looked_at.atoms

    @cached_property
    def positive(self) -> tuple[_Atom, ...]:
        """Return the atoms it needs."""
        return tuple(_atom(lit.atom.symbol) for lit in self.statement.body if _is_positive(lit))

    @property
    def is_fact(self) -> bool:
        """Tell whether it is one ground atom that holds whatever there is."""
        terms = [t for atom in self.heads for t in atom.terms]
        plain = self.statement.head.ast_type == ast.ASTType.Literal
        return (
            plain and not self.statement.body and all(isinstance(t, clingo.Symbol) for t in terms)
        )


def read(statements: Iterable[ast.AST]) -> tuple[ReadRule, ...]:
    """Return the rules among statements, each alternative of a pool as one."""
    rules = (s for s in statements if s.ast_type == ast.ASTType.Rule)
    return tuple(ReadRule(one) for rule in rules for one in unpooled(rule))


# So many ways of joining a rule's conditions with what never varies are told apart.
_MOST_JOINED = 200


class Dependence:
    """What rules look at.

    ``links`` are ways of influence that no rule of theirs tells; ``static`` are facts that never
    vary, so a rule that needs another of their predicates says nothing.
    """

    def __init__(
        self,
        rules: Iterable[ReadRule],
        links: str = "",
        static: Iterable[clingo.Symbol] = (),
    ) -> None:
        linking: list[ast.AST] = []
        ast.parse_string(links, linking.append)
        self._own = tuple(rules)
        self._rules = (*self._own, *read(linking))
        self._deriving: dict[tuple[str, int], list[tuple[_Atom, ReadRule]]] = defaultdict(list)
        self._never_varies: dict[tuple[str, int], list[Pattern]] = defaultdict(list)
        for fact in static:
            name, arguments = fact.name, tuple(map(_one, fact.arguments))
            self._never_varies[name, len(arguments)].append((name, arguments))
        for rule in self._rules:
            for atom in rule.heads:
                self._deriving[atom.name, len(atom.terms)].append((atom, rule))
        for signature, deriving in self._deriving.items():
            if signature in self._never_varies:
                self._never_varies.pop(signature)
            elif all(rule.is_fact for _, rule in deriving):
                self._never_varies[signature] = [atom.under({}) for atom, _ in deriving]

    def of(self, asked: Iterable[Pattern]) -> list[Pattern]:
        """Return the patterns of all atoms that can make a difference to what is asked.

        A constraint can make one to everything.
        """
        pending = [_ones(pattern) for pattern in asked]
        pending += [atom.under({}) for rule in self._rules if not rule.heads for atom in rule.body]
        found: dict[tuple[str, int], list[Pattern]] = defaultdict(list)
        while pending:
            pattern = pending.pop()
            name, arguments = pattern
            known = found[name, len(arguments)]
            if any(_covers(other, pattern) for other in known):
                continue
            known[:] = [other for other in known if not _covers(pattern, other)] + [pattern]
            for head, rule in self._deriving[name, len(arguments)]:
                bound = _unified(head, pattern)
                for one in self._joined(rule, bound) if bound is not None else ():
                    pending += [atom.under(one) for atom in rule.body]
        return [pattern for patterns in found.values() for pattern in patterns]

    def _joined(self, rule: ReadRule, bound: _Bound) -> list[_Bound]:
        """Return what a rule's variables can be, given what they are and what never varies."""
        every = [bound]
        for atom in rule.positive:
            known = self._never_varies.get((atom.name, len(atom.terms)))
            if known is None:
                continue
            fitting = [f for f in known if _unified(atom, f) is not None]
            joined = [
                {**one, **new}
                for one in every
                for fact in fitting
                if (new := _agreeing(atom, fact, one)) is not None
            ]
            if len(joined) <= _MOST_JOINED:
                every = joined
        return every

    @cached_property
    def _looking(self) -> dict[tuple[str, int], list[tuple[_Atom, ReadRule]]]:
        found: dict[tuple[str, int], list[tuple[_Atom, ReadRule]]] = defaultdict(list)
        for rule in self._rules:
            for atom in rule.body:
                found[atom.name, len(atom.terms)].append((atom, rule))
        return found

    def behind(self, patterns: Sequence[Pattern]) -> list[ReadRule]:
        """Return the rules that derive atoms of these patterns, each alternative of a pool one."""
        patterns = [_ones(pattern) for pattern in patterns]
        return [
            rule
            for rule in self._own
            if any(
                head.name == p[0] and len(head.terms) == len(p[1]) and _unified(head, p) is not None
                for head in rule.heads
                for p in patterns
            )
        ]

    def cuts(
        self, atom: clingo.Symbol, place: int, facts: Iterable[clingo.Symbol]
    ) -> tuple[int, ...]:
        """Return where the number at a place of an atom changes what rules see, ascending.

        At a cut begins the upper side. A number that is compared with that of another fact turns
        at the numbers that facts of its predicate have.
        """
        terms = tuple(None if n == place else _one(a) for n, a in enumerate(atom.arguments))
        cut: set[int] = set()
        compared = self._follow((atom.name, terms), place, cut, set())
        if compared:
            others = (f for f in facts if f != atom and f.match(atom.name, len(terms)))
            values = {f.arguments[place].number for f in others}
            cut |= values | {value + 1 for value in values}
        return tuple(sorted(cut))

    def _follow(
        self, pattern: Pattern, place: int, cut: set[int], seen: set[tuple[Pattern, int]]
    ) -> bool:
        """Collect the cuts of a number and of what it is handed on as; tell if it is compared."""
        if (pattern, place) in seen:
            return False
        seen.add((pattern, place))
        name, arguments = pattern
        compared = False
        for atom, rule in self._looking[name, len(arguments)]:
            variable = atom.terms[place]
            bound = _unified(atom, pattern)
            if bound is None or variable is None:
                continue
            if isinstance(variable, clingo.Symbol):
                if variable.type == clingo.SymbolType.Number:
                    cut |= {variable.number, variable.number + 1}
                continue
            names = {variable, rule.looked_at.same.get(variable, variable)}
            for each in names:
                cut |= rule.looked_at.cuts.get(each, set())
            uses = sum(t in names for other in rule.body for t in other.terms)
            compared = compared or bool(names & rule.looked_at.against) or uses > 1
            for head in rule.heads:
                for to, term in enumerate(head.terms):
                    if term in names:
                        given = head.under(bound)
                        compared = self._follow(given, to, cut, seen) or compared
        return compared


def _covers(wide: Pattern, narrow: Pattern) -> bool:
    return all(w is None or w is n for w, n in zip(wide[1], narrow[1], strict=True))


def _unified(atom: _Atom, pattern: Pattern) -> dict[str, clingo.Symbol | None] | None:
    """Return what the variables of an atom stand for under a pattern, None where it is another."""
    bound: dict[str, clingo.Symbol | None] = {}
    for term, given in zip(atom.terms, pattern[1], strict=True):
        if isinstance(term, str):
            if given is not None and bound.setdefault(term, given) is not given:
                return None
        elif term is not None and given is not None and term is not given:
            return None
    return bound


def _agreeing(atom: _Atom, fact: Pattern, bound: _Bound) -> _Bound | None:
    """Return what a fact makes of an atom's variables, None where they are something else."""
    new = _unified(atom, fact)
    if new is None:
        return None
    agrees = all((held := bound.get(n)) is None or held is value for n, value in new.items())
    return new if agrees else None


def _is_positive(literal: ast.AST) -> bool:
    return bool(
        literal.ast_type == ast.ASTType.Literal
        and literal.sign == ast.Sign.NoSign
        and literal.atom.ast_type == ast.ASTType.SymbolicAtom
    )


def _atom(symbol: ast.AST) -> _Atom:
    if symbol.ast_type == ast.ASTType.UnaryOperation:
        inner = _atom(symbol.argument)
        return _Atom(f"-{inner.name}", inner.terms)
    if symbol.ast_type == ast.ASTType.SymbolicTerm:
        return _Atom(symbol.symbol.name, tuple(map(_one, symbol.symbol.arguments)))
    return _Atom(symbol.name, tuple(map(_term, symbol.arguments)))


def _term(node: ast.AST) -> str | clingo.Symbol | None:
    if node.ast_type == ast.ASTType.Variable:
        return None if node.name == "_" else str(node.name)
    if node.ast_type == ast.ASTType.SymbolicTerm:
        return _one(node.symbol)
    if node.ast_type == ast.ASTType.Function and not node.arguments and node.name:
        return _one(clingo.Function(node.name))
    return None


class _Body(ast.Transformer):
    """The atoms of a body and what it compares, inside aggregates and conditions as well."""

    def __init__(self) -> None:
        self.atoms: list[_Atom] = []
        self.cuts: dict[str, set[int]] = defaultdict(set)
        self.against: set[str] = set()
        self.same: dict[str, str] = {}

    def visit_SymbolicAtom(self, node: ast.AST) -> ast.AST:
        self.atoms.append(_atom(node.symbol))
        return node

    def visit_Comparison(self, node: ast.AST) -> ast.AST:
        terms = [node.term, *(guard.term for guard in node.guards)]
        for left, right in pairwise(terms):
            self._compare(left, right)
        return node

    def visit_BodyAggregate(self, node: ast.AST) -> ast.AST:
        for guard in (node.left_guard, node.right_guard):
            for element in node.elements if guard is not None else ():
                if element.terms:
                    self._compare(guard.term, element.terms[0])
                    self._hand_on(element.terms[0], guard.term)
        return node.update(**self.visit_children(node))

    def _compare(self, left: ast.AST, right: ast.AST) -> None:
        one, other = _term(left), _term(right)
        for name, against in ((one, other), (other, one)):
            if isinstance(name, str) and isinstance(against, clingo.Symbol):
                if against.type == clingo.SymbolType.Number:
                    # Above a number and from it on: both sides of each comparison begin here.
                    self.cuts[name] |= {against.number, against.number + 1}
            elif isinstance(name, str):
                self.against |= set(_variables(right if name == one else left)) and {name}

    def _hand_on(self, value: ast.AST, total: ast.AST) -> None:
        name, to = _term(value), _term(total)
        if isinstance(name, str) and isinstance(to, str):
            self.same[name] = to


def _variables(node: ast.AST) -> Iterator[str]:
    found: list[str] = []

    class _Names(ast.Transformer):
        def visit_Variable(self, variable: ast.AST) -> ast.AST:
            found.append(variable.name)
            return variable

    _Names()(node)
    yield from found


def sides(cuts: Sequence[int], least: int, most: int) -> list[tuple[int, int]]:
    """Return the ranges between cuts, inside which no rule sees a difference, ascending.

    >>> sides((0, 500, 1001), 300, 1000)
    [(300, 499), (500, 1000)]
    """
    begins = [least, *(c for c in cuts if least < c <= most)]
    ends = [*(begin - 1 for begin in begins[1:]), most]
    return list(zip(begins, ends, strict=True))
