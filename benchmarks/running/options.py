"""Options that the verbs of a run share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Folder = Annotated[Path, typer.Argument(help="The folder of a run.")]
Tasks = Annotated[
    list[str] | None,
    typer.Argument(help="Tasks by name, folders with task.toml, or your own .csv or .jsonl."),
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="The run's folder; a run that is there is gone on with."),
]
Data = Annotated[
    Path | None, typer.Option("--data", help="Where data lie that may not be shipped.")
]
With = Annotated[
    str | None,
    typer.Option("--with", help="ADAPTER[:MODEL] that looks at pictures (default: embedded)."),
]
JudgeWith = Annotated[
    str, typer.Option("--with", help="Who judges: transformers:MODEL, or people:RATINGS.csv.")
]
Conditions = Annotated[
    str | None,
    typer.Option("--conditions", help="By commas, of `nesy bench list conditions`; or all."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", help="Only the first so many of each task.", min=1)
]
Samples = Annotated[str | None, typer.Option("--samples", help="Only these ids, by commas.")]
OnlyFailed = Annotated[
    bool, typer.Option("--only-failed", help="Try again what failed; leave out what did not.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Of sampled text (default: 0).", min=0)]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        help="Of free text (default: 0.8, the paper's); reports under constraint are greedy.",
        min=0.0,
    ),
]
MaxTokens = Annotated[
    int | None, typer.Option("--max-tokens", help="Of free text (default: 512).", min=1)
]
Prompt = Annotated[
    Path | None,
    typer.Option("--prompt", help="A file with the prompt for free text; {line} in it once."),
]
Packs = Annotated[
    str | None, typer.Option("--packs", help="Interpret packs, by commas; +name or -name.")
]
Weights = Annotated[
    Path | None, typer.Option("--weights", help="Learned weights in place of the shipped ones.")
]
Reader = Annotated[
    str | None, typer.Option("--reader", help="READER[:MODEL] that reads the words.")
]
Ontology = Annotated[
    list[Path] | None, typer.Option("--ontology", help="Turtle with further terms; may repeat.")
]
Today = Annotated[
    str | None,
    typer.Option("--today", help="The day exceptions are held against (default: the first day)."),
]
Explain = Annotated[
    int | None,
    typer.Option("--explain-every", help="Explain one answer in so many (default: none).", min=0),
]
Jobs = Annotated[
    int, typer.Option("--jobs", help="Processes that look, reason and score.", min=1, max=256)
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine", help="local, or ray: RAY_ADDRESS names the cluster, else one is started here."
    ),
]
Batch = Annotated[
    int | None,
    typer.Option("--batch", help="Pictures a model is given at once (default: 8 on a GPU).", min=1),
]
Gpus = Annotated[
    float | None,
    typer.Option("--gpus", help="GPUs each worker of ray takes (default: 1, or none here).", min=0),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Neither read nor fill this user's cache of all runs.")
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def given(**named: Any) -> dict[str, Any]:
    """Return the fields of a Setup that the user named.

    Raises NesyError N112 (a prompt that cannot be read), N163 (the engine), N164 (a day).
    """
    from nesy import strict_json
    from nesy.cli.options import day

    found = {name: value for name, value in named.items() if value is not None}
    if found.get("engine", "local") not in ("local", "ray"):
        raise typer.BadParameter("it is local or ray", param_hint="--engine")
    if "prompt" in found:
        found["prompt"] = strict_json.read_text(found["prompt"])
    if "packs" in found:
        found["packs"] = tuple(part.strip() for part in found["packs"].split(",") if part.strip())
    if "ontology" in found:
        found["ontology"] = tuple(found["ontology"])
    if "today" in found:
        found["today"] = day(found["today"])
    return found
