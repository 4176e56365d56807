"""Solve many cases at once: one control for a chunk of cases, over a lifted program.

What is answered is what `interpret` and `govern` answer case by case. Packs whose answer sets have
to be enumerated, rules of users, whose grounding is guarded, and a chunk in which anything goes
wrong are solved case by case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from itertools import islice
from typing import TypeVar

import clingo
from clingo import ast

from nesy import interpret as interpreting
from nesy.diagnostics import NesyError
from nesy.exemption import EXCEPTION
from nesy.govern import NEEDED, Norms, companions, govern
from nesy.interpret import VOICE, Interpretation, evidence_companions, interpret, needs_enumeration
from nesy.reason import asp
from nesy.reason.asp import AnswerSet, signature
from nesy.reason.engine import Engine, Question, Steps
from nesy.reason.lift import CASE, CannotLift, lift, of_case, over_case, shown
from nesy.rulebook import Rulebook, Signature, Strata
from nesy.stratify import is_stratified
from nesy.weights import Weights

CHUNK = 100
# Lifting the rules takes as long as solving about this many cases one by one.
FEW = 12
# How many solved sets of facts are remembered before all are forgotten.
MOST_KEPT = 1000

# What of the interpretation's atoms decides on the reading and the reply, besides what norms read.
READ = frozenset({("excluded", 2), ("mismatch", 2), ("crisis", 1)})
# Only its reading is asked for, so who it is makes a difference even where no rule looks.
SPEAKER = ("speaker", 1)

Facts = Sequence[clingo.Symbol]
Key = frozenset[clingo.Symbol]
T = TypeVar("T")


class LiftedProgram:
    """A program with one answer set whatever the facts, solved for many cases at once.

    Raises CannotLift where its statements have no lifted form.
    """

    def __init__(
        self,
        statements: Iterable[ast.AST],
        static: Facts,
        *,
        show: frozenset[Signature],
        given: frozenset[Signature],
        name: str,
    ) -> None:
        program = lift(statements, given=given)
        self._name = name
        self._constant = program.constant
        self.relevant = (program.read | show | {SPEAKER}) - program.constant
        kept = program.constant & (program.read | show)
        (common,) = asp.solve(program.common, static, name=name, show=kept)
        self._common = [a for a in common.atoms if signature(a) in show]
        self._static = sorted(common.atoms)
        self._everywhere = [a for a in static if signature(a) not in program.constant]
        asked: list[ast.AST] = []
        lines = ["#show.", *(shown(s) for s in sorted(show - program.constant))]
        ast.parse_string("\n".join(lines), asked.append)
        self._statements = (*program.rules, *asked[1:])

    def key(self, facts: Facts) -> frozenset[clingo.Symbol]:
        """Return the facts that can make a difference; raises CannotLift for one of a constant."""
        kept = []
        for fact in facts:
            of = signature(fact)
            if of in self.relevant:
                kept.append(fact)
            elif of in self._constant:
                raise CannotLift(f"{fact} is the same in every case")
        return frozenset(kept)

    def solve(self, cases: Sequence[Iterable[clingo.Symbol]]) -> list[AnswerSet]:
        """Return the answer set of each case; raises CannotLift where there is not one in all."""
        facts = list(self._static)
        for number, case in enumerate(cases):
            facts.append(clingo.Function(CASE, [clingo.Number(number)]))
            facts += [over_case(fact, number) for fact in (*case, *self._everywhere)]
        found = asp.solve(self._statements, facts, models=2, name=self._name, show=frozenset())
        if len(found) != 1:
            raise CannotLift("not one answer set")
        atoms: dict[int, list[clingo.Symbol]] = defaultdict(lambda: list(self._common))
        for pair in found[0].atoms:
            case_, atom = of_case(pair)
            atoms[case_].append(atom)
        return [AnswerSet(frozenset(atoms[number])) for number in range(len(cases))]


class Bulk:
    """What interprets and governs many cases at once, and remembers the facts it has solved.

    ``brief`` leaves out the derived atoms that a Trace does not need; all there are else.
    """

    def __init__(
        self, rulebook: Rulebook, weights: Weights, static: Facts, *, brief: bool = False
    ) -> None:
        self._rulebook, self._weights, self._static = rulebook, weights, static
        self._brief = brief
        self._readings: dict[Key, Interpretation | NesyError] = {}
        self._norms: dict[Key, Norms | NesyError | None] = {}

    def interpret(self, cases: Sequence[Facts]) -> list[Interpretation | NesyError]:
        """Return what `interpret` returns for each case, or what it raises."""

        def alone(facts: Facts) -> Interpretation:
            return interpret(self._rulebook, self._weights, facts, self._static)

        program = self._interpreting if self._worth("_interpreting", cases) else None
        return _answers(cases, program, self._readings, self._read, alone)

    def govern(self, cases: Sequence[Facts]) -> list[Norms | NesyError | None]:
        """Return what `govern` returns for each case, or what it raises."""

        def alone(facts: Facts) -> Norms | None:
            return govern(self._rulebook, facts, self._static)

        program = self._governing if self._worth("_governing", cases) else None
        return _answers(cases, program, self._norms, lambda _, found: Norms(found), alone)

    def answers(self, questions: Sequence[Question]) -> list[object]:
        """Return the answer to each question, or the NesyError that solving it raised."""
        found: dict[int, object] = {}
        for of, answer in (("interpret", self.interpret), ("govern", self.govern)):
            asked = [n for n, question in enumerate(questions) if question.of == of]
            found |= zip(asked, answer([questions[n].facts for n in asked]), strict=True)
        return [found[n] for n in range(len(questions))]

    def _worth(self, program: str, cases: Sequence[Facts]) -> bool:
        """Tell whether a lifted program is there, or worth the lifting."""
        return program in vars(self) or len(cases) >= FEW

    def _read(self, key: Key, found: AnswerSet) -> Interpretation:
        rules = self._rulebook.rules("interpret")
        return interpreting.closed_form(found, rules, self._weights, _subjects(key))

    @cached_property
    def _interpreting(self) -> LiftedProgram | None:
        rules = self._rulebook.rules("interpret")
        if self._rulebook.foreign or needs_enumeration(rules):
            return None
        show = self._rulebook.heads("interpret")
        if self._brief and self._governing is not None:
            show &= self._governing.relevant | READ
        return self._lifted("interpret", evidence_companions(rules), show | {VOICE})

    @cached_property
    def _governing(self) -> LiftedProgram | None:
        if self._rulebook.foreign or not is_stratified(self._rulebook.rules("govern")):
            return None
        show = self._rulebook.heads("govern") | {EXCEPTION}
        beside = companions(self._rulebook)
        return self._lifted("govern", beside, show & NEEDED if self._brief else show)

    def _lifted(
        self, stratum: Strata, companions: str, show: frozenset[Signature]
    ) -> LiftedProgram | None:
        statements = list(self._rulebook.statements(stratum))
        ast.parse_string(companions, statements.append)
        given = self._rulebook.heads("interpret") if stratum == "govern" else frozenset()
        try:
            return LiftedProgram(statements, self._static, show=show, given=given, name=stratum)
        except CannotLift:
            return None


def interpret_many(
    rulebook: Rulebook,
    weights: Weights,
    cases: Iterable[Facts],
    static: Facts,
    *,
    chunk: int = CHUNK,
) -> Iterator[Interpretation]:
    """Yield what `interpret` returns for the facts of each case, in order.

    Raises NesyError where `interpret` would, at the case concerned.
    """
    bulk = Bulk(rulebook, weights, static)
    for some in chunks(cases, chunk):
        yield from map(raised, bulk.interpret(some))


def govern_many(
    rulebook: Rulebook, cases: Iterable[Facts], static: Facts, *, chunk: int = CHUNK
) -> Iterator[Norms | None]:
    """Yield what `govern` returns for the facts of each case, in order."""
    bulk = Bulk(rulebook, Weights(0.0), static)
    for some in chunks(cases, chunk):
        yield from map(raised, bulk.govern(some))


@lru_cache(maxsize=8)
def bulk_of(engine: Engine) -> Bulk:
    """Return what answers the questions of many Traces for an engine."""
    return Bulk(engine.rulebook, engine.weights, engine.static, brief=True)


def together(ways: Sequence[tuple[Steps[T], Engine]]) -> list[T]:
    """Go the ways of many cases in step: what they ask of one engine next is answered at once."""
    done: dict[int, T] = {}
    answers: dict[int, object] = dict.fromkeys(range(len(ways)))
    while answers:
        asked: dict[int, Question] = {}
        for number, answer in answers.items():
            way, _ = ways[number]
            try:
                if isinstance(answer, NesyError):
                    asked[number] = way.throw(answer)
                else:
                    asked[number] = way.send(answer)
            except StopIteration as end:
                done[number] = end.value
        answers = {}
        for engine in dict.fromkeys(ways[number][1] for number in asked):
            of = [number for number in asked if ways[number][1] is engine]
            found = bulk_of(engine).answers([asked[number] for number in of])
            answers |= zip(of, found, strict=True)
    return [done[number] for number in range(len(ways))]


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of at most ``size``, in order."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some


def _answers(
    cases: Sequence[Facts],
    program: LiftedProgram | None,
    known: dict[Key, T | NesyError],
    conclude: Callable[[Key, AnswerSet], T],
    alone: Callable[[Facts], T],
) -> list[T | NesyError]:
    """Answer for a chunk of cases: at once where a program is given, else one by one."""
    if program is not None:
        with suppress(CannotLift, NesyError):
            keys = [program.key(case) for case in cases]
            if new := [key for key in dict.fromkeys(keys) if key not in known]:
                for key, found in zip(new, program.solve(new), strict=True):
                    known[key] = _outcome(partial(conclude, key, found))
            answers = [known[key] for key in keys]
            if len(known) > MOST_KEPT:
                known.clear()
            return answers
    return [_outcome(partial(alone, case)) for case in cases]


def _outcome(answer: Callable[[], T]) -> T | NesyError:
    try:
        return answer()
    except NesyError as error:
        return error


def raised(outcome: T | NesyError) -> T:
    """Return what was answered, or raise why there is no answer."""
    if isinstance(outcome, NesyError):
        raise outcome
    return outcome


def _subjects(facts: Iterable[clingo.Symbol]) -> list[str]:
    return sorted({str(fact.arguments[0]) for fact in facts if signature(fact) == SPEAKER})
