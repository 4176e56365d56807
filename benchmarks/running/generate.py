"""Let the model look: one generation a sample and mode, each on disk before the next is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from nesy import __version__, pipeline, registry
from nesy.diagnostics import NesyError
from nesy.perceive import Perceiver
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine
from nesy.trace import Case, Trace

from ..records import Generation, Status, content_key
from ..samples import Sample
from . import keys, manifest, pool
from .cache import Cache
from .folder import Run
from .setup import Setup
from .stages import Tally, Wanted, batched

# A generation, and what the model says it is.
Looked = tuple[Generation, dict[str, Any]]
MODES = ("constrained", "free")
# What a model on a GPU is given at once; on a CPU a batch saves nothing.
BATCH = 8
# Where the constraint did not hold, the answer is there and cannot be read; or it was refused.
_STATUS: dict[str, Status] = {
    **dict.fromkeys(("N105", "N176", "N177", "N178"), "unparseable"),
    "N175": "refused",
}


def wanted(
    samples: Sequence[tuple[str, Sample]], modes: Sequence[str], setup: Setup, cache: Cache
) -> list[Wanted]:
    """Return the generations a run needs: of pictures; no report where one is recorded."""
    if not modes:
        return []
    known: dict[str, Any] = {
        "nesy": __version__,
        "model": keys.of_model(setup.model, setup.vocabulary, cache),
        "ontology": setup.vocabulary.digest,
        "seed": setup.seed,
    }
    by_mode: dict[str, dict[str, Any]] = {
        "constrained": {"program": keys.of_programs("nesy/line")},
        "free": {
            "decoding": _decoding(setup).as_json() if "free" in modes else None,
            "program": keys.of_programs("benchmarks/conditions/free.py")
            + keys.of_programs("benchmarks/conditions/describe.txt"),
        },
    }
    return [
        Wanted(
            task,
            sample,
            mode,
            content_key(case=keys.of_case(sample.case), mode=mode, **by_mode[mode], **known),
        )
        for mode in MODES
        if mode in modes
        for task, sample in samples
        if sample.case.image is not None and (mode == "free" or sample.observation is None)
    ]


def order(samples: Sequence[tuple[str, Sample]]) -> list[tuple[str, str, str]]:
    """Return the places of a finished file."""
    return [(task, sample.id, mode) for task, sample in samples for mode in MODES]


def generate(
    run: Run,
    samples: Sequence[tuple[str, Sample]],
    chosen: Sequence[tuple[str, Sample]],
    modes: Sequence[str],
    setup: Setup,
    cache: Cache,
    *,
    again: bool = False,
    quiet: bool = False,
) -> tuple[Tally, dict[str, Any]]:
    """Fill the generations of the chosen samples; return what the model says of itself too."""
    described: dict[str, Any] = {}
    tally = run.generations.fill(
        wanted(chosen, modes, setup, cache),
        partial(_made, setup=setup, described=described),
        cache,
        order=order(samples),
        again=again,
        quiet=quiet,
    )
    return tally, described


def _made(
    left: Sequence[Wanted], setup: Setup, described: dict[str, Any]
) -> Iterator[list[Generation]]:
    """Yield batches of generations, in order, by the engine of the setup; keep what it is."""
    size = setup.batch or (BATCH if manifest.gpus() else 1)
    free = any(each.part == "free" for each in left)
    looker = partial(_looker, setup.model, setup.ontology, setup.seed, _options(setup), free)
    if setup.engine == "ray":
        from . import ray_data

        here = 1.0 if manifest.gpus() else 0.0
        gpus = here if setup.gpus is None else setup.gpus
        found = ray_data.mapped(batched(left, size), looker, setup.jobs, gpus=gpus)
    else:
        found = pool.mapped(batched(left, size), looker, setup.jobs)
    for batch in found:
        described |= batch[0][1]
        yield [made for made, _ in batch]


def _options(setup: Setup) -> dict[str, Any]:
    names = ("temperature", "max_tokens", "prompt")
    return {name: getattr(setup, name) for name in names}


def _decoding(setup: Setup) -> Any:
    from ..conditions.free import Decoding

    return Decoding(**_options(setup))


def _looker(
    model: str, ontology: Sequence[Any], seed: int, options: dict[str, Any], free: bool
) -> Callable[[list[Wanted]], list[Looked]]:
    """Return what looks at a batch, in the process that is to look."""
    pool.one_thread()
    return Looker(model, engine_for(ontology=tuple(ontology)), seed, options, free)


@dataclass(eq=False)
class Looker:
    """A model, loaded when the first picture comes, and what it is asked; ``free`` text as well."""

    model: str
    engine: Engine
    seed: int
    options: dict[str, Any] = field(default_factory=dict)
    free: bool = False

    @cached_property
    def perceiver(self) -> Perceiver:
        """Return the loaded model; raises what would stop its free text before it looks at all."""
        from ..conditions import free

        found = registry.perceiver(self.model, self.engine.vocabulary)
        if self.free:
            free.prompt_of(found, free.Decoding(**self.options))
        return found

    def __call__(self, batch: list[Wanted]) -> list[Looked]:
        """Return a generation for each; what went wrong with one is its reason."""
        try:
            described = keys.without_host(self.perceiver.describe())
            return [(made, described) for made in self._looked(batch)]
        except NesyError:
            raise  # no case at all can be looked at
        except Exception as error:
            # The boundary to an adapter, whose faults are not ours: one sample never ends a run.
            if len(batch) > 1:
                return [found for each in batch for found in self([each])]
            return [(_failed(batch[0], f"{type(error).__name__}: {error}"), {})]

    def _looked(self, batch: list[Wanted]) -> list[Generation]:
        cases = [each.sample.case for each in batch]
        if batch[0].part == "constrained":
            by, engine = self.perceiver, self.engine
            traces = pipeline.perceive(cases, perceiver=by, engine=engine, seed=self.seed)
            return [_observed(each, trace) for each, trace in zip(batch, traces, strict=True)]
        return [_told(each, text) for each, text in zip(batch, self._texts(cases), strict=True)]

    def _texts(self, cases: Sequence[Case]) -> Iterator[str | NesyError]:
        from ..conditions import free

        decoding = free.Decoding(**self.options)
        yield from free.describe(self.perceiver, cases, decoding, seed=self.seed)


def _observed(wanted: Wanted, trace: Trace) -> Generation:
    if trace.failure is not None:
        return _refused(wanted, [fault.diagnostic() for fault in trace.failure.diagnostics])
    return _record(wanted, observation=trace.observation)


def _told(wanted: Wanted, text: str | NesyError) -> Generation:
    if isinstance(text, NesyError):
        return _refused(wanted, text.diagnostics)
    return _record(wanted, text=text)


def _refused(wanted: Wanted, faults: Sequence[Any]) -> Generation:
    reason = "; ".join(f"{fault.code} {fault.what}: {fault.why}" for fault in faults)
    found = {_STATUS.get(fault.code, "failed") for fault in faults}
    return _failed(wanted, reason, found.pop() if len(found) == 1 else "failed")


def _failed(wanted: Wanted, reason: str, status: Status = "failed") -> Generation:
    return _record(wanted, status=status, reason=keys.without_host(reason)[:500])


def _record(wanted: Wanted, **what: Any) -> Generation:
    names = {"key": wanted.key, "task": wanted.task, "sample": wanted.sample.id}
    return Generation.model_validate({**names, "mode": wanted.part, **what})
