"""The seam to whatever looks at pictures: a Perceiver turns cases into observations.

An adapter is one module with ``create(model, vocabulary)`` returning a Perceiver; it is found by
its name (``nesy.registry``), and nothing else is edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from nesy.diagnostics import Diagnostic, NesyError
from nesy.trace import Case, Observation

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

# Below this probability of the legal tokens, the constraint wrote the report and not the model:
# where formats matched the median was 1.0, where they did not between 2e-9 and 3e-11.
LEAST_MASS = 1e-3


@runtime_checkable
class Perceiver(Protocol):
    """What every adapter offers."""

    def describe(self) -> dict[str, Any]:
        """Return ``name``, ``model``, ``licence``, ``needs`` (packages) and ``reports`` (keys)."""

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield, for each case in order, its observation or the error that kept it from one.

        An error is raised, not yielded, where no case at all can be perceived.
        """


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case, and either its observation or the error; never both, never neither."""

    case: Case
    observation: Observation | None = None
    error: NesyError | None = None


def perceive_cases(
    perceiver: Perceiver, cases: Iterable[Case], *, vocabulary: Vocabulary, seed: int = 0
) -> Iterator[Outcome]:
    """Yield an Outcome for each case; every observation is in the closed vocabulary.

    Raises NesyError N102 where the perceiver breaks its contract.
    """
    asked = tuple(cases)
    name = str(perceiver.describe().get("name", type(perceiver).__name__))
    given = 0
    for answer in perceiver.perceive(asked, seed=seed):
        if given >= len(asked):
            raise _broken(name, f"it yields more than the {len(asked)} answers asked of it")
        case, given = asked[given], given + 1
        if isinstance(answer, NesyError):
            yield Outcome(case, error=answer)
        elif not isinstance(answer, Observation):
            raise _broken(name, f"for case {case.id} it yields a {type(answer).__name__}")
        elif faults := unknown_terms(answer, vocabulary):
            yield Outcome(case, error=NesyError(faults))
        else:
            yield Outcome(case, observation=answer)
    if given < len(asked):
        raise _broken(name, f"it yields {given} answers to {len(asked)} cases")


def perceive_case(
    perceiver: Perceiver, case: Case, *, vocabulary: Vocabulary, seed: int = 0
) -> Observation:
    """Return the observation of one case, or raise the error that kept it from one."""
    (outcome,) = perceive_cases(perceiver, (case,), vocabulary=vocabulary, seed=seed)
    if outcome.observation is None:
        raise outcome.error or _broken(type(perceiver).__name__, "it yields nothing")
    return outcome.observation


def unknown_terms(observation: Observation, vocabulary: Vocabulary) -> tuple[Diagnostic, ...]:
    """Return a N201 for every term of an observation that the ontology does not have."""
    named: list[tuple[str, str]] = []
    for face in observation.faces:
        codes = [*(unit.unit for unit in face.action_units), *face.unobservable]
        named += [("unit", f"au{code}") for code in codes]
        named += [("expression", seen.expression) for seen in face.expressions]
        named += [("emotion", claim.emotion) for claim in face.claims]
    for line in filter(None, (observation.line, *(observation.turns or ()))):
        named += [("valence", item.valence) for item in line.valence]
        named += [("emotion", item.emotion) for item in line.emotions]
        named += [("line act", item.act) for item in line.acts]
        named += [("cue", item.cue) for item in line.cues]
    faults: list[Diagnostic] = []
    for kind, term in dict.fromkeys(named):
        faults += vocabulary.lacking(kind, term)
    return tuple(faults)


def alarm(observation: Observation) -> str | None:
    """Return the warning that a model was made to say what it would not have said, if it was."""
    mass = observation.constraint_mass
    if mass is None or mass >= LEAST_MASS:
        return None
    where = f" at {observation.forced_at}" if observation.forced_at else ""
    said = f"the model wanted to say something else{where}"
    return f"{said}: of its probability {mass:.1e} was on what it may say"


def _broken(name: str, why: str) -> NesyError:
    what = f"the adapter {name} breaks its contract"
    fix = "yield one Observation or NesyError for each case, in order (adapters/README.md)"
    return NesyError(Diagnostic("N102", what, why, fix))
