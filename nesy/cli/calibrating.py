"""``nesy calibrate``: how sure a model may be, from cases of which it is known what they show."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli.options import Json, Ontology, Quiet, Seed, With

if TYPE_CHECKING:
    from nesy.calibrate import Calibration


def calibrate(
    file: Annotated[
        Path, typer.Argument(help="LABELLED.jsonl: cases with units, expressions or emotions.")
    ],
    with_: With = "embedded",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Where it is written; calibration.json without it."),
    ] = None,
    ontology: Ontology = None,
    seed: Seed = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit a temperature for each group of fields, and say what it is worth on cases held out.

    It is used by --with 'ADAPTER:MODEL?calibration=FILE', or found in the model's own folder.
    After an interrupt the same command goes on where it stopped.
    """
    from nesy import labelled, registry
    from nesy import vocabulary as words
    from nesy.calibrate import NAME, as_soft, examples, fit, require_enough, write
    from nesy.diagnostics import NesyError
    from nesy.looked import Looked

    vocabulary = words.load(tuple(ontology or ()))
    given = labelled.read(file, vocabulary, tell=lambda text: print(text, file=sys.stderr))
    require_enough({case.cluster for case in given}, str(file))
    perceiver = registry.perceiver(with_, vocabulary)
    soft = as_soft(perceiver, with_)
    path, identity = out or Path(NAME), soft.identity()
    looked = Looked(path, identity, file, seed)
    if looked.done and not quiet:
        print(f"{len(looked.done)} of {len(given)} cases seen before", file=sys.stderr)
    for row, case in enumerate(given):
        if row in looked.done:
            continue
        (answer,) = soft.chances([case.case], seed=seed)
        if isinstance(answer, NesyError):
            for fault in answer.diagnostics:
                print(fault, file=sys.stderr)
            continue
        looked.keep(row, examples(case, *answer))
        if not quiet and row % 50 == 49:
            print(f"{row + 1} of {len(given)} cases seen", file=sys.stderr)
    seen = [looked.done[row] for row in sorted(looked.done)]
    made = fit(chain.from_iterable(seen), identity, labels=file.name, cases=len(seen))
    write(path, made)
    looked.forget()
    if json_:
        print(made.model_dump_json(indent=2))
    else:
        print(as_text(made))
        print(f"\nwrote {path}")


def as_text(made: Calibration) -> str:
    """Return a calibration as a table: each group before and after, on cases held out."""
    head = f"{'group':<14}{'T':>7}{'fields':>8}  {'ECE':>15}  {'NLL':>15}  {'Brier':>15}"
    lines = [
        f"{made.model}, {made.soft_facts}: {made.cases} cases in {made.clusters} groups; "
        "before and after, on cases held out",
        head,
    ]
    for name, group in made.groups.items():
        before, after = group.before, group.after
        pairs = [
            f"{getattr(before, key):.4f} {getattr(after, key):.4f}".rjust(15)
            for key in ("ece", "nll", "brier")
        ]
        told = "  ".join(pairs)
        lines.append(f"{name:<14}{group.temperature:>7.3f}{group.fields:>8}  {told}")
    return "\n".join(lines)
