"""Reason over one case: facts, admission, interpretation, norms, reply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import clingo

from nesy import __version__, lint, rulebook, vocabulary, weights
from nesy.diagnostics import NesyError
from nesy.govern import Norms, govern, withhold
from nesy.ground import checked, ground
from nesy.interpret import Interpretation, face_readings, interpret
from nesy.reason import asp
from nesy.respond import Draft, compose, drafted, repaired, safe
from nesy.rulebook import Rulebook
from nesy.trace import Fact, NormApplied, Response, Round, Trace, Verdict
from nesy.vocabulary import Vocabulary
from nesy.weights import Weights

MOST_ROUNDS = 3
NO_VERDICT = Verdict(status="hold", norms=(NormApplied(norm="E601", force="hold"),))
# The variant of a text for a picture without words.
WORDLESS = "wordless"


@dataclass(frozen=True)
class Engine:
    """Everything that is believed: vocabulary, rules, weights."""

    vocabulary: Vocabulary
    rulebook: Rulebook
    weights: Weights

    @classmethod
    def load(
        cls,
        packs: Sequence[str] | None = None,
        rules: Iterable[Path] = (),
        weights_file: Path | None = None,
        ontology: Iterable[Path] = (),
    ) -> Engine:
        """Load what is shipped and what the user adds."""
        words, book = vocabulary.load(ontology), rulebook.load(packs, rules)
        lint.require_sound(book, words)
        return cls(words, book, weights.load(weights_file))

    @cached_property
    def static(self) -> list[clingo.Symbol]:
        """Return the ontology's facts as symbols."""
        return asp.symbols(self.vocabulary.facts)

    @cached_property
    def versions(self) -> dict[str, object]:
        """Return what a Trace records of this engine."""
        return {
            "nesy": __version__,
            "rules": self.rulebook.digest,
            "packs": [pack.name for pack in self.rulebook.packs],
            "ontology": self.vocabulary.digest,
            "weights": self.weights.digest,
        }


@dataclass(frozen=True, slots=True)
class Stages:
    """What each stage saw and derived: enough to explain the outcome."""

    facts: tuple[Fact, ...]
    admitted: tuple[clingo.Symbol, ...]
    all_facts: tuple[clingo.Symbol, ...]
    interpretation: Interpretation
    norms: Norms | None
    final_facts: tuple[clingo.Symbol, ...]
    draft: Draft
    rounds: tuple[Round, ...]


def reason(trace: Trace, engine: Engine) -> Trace:
    """Fill in facts, reading, verdict and response of a Trace that has an observation."""
    facts = trace.facts
    if facts is None or trace.observation is not None:
        if trace.observation is None:
            raise ValueError("a trace needs an observation or facts to be reasoned over")
        facts = ground(trace.case, trace.observation, engine.vocabulary)
    else:
        facts = checked(facts, engine.vocabulary)
    try:
        stages = run_stages(facts, engine)
    except NesyError as error:
        return _held(trace.with_(facts=tuple(facts)), error, engine)
    verdict = conclude(stages)
    final = stages.norms.atoms if stages.norms else frozenset()
    return trace.with_(
        facts=stages.facts,
        reading=face_readings(stages.interpretation, final),
        verdict=verdict,
        response=_response(stages, verdict),
        versions={**trace.versions, **engine.versions},
    )


def _held(trace: Trace, error: NesyError, engine: Engine) -> Trace:
    """Return a trace without a verdict: fail closed, with the fixed safe reply and the reason."""
    draft = safe("hold")
    return trace.with_(
        verdict=NO_VERDICT,
        response=Response(acts=draft.acts, tone=draft.tone, text=draft.text),
        error=error.as_json(),
        versions={**trace.versions, **engine.versions},
    )


def run_stages(facts: Sequence[Fact], engine: Engine) -> Stages:
    """Run admission, interpretation, norms and the reply loop over grounded facts."""
    symbols = tuple(asp.symbols([fact.atom for fact in facts]))
    admission = govern(engine.rulebook, symbols, engine.static)
    blocked = admission.withheld_by if admission else "e601"
    marked = tuple(
        fact.model_copy(update={"withheld": blocked.upper() if blocked and withhold(s) else None})
        for fact, s in zip(facts, symbols, strict=True)
    )
    admitted = tuple(s for s in symbols if not (blocked and withhold(s)))
    reading = interpret(engine.rulebook, engine.weights, admitted, engine.static)
    derived = tuple(sorted(a for a in reading.atoms if not a.match("evidence", 3)))
    seen = (*symbols, *derived, *reading.reads())
    norms = govern(engine.rulebook, seen, engine.static) if admission else None
    if norms is None:
        return Stages(marked, admitted, symbols, reading, None, seen, safe("hold"), ())
    conditions = _conditions(seen, norms, reading, engine.vocabulary)
    draft = compose(norms, conditions, engine.vocabulary)
    rounds: list[Round] = []
    for _ in range(MOST_ROUNDS):
        final = (*seen, *drafted(draft, engine.vocabulary))
        judged = govern(engine.rulebook, final, engine.static)
        if judged is None:
            return Stages(marked, admitted, symbols, reading, None, final, safe("hold"), ())
        broken = judged.violations
        names = tuple(f"{norm.upper()} {act}" for norm, act in broken)
        rounds.append(Round(acts=draft.acts, text=draft.text, violations=names))
        if not broken:
            break
        draft = repaired(draft, broken, conditions, judged)
    return Stages(marked, admitted, symbols, reading, judged, final, draft, tuple(rounds))


def _conditions(
    seen: Sequence[clingo.Symbol], norms: Norms, reading: Interpretation, words: Vocabulary
) -> list[str]:
    """Return what chooses between variants of a text, the most telling first.

    Positive words choose a glad text only where nothing read beside them is contrary.
    """
    found = sorted(_crises(seen, norms))
    mismatches = [str(a.arguments[1]) for a in seen if a.match("mismatch", 2)]
    found += mismatches
    valences = [str(a.arguments[0]) for a in seen if a.match("line_valence", 2)]
    tops = [next(iter(d)) for d in reading.marginals.values() if d]
    contrary = mismatches or any(words.emotions[top].one("valence") == "-1" for top in tops)
    found += [v for v in valences or [WORDLESS] if v != "positive" or not contrary]
    found += [str(a.arguments[0]) for a in seen if a.match("jurisdiction", 1)]
    return found


def _crises(seen: Sequence[clingo.Symbol], norms: Norms) -> set[str]:
    """Return the kinds of crisis; the norms see them in the words whatever packs interpret."""
    found = [a for a in seen if a.match("crisis", 1)]
    found += [a for a in norms.atoms if a.match("danger", 1)]
    return {str(a.arguments[0]) for a in found}


def conclude(stages: Stages) -> Verdict:
    """Return the verdict: release, block (a norm stops the reply) or hold (no verdict reached)."""
    if stages.norms is None:
        return NO_VERDICT
    crises = _crises(stages.final_facts, stages.norms)
    stopped = bool(stages.norms.violations or stages.norms.held_by)
    return stages.norms.verdict("block" if stopped else "release", crises)


def _response(stages: Stages, verdict: Verdict) -> Response:
    draft = stages.draft if verdict.status == "release" else safe(verdict.status)
    return Response(acts=draft.acts, tone=draft.tone, text=draft.text, rounds=stages.rounds)
