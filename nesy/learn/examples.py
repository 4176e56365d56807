"""What learning sees of a case: who voted what, and which rules speak for which emotion."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nesy.diagnostics import NesyError
from nesy.ground import checked, ground
from nesy.interpret import FULL, Interpretation, softmax
from nesy.pipeline import is_read, with_line
from nesy.reason.bulk import CHUNK, chunks, together
from nesy.reason.engine import Engine, Steps, admitted, interpreted
from nesy.trace import Fact, People, Trace
from nesy.vocabulary import Vocabulary
from nesy.weights import Weights

# A voice's weight: the rule, and the terms it is weighed by.
Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Example:
    """One case: votes by emotion, and per emotion that can be read the strength of each voice.

    ``features`` maps emotion → rule and terms → summed strength as a share of full strength;
    ``covers`` maps each vote to the emotions that answer to it (itself, and what it is broader
    than).
    """

    id: str
    group: str
    votes: Mapping[str, float]
    features: Mapping[str, Mapping[Key, float]]
    covers: Mapping[str, tuple[str, ...]]

    @property
    def is_readable(self) -> bool:
        """Tell whether some rule can read something that people voted for."""
        return any(self.covers[e] for e in self.votes)

    @property
    def unreadable(self) -> float:
        """Return the share of votes for what no rule can read here."""
        return math.fsum(v for e, v in self.votes.items() if not self.covers[e])


def examples(traces: Iterable[Trace], engine: Engine) -> Iterator[Example]:
    """Yield an Example for each Trace that holds votes, in order.

    Votes are turned into shares, so that every case counts once. Raises NesyError N201 for a vote
    the ontology has no word for, and where a Trace cannot be grounded.
    """
    voted = ((t, t.people) for t in traces if t.people and math.fsum(t.people.votes.values()) > 0)
    for some in chunks(voted, CHUNK):
        yield from together([(_example(*pair, engine), engine) for pair in some])


def _example(trace: Trace, people: People, engine: Engine) -> Steps[Example]:
    faults = [f for vote in people.votes for f in engine.vocabulary.lacking("emotion", vote)]
    if faults:
        raise NesyError(faults)
    _, kept, _ = yield from admitted(_facts(trace, engine.vocabulary))
    found = yield from interpreted(kept)
    features = features_of(found, speaker_of(found))
    total = math.fsum(people.votes.values())
    votes = {e: v / total for e, v in sorted(people.votes.items()) if v > 0}
    covers = {e: _covered(e, features, engine.vocabulary) for e in votes}
    return Example(trace.case.id, people.group or trace.case.id, votes, features, covers)


def _facts(trace: Trace, vocabulary: Vocabulary) -> tuple[Fact, ...]:
    seen = trace.observation
    if seen is not None:
        if not is_read(seen, trace.case):
            seen = with_line(seen, trace.case, vocabulary)
        return ground(trace.case, seen, vocabulary)
    return checked(trace.facts or (), vocabulary)


def speaker_of(found: Interpretation) -> str:
    """Return the face that votes are about: the speaker's, the first where several are bound."""
    return min(found.marginals)


def features_of(found: Interpretation, face: str) -> dict[str, dict[Key, float]]:
    """Return what speaks for each emotion that can be read from a face."""
    strengths: dict[str, dict[Key, list[int]]] = {e: {} for e in sorted(found.marginals[face])}
    for voice in found.voices:
        if voice.face == face and voice.emotion in strengths:
            of = strengths[voice.emotion].setdefault((voice.rule, voice.weighed), [])
            of.append(voice.strength)
    return {
        emotion: {key: sum(of) / FULL for key, of in sorted(keys.items())}
        for emotion, keys in strengths.items()
    }


def _covered(vote: str, readable: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the readings a vote stands for: the emotion itself and the kinds of it."""
    return tuple(e for e in readable if vote == e or vote in vocabulary.broader("emotion", e))


def predict(example: Example, weights: Weights) -> dict[str, float]:
    """Return the distribution over what can be read, under these weights, as `nesy reason` does."""
    return softmax(
        {
            emotion: math.fsum(weights.of(*key) * strength for key, strength in keys.items())
            for emotion, keys in example.features.items()
        }
    )
