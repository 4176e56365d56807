"""``nesy bench build`` and ``agreement``: a data set in the paper's form, and its annotation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nesy.cli.options import Quiet
from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def build(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")],
    count: Annotated[int, typer.Option("--count", help="Cases.", min=1, max=99_999)] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Decides every case.", min=0)] = 0,
    form: Annotated[
        str, typer.Option("--form", help="paper: grey, the line as caption; plain: neither.")
    ] = "paper",
    faces: Annotated[
        Path | None,
        typer.Option("--faces", help="Folder with pictures and labels.csv or labels.json."),
    ] = None,
    photos: Annotated[
        float | None,
        typer.Option(
            "--photos",
            help="Share of cases with photographs: 0.02, or 0.5 with --faces.",
            min=0,
            max=1,
        ),
    ] = None,
    annotate: Annotated[
        int, typer.Option("--annotate", help="Write sheets for so many cases.", min=0)
    ] = 0,
    annotators: Annotated[
        int, typer.Option("--annotators", help="Sheets, one a person.", min=2, max=20)
    ] = 2,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes to draw in.", min=1, max=256)] = 1,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build cases of a line with a face: pictures, rows, statistics; the same seed, the same set.

    Stopped, the same command goes on; a larger --count adds cases.
    """
    from nesy import vocabulary

    from .pictures import FORMS
    from .plan import PHOTOS
    from .writing import Order
    from .writing import build as make

    if form not in FORMS:
        what, why = f"unknown form {form[:40]!r}", "pictures have one of two forms"
        raise NesyError(Diagnostic("N163", what, why, "use --form paper or --form plain"))
    share = photos if photos is not None else PHOTOS if faces is None else 0.5
    order = Order(
        output, count, seed, "plain" if form == "plain" else "paper", share, faces, jobs, quiet
    )
    words = vocabulary.load()
    built = make(order, words)
    said = built.as_json()
    if annotate:
        from .annotation import sheets

        said["sheets"] = [str(path) for path in sheets(output, built.samples, annotate, annotators)]
    if json_:
        print(json.dumps(said))
        return
    print(f"{said['cases']} cases of {said['persons']} people and {said['lines']} lines")
    print(f"{said['megabytes']} MB of pictures, {said['seconds']} s; see {output / 'task.toml'}")
    for path in said.get("sheets", ()):
        print(path)


def agreement(
    sheets: Annotated[list[Path], typer.Argument(help="Filled sheets of `build --annotate`.")],
    built: Annotated[
        Path | None, typer.Option("--set", help="The built set: its templates as heuristics.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model-labels", help="CSV with id and emotion of a model.")
    ] = None,
    least: Annotated[
        float, typer.Option("--at-least", help="Accept an alpha above this.", max=1)
    ] = 0.70,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the labels as CSV.")
    ] = None,
    json_: Json = False,
) -> None:
    """Tell how far annotators agree, and keep the labels that the rule keeps.

    Exit 1 where alpha is not above the bound, or not defined.
    """
    from collections import Counter

    from nesy import strict_json, vocabulary

    from . import about, annotation

    words = vocabulary.load()
    told = annotation.read(sheets, words)
    figure = annotation.agreement(told)
    labels = list(annotation.kept(told, _heuristics(built, model, words)))
    reasons = Counter(label.reason for label in labels)
    passed = figure.value is not None and figure.value > least
    if output is not None:
        about.write(output, annotation.table(labels))
    said = {
        "alpha": figure.as_json(),
        "accepted": passed,
        "at_least": least,
        "kept": sum(label.emotion is not None for label in labels),
        "cases": len(labels),
        "reasons": dict(sorted(reasons.items())),
    }
    if json_:
        print(strict_json.dumps(said))
    else:
        _print_agreement(said)
    if not passed:
        raise typer.Exit(1)


def _heuristics(
    built: Path | None, model: Path | None, words: Vocabulary
) -> dict[str, list[Iterable[str]]]:
    """Return what else speaks of each case: the set's templates, and a model's labels."""
    from . import annotation

    found: dict[str, list[Iterable[str]]] = {}
    if built is not None:
        from nesy.benchmarks import tasks

        for sample in tasks.load(built)[1]:
            emotions = (sample.reference.emotions if sample.reference else None) or ()
            found.setdefault(sample.id, []).append(emotions)
    if model is not None:
        for name, row in annotation.read([model], words).items():
            found.setdefault(name, []).append(row)
    return found


def _print_agreement(said: dict[str, Any]) -> None:
    alpha = said["alpha"]
    if alpha["value"] is None:
        print(f"alpha: no result ({alpha.get('reason') or 'it is not defined'})")
    else:
        verdict = "accepted" if said["accepted"] else f"not above {said['at_least']}"
        low, high = (f"{alpha[end]:.3f}" if alpha[end] is not None else "?" for end in _ENDS)
        print(f"alpha (nominal) {alpha['value']:.3f} [{low}, {high}], n={alpha['n']}: {verdict}")
    print(f"{said['kept']} of {said['cases']} labels kept")
    for reason, count in said["reasons"].items():
        print(f"  {count}  {reason}")


_ENDS = ("low", "high")
