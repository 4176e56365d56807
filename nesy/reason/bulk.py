"""Answer what many cases ask at once, each as `interpret` and `govern` answer it alone.

Rules that are evaluated bottom-up (`bottom_up.py`) need no grounder, and are so case by case. What
only clingo evaluates is lifted over cases, a chunk of them in one control. Packs whose answer sets
have to be enumerated, rules of users, whose grounding is guarded, and a chunk in which anything
goes wrong are solved the general way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from itertools import islice
from typing import TypeVar

import clingo
from clingo import ast

from nesy.diagnostics import NesyError
from nesy.govern import Norms
from nesy.interpret import VOICE, Interpretation, closed_form, subjects
from nesy.reason import asp, parts, warm
from nesy.reason.asp import AnswerSet, signature
from nesy.reason.engine import Engine, Question, Steps, alone
from nesy.reason.lift import CASE, CannotLift, lift, of_case, over_case, shown
from nesy.reason.parts import Part
from nesy.rulebook import Rulebook
from nesy.weights import Weights

CHUNK = 100
# Lifting the rules takes as long as solving about this many cases one by one.
FEW = 12
# How many solved sets of facts are remembered before all are forgotten.
MOST_KEPT = 1000

# What of the interpretation's atoms decides on the reading and the reply, besides what norms read.
READ = frozenset({("excluded", 2), ("mismatch", 2), ("crisis", 1)})

Facts = Sequence[clingo.Symbol]
Key = frozenset[clingo.Symbol]
T = TypeVar("T")


class LiftedProgram:
    """A part of the rules, solved for many cases at once; what was solved is remembered.

    Raises CannotLift where its statements have no lifted form.
    """

    def __init__(self, part: Part, static: Facts) -> None:
        program = lift(part.statements, given=part.given)
        show, name = part.show, part.name
        self._name = name
        self._constant = program.constant
        self.relevant = (program.read | show) - program.constant
        kept = program.constant & (program.read | show)
        (common,) = asp.solve(program.common, static, name=name, show=kept)
        self._common = [a for a in common.atoms if signature(a) in show]
        self._static = sorted(common.atoms)
        self._everywhere = [a for a in static if signature(a) not in program.constant]
        lines = ["#show.", *(shown(s) for s in sorted(show - program.constant))]
        self._statements = (*program.rules, *asp.parsed("\n".join(lines)))
        self._known: dict[Key, AnswerSet] = {}

    def solve(self, cases: Sequence[Facts]) -> list[AnswerSet]:
        """Return the answer set of each case; cases with the same facts are solved once.

        Raises CannotLift where there is not one answer set in all.
        """
        keys = [self._key(case) for case in cases]
        if new := [key for key in dict.fromkeys(keys) if key not in self._known]:
            self._known |= zip(new, self._solved(new), strict=True)
        answers = [self._known[key] for key in keys]
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        return answers

    def _key(self, facts: Facts) -> Key:
        """Return the facts that can make a difference; raises CannotLift for one of a constant."""
        kept = []
        for fact in facts:
            of = signature(fact)
            if of in self.relevant:
                kept.append(fact)
            elif of in self._constant:
                raise CannotLift(f"{fact} is the same in every case")
        return frozenset(kept)

    def over(self, cases: Sequence[Key]) -> tuple[Sequence[ast.AST], list[clingo.Symbol]]:
        """Return the program over cases, and its facts."""
        facts = list(self._static)
        for number, case in enumerate(cases):
            facts.append(clingo.Function(CASE, [clingo.Number(number)]))
            facts += [over_case(fact, number) for fact in (*case, *self._everywhere)]
        return self._statements, facts

    def _solved(self, cases: Sequence[Key]) -> list[AnswerSet]:
        found = asp.settled(*self.over(cases), name=self._name)
        if found is None:
            raise CannotLift("not one answer set")
        atoms: dict[int, list[clingo.Symbol]] = defaultdict(lambda: list(self._common))
        for pair in found:
            case_, atom = of_case(pair)
            atoms[case_].append(atom)
        return [AnswerSet(atoms[number]) for number in range(len(cases))]


class Bulk:
    """What interprets and governs many cases at once.

    ``brief`` leaves out the derived atoms that a Trace does not need; all there are else. The first
    ``few`` questions are answered over all rules where they come one by one.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        weights: Weights,
        static: Facts,
        *,
        brief: bool = False,
        few: int = warm.FEW,
    ) -> None:
        self._rulebook, self._weights, self._static = rulebook, weights, static
        self._brief = brief
        self.warm = warm.Warm(rulebook, weights, static, few=few)

    def interpret(self, cases: Sequence[Facts]) -> list[Interpretation | NesyError]:
        """Return what `interpret` returns for each case, or what it raises."""
        rules = self._rulebook.rules("interpret")

        def read(facts: Facts, found: AnswerSet) -> Interpretation:
            return closed_form(found, rules, self._weights, subjects(facts))

        with suppress(CannotLift, NesyError):
            if self._lifts(cases) and self._interpreting:
                found = self._interpreting[0].solve(cases)
                pairs = zip(cases, found, strict=True)
                return [_outcome(partial(read, facts, answer)) for facts, answer in pairs]
        return [_outcome(partial(self.warm.interpret, case)) for case in cases]

    def admit(self, cases: Sequence[Facts]) -> list[Norms | NesyError | None]:
        """Return, of what `govern` returns for each case, what decides on reading a face."""
        return self._governed(cases, 0, self.warm.admit)

    def govern(self, cases: Sequence[Facts]) -> list[Norms | NesyError | None]:
        """Return what `govern` returns for each case, or what it raises."""
        return self._governed(cases, 1, self.warm.govern)

    def _governed(
        self, cases: Sequence[Facts], part: int, each: Callable[[Facts], Norms | None]
    ) -> list[Norms | NesyError | None]:
        with suppress(CannotLift, NesyError):
            if self._lifts(cases) and self._governing:
                return [Norms(found) for found in self._governing[part].solve(cases)]
        return [_outcome(partial(each, case)) for case in cases]

    def answers(self, questions: Sequence[Question]) -> list[object]:
        """Return the answer to each question, or the NesyError that solving it raised."""
        found: dict[int, object] = {}
        for of, answer in (
            ("admit", self.admit),
            ("interpret", self.interpret),
            ("govern", self.govern),
        ):
            asked = [n for n, question in enumerate(questions) if question.of == of]
            found |= zip(asked, answer([questions[n].facts for n in asked]), strict=True)
        return [found[n] for n in range(len(questions))]

    def _lifts(self, cases: Sequence[Facts]) -> bool:
        """Tell whether to lift the rules: they are many cases, and only clingo evaluates them."""
        return len(cases) >= FEW and not self.warm.is_quick(len(cases))

    @cached_property
    def _interpreting(self) -> Sequence[LiftedProgram]:
        part, norms = parts.interpreting(self._rulebook), parts.governing(self._rulebook)
        if part is not None and self._brief and norms is not None:
            part = part.showing(norms.read | READ | {VOICE})
        return self._lifted([part] if part is not None else [])

    @cached_property
    def _governing(self) -> Sequence[LiftedProgram]:
        found = parts.governing(self._rulebook)
        if found is not None and self._brief:
            found = found.brief()
        return self._lifted([found.admission, found.whole] if found else [])

    def _lifted(self, wanted: Sequence[Part]) -> list[LiftedProgram]:
        try:
            return [LiftedProgram(part, self._static) for part in wanted]
        except CannotLift:
            return []


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
    """Go the ways of many cases, those in step whose rules only clingo evaluates.

    In step, what cases ask of one engine next is answered at once.
    """
    done: dict[int, T] = {}
    cases = Counter(engine for _, engine in ways)
    quick = {engine: engine.warm.is_quick(count) for engine, count in cases.items()}
    answers: dict[int, object] = {}
    for number, (way, engine) in enumerate(ways):
        if quick[engine]:
            done[number] = alone(way, engine)
        else:
            answers[number] = None
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
