"""One command at work on a run: what it is of, which samples, and the stages it goes through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.exemption import machines_day
from nesy.vocabulary import Vocabulary

from .. import tasks as shipped
from ..records import content_key
from ..samples import Sample, Task
from . import answer, generate, keys, manifest, store
from . import score as scoring
from .answer import Asked
from .cache import Cache
from .folder import Run
from .setup import Setup
from .stages import Tally

Pairs = list[tuple[str, Sample]]


@dataclass(frozen=True)
class Chosen:
    """Which samples a command works on: the first of each task, or those named."""

    limit: int | None = None
    samples: tuple[str, ...] = ()
    only_failed: bool = False

    def of(self, pairs: Pairs) -> Pairs:
        """Return the chosen ones; raises NesyError N725 where a named one is not there."""
        known = {sample.id for _, sample in pairs}
        if unknown := [name for name in self.samples if name not in known]:
            raise NesyError(
                Diagnostic(
                    "N725", f"there is no sample {name!r}", "no task has it", nearest(name, known)
                )
                for name in unknown
            )
        if self.samples:
            return [pair for pair in pairs if pair[1].id in self.samples]
        counts: dict[str, int] = {}
        found: Pairs = []
        for task, sample in pairs:
            counts[task] = counts.get(task, 0) + 1
            if self.limit is None or counts[task] <= self.limit:
                found.append((task, sample))
        return found


@dataclass
class Session:
    """A run that is being worked on by this process alone."""

    run: Run
    setup: Setup
    samples: Pairs
    chosen: Pairs
    only_failed: bool
    cache: Cache
    quiet: bool
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def conditions(self) -> list[str]:
        """Return the names of the conditions asked for; raises NesyError N740."""
        from ..conditions import named

        return [condition.name for condition in named(self.setup.conditions)]

    def generate(self) -> None:
        """Let the model look at what the conditions need."""
        from ..conditions import CONDITIONS

        modes = {mode for name in self.conditions() for mode in CONDITIONS[name].needs}
        described: dict[str, Any] = {}

        def work() -> Tally:
            tally, found = generate.generate(
                self.run,
                self.samples,
                self.chosen,
                sorted(modes),
                self.setup,
                self.cache,
                again=self.only_failed,
                quiet=self.quiet,
            )
            described.update(found)
            return tally

        self.timed("generate", work)
        self._describe(described)

    def _describe(self, described: dict[str, Any]) -> None:
        """Keep in the manifest what the model says of itself, as it did when it was loaded last."""
        identity = keys.of_model(self.setup.model, self.setup.vocabulary, self.cache)
        key = content_key(describe=identity)
        if described:
            self.cache.put([(key, strict_json.dumps(described))])
        before = self.run.manifest.get("model", {}).get("describe")
        known = described or before or strict_json.loads(self.cache.get(key) or "{}")
        self.run.tell(model={**identity, "describe": known})

    def answer(self) -> None:
        """Let each condition answer."""
        asked = Asked(self.run)
        for name in self.conditions():
            self.timed(f"answer {name}", partial(self._answer, name, asked))

    def _answer(self, condition: str, asked: Asked) -> Tally:
        return answer.answer(
            self.run,
            self.samples,
            self.chosen,
            condition,
            self.setup,
            self.cache,
            asked,
            again=self.only_failed,
            quiet=self.quiet,
        )

    def score(self) -> dict[str, Any]:
        """Score all answers of the run."""
        began = time.monotonic()
        found = scoring.score(self.run, self.setup, self.cache, quiet=self.quiet)
        self.stages["score"] = {"seconds": round(time.monotonic() - began, 1)}
        return found

    def timed(self, name: str, work: Callable[[], Tally]) -> None:
        began = time.monotonic()
        tally = work().as_json()
        self.stages[name] = {**tally, "seconds": round(time.monotonic() - began, 1)}


@contextmanager
def session(
    run: Run,
    given: dict[str, Any],
    chosen: Chosen,
    *,
    names: Sequence[str] = (),
    data: Path | None = None,
    use_cache: bool = True,
    quiet: bool = False,
) -> Iterator[Session]:
    """Open a run, or begin it with the tasks of these names, and keep others from writing to it.

    ``given`` are fields of a Setup that were named; what they leave open is as the run has it.
    Raises NesyError N722 (another process writes), N723 (no run), N724 (it is of another model).
    """
    from .cache import place

    began = manifest.now()
    if not names:
        _ = run.manifest  # raises where there is none
    words = _begun(run, given).vocabulary
    loaded = [_loaded(name, data, len(names), words) for name in names]
    with store.alone(run.path):
        setup = _setup(run, given)
        if loaded:
            _hold(run, loaded, chosen)
        _tell(run, setup)
        pairs = [(task, sample) for task, some in run.samples().items() for sample in some]
        cache = Cache(place() if use_cache else None)
        some = chosen.of(pairs) if not names else _again(pairs, loaded, chosen)
        work = Session(run, setup, pairs, some, chosen.only_failed, cache, quiet)
        try:
            yield work
        finally:
            done = run.manifest.get("invocations", [])
            run.tell(invocations=[*done, manifest.invocation(work.stages.items(), began)])


Loaded = tuple[str, Task, list[Sample]]


def _loaded(name: str, data: Path | None, tasks: int, words: Vocabulary) -> Loaded:
    # One folder of data may serve some tasks of several, and the others need none.
    needed = tasks == 1 or _needs(name)
    task, samples = shipped.load(name, data if needed else None, words)
    return name, task, samples


def _needs(name: str) -> bool:
    return not name.lower().endswith((".csv", ".jsonl")) and shipped.read(name).needs is not None


def _kept(run: Run) -> dict[str, Any] | None:
    """Return what the manifest keeps of how a run was begun; None where it was not."""
    return run.manifest.get("setup") if run.exists() else None


def _begun(run: Run, given: dict[str, Any]) -> Setup:
    """Return how a run was begun, or would be, with what is named now in place of that."""
    kept = _kept(run)
    before = Setup(today=machines_day()) if kept is None else Setup.of_json(kept, run.inputs)
    return replace(before, **given)


def _setup(run: Run, given: dict[str, Any]) -> Setup:
    """Return how the run is made; raises NesyError N724 where it was begun otherwise."""
    setup = run.take(_begun(run, given))
    kept = _kept(run)
    if kept is None or not run.made():
        return setup
    now = keys.without_host(setup.generated_by())
    for name, value in now.items():
        if value != kept[name]:
            what = f"this run was made with {name} {kept[name]}, not {value}"
            why = "its figures would be of both"
            fix = f"name another folder with -o, or give the {name} of before"
            raise NesyError(Diagnostic("N724", what, why, fix, str(run.path)))
    return setup


def _hold(run: Run, loaded: Sequence[Loaded], chosen: Chosen) -> None:
    """Write down what the run is of: its tasks and their samples, beside those it had."""
    held = run.samples() if run.exists() else {}
    before = {name: {sample.id for sample in some} for name, some in held.items()}
    told = {task["name"]: task for task in (run.manifest["tasks"] if run.exists() else ())}
    samples = dict(held)
    wanted = _names(chosen.of([(task.name, s) for _, task, some in loaded for s in some]))
    for given, task, some in loaded:
        kept = before.get(task.name, set()) | wanted.get(task.name, set())
        samples[task.name] = [sample for sample in some if sample.id in kept]
        fields = task.model_dump(mode="json")
        told[task.name] = manifest.task_of(given, fields, len(samples[task.name]))
    run.hold(samples.items())
    run.tell(tasks=list(told.values()))


def _tell(run: Run, setup: Setup) -> None:
    """Write down how the run is made; raises NesyError N740 for an unknown condition."""
    from ..conditions import named

    names = [condition.name for condition in named(setup.conditions)]
    run.tell(
        setup=keys.without_host(setup.as_json()),
        conditions=list(dict.fromkeys([*run.manifest.get("conditions", ()), *names])),
        versions=manifest.versions(setup.vocabulary),
        hardware=manifest.hardware(),
    )


def _names(pairs: Pairs) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for task, sample in pairs:
        found.setdefault(task, set()).add(sample.id)
    return found


def _again(pairs: Pairs, loaded: Sequence[Loaded], chosen: Chosen) -> Pairs:
    """Return the chosen ones of the tasks that are named now, as the run holds them."""
    named = {task.name for _, task, _ in loaded}
    return chosen.of([pair for pair in pairs if pair[0] in named])
