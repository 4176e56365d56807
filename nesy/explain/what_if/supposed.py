"""Suppose that the facts of a case were others: what would come of it, solved for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import clingo

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.explain.question import pattern_of
from nesy.explain.what_if import influence
from nesy.explain.what_if.dependence import Dependence, Pattern, fits
from nesy.explain.what_if.flips import Facts
from nesy.explain.what_if.variants import Variants
from nesy.govern import INFER_FROM_FACE, NEEDED, withhold
from nesy.ground import checked
from nesy.predicates import PREDICATES, kind_of
from nesy.reason import asp
from nesy.reason.bulk import READ, Bulk, chunks
from nesy.reason.engine import (
    Engine,
    Stages,
    Steps,
    admit,
    admitted,
    conclude,
    interpreted,
    staged,
    task_of,
)
from nesy.reply.compose import TEMPLATES, safe
from nesy.reply.loop import Task
from nesy.reply.writers import Recorded
from nesy.trace import Fact, Trace

STATUSES = ("release", "block", "hold")
CHUNK = 100
_ORDER = {"declared": 0, "line": 1, "image": 2, "model": 3, "caption": 4}

_OF_CRISES = frozenset({("crisis", 1), ("danger", 1)})
_CRISES: tuple[Pattern, ...] = (("crisis", (None,)), ("danger", (None,)))
_VERDICT: tuple[Pattern, ...] = (("violated", (None, None)), ("hold", (None,)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of facts: the reading; and, where the question goes as far, norms and reply."""

    marginals: Mapping[str, Mapping[str, float]]
    atoms: frozenset[clingo.Symbol]
    status: str | None = None
    acts: tuple[str, ...] = ()

    def tops(self) -> dict[str, tuple[str, float]]:
        """Return for each face its most probable emotion."""
        return {face: next(iter(of.items())) for face, of in self.marginals.items() if of}

    @property
    def crises(self) -> frozenset[clingo.Symbol]:
        """Return the crises found."""
        return frozenset(a for a in self.atoms if asp.signature(a) in _OF_CRISES)


@dataclass(frozen=True)
class Asked:
    """What is asked about: an atom, the most probable reading, the verdict's status, the reply.

    ``face`` and ``emotion`` are None where any is meant.
    """

    text: str
    pattern: Pattern | None = None
    status: str | None = None
    face: str | None = None
    emotion: str | None = None

    @property
    def of_reading(self) -> bool:
        """Tell whether the most probable reading is asked about."""
        return self.pattern is not None and self.pattern[0] == "reads"

    def answer(self, outcome: Outcome) -> object:
        """Return what is looked at: another value is a flip. For an atom, whether it holds."""
        if self.of_reading:
            tops = {f: e for f, (e, _) in outcome.tops().items() if self.face in (None, f)}
            return tops if self.emotion is None else self.emotion in tops.values()
        if self.pattern is not None:
            return bool(self.matching(outcome))
        if self.status is not None:
            return outcome.status == self.status
        return outcome.status, frozenset(outcome.acts)

    def matching(self, outcome: Outcome) -> list[clingo.Symbol]:
        """Return the atoms of an outcome that are asked about, sorted."""
        return sorted(a for a in outcome.atoms if self.pattern and fits(self.pattern, a))


def asked(text: str | None, engine: Engine) -> Asked:
    """Read what is asked about: nothing (the reply), a status, or an atom that rules derive.

    Raises NesyError N501 (no atom), N201 (a word the ontology lacks) or N520 (no conclusion).
    """
    if text is None:
        return Asked("the reply")
    if text.strip() in STATUSES:
        return Asked(text.strip(), status=text.strip())
    symbol = pattern_of(text)
    terms = tuple(None if a.type == clingo.SymbolType.String else a for a in symbol.arguments)
    pattern = (symbol.name, terms)
    signature = symbol.name, len(terms)
    predicate = PREDICATES.get(signature)
    book = engine.rulebook
    derived = book.heads("interpret") | book.heads("govern") | {("reads", 3)}
    if signature not in derived:
        raise NesyError(_no_conclusion(text, symbol.name, signature in PREDICATES, derived))
    if signature == ("reads", 3) and terms[2] is not None:
        what, why = f"{text} names a probability", "nearly every change of facts changes it"
        fix = f"ask for the most probable reading: 'reads({terms[0]}, {terms[1]})'"
        raise NesyError(Diagnostic("N520", what, why, fix))
    named = zip(predicate.arguments, terms, strict=True) if predicate else ()
    words = engine.vocabulary
    faults = [
        fault
        for name, term in named
        if term is not None and (kind := kind_of(predicate, name)) is not None
        for fault in words.lacking(kind, f"au{term}" if kind == "unit" else str(term))
    ]
    if faults:
        raise NesyError(faults)
    if symbol.name != "reads":
        return Asked(text, pattern)
    face, emotion = (str(term) if term is not None else None for term in terms[:2])
    return Asked(text, pattern, face=face, emotion=emotion)


def _no_conclusion(
    text: str, name: str, known: bool, derived: frozenset[tuple[str, int]]
) -> Diagnostic:
    if known:
        what, why = f"{text} is a fact", "what-if asks which facts a conclusion turns on"
        return Diagnostic("N520", what, why, f"name a conclusion, or: nesy why '{text}'")
    names = {n for n, _ in derived if not n.startswith("_")}
    what, why = f"no rule derives {text}", f"rules derive {len(names)} predicates"
    return Diagnostic("N520", what, why, nearest(name, {*names, *STATUSES}))


@dataclass(frozen=True)
class Supposing:
    """A case that is solved over other facts; ``asked`` says how far each has to go.

    ``trace`` has facts.
    """

    trace: Trace
    engine: Engine
    asked: Asked
    task: Task = field(init=False)

    def __post_init__(self) -> None:
        """Keep who writes the reply: templates write anew, what others wrote stands."""
        object.__setattr__(self, "task", task_of(self.trace, self.engine))

    @cached_property
    def facts(self) -> Facts:
        """Return the facts there are."""
        kept = checked(self.trace.facts or (), self.engine.vocabulary)
        return frozenset(asp.symbols([fact.atom for fact in kept]))

    @cached_property
    def now(self) -> Outcome:
        """Return what comes of the facts there are."""
        return self.outcomes([self.facts])[0]

    @property
    def is_written(self) -> bool:
        """Tell whether somebody else than the templates wrote the reply."""
        return isinstance(self.task.writer, Recorded)

    @cached_property
    def dependence(self) -> Dependence:
        """Return what the rules of this case look at."""
        return influence.on_case(self.engine, written=self.is_written)

    @cached_property
    def turns_at(self) -> Dependence:
        """Return what of the rules that matter to the question compares numbers."""
        looks = self.looks
        return self.dependence if looks is None else Dependence(self.dependence.behind(looks))

    @cached_property
    def looks(self) -> list[Pattern] | None:
        """Return what matters to the question, None where rules choose, so that all may."""
        if influence.has_many(self.engine):
            return None
        if self.asked.pattern is not None:
            return self.dependence.of([self.asked.pattern])
        replied: list[Pattern] = [] if self.asked.status or self.is_written else [("_reply", ())]
        return self.dependence.of([*_VERDICT, *replied])

    @cached_property
    def in_the_way(self) -> list[list[Pattern]]:
        """Return, for each norm that keeps a written reply back, what matters to it.

        The reply is released only where each of them is gone.
        """
        if self.asked.status is None or not self.is_written or self.now.status == "release":
            return []
        atoms = [a for a in self.now.atoms if a.match("violated", 2) or a.match("hold", 1)]
        return [self.dependence.of([(a.name, tuple(a.arguments))]) for a in sorted(atoms)]

    def answer(self, outcome: Outcome) -> object:
        """Return what of an outcome is asked about."""
        return self.asked.answer(outcome)

    def flips(self, cases: Sequence[Facts]) -> list[bool]:
        """Tell of each set of facts whether the answer is another; never where a crisis is lost."""
        was = self.answer(self.now)
        known = self._known(cases)
        open_ = [case for case, so in zip(cases, known, strict=True) if so is None]
        found = iter(self.outcomes(open_))
        return [
            bool(so)
            if so is not None
            else self.answer(one := next(found)) != was and self.now.crises <= one.crises
            for so in known
        ]

    def _known(self, cases: Sequence[Facts]) -> list[bool | None]:
        """Tell of cases whether they flip, None of those that have to be solved whole.

        What an atom of interpretation rests on is few rules. They settle it wherever the changes
        do not touch whether a face may be read.
        """
        if self._sliced is None:
            return [None] * len(cases)
        program, pattern = self._sliced
        was = self.answer(self.now)
        known: list[bool | None] = []
        for case, atoms in zip(cases, program.atoms([self._kept(c) for c in cases]), strict=True):
            holds = any(fits(pattern, atom) for atom in atoms)
            keeps = self.now.crises <= atoms
            known.append(None if self._touched(case) else holds != was and keeps)
        return known

    def _touched(self, case: Facts) -> bool:
        """Tell whether a change could make a difference to whether a face may be read."""
        return any(map(self._admits, case ^ self.facts))

    def _kept(self, facts: Iterable[clingo.Symbol]) -> frozenset[clingo.Symbol]:
        """Return what the interpretation sees of facts, faces being withheld as they are now."""
        return frozenset(f for f in facts if not (self._withholds and withhold(asp.signature(f))))

    @cached_property
    def _withholds(self) -> bool:
        _, _, norms = admit(stated(self.facts), self.engine)
        return norms is None or norms.withheld_by is not None

    def _admits(self, fact: clingo.Symbol) -> bool:
        """Tell whether a fact can make a difference to whether a face may be read."""
        if fact not in self._admitting:
            self._admitting[fact] = any(fits(p, fact) for p in self._admission)
        return self._admitting[fact]

    @cached_property
    def _admitting(self) -> dict[clingo.Symbol, bool]:
        return {}

    @cached_property
    def _admission(self) -> list[Pattern]:
        return self.dependence.of([("forbidden", (clingo.Function(INFER_FROM_FACE), None))])

    @cached_property
    def _sliced(self) -> tuple[Variants, Pattern] | None:
        """Return the rules that an atom of interpretation rests on, and those that see crises."""
        pattern, book = self.asked.pattern, self.engine.rulebook
        if pattern is None or self._reaches_norms or self.asked.of_reading or book.foreign:
            return None
        if influence.has_many(self.engine):
            return None
        own = influence.on_reading(self.engine)
        rules = [rule.statement for rule in own.behind(own.of([pattern, *_CRISES]))]
        given = frozenset(s for s, p in PREDICATES.items() if p.stratum == "input")
        of = frozenset((name, len(terms)) for name, terms in (pattern, *_CRISES))
        return Variants(rules, given, of, static=self.engine.static), pattern

    def outcomes(self, cases: Sequence[Facts]) -> list[Outcome]:
        """Return what comes of each set of facts."""
        return [one for some in chunks(cases, CHUNK) for one in self._together(some)]

    def _together(self, cases: Sequence[Facts]) -> list[Outcome]:
        return _in_step([self._way(case) for case in cases], self._bulk)

    def _way(self, case: Facts) -> Steps[Outcome]:
        if self._reaches_norms:
            return self._whole(stated(case))
        if self.engine.rulebook.foreign or influence.has_many(self.engine) or self._touched(case):
            return self._read(stated(case))
        return self._interpreted(tuple(self._kept(case)))

    @property
    def _reaches_norms(self) -> bool:
        pattern = self.asked.pattern
        if pattern is None:
            return True
        of = pattern[0], len(pattern[1])
        return of != ("reads", 3) and of not in self.engine.rulebook.heads("interpret")

    @cached_property
    def _bulk(self) -> Bulk:
        pattern = self.asked.pattern
        told = NEEDED | READ | {("reads", 3)}
        if pattern is None or (pattern[0], len(pattern[1])) in told:
            return _bulk(self.engine, brief=True)
        return _bulk(self.engine, brief=False)

    def _read(self, facts: Sequence[Fact]) -> Steps[Outcome]:
        _, kept, _ = yield from admitted(facts)
        return (yield from self._interpreted(kept))

    def _interpreted(self, kept: Sequence[clingo.Symbol]) -> Steps[Outcome]:
        reading = yield from interpreted(kept)
        return Outcome(reading.marginals, reading.atoms)

    def _whole(self, facts: Sequence[Fact]) -> Steps[Outcome]:
        stages = yield from staged(facts, self.engine, self.task)
        return outcome_of(stages)


def outcome_of(stages: Stages) -> Outcome:
    """Return what came of the stages of a case."""
    status = conclude(stages).status
    derived = stages.norms.atoms if stages.norms else frozenset()
    acts = stages.draft.acts if status == "release" else safe(status).acts
    if status == "release" and stages.draft.author != TEMPLATES:
        acts = stages.rounds[-1].found[0].acts if stages.rounds else ()
    reading = stages.interpretation
    return Outcome(reading.marginals, reading.atoms | derived, status, acts)


def stated(facts: Facts) -> tuple[Fact, ...]:
    """Return facts with their origin, in the order in which a case is grounded."""
    return tuple(_fact(atom) for atom in sorted(facts, key=_place))


@lru_cache(maxsize=2**14)
def _fact(atom: clingo.Symbol) -> Fact:
    origin = PREDICATES[asp.signature(atom)].origin
    return Fact.model_validate({"atom": str(atom), "origin": origin})


def _place(atom: clingo.Symbol) -> tuple[int, clingo.Symbol]:
    return _ORDER[PREDICATES[asp.signature(atom)].origin], atom


def _in_step(ways: Sequence[Steps[Outcome]], bulk: Bulk) -> list[Outcome]:
    """Go the ways of many cases in step; one that cannot be solved is held, as a case would be."""
    done: dict[int, Outcome] = {}
    answers: dict[int, object] = dict.fromkeys(range(len(ways)))
    while answers:
        questions = {}
        for number, answer in answers.items():
            way = ways[number]
            try:
                sent = way.throw(answer) if isinstance(answer, NesyError) else way.send(answer)
                questions[number] = sent
            except StopIteration as end:
                done[number] = end.value
            except NesyError:
                done[number] = Outcome({}, frozenset(), "hold", safe("hold").acts)
        answers = dict(zip(questions, bulk.answers(list(questions.values())), strict=True))
    return [done[number] for number in range(len(ways))]


@lru_cache(maxsize=4)
def _bulk(engine: Engine, *, brief: bool) -> Bulk:
    """Return what answers from the first question on as if many came; not ``brief``, everything."""
    return Bulk(engine.rulebook, engine.weights, engine.static, brief=brief, few=0)
