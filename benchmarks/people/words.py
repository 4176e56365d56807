"""What words alone give: emotion, sentiment and sarcasm of a line, by ``nesy`` and by others.

    python -m nesy.benchmarks.people.words --meld utterances.csv --mustard items.jsonl

MELD and MUStARD are dialogue of television series and are not shipped: name your copies.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nesy import registry
from nesy.benchmarks.measures.distributions import Array, Mask
from nesy.benchmarks.measures.intervals import HIGH, LOW, Bootstrap, Interval
from nesy.benchmarks.report.table import Cell, Table, printed
from nesy.diagnostics import MissingError, NesyError
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine

from . import words_data, words_predict
from .words_data import SARCASTIC, Line
from .words_predict import Ints, Regression, Remembered

SIGNS = {"1": "positive", "-1": "negative", "0": "neutral"}
SENTIMENTS = ("negative", "neutral", "positive")
FOLDS = 5
Predictions = dict[str, Ints]


@dataclass
class Bench:
    """The engine, and the readers that are here: MiniLM's is left out where it is not installed."""

    engine: Engine
    readers: dict[str, Remembered]
    embed: Callable[[Sequence[str]], Array] | None

    @classmethod
    def load(cls, with_minilm: bool = True, weights: Path | None = None) -> Bench:
        """Return a bench; MiniLM takes minutes and may be left out."""
        engine = engine_for(weights_file=weights)
        words = engine.vocabulary
        readers = {"lexical": Remembered(registry.reader("lexical", words), engine)}
        if not with_minilm:
            return cls(engine, readers, None)
        try:
            readers["minilm"] = Remembered(registry.reader("minilm", words), engine)
        except MissingError as error:
            print(f"{error}\nits rows are left out", file=sys.stderr)
            return cls(engine, readers, None)
        return cls(engine, readers, words_predict.embedder())


def emotions(title: str, scheme: str, lines: Sequence[Line], bench: Bench) -> list[Table]:
    """Return the tables of a set: emotion of its test lines, and sentiment where it has it."""
    train, test = ([x for x in lines if x.split == split] for split in ("train", "test"))
    labels = sorted({label for line in lines for label in line.labels})
    words = bench.engine.vocabulary
    nearest = words_data.label_of(scheme, labels, words)
    sign = {e: SIGNS[t.one("valence", "0")] for e, t in words.emotions.items()}
    valence_of = {label: sign[e] for e, label in nearest.items() if e in words.emotions}
    valence_of |= {label: sign[label] for label in labels if label in words.emotions}
    by_tone = {
        tone: words_predict.commonest(train, [x for x in labels if valence_of[x] == tone])
        for tone in ("positive", "negative")
    } | {"neutral": "neutral"}
    place = {label: i for i, label in enumerate(labels)}
    tones = vader(test, bench)
    majority = place[words_predict.commonest(train, labels)]
    found: Predictions = {
        f"majority ({labels[majority]})": np.full(len(test), majority),
        "VADER alone": np.array([place[by_tone[tone]] for tone in tones]),
    }
    said = {"majority (neutral)": np.ones(len(test), int)}
    said["VADER alone"] = np.array([SENTIMENTS.index(tone) for tone in tones])
    for name, reader in bench.readers.items():
        found[f"{name} reader alone"] = words_predict.labels_of(
            alone(test, reader), nearest, labels
        )
    for name, marginals in ruled(test, bench).items():
        found[name] = words_predict.labels_of(marginals, nearest, labels)
        said[name] = words_predict.labels_of(marginals, sign, SENTIMENTS)
    if bench.embed is not None and any(line.case.turns for line in lines):
        fitted = _probe(train, test, labels, bench.embed)
        found["regression on MiniLM, fitted to its train lines"] = fitted
    groups = [line.group for line in test]
    true = np.array([[x in line.labels for x in labels] for line in test], float)
    tables = scored(f"{title}: emotion of {len(test)} test lines", labels, true, found, groups)
    if any(line.sentiment for line in test):
        true = np.array([[s == line.sentiment for s in SENTIMENTS] for line in test], float)
        more = scored(f"{title}: sentiment of the same lines", SENTIMENTS, true, said, groups)
        tables += more[:1]
    return tables


def vader(lines: Sequence[Line], bench: Bench) -> list[str]:
    """Return the valence of each line by VADER, through the lexical reader."""
    read = bench.readers["lexical"].read([line.case.line for line in lines])
    return [reading.valence[0].valence if reading.valence else "neutral" for reading in read]


def alone(lines: Sequence[Line], reader: Remembered) -> list[Mapping[str, float]]:
    """Return the emotions that a reader gives each line, with no rule; neutral where it is mute."""
    read = reader.read([line.case.line for line in lines])
    return [{e.emotion: e.confidence for e in r.emotions} or {"neutral": 1} for r in read]


def ruled(lines: Sequence[Line], bench: Bench) -> dict[str, list[Mapping[str, float]]]:
    """Return the readings by the rules, for each reader, without and with earlier turns."""
    found = {}
    for name, reader in bench.readers.items():
        for turns in (False, True):
            if turns and not any(line.case.turns for line in lines):
                continue
            what = f"{name} reader and rules" + (", with earlier turns" if turns else "")
            found[what] = words_predict.readings(lines, reader, turns=turns, what=what)
    return found


def _probe(
    train: Sequence[Line], test: Sequence[Line], labels: Sequence[str], embed: Callable[..., Array]
) -> Ints:
    shares = np.array([[x in line.labels for x in labels] for line in train], float)
    shares /= shares.sum(axis=1, keepdims=True)
    fitted = Regression(embed([line.case.line for line in train]), shares)
    shares = fitted.probabilities(embed([line.case.line for line in test]))
    return np.asarray(shares.argmax(axis=1))


def sarcasm(title: str, lines: Sequence[Line], bench: Bench) -> list[Table]:
    """Return the tables of sarcasm; thresholds and regressions come from the other folds."""
    true = np.array([SARCASTIC in line.labels for line in lines])
    folds = _folds([line.case.id for line in lines], true)
    tones = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
    scores = {"VADER alone": np.array([tones[tone] for tone in vader(lines, bench)])}
    for name, marginals in ruled(lines, bench).items():
        scores[name] = np.array([reading.get("sarcasm", 0.0) for reading in marginals])
    found: Predictions = {"majority": _majority(true, folds)}
    found |= {name: _thresholded(score, true, folds) for name, score in scores.items()}
    if bench.embed is not None:
        words = bench.embed([line.case.line for line in lines])
        turns = bench.embed([line.case.turns[-1].line if line.case.turns else "" for line in lines])
        for name, given in (
            ("regression on MiniLM", words),
            ("regression on MiniLM, with the turn before", np.hstack([words, turns])),
        ):
            found[name] = _crossed(given, true, folds)
    labels = (words_data.SINCERE, SARCASTIC)
    both = np.stack([~true, true], axis=1).astype(float)
    groups = [line.group for line in lines]
    return scored(f"{title}: sarcasm of {len(lines)} lines", labels, both, found, groups)[:2]


def _folds(ids: Sequence[str], true: Mask) -> Ints:
    """Return the fold of each line, by a hash of its id; each has its part of both labels.

    Speakers are not kept apart: there are few, and most are all but always one or the other.
    """
    fold = np.zeros(len(ids), int)
    for label in (False, True):
        among = [i for i in range(len(ids)) if true[i] == label]
        among.sort(key=lambda i: hashlib.sha256(ids[i].encode()).hexdigest())
        fold[among] = np.arange(len(among)) % FOLDS
    return fold


def _majority(true: Mask, folds: Ints) -> Ints:
    return np.array([int(true[folds != fold].mean() > 0.5) for fold in folds])


def _thresholded(scores: Array, true: Mask, folds: Ints) -> Ints:
    found = np.zeros(len(true), int)
    for fold in range(FOLDS):
        threshold, positive = words_predict.cut(scores[folds != fold], true[folds != fold])
        found[folds == fold] = (scores[folds == fold] > threshold) == positive
    return found


def _crossed(inputs: Array, true: Mask, folds: Ints) -> Ints:
    found = np.zeros(len(true), int)
    targets = np.stack([~true, true], axis=1).astype(float)
    for fold in range(FOLDS):
        fitted = Regression(inputs[folds != fold], targets[folds != fold])
        found[folds == fold] = fitted.probabilities(inputs[folds == fold]).argmax(axis=1)
    return found


def scored(
    title: str, labels: Sequence[str], true: Array, found: Predictions, groups: Sequence[str]
) -> list[Table]:
    """Return accuracy and F1 of each prediction, and the F1 of every label.

    ``true`` marks the labels people gave, (lines, labels); a line may have several.
    """
    draws = Bootstrap(groups)
    rows: list[tuple[Cell, ...]] = []
    each: list[tuple[Cell, ...]] = []
    for name, predicted in found.items():
        chosen = np.eye(len(labels))[predicted]
        counts = [chosen * true, chosen, true]
        drawn = [draws.drawn(count) for count in counts]
        whole = [count.sum(axis=0, keepdims=True) for count in counts]
        f1, f1_drawn = _f1(*whole), _f1(*drawn)
        weights, weights_drawn = whole[2], drawn[2]
        rows.append(
            (
                name,
                draws.mean(counts[0].sum(axis=1)),
                _interval(
                    (f1 * weights).sum(1) / weights.sum(1),
                    (f1_drawn * weights_drawn).sum(1) / weights_drawn.sum(1),
                ),
                _interval(f1.mean(1), f1_drawn.mean(1)),
            )
        )
        each.append((name, *(float(value) for value in f1[0])))
    notes = (
        "accuracy: the likeliest label is one that people gave. F1 weighted: by how often people "
        "gave the label; macro: every label alike.",
        f"95 % intervals from {draws.draws} draws of {draws.groups} groups "
        "(dialogues, speakers, or lines where nothing joins them).",
    )
    columns = ("", "accuracy", "F1 weighted", "F1 macro")
    each.append(("lines", *(int(n) for n in true.sum(axis=0))))
    return [
        Table(title, columns, tuple(rows), notes),
        Table(f"{title}, F1 by label", ("", *labels), tuple(each)),
    ]


def _f1(hits: Array, chosen: Array, true: Array) -> Array:
    """Return 2·hits / (chosen + true), 0 where a label is neither chosen nor true."""
    both = chosen + true
    found: Array = np.divide(2 * hits, both, out=np.zeros_like(both), where=both > 0)
    return found


def _interval(value: Array, drawn: Array) -> Interval:
    low, high = np.percentile(drawn, [LOW, HIGH])
    return Interval(float(value[0]), float(low), float(high))


SETS = {
    "meld": ("MELD", "meld", words_data.meld),
    "xed": ("XED", "plutchik8", words_data.labelled),
    "goemotions": ("GoEmotions", "goemotions", words_data.labelled),
}


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of the sets that are named; 2 where a file cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.benchmarks.people.words", description=__doc__
    )
    for name in (*SETS, "mustard"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument(
        "--no-minilm", action="store_true", help="leave MiniLM out; minutes shorter"
    )
    parser.add_argument("--weights", type=Path, help="weights of rules; the shipped ones if none")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", dest="form", action="store_const", const="json", default="text")
    form.add_argument("--markdown", dest="form", action="store_const", const="markdown")
    given = parser.parse_args(arguments)
    named = {name: getattr(given, name) for name in (*SETS, "mustard") if getattr(given, name)}
    if not named:
        parser.error("name at least one set, such as --meld utterances.csv")
    try:
        bench, tables = Bench.load(not given.no_minilm, given.weights), []
        for name, path in named.items():
            if name == "mustard":
                tables += sarcasm("MUStARD", list(words_data.mustard(path)), bench)
            else:
                title, scheme, read = SETS[name]
                tables += emotions(title, scheme, list(read(path)), bench)
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(printed(tables, given.form))
    return 0


if __name__ == "__main__":
    sys.exit(main())
