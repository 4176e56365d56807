"""``nesy bench paper``: the paper's study from the data set to the report, in one command.

Stopped at any moment, the same command goes on, and ends with the same report.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .running.options import (
    Conditions,
    Data,
    Engine,
    Jobs,
    Limit,
    NoCache,
    Quiet,
    Seed,
    Temperature,
    With,
)

# Beside the built set: words people wrote of old photographs, votes of people on faces and voices,
# one line under several faces, and changed samples beside their clean twins.
TASKS = ("fine", "darwin", "crema_d", "robustness")
SET = "set"
EXPLAIN_EVERY = 100


def paper(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of set, run and report.")],
    with_: With = None,
    count: Annotated[int, typer.Option("--count", help="Cases of the built set.", min=1)] = 10_000,
    also: Annotated[
        list[str] | None, typer.Option("--also", help="A further task; may be given again.")
    ] = None,
    data: Data = None,
    judge: Annotated[
        str | None, typer.Option("--judge", help="transformers:MODEL, or people:RATINGS.csv.")
    ] = None,
    conditions: Conditions = None,
    limit: Limit = None,
    seed: Seed = None,
    temperature: Temperature = None,
    jobs: Jobs = 1,
    engine: Engine = "local",
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Repeat the paper's study: build, look, answer, judge, score, report; stopped, go on."""
    from nesy import vocabulary

    from .build.writing import Order
    from .build.writing import build as built
    from .report.write import write
    from .running import judge as judging
    from .running import options
    from .running import score as scoring
    from .running.folder import Run
    from .running.session import Chosen, session

    built(Order(out / SET, count, seed or 0, jobs=jobs, quiet=quiet), vocabulary.load())
    given = options.given(
        model=with_,
        conditions=conditions,
        seed=seed,
        temperature=temperature,
        explain_every=EXPLAIN_EVERY,
        jobs=jobs,
        engine=engine,
    )
    names = [str(out / SET), *TASKS, *(also or ())]
    run, some = Run(out), Chosen(limit)
    with session(
        run, given, some, names=names, data=data, use_cache=not no_cache, quiet=quiet
    ) as work:
        scoring.ready(work.run.tasks)
        work.generate()
        work.answer()
        if judge is not None:
            work.timed("judge", lambda: judging.judge(work, judge))
        work.score()
    typer.echo(f"wrote {write(run)}")
