"""Solve variants of a program's facts, all of them at once, over any clingo rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import clingo
from clingo import ast

from nesy.explain.what_if.dependence import Pattern, fits
from nesy.explain.what_if.flips import Edit, Facts, Found, search
from nesy.reason import asp
from nesy.reason.lift import CASE, CannotLift, lift, of_case, over_case, shown
from nesy.rulebook import Signature

# Holds in an answer set, or in all of them; of the best ones, where there are weak constraints.
Mode = Literal["brave", "cautious"]
WEAK = "_weak"
_LIFTED_WEAK = f":~ _of_{WEAK}(Case,Weight,Level,Terms). [Weight@Level,Case,Terms]"


class Variants:
    """A program whose facts vary.

    ``given`` are the signatures that facts have, ``static`` the facts that never vary. An atom
    of ``asked`` holds in some answer set (``brave``) or in all (``cautious``), in none where there
    is no answer set. With weak constraints the best count.
    """

    def __init__(
        self,
        statements: Iterable[ast.AST],
        given: frozenset[Signature],
        asked: frozenset[Signature],
        mode: Mode = "cautious",
        static: Sequence[clingo.Symbol] = (),
    ) -> None:
        self._rules = [_as_rule(s) for s in statements]
        self._weighs = any(s.ast_type == ast.ASTType.Rule and _weighs(s) for s in self._rules)
        self._mode, self._asked, self._static = mode, asked, tuple(static)
        self._lifted = self._over_cases(given)

    def holding(self, cases: Sequence[Facts], atom: Pattern) -> list[bool]:
        """Tell of each set of facts whether an atom that fits the pattern holds over it."""
        return [any(fits(atom, a) for a in found) for found in self.atoms(cases)]

    def _over_cases(self, given: frozenset[Signature]) -> tuple[ast.AST, ...] | None:
        """Return the program lifted over cases, None where it has no such form."""
        try:
            program = lift(self._rules, given=given | self._asked)
        except CannotLift:
            return None
        self._read = program.read | self._asked
        self._common = [a for a in self._static if asp.signature(a) in program.constant]
        extra = [*map(shown, sorted(self._asked)), *([_LIFTED_WEAK] if self._weighs else ())]
        return (*program.rules, *program.common, *asp.parsed("\n".join(["#show.", *extra])))

    def atoms(self, cases: Sequence[Facts]) -> list[set[clingo.Symbol]]:
        """Return the atoms asked about that hold over each set of facts."""
        if self._lifted is None:
            return [self._alone(case) for case in cases]
        facts = [
            *self._common,
            *(clingo.Function(CASE, [clingo.Number(n)]) for n in range(len(cases))),
        ]
        everywhere = set(self._static) - set(self._common)
        for number, case in enumerate(cases):
            read = (f for f in (*case, *everywhere) if asp.signature(f) in self._read)
            facts += [over_case(fact, number) for fact in read]
        found = self._solved(self._lifted, facts)
        if found is None:  # One case without an answer set leaves all of them without one.
            return [self._alone(case) for case in cases]
        atoms: list[set[clingo.Symbol]] = [set() for _ in cases]
        for pair in found:
            number, atom = of_case(pair)
            atoms[number].add(atom)
        return atoms

    def _alone(self, case: Facts) -> set[clingo.Symbol]:
        extra = [f"#show {name}/{arity}." for name, arity in sorted(self._asked)]
        extra += [_ALONE_WEAK] if self._weighs else ()
        statements = [*self._rules, *asp.parsed("\n".join(["#show.", *extra]))]
        return set(self._solved(statements, (*case, *self._static)) or ())

    def _solved(
        self, statements: Iterable[ast.AST], facts: Iterable[clingo.Symbol]
    ) -> Sequence[clingo.Symbol] | None:
        control = asp.ground(statements, facts, extra="", name="rules")
        settings: dict[str, str] = {"solve.enum_mode": self._mode}
        if self._weighs:
            # Cases do not compete: branch and bound over their sum would explode.
            settings |= {"solve.opt_mode": "optN", "solver.opt_strategy": "usc"}
        for name, value in settings.items():
            part, key = name.split(".")
            setattr(getattr(control.configuration, part), key, value)
        found: Sequence[clingo.Symbol] | None = None
        with control.solve(yield_=True) as handle:
            for model in handle:
                if not model.cost or model.optimality_proven:
                    found = model.symbols(shown=True)
        return found


_ALONE_WEAK = f":~ {WEAK}(Weight,Level,Terms). [Weight@Level,Terms]"


def minimal_flips(
    statements: Iterable[ast.AST],
    facts: Facts,
    pool: Sequence[Edit],
    atom: Pattern,
    *,
    size: int,
    mode: Mode = "cautious",
) -> Found:
    """Return the minimal sets of at most ``size`` edits that flip whether an atom holds."""
    every = facts.union(*(edit.added for edit in pool))
    given = frozenset(map(asp.signature, every))
    program = Variants(statements, given, frozenset([(atom[0], len(atom[1]))]), mode)
    now: list[bool] = []

    def flips(cases: Sequence[Facts]) -> list[bool]:
        # What holds now is asked beside the first variants: one solver call less.
        asked = cases if now else [facts, *cases]
        found = program.holding(asked, atom)
        if not now:
            now.append(found.pop(0))
        return [holds != now[0] for holds in found]

    return search(facts, pool, flips, sizes=range(1, size + 1))


def _as_rule(statement: ast.AST) -> ast.AST:
    """Return a weak constraint as the rule that derives its cost; other statements as they are."""
    if statement.ast_type != ast.ASTType.Minimize:
        return statement
    terms = "".join(f"{term}," for term in statement.terms)
    body = "; ".join(map(str, statement.body))
    head = f"{WEAK}({statement.weight},{statement.priority},({terms}))"
    (rule,) = asp.parsed(f"{head} :- {body}." if body else f"{head}.")
    return rule


def _weighs(rule: ast.AST) -> bool:
    return str(rule.head).startswith(f"{WEAK}(")
