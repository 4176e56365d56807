"""Solve rule cases: all of them at once, as they are and with one rule changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import clingo

from nesy.diagnostics import NesyError
from nesy.explain import outcome, tell
from nesy.explain.why.justify import Explainer, Node
from nesy.govern import Norms
from nesy.interpret import Interpretation, Voice
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.bulk import chunks
from nesy.reason.engine import Engine, Question, Stages, Steps, conclude, staged
from nesy.reply.compose import safe
from nesy.rulebook import Rule, Strata
from nesy.testing.case import RuleCase
from nesy.testing.expect import AtomPattern, Expectation, Grounds
from nesy.testing.mutants import Change, Mutant, held_always, mutants
from nesy.testing.switched import FIRED, NOTICED, Program, numbered, switches
from nesy.trace import Case, Fact, Trace

CHUNK = 100
STRATA: tuple[Strata, ...] = ("interpret", "govern")


@dataclass(eq=False)
class Outcome:
    """What the rules gave for a case: as they are, or with a mutant in the place of a rule."""

    case: RuleCase
    engine: Engine
    stages: Stages
    fired: frozenset[int] = frozenset()
    noticed: frozenset[int] = frozenset()
    mutant: Mutant | None = None

    @cached_property
    def atoms(self) -> frozenset[clingo.Symbol]:
        """What holds, facts included."""
        norms = self.stages.norms.atoms if self.stages.norms else frozenset()
        return frozenset({*self.stages.final_facts, *self.stages.interpretation.atoms, *norms})

    @cached_property
    def reads(self) -> Mapping[tuple[str, str], int]:
        """The marginals in thousandths."""
        return {
            (face, emotion): round(1000 * probability)
            for face, of in self.stages.interpretation.marginals.items()
            for emotion, probability in of.items()
        }

    @property
    def voices(self) -> Sequence[Voice]:
        """The instances of evidence rules."""
        return self.stages.interpretation.voices

    @cached_property
    def status(self) -> str:
        """The verdict."""
        return conclude(self.stages).status

    @property
    def acts(self) -> Sequence[str]:
        """What the reply does; nothing of a draft where the verdict releases none."""
        status = conclude(self.stages).status
        return self.stages.draft.acts if status == "release" else safe(status).acts

    @cached_property
    def unmet(self) -> tuple[Expectation, ...]:
        """Return what is expected and not so."""
        return tuple(e for e in self.case.expectations if not self._holds(e))

    def _holds(self, expectation: Expectation) -> bool:
        """Ask an expectation; a justification is looked at only of the rules as they are."""
        if expectation.kind != "why" or self.mutant is None:
            return expectation.holds(self)
        dropped = self.mutant.rule.id if self.mutant.change == "rule" else None
        return expectation.of["rule"] is None or expectation.of["rule"] != dropped

    @cached_property
    def explainer(self) -> Explainer:
        """Return what justifies the atoms of this case."""
        return Explainer(self.stages, self.engine)

    def told(self, about: Expectation) -> Grounds:
        """Return what the outcome named by an expectation rests on; nothing where it is not so."""
        nodes = list(self._nodes(about))
        rules = {node.rule.id for top in nodes for node in top.walk() if node.rule is not None}
        rules |= {n.voice.rule for top in nodes for n in top.walk() if n.voice is not None}
        derived = self.explainer.derivation.instances
        for atom in self._fitting(about.pattern) if about.kind == "atom" else ():
            rules |= {i.rule.id for i in derived.get(atom, ())}
        told = [tell.tell(node, self.engine) for node in nodes]
        return Grounds(frozenset(rules), tuple(s for each in told for s in _sentences(each)))

    def _nodes(self, about: Expectation) -> Iterator[Node]:
        of = about.of
        if about.kind == "atom":
            yield from map(self.explainer.why, self._fitting(about.pattern))
        elif about.kind == "top":
            pattern = AtomPattern.of(f"reads({of['face']},{of['emotion']},_)")
            yield from map(self.explainer.why, self._fitting(pattern))
        elif about.kind == "says":
            yield from map(self.explainer.voice, filter(about.is_said_by, self.voices))
        elif about.kind == "act":
            acts = (str(of["act"]),)
            yield from outcome.acts_told(acts, self.stages, self.explainer, self.engine)
        elif about.kind == "verdict":
            trace = Trace(case=Case(id="case"), facts=self.stages.facts)
            yield outcome.why(trace, self.engine)

    def _fitting(self, pattern: AtomPattern) -> list[clingo.Symbol]:
        derived = self.explainer.derivation.instances
        read = self.stages.interpretation.reads()
        return sorted(a for a in {*read, *derived} if pattern.fits(a))


def _sentences(told: tell.Told) -> Iterator[str]:
    yield told.sentence
    for below in told.because:
        yield from _sentences(below)


@dataclass(frozen=True)
class World:
    """A case, as it is or with one change to the rules."""

    case: RuleCase
    number: int | None = None


class Bench:
    """The rules of an engine, the changes to try on them, and what solves cases over them."""

    def __init__(
        self, engine: Engine, rules: Sequence[Rule], changes: Iterable[Change] = ("rule",)
    ) -> None:
        self.engine = engine
        always = held_always(engine.rulebook, engine.static)
        self.mutants = tuple(mutants(rules, always, changes))
        self._numbers = numbered(self.mutants)

    def watch(self, cases: Iterable[RuleCase]) -> Iterator[Outcome | NesyError]:
        """Yield what came of each case, the rules that fired, the changes that may count."""
        for some in chunks(cases, CHUNK):
            yield from self._solved([World(case) for case in some], watched=True)

    def change(self, worlds: Sequence[World]) -> Iterator[Outcome | NesyError]:
        """Yield what came of each case with its change."""
        for some in chunks(worlds, CHUNK):
            yield from self._solved(some, watched=False)

    def may_notice(self, found: Outcome) -> Iterator[int]:
        """Yield the numbers of the changes that can make a difference to a case."""
        for number, mutant in enumerate(self.mutants):
            if mutant.differs is not None:
                if number in found.noticed:
                    yield number
            elif any(
                self._numbers[mutant.rule.id, at] in found.fired
                for at in range(mutant.alternatives)
            ):
                yield number

    @lru_cache(maxsize=4)  # noqa: B019 - a bench lives as long as its programs
    def _program(self, stratum: Strata, *, watched: bool) -> Program:
        return Program(self.engine, stratum, self.mutants, self._numbers, watched=watched)

    def _solved(self, worlds: Sequence[World], *, watched: bool) -> list[Outcome | NesyError]:
        """Go the ways of many cases in step; what they ask next is answered at once."""
        ways = [way(world.case, self.engine) for world in worlds]
        more = [self._switches(world) for world in worlds]
        marks: list[set[clingo.Symbol]] = [set() for _ in worlds]
        done: dict[int, Outcome | NesyError] = {}
        answers: dict[int, object] = dict.fromkeys(range(len(ways)))
        while answers:
            asked: dict[int, Question] = {}
            for number, answer in answers.items():
                try:
                    if isinstance(answer, NesyError):
                        asked[number] = ways[number].throw(answer)
                    else:
                        asked[number] = ways[number].send(answer)
                except StopIteration as end:
                    world = worlds[number]
                    mutant = self.mutants[world.number] if world.number is not None else None
                    watch = _numbers(marks[number], FIRED), _numbers(marks[number], NOTICED)
                    done[number] = Outcome(world.case, self.engine, end.value, *watch, mutant)
                except NesyError as error:
                    done[number] = error
            answers = {}
            for of in STRATA:
                mine = [n for n, q in asked.items() if (q.of == "interpret") == (of == "interpret")]
                if not mine:
                    continue
                program = self._program(of, watched=watched)
                solved = program.solve([(*asked[n].facts, *more[n]) for n in mine])
                for number, found in zip(mine, solved, strict=True):
                    if not isinstance(found, NesyError):
                        marks[number] |= {a for s in found for a in s.atoms if a.name[:1] == "_"}
                    answers[number] = _answer(program, of, found, asked[number].facts)
        return [done[number] for number in range(len(ways))]

    def _switches(self, world: World) -> Sequence[clingo.Symbol]:
        if world.number is None:
            return ()
        return switches(world.number, self.mutants[world.number], self._numbers)


def _answer(
    program: Program,
    of: str,
    found: Sequence[asp.AnswerSet] | NesyError,
    facts: Sequence[clingo.Symbol],
) -> object:
    if isinstance(found, NesyError):
        return found
    try:
        if of == "interpret":
            return program.interpretation(found, facts)
        return Norms(found[0]) if len(found) == 1 else None
    except NesyError as error:
        return error


def _numbers(marks: Iterable[clingo.Symbol], of: tuple[str, int]) -> frozenset[int]:
    return frozenset(a.arguments[0].number for a in marks if a.match(*of))


def way(case: RuleCase, engine: Engine) -> Steps[Stages]:
    """Return the way of a case: one stratum alone where it names one, else all of it."""
    facts = case.facts
    if case.stratum == "interpret":
        reading = yield Question("interpret", facts)
        return Stages(_facts(facts), facts, facts, reading, None, facts, safe("hold"), ())
    if case.stratum == "govern":
        norms = yield Question("govern", facts)
        nothing = Interpretation({}, (), frozenset())
        return Stages(_facts(facts), (), facts, nothing, norms, facts, safe("hold"), ())
    return (yield from staged(_facts(facts), engine))


def facts_of(case: RuleCase) -> tuple[Fact, ...]:
    """Return the facts of a case as a Trace holds them: what nobody derives."""
    return tuple(fact for fact in _facts(case.facts) if fact.origin != "derived")


def _facts(atoms: Iterable[clingo.Symbol]) -> tuple[Fact, ...]:
    """Return atoms as facts of the channel their predicate belongs to."""
    return tuple(
        Fact.model_validate({"atom": str(atom), "origin": _origin(atom)}) for atom in atoms
    )


def _origin(atom: clingo.Symbol) -> str:
    known = PREDICATES.get(asp.signature(atom))
    if known is None or known.stratum != "input":
        return "derived"
    return "model" if known.origin == "draft" else known.origin
