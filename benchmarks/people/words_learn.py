"""Learn the weights of the words pack from lines that people gave emotions.

    python -m nesy.benchmarks.people.words_learn --xed lines.csv --goemotions comments.csv \
        --reader lexical -o words.json

Only the training parts are read: the lines that the tables of ``words`` test on are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy import registry, weights
from nesy.diagnostics import NesyError
from nesy.learn import Example, fit, report
from nesy.learn.examples import features_of, speaker_of
from nesy.line import check
from nesy.pipeline import engine_for
from nesy.reason import asp
from nesy.reason.bulk import interpret_many
from nesy.reason.engine import Engine

from . import words_data
from .rulework import told
from .words_data import Line
from .words_predict import Remembered, facts_of

SCHEMES = {"xed": "plutchik8", "goemotions": "goemotions"}
PACK = "words."


def examples(scheme: str, lines: Sequence[Line], reader: Remembered) -> Iterator[Example]:
    """Yield what learning sees of lines: a vote for a label stands for all that come nearest to it.

    Labels of a line share its vote.
    """
    engine = reader.engine
    labels = sorted({label for line in lines for label in line.labels})
    nearest = words_data.label_of(scheme, labels, engine.vocabulary)
    facts = (asp.symbols(list(facts_of(line.case, reader))) for line in lines)
    found = interpret_many(engine.rulebook, engine.weights, facts, engine.static)
    for line, one in zip(lines, told(found, f"reading {scheme}", len(lines)), strict=True):
        features = features_of(one, speaker_of(one))
        covers = {x: tuple(e for e in features if nearest[e] == x) for x in sorted(line.labels)}
        votes = dict.fromkeys(covers, 1 / len(covers))
        yield Example(f"{scheme}/{line.case.id}", line.case.line, votes, features, covers)


def trained(paths: dict[str, Path], name: str, engine: Engine, every: int) -> list[Example]:
    """Return the examples of the training parts of these sets, one line in ``every``."""
    reader = Remembered(registry.reader(name, engine.vocabulary), engine)
    found: list[Example] = []
    for of, path in paths.items():
        lines = [x for x in words_data.labelled(path) if x.split == "train" and _is_seen(x)]
        found += examples(SCHEMES[of], lines[::every], reader)
    return found


def _is_seen(line: Line) -> bool:
    """Tell whether a line can be read; one with characters that nobody can see is refused."""
    try:
        check(line.case.line)
    except NesyError:
        return False
    return True


def main(arguments: list[str] | None = None) -> int:
    """Write the weights and print what was learned; 2 where a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m nesy.benchmarks.people.words_learn")
    for name in SCHEMES:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--reader", default="lexical", help="who reads the lines")
    parser.add_argument("--every", type=int, default=1, help="read one line in so many")
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    paths = {name: getattr(given, name) for name in SCHEMES if getattr(given, name)}
    if not paths:
        parser.error("name at least one set, such as --xed lines.csv")
    try:
        engine = engine_for()
        found = trained(paths, given.reader, engine, given.every)
        learned = fit(
            found,
            engine.weights,
            learnable=lambda rule: rule.startswith(PACK),
            progress=lambda text: print(text, file=sys.stderr),
        )
        about = {"from": sorted(paths), "reader": given.reader, **report.about(learned)}
        note = f"Weights of the pack words, learned from {' and '.join(paths)}; the rest is house."
        weights.write(given.out, learned.weights, note=note, learned=about)
    except NesyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(report.as_text(learned))
    return 0


if __name__ == "__main__":
    sys.exit(main())
