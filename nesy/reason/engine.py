"""Reason over one case: facts, admission, interpretation, norms, reply."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import clingo

from nesy import __version__, rulebook, vocabulary, weights
from nesy.check import lint
from nesy.diagnostics import Diagnostic, NesyError
from nesy.exemption import machines_day
from nesy.govern import Norms, withhold
from nesy.ground import checked, ground
from nesy.interpret import Interpretation, face_readings
from nesy.reason import asp
from nesy.reason.rows import Atoms, Groups, in_order, read, text
from nesy.reason.warm import Warm
from nesy.reply.brief import brief_of
from nesy.reply.compose import TEMPLATES, safe
from nesy.reply.draft import Draft
from nesy.reply.loop import Task, replied
from nesy.reply.reader import find
from nesy.reply.task import Desk
from nesy.rulebook import Rulebook
from nesy.trace import Brief, Case, Fact, NormApplied, Response, Round, Trace, Verdict, Violation
from nesy.vocabulary import Vocabulary
from nesy.weights import Weights

NO_VERDICT = Verdict(status="hold", norms=(NormApplied(norm="E601", force="hold"),))
CRISIS = ("crisis", 1)
# The tone of a reply whose author names none.
NEUTRAL = "neutral"
# The variant of a text for a picture without words.
WORDLESS = "wordless"


@dataclass(frozen=True, eq=False)
class Engine:
    """Everything that is believed: vocabulary, rules, weights.

    ``today`` is the day that exceptions to norms are held against; without it, that of the machine.
    """

    vocabulary: Vocabulary
    rulebook: Rulebook
    weights: Weights
    today: date | None = None

    @classmethod
    def load(
        cls,
        packs: Sequence[str] | None = None,
        rules: Iterable[Path] = (),
        weights_file: Path | None = None,
        ontology: Iterable[Path] = (),
        today: date | None = None,
    ) -> Engine:
        """Load what is shipped and what the user adds."""
        words, book = vocabulary.load(ontology), rulebook.load(packs, rules)
        lint.require_sound(book, words)
        weighed = weights.load(weights_file)
        lint.require_known(weighed.rules, book, weights_file)
        found = cls(words, book, weighed)
        return found if today is None else found.on(today)

    def on(self, today: date) -> Engine:
        """Return this engine on another day: an exception whose last day is over lifts nothing."""
        return self if today == self.today else _on(self, today)

    def dated(self, trace: Trace) -> Engine:
        """Return this engine on the day that a Trace records, so that a replay tells the same.

        Raises NesyError N113 where the Trace records no day.
        """
        recorded = trace.versions.get("today")
        if recorded is None:
            return self.on(self.today or machines_day())
        try:
            return self.on(date.fromisoformat(recorded))
        except (TypeError, ValueError) as error:
            what, why = "versions.today: no day", f"the value is {str(recorded)[:40]!r}"
            raise NesyError(Diagnostic("N113", what, why, "write it as 2027-01-31")) from error

    def __reduce__(self) -> tuple[type[Engine], tuple[object, ...]]:
        """Go to another process without what was laid out here: it is laid out there."""
        return Engine, (self.vocabulary, self.rulebook, self.weights, self.today)

    @cached_property
    def static(self) -> list[clingo.Symbol]:
        """Return the ontology's facts as symbols."""
        return asp.symbols(self.vocabulary.facts)

    @cached_property
    def warm(self) -> Warm:
        """Return what answers the questions of one case after the other."""
        return Warm(self.rulebook, self.weights, self.static)

    @cached_property
    def versions(self) -> dict[str, object]:
        """Return what a Trace records of this engine."""
        return {
            "nesy": __version__,
            "rules": self.rulebook.digest,
            "packs": [pack.name for pack in self.rulebook.packs],
            **self.rulebook.added,
            "ontology": self.vocabulary.digest,
            "weights": self.weights.digest,
            **({"today": self.today.isoformat()} if self.today else {}),
        }


@lru_cache(maxsize=8)
def _on(engine: Engine, today: date) -> Engine:
    return replace(engine, rulebook=engine.rulebook.on(today), today=today)


@dataclass(frozen=True, slots=True)
class Stages:
    """What each stage saw and derived: enough to explain the outcome."""

    facts: tuple[Fact, ...]
    admitted: Sequence[clingo.Symbol]
    all_facts: Sequence[clingo.Symbol]
    interpretation: Interpretation
    norms: Norms | None
    final_facts: Sequence[clingo.Symbol]
    draft: Draft
    rounds: tuple[Round, ...]
    brief: Brief | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a case asks on its way: may faces be read, what do facts mean, what do norms say."""

    of: Literal["admit", "interpret", "govern"]
    facts: Sequence[clingo.Symbol]


# The way of a case: it asks, is sent what `interpret` or `govern` return (or thrown what they
# raise), and ends with its outcome. So one case and many at once go the same way.
T = TypeVar("T")
Steps = Generator[Question, Any, T]


def alone(steps: Steps[T], engine: Engine) -> T:
    """Go the way of one case, each question answered by itself."""
    try:
        question = next(steps)
        while True:
            try:
                answer = _answer(question, engine)
            except NesyError as error:
                question = steps.throw(error)
            else:
                question = steps.send(answer)
    except StopIteration as end:
        outcome: T = end.value
        return outcome


def _answer(question: Question, engine: Engine) -> Interpretation | Norms | None:
    answers = {
        "admit": engine.warm.admit,
        "interpret": engine.warm.interpret,
        "govern": engine.warm.govern,
    }
    return answers[question.of](question.facts)


def interpreted(facts: Sequence[clingo.Symbol]) -> Steps[Interpretation]:
    """Return the way of ``interpret``."""
    found: Interpretation = yield Question("interpret", facts)
    return found


def _norms(facts: Atoms) -> Steps[Norms | None]:
    found: Norms | None = yield Question("govern", facts)
    return found


def reason(trace: Trace, engine: Engine, task: Task | None = None) -> Trace:
    """Fill in facts, reading, verdict and response of a Trace that has an observation.

    Raises NesyError N113 where the Trace records a day that is none.
    """
    using = engine.dated(trace)
    return alone(reasoned(trace, using, task), using)


def reasoned(trace: Trace, engine: Engine, task: Task | None = None) -> Steps[Trace]:
    """Return the way of a Trace that has an observation or facts."""
    facts = trace.facts
    if facts is None or trace.observation is not None:
        if trace.observation is None:
            raise ValueError("a trace needs an observation or facts to be reasoned over")
        facts = ground(trace.case, trace.observation, engine.vocabulary)
    else:
        facts = checked(facts, engine.vocabulary)
    try:
        stages = yield from staged(facts, engine, task or task_of(trace, engine))
    except NesyError as error:
        return _held(trace.with_(facts=tuple(facts)), error, engine)
    verdict, norms = conclude(stages), stages.norms
    return trace.with_(
        facts=stages.facts,
        reading=face_readings(stages.interpretation, norms.answer if norms else None),
        verdict=verdict,
        response=_response(stages, verdict),
        versions={**trace.versions, **engine.versions},
    )


def _held(trace: Trace, error: NesyError, engine: Engine) -> Trace:
    """Return a trace without a verdict: fail closed, with the fixed safe reply and the reason."""
    draft = safe("hold")
    return trace.with_(
        verdict=NO_VERDICT,
        response=Response(acts=draft.acts, tone=draft.tone or NEUTRAL, text=draft.text),
        error=error.as_json(),
        versions={**trace.versions, **engine.versions},
    )


Admitted = tuple[tuple[Fact, ...], Atoms, Norms | None]


def admit(facts: Sequence[Fact], engine: Engine) -> Admitted:
    """Return the facts with those marked that a norm withholds, the admitted ones, the norms."""
    return alone(admitted(facts), engine)


def admitted(facts: Sequence[Fact]) -> Steps[Admitted]:
    """Return the way of ``admit``."""
    atoms = atoms_of(facts)
    admission: Norms | None = yield Question("admit", atoms)
    blocked = admission.withheld_by if admission else "e601"
    norm = blocked.upper() if blocked else None
    gone = frozenset(of for of in atoms.groups if withhold(of)) if norm else frozenset()
    marked = tuple(
        _withheld(fact, norm if of in gone else None)
        for fact, (of, _) in zip(facts, atoms.known, strict=True)
    )
    if not gone:
        return marked, atoms, admission
    kept = Atoms({of: rows for of, rows in atoms.groups.items() if of not in gone})
    return marked, kept, admission


def atoms_of(facts: Iterable[Fact]) -> Atoms:
    """Return the atoms of facts."""
    return Atoms.of(read(fact.atom) for fact in facts)


def _withheld(fact: Fact, by: str | None) -> Fact:
    return fact if fact.withheld == by else _marked(fact, by)


# Cases have most facts in common.
@lru_cache(maxsize=2**14)
def _marked(fact: Fact, by: str | None) -> Fact:
    return fact.model_copy(update={"withheld": by})


def run_stages(facts: Sequence[Fact], engine: Engine, task: Task | None = None) -> Stages:
    """Run admission, interpretation, norms and the reply loop over grounded facts."""
    return alone(staged(facts, engine, task), engine)


def stages_of(trace: Trace, engine: Engine) -> Stages:
    """Run the stages of a Trace that has facts; drafts of others than the templates are its own."""
    facts = checked(trace.facts or (), engine.vocabulary)
    return run_stages(facts, engine, task_of(trace, engine))


def task_of(trace: Trace, engine: Engine) -> Task:
    """Return what the reply loop does of a Trace where nobody else is to draft."""
    return Desk().task(trace, engine.vocabulary)


def staged(facts: Sequence[Fact], engine: Engine, task: Task | None = None) -> Steps[Stages]:
    """Return the way of ``run_stages``; without a task, templates answer."""
    words = engine.vocabulary
    atoms = atoms_of(facts)
    marked, kept, admission = yield from admitted(facts)
    reading = yield from interpreted(kept)
    told = atoms.with_(reading.derived())
    seen = told.with_(reading.reads().groups.items())
    norms = (yield from _norms(seen)) if admission else None
    if norms is None:
        return Stages(marked, kept, atoms, reading, None, seen, safe("hold"), ())
    of = told.groups
    conditions = _conditions(of, norms, reading, words)

    def briefed(found: Norms, broken: tuple[Violation, ...]) -> Brief:
        return brief_of(found, of, conditions, _crises(reading, found), broken)

    doing = task or Desk().task(Trace(case=Case(id="case")), words)
    end = yield from replied(seen, norms, doing, _norms, briefed, words)
    ends = (end.norms, end.facts, end.draft, end.rounds, end.brief)
    return Stages(marked, kept, atoms, reading, *ends)


def _conditions(of: Groups, norms: Norms, reading: Interpretation, words: Vocabulary) -> list[str]:
    """Return what chooses between variants of a text, the most telling first.

    Positive words choose a glad text only where nothing read beside them is contrary.
    """

    def said(name: str, arity: int, place: int = 0) -> list[str]:
        return [text(row[place]) for row in in_order(of.get((name, arity), ()))]

    found = sorted(_crises(reading, norms))
    mismatches = said("mismatch", 2, 1)
    found += mismatches + sorted(said("cue", 2)) + said("line_unread", 1)
    valences = said("line_valence", 2)
    tops = [next(iter(d)) for d in reading.marginals.values() if d]
    contrary = mismatches or any(words.emotions[top].one("valence") == "-1" for top in tops)
    found += [v for v in valences or [WORDLESS] if v != "positive" or not contrary]
    return found + said("jurisdiction", 1)


def _crises(reading: Interpretation, norms: Norms) -> set[str]:
    """Return the kinds of crisis; the norms see them in the words whatever packs interpret."""
    read = (*reading.answer.words(*CRISIS), *norms.answer.words("danger", 1))
    return {kind for (kind,) in read}


def conclude(stages: Stages) -> Verdict:
    """Return the verdict: release, block (a norm stops the reply) or hold (no verdict reached).

    A reply that breaks a norm is blocked even where more of it could not be read; where norms
    contradict each other (E601) there is no verdict to block by.
    """
    norms = stages.norms
    if norms is None:
        return NO_VERDICT
    crises = _crises(stages.interpretation, norms)
    if NO_VERDICT.norms[0].norm.lower() in norms.held_by:
        return norms.verdict("hold", crises)
    if norms.violations:
        return norms.verdict("block", crises)
    return norms.verdict("hold" if norms.held_by else "release", crises)


def _response(stages: Stages, verdict: Verdict) -> Response:
    draft = stages.draft if verdict.status == "release" else safe(verdict.status)
    others = any(round_.author != TEMPLATES for round_ in stages.rounds)
    trusted = draft.author == TEMPLATES
    return Response(
        acts=draft.acts if trusted else find(draft.text).in_order(),
        tone=draft.tone or NEUTRAL,
        text=draft.text,
        rounds=stages.rounds,
        brief=stages.brief if others else None,
    )
