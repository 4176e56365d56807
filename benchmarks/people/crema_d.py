"""CREMA-D: foretell what people say of face and voice from what they say of either alone.

A clip is shown without sound, played without picture, or given with both, each to about ten people
who choose one of six answers. A row becomes an Observation: the votes on the face are its claims,
those on the voice are emotions of the line; what people said of both is what is to be foretold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nesy.benchmarks.measures.distributions import Array, Mask, disagree, shares
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.report.table import Table
from nesy.trace import Case, Face, LineReading, Observation, People, Trace

from . import baselines, rulework, tables
from .scoring import paired, scored

LETTERS = dict(
    zip("ADFHNS", ("anger", "disgust", "fear", "happiness", "neutral", "sadness"), strict=True)
)
LABELS = tuple(LETTERS.values())
MODALITIES = ("face", "voice", "audiovisual")
COLUMNS = tuple(f"{modality}_{letter}" for modality in MODALITIES for letter in LETTERS)
SENTENCES = {
    "DFA": "Don't forget a jacket",
    "IEO": "It's eleven o'clock",
    "IOM": "I'm on my way to the meeting",
    "ITH": "I think I have a doctor's appointment",
    "ITS": "I think I've seen this before",
    "IWL": "I would like a new alarm clock",
    "IWW": "I wonder what this is about",
    "MTI": "Maybe tomorrow it will be cold",
    "TAI": "The airplane is almost full",
    "TIE": "That is exactly what happened",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
PACKS = ("conflict",)
OURS = "our rules learned"
FEATURES = (
    "face only and voice only: shares after adding 1/2 to each count, as for every baseline. "
    "Logistic regression and boosting see shares; `with logs` sees the smoothed log shares too.",
)


@dataclass(frozen=True)
class Votes:
    """Counts of votes, arrays (clips, 6) in the order of LABELS; ``actor`` is whose clip it is."""

    clips: tuple[str, ...]
    face: Array
    voice: Array
    both: Array

    @property
    def actor(self) -> tuple[str, ...]:
        """Return the actor of each clip, the first part of its name."""
        return tuple(clip.partition("_")[0] for clip in self.clips)

    @property
    def conflict(self) -> Mask:
        """Tell for each clip whether face and voice have no majority label in common."""
        return disagree(shares(self.face), shares(self.voice))


def read(path: Path | None = None) -> Votes:
    """Read votes: one row a clip with 18 counts, or one row a clip and modality.

    Raises NesyError N112 where the table has neither form.
    """
    given = path or tables.shipped("crema_d/votes.csv")
    found: dict[str, dict[str, list[int]]] = {}
    for line, row in tables.rows(given, ("clip",)):
        of = found.setdefault(row["clip"], {})
        if "modality" in row:
            if row["modality"] not in MODALITIES or not set(LETTERS) <= set(row):
                raise tables.refused(given, line, "the row names no modality with its counts")
            of[row["modality"]] = tables.counts(given, line, row, LETTERS)
        elif set(COLUMNS) <= set(row):
            for modality in MODALITIES:
                names = [f"{modality}_{letter}" for letter in LETTERS]
                of[modality] = tables.counts(given, line, row, names)
        else:
            raise tables.refused(given, line, f"it has no columns {COLUMNS[0]} … {COLUMNS[-1]}")
        if not all(sum(votes) for votes in of.values()):
            raise tables.refused(given, line, "nobody voted")
    whole = {c: of for c, of in sorted(found.items()) if set(of) == set(MODALITIES)}
    if not whole:
        raise tables.refused(given, 1, "it holds no clip with votes on face, voice and both")
    face, voice, both = (np.array([of[m] for of in whole.values()], float) for m in MODALITIES)
    return Votes(tuple(whole), face, voice, both)


def split(actor: str) -> Literal["train", "test"]:
    """Return the half of the actors one belongs to, by a hash of the name: the same anywhere."""
    lot = hashlib.sha256(f"crema_d:{actor}".encode()).digest()[0]
    return "train" if lot % 2 == 0 else "test"


def traces(votes: Votes) -> list[Trace]:
    """Return each row as a Trace: what was seen and heard, and what people said of both."""
    return [
        Trace(
            case=Case(id=clip, line=SENTENCES.get(clip.split("_")[1], "") if "_" in clip else ""),
            observation=Observation(
                perceiver="people, face and voice alone (CREMA-D)",
                faces=(Face(id="f1", claims=rulework.claims(_by_label(face))),),
                line=LineReading(emotions=rulework.heard(_by_label(voice))),
            ),
            people=People(votes={e: n for e, n in _by_label(both).items() if n}, group=actor),
        )
        for clip, actor, face, voice, both in zip(
            votes.clips, votes.actor, votes.face, votes.voice, votes.both, strict=True
        )
    ]


def _by_label(counts: Array) -> dict[str, float]:
    return dict(zip(LABELS, map(float, counts), strict=True))


def folds(groups: Sequence[str], count: int, seed: int = 0) -> NDArray[np.int_]:
    """Return a fold for each case: groups are shuffled by the seed and dealt out, never parted."""
    names = np.unique(np.asarray(groups))
    np.random.default_rng(seed).shuffle(names)
    of = {name: number % count for number, name in enumerate(names)}
    return np.array([of[group] for group in groups])


def without_rules(votes: Votes, fold: NDArray[np.int_]) -> dict[str, Array]:
    """Return the predictions of every baseline, those with weights by models of other folds."""
    said = shares(votes.both)
    face, voice = shares(votes.face, baselines.ADDED), shares(votes.voice, baselines.ADDED)
    logs = np.log(np.hstack([face, voice]))
    plain = np.hstack([shares(votes.face), shares(votes.voice)])
    fitted = {
        "log-linear pool": (baselines.log_linear_pool, logs),
        "logistic regression": (baselines.logistic_regression, plain),
        "logistic regression with logs": (
            baselines.logistic_regression,
            np.hstack([plain, logs]),
        ),
        "gradient boosting": (baselines.gradient_boosting, plain),
    }
    told = rulework.told(fitted.items(), "baselines", len(fitted))
    return {
        "face only": face,
        "voice only": voice,
        "product": baselines.product(face, voice),
        **{n: baselines.cross_validated(fit, seen, said, fold) for n, (fit, seen) in told},
    }


def with_rules(
    votes: Votes, fold: NDArray[np.int_], packs: Sequence[str] = PACKS
) -> dict[str, Array]:
    """Return our rules' readings, by house weights and by weights learned from other folds."""
    using = rulework.engine(packs)
    found = rulework.examples(traces(votes), using)
    words, prior = using.vocabulary, using.weights
    return {
        "our rules unlearned": rulework.predicted(found, prior, LABELS, words),
        OURS: rulework.learned(found, fold, prior, LABELS, words),
    }


def measure(
    path: Path | None = None, count: int = 10, seed: int = 0, packs: Sequence[str] = PACKS
) -> list[Table]:
    """Return the tables of the benchmark: every prediction's figures, and ours against each."""
    votes = read(path)
    fold = folds(votes.actor, count, seed)
    predictions = {**without_rules(votes, fold), **with_rules(votes, fold, packs)}
    said, draws = shares(votes.both), Bootstrap(votes.actor, seed=seed)
    title = (
        f"CREMA-D: {len(votes.clips)} clips of {draws.groups} actors, "
        f"{int(votes.conflict.sum())} in conflict; {count} folds by actor, "
        "95 % intervals by drawing actors"
    )
    return [
        scored(title, said, predictions, draws, votes.conflict, FEATURES),
        paired(f"CREMA-D: {OURS} minus …", said, predictions, OURS, draws, votes.conflict),
    ]
