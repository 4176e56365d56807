"""``nesy bench run``, ``generate``, ``answer``, ``judge``, ``score``, ``show`` and ``list``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .options import (
    Batch,
    Conditions,
    Data,
    Engine,
    Explain,
    Folder,
    Gpus,
    Jobs,
    Json,
    JudgeWith,
    Limit,
    MaxTokens,
    NoCache,
    OnlyFailed,
    Ontology,
    Out,
    Packs,
    Prompt,
    Quiet,
    Reader,
    Samples,
    Seed,
    Tasks,
    Temperature,
    Today,
    Weights,
    With,
)

if TYPE_CHECKING:
    from .session import Chosen


def run(
    tasks: Tasks = None,
    out: Out = None,
    data: Data = None,
    with_: With = None,
    conditions: Conditions = None,
    limit: Limit = None,
    samples: Samples = None,
    only_failed: OnlyFailed = False,
    seed: Seed = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    prompt: Prompt = None,
    packs: Packs = None,
    weights: Weights = None,
    reader: Reader = None,
    ontology: Ontology = None,
    today: Today = None,
    explain_every: Explain = None,
    jobs: Jobs = 1,
    engine: Engine = "local",
    batch: Batch = None,
    gpus: Gpus = None,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Do all of it: look, answer, score; a run that was stopped is gone on with."""
    from . import score as scoring
    from . import summary
    from .folder import Run
    from .session import session

    names = tasks or []
    given = options.given(
        model=with_,
        conditions=conditions,
        seed=seed,
        temperature=temperature,
        max_tokens=max_tokens,
        prompt=prompt,
        packs=packs,
        weights=weights,
        reader=reader,
        ontology=ontology,
        today=today,
        explain_every=explain_every,
        jobs=jobs,
        engine=engine,
        batch=batch,
        gpus=gpus,
    )
    place = Run(out or _place(names, with_ or "embedded"))
    some = _chosen(limit, samples, only_failed)
    use = not no_cache
    with session(place, given, some, names=names, data=data, use_cache=use, quiet=quiet) as work:
        scoring.ready(work.run.tasks)
        work.generate()
        work.answer()
        results = work.score()
    summary.tell(place, results, json_)


def generate(
    tasks: Tasks = None,
    out: Out = None,
    data: Data = None,
    with_: With = None,
    conditions: Conditions = None,
    limit: Limit = None,
    samples: Samples = None,
    only_failed: OnlyFailed = False,
    seed: Seed = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    prompt: Prompt = None,
    ontology: Ontology = None,
    jobs: Jobs = 1,
    engine: Engine = "local",
    batch: Batch = None,
    gpus: Gpus = None,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Only let the model look: what the conditions need of it, each on disk at once."""
    from . import score as scoring
    from . import summary
    from .folder import Run
    from .session import session

    names = tasks or []
    given = options.given(
        model=with_,
        conditions=conditions,
        seed=seed,
        temperature=temperature,
        max_tokens=max_tokens,
        prompt=prompt,
        ontology=ontology,
        jobs=jobs,
        engine=engine,
        batch=batch,
        gpus=gpus,
    )
    place = Run(out or _place(names, with_ or "embedded"))
    some = _chosen(limit, samples, only_failed)
    use = not no_cache
    with session(place, given, some, names=names, data=data, use_cache=use, quiet=quiet) as work:
        scoring.ready(work.run.tasks)
        work.generate()
    summary.tell_stages(place, work.stages, json_)


def answer(
    folder: Folder,
    conditions: Conditions = None,
    limit: Limit = None,
    samples: Samples = None,
    only_failed: OnlyFailed = False,
    packs: Packs = None,
    weights: Weights = None,
    reader: Reader = None,
    today: Today = None,
    explain_every: Explain = None,
    jobs: Jobs = 1,
    engine: Engine = "local",
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Only answer, from what the model gave: by other conditions, packs or weights if you like."""
    from . import summary
    from .folder import Run
    from .session import session

    given = options.given(
        conditions=conditions,
        packs=packs,
        weights=weights,
        reader=reader,
        today=today,
        explain_every=explain_every,
        jobs=jobs,
        engine=engine,
    )
    some = _chosen(limit, samples, only_failed)
    with session(Run(folder), given, some, use_cache=not no_cache, quiet=quiet) as work:
        work.answer()
    summary.tell_stages(work.run, work.stages, json_)


def judge(
    folder: Folder,
    with_: JudgeWith,
    conditions: Conditions = None,
    limit: Limit = None,
    samples: Samples = None,
    only_failed: OnlyFailed = False,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Let a judge rate the replies, 1 to 5, and tell how far experts agree with this judge."""
    from . import judge as judging
    from . import summary
    from .folder import Run
    from .session import session

    some = _chosen(limit, samples, only_failed)
    given = options.given(conditions=conditions)
    with session(Run(folder), given, some, use_cache=not no_cache, quiet=quiet) as work:
        work.timed("judge", lambda: judging.judge(work, with_))
    summary.tell_stages(work.run, work.stages, json_)


def score(
    folder: Folder,
    jobs: Jobs = 1,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Only score: hold the answers that are there against what people said."""
    from . import summary
    from .folder import Run
    from .session import session

    some = _chosen(None, None, False)
    given = options.given(jobs=jobs)
    with session(Run(folder), given, some, use_cache=not no_cache, quiet=quiet) as work:
        results = work.score()
    summary.tell(work.run, results, json_)


def show(
    folder: Folder,
    sample: Annotated[str, typer.Argument(help="The id of a sample; TASK/ID where two have it.")],
    condition: Annotated[
        str | None, typer.Option("--condition", help="One condition, and why it answers so.")
    ] = None,
    json_: Json = False,
) -> None:
    """Show one sample: what was seen, what each condition answers beside what people said."""
    from . import show as showing
    from .folder import Run

    typer.echo(showing.shown(Run(folder), sample, condition, as_json=json_))


def list_(
    kind: Annotated[str, typer.Argument(help="tasks, conditions or measures.")] = "tasks",
    json_: Json = False,
) -> None:
    """List tasks, conditions or measures."""
    from . import listing

    typer.echo(listing.listed(kind, as_json=json_))


def _place(names: Sequence[str], model: str) -> Path:
    """Return the folder of a run that names none: the same command goes on with the same run."""
    if not names:
        raise typer.BadParameter("name a task, or the folder of a run with -o")
    parts = ["+".join(Path(name).stem for name in names), model]
    named = "-".join(re.sub(r"[^A-Za-z0-9_+.]+", "_", part).strip("_") for part in parts)
    return Path("nesy-bench", named)


def _chosen(limit: int | None, samples: str | None, only_failed: bool) -> Chosen:
    from .session import Chosen

    ids = tuple(part.strip() for part in (samples or "").split(",") if part.strip())
    return Chosen(limit, ids, only_failed)


def is_task(name: str) -> bool:
    """Tell whether a word on the command line names a task, so that ``run`` may be left out."""
    from .. import tasks

    if name.startswith("-"):
        return False
    path = Path(name)
    table = path.suffix.lower() in (".csv", ".jsonl") and path.is_file()
    return table or (path / "task.toml").is_file() or name in tasks.names()


class Verbs(typer.core.TyperGroup):
    """The verbs of ``nesy bench``; a task in the place of one is run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb and its arguments."""
        if args and args[0] not in self.commands and is_task(args[0]):
            args = ["run", *args]
        return super().resolve_command(ctx, args)
