"""Whether the two engines agree: what the rules derive, clingo and Prolog must derive alike.

Evidence is a bag: the voices, each a rule with its bindings, are compared as atoms of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import clingo
from clingo import ast

from nesy.diagnostics import Diagnostic, NesyError
from nesy.ground import checked, ground
from nesy.interpret import EVIDENCE, READING_CHOICE, evidence_companions, needs_enumeration
from nesy.predicates import PREDICATES
from nesy.reason import asp, prolog, translate
from nesy.reason.cases import generated
from nesy.reason.engine import Engine, run_stages
from nesy.rulebook import Rule, Rulebook, Signature, Strata
from nesy.trace import Trace

Engines = Literal["clingo", "Prolog"]


@dataclass(frozen=True, slots=True)
class Difference:
    """An atom that one engine alone derives, with the rules that could derive it."""

    case: str
    stratum: Strata
    atom: str
    only: Engines
    rules: tuple[Rule, ...]

    @property
    def diagnostic(self) -> Diagnostic:
        """Return the difference as a fault of the first rule that could derive the atom."""
        what = f"{self.atom} is derived by {self.only} alone, in {self.case}"
        named = ", ".join(f"{r.id} ({r.place})" for r in self.rules) or "none"
        why = (
            f"the engines read a rule differently; rules of {self.stratum} that derive it: {named}"
        )
        fix = "report it with the rule; clingo's answer is the one in force"
        first = self.rules[0] if self.rules else None
        place = (first.file, first.line, first.column) if first else (None, None, None)
        return Diagnostic("N400", what, why, fix, *place)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Atoms that agreed in how many cases; ``notes`` say what Prolog took from the answer set."""

    cases: int = 0
    atoms: int = 0
    differences: tuple[Difference, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    def __add__(self, other: Agreement) -> Agreement:
        notes = tuple(dict.fromkeys((*self.notes, *other.notes)))
        differences = self.differences + other.differences
        return Agreement(self.cases + other.cases, self.atoms + other.atoms, differences, notes)

    def __bool__(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        cases = "1 case" if self.cases == 1 else f"{self.cases} cases"
        agreed = f"clingo and Prolog agree on {self.atoms} atoms in {cases}"
        return f"{agreed}, and differ on {len(self.differences)}" if self.differences else agreed


@dataclass(frozen=True)
class Stratum:
    """One program in both engines."""

    name: Strata
    rulebook: Rulebook
    static: tuple[clingo.Symbol, ...] = field(repr=False)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules, in the order that the voices number."""
        return self.rulebook.rules(self.name)

    @cached_property
    def statements(self) -> tuple[ast.AST, ...]:
        """Return what clingo is given."""
        return self.rulebook.statements(self.name)

    @cached_property
    def companions(self) -> str:
        """Return the rules that keep each piece of evidence with its rule and bindings."""
        return evidence_companions(self.rules) if self.name == "interpret" else asp.ALL_DEFINED

    @cached_property
    def extra(self) -> str:
        """Return what clingo is given beside the rules."""
        if self.name == "interpret" and needs_enumeration(self.rules):
            return self.companions + READING_CHOICE
        return self.companions

    @cached_property
    def program(self) -> translate.Program:
        """Return what Prolog is given."""
        companions = self.companions if self.name == "interpret" else ""
        return translate.stratum(self.rulebook, self.name, companions)

    @cached_property
    def known(self) -> frozenset[clingo.Symbol]:
        """Return the facts that stand for every case."""
        return frozenset(self.static)

    @cached_property
    def known_texts(self) -> frozenset[str]:
        """Return the same as text."""
        return frozenset(map(str, self.static))

    @cached_property
    def loaded(self) -> prolog.Loaded:
        """Return the program in Prolog."""
        return prolog.load(self.program, self.static)

    def compare(
        self, facts: Iterable[clingo.Symbol], case: str
    ) -> tuple[Agreement, frozenset[clingo.Symbol]]:
        """Solve one case twice; return how they agree, and clingo's atoms beside the static facts.

        Where rules leave more than one answer set, the first is taken, and what Prolog cannot
        decide is taken from it.
        """
        given = list(facts)
        found = asp.solve(
            self.statements,
            [*given, *self.static],
            extra=self.extra,
            models=1,
            name=f"rules/{self.name}",
            guarded=self.rulebook.strangers,
        )
        notes = self.program.faults
        if not found:
            return Agreement(1, 0, (), notes), frozenset()
        atoms = found[0].atoms - self.known
        told = {str(a): a for a in atoms}
        derived = {t for t, a in told.items() if _signature(a) in self.program.derived}
        supplied = {t: told[t] for t in told.keys() - derived}
        stated = {**supplied, **{str(a): a for a in given if a not in self.known}}
        expected = frozenset(derived)
        answered = self._by_prolog([stated[t] for t in sorted(stated)], case) - self.known_texts
        differences = [self._difference(case, text, "clingo") for text in expected - answered]
        differences += [self._difference(case, text, "Prolog") for text in answered - expected]
        ordered = tuple(sorted(differences, key=lambda d: (d.atom, d.only)))
        return Agreement(1, len(expected & answered), ordered, notes), atoms

    def _by_prolog(self, facts: Sequence[clingo.Symbol], case: str) -> frozenset[str]:
        """Return what Prolog derives; raises N406 or N407 with the name of the case."""
        loaded = self.loaded
        try:
            return loaded.solve(facts)
        except NesyError as error:
            where = f"in {case}, rules/{self.name}"
            told = [replace(fault, what=f"{fault.what}, {where}") for fault in error.diagnostics]
            raise NesyError(told) from error

    def _difference(self, case: str, text: str, only: Engines) -> Difference:
        atom = clingo.parse_term(text)
        if atom.name == EVIDENCE:
            rules = [self.rules[atom.arguments[0].number]]
        else:
            rules = [r for r in self.program.rules_for(_signature(atom)) if _could_derive(r, atom)]
        return Difference(case, self.name, text, only, tuple(rules))


def _signature(atom: clingo.Symbol) -> Signature:
    return atom.name, len(atom.arguments)


def _could_derive(rule: Rule, atom: clingo.Symbol) -> bool:
    """Tell whether no constant of a rule's head speaks against an atom."""
    heads = [s.head.atom.symbol for s in rule.statement.unpool()]
    return any(
        all(
            term.ast_type != ast.ASTType.SymbolicTerm or term.symbol == argument
            for term, argument in zip(head.arguments, atom.arguments, strict=True)
        )
        for head in heads
    )


class Comparison:
    """Both programs of an engine, solved twice for every case."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        static = tuple(sorted(set(engine.static)))
        self.interpret = Stratum("interpret", engine.rulebook, static)
        self.govern = Stratum("govern", engine.rulebook, static)

    def facts(self, facts: Sequence[clingo.Symbol], case: str) -> Agreement:
        """Compare both programs over input facts; the norms also see what clingo interpreted."""
        seen = [fact for fact in facts if not _is_late(fact)]
        first, atoms = self.interpret.compare(seen, case)
        passed_on = (a for a in atoms if not a.name.startswith("_") and not a.match("evidence", 3))
        second, _ = self.govern.compare({*facts, *passed_on}, case)
        return _one_case(first, second)

    def stages(
        self, facts: Sequence[clingo.Symbol], final: Sequence[clingo.Symbol], case: str
    ) -> Agreement:
        """Compare both programs over what each of them was given in a Trace."""
        first, _ = self.interpret.compare(facts, case)
        second, _ = self.govern.compare(final, case)
        return _one_case(first, second)


def _one_case(first: Agreement, second: Agreement) -> Agreement:
    both = first + second
    return Agreement(1, both.atoms, both.differences, both.notes)


def _is_late(fact: clingo.Symbol) -> bool:
    """Tell whether only the norms see a fact: marginals and the drafted reply."""
    known = PREDICATES.get((fact.name, len(fact.arguments)))
    return known is not None and (known.stratum == "marginal" or known.origin == "draft")


def over_generated(engine: Engine, count: int = 200, seed: int = 0) -> Agreement:
    """Compare the engines over generated cases."""
    comparison = Comparison(engine)
    found = Agreement()
    for number, facts in enumerate(generated(engine.vocabulary, count, seed), start=1):
        found += comparison.facts(facts, f"generated {number} (seed {seed})")
    return found


def _trace(comparison: Comparison, trace: Trace) -> Agreement:
    engine = comparison.engine
    if trace.observation is not None:
        facts = ground(trace.case, trace.observation, engine.vocabulary)
    elif trace.facts is not None:
        facts = checked(trace.facts, engine.vocabulary)
    else:
        what = f"the Trace {trace.case.id} has neither observation nor facts"
        why = "there is nothing to derive anything from"
        raise NesyError(Diagnostic("N408", what, why, "perceive first, or name another Trace"))
    stages = run_stages(facts, engine)
    return comparison.stages(stages.admitted, stages.final_facts, trace.case.id)


def over_traces(engine: Engine, traces: Iterable[Trace]) -> Agreement:
    """Compare the engines over Traces, as far as each of them was reasoned over."""
    comparison = Comparison(engine)
    found = Agreement()
    for trace in traces:
        found += _trace(comparison, trace)
    return found
