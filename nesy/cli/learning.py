"""``nesy learn``: weights of rules from what people said."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nesy.cli import options
from nesy.cli.options import Json, Ontology, Packs, Quiet, Rules, WeightsFile
from nesy.diagnostics import Diagnostic, NesyError


def learn(
    file: Annotated[
        Path, typer.Argument(help="TRACES.jsonl with observations and people's votes.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the weights are written.")],
    packs: Packs = None,
    rules: Rules = None,
    weights: WeightsFile = None,
    ontology: Ontology = None,
    only: Annotated[
        str | None,
        typer.Option("--only", help="Packs whose rules may change, by commas; all if none."),
    ] = None,
    ridge: Annotated[
        float | None,
        typer.Option("--ridge", min=1e-6, help="How strongly weights are held; found if none."),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Parts for cross-validation.")] = 5,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn weights from people's votes, and say which rules they bear out.

    It starts from the house's weights, or from those of --weights.
    """
    from nesy import strict_json
    from nesy.cli.running import progress
    from nesy.learn import examples, fit, report
    from nesy.weights import write

    engine = options.engine(packs, rules, weights, ontology)
    changing = _changing(only, [pack.name for pack in engine.rulebook.packs])
    of_pack = {rule.id: pack.name for pack in engine.rulebook.packs for rule in pack.rules}
    traces = options.traces(file)
    found = list(examples(progress(traces, len(traces), quiet=quiet), engine))
    try:
        learned = fit(
            found,
            engine.weights if weights else engine.weights.house(),
            ridge=ridge,
            folds=folds,
            learnable=lambda rule: changing is None or of_pack[rule] in changing,
            progress=lambda text: None if quiet else print(text, file=sys.stderr),
        )
    except ValueError as error:
        what = "there is nothing to learn from"
        fix = 'give each Trace "people": {"votes": {"joy": 7, "neutral": 3}}'
        raise NesyError(Diagnostic("N340", what, str(error), fix, str(file))) from error
    packs_ = [pack.name for pack in engine.rulebook.packs if pack.stratum != "govern"]
    about = {"from": file.name, "packs": packs_, **report.about(learned)}
    write(out, learned.weights, note=f"Learned by `nesy learn` from {file.name}.", learned=about)
    if json_:
        print(strict_json.dumps(report.as_json(learned), indent=2))
    else:
        print(report.as_text(learned))
        print(f"\nwrote {out}")


def _changing(only: str | None, loaded: list[str]) -> set[str] | None:
    if only is None:
        return None
    from nesy.diagnostics import nearest

    named = {name.strip() for name in only.split(",") if name.strip()}
    for name in sorted(named - set(loaded)):
        why = f"packs in force: {', '.join(loaded)}"
        raise NesyError(Diagnostic("N311", f"unknown pack {name}", why, nearest(name, loaded)))
    return named
