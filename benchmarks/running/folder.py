"""The folder of a run: its files by name, its samples, its manifest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nesy import resources, strict_json
from nesy.diagnostics import Diagnostic, NesyError
from nesy.observation import Term
from nesy.trace import validate

from ..records import Answer, Generation, Judgement, Score
from ..samples import Sample, Task
from . import manifest, store
from .setup import Setup
from .stages import Stage
from .store import Rows


class Held(Sample):
    """A sample of a run, with its task; a picture's path is from the run's folder."""

    task: Term


@dataclass(frozen=True)
class Run:
    """A run's folder; what it holds is told in README.md."""

    path: Path

    @property
    def generations(self) -> Stage[Generation]:
        """Return the stage of what the model gave, by mode."""
        rows = Rows(self.path / "generations.jsonl", Generation)
        return Stage("generate", rows, lambda record: record.mode)

    def answers(self, condition: str) -> Stage[Answer]:
        """Return the stage of what one condition answers."""
        rows = Rows(self.path / "answers" / f"{condition}.jsonl", Answer)
        return Stage(f"answer {condition}", rows, lambda record: record.condition, pure=True)

    @property
    def judgements(self) -> Stage[Judgement]:
        """Return the stage of what judges say, by condition and judge."""
        rows = Rows(self.path / "judgements.jsonl", Judgement)
        return Stage("judge", rows, lambda record: f"{record.condition} {record.judge}")

    def scores(self, condition: str) -> Rows[Score]:
        """Return the file of one condition's scores."""
        return Rows(self.path / "scores" / f"{condition}.jsonl", Score)

    def made(self) -> bool:
        """Tell whether anything was looked at or answered: a model that cannot load leaves none."""
        files = [self.generations.rows.path, *(self.path / "answers").glob("*.jsonl")]
        return any(path.is_file() and path.stat().st_size for path in files)

    def said(self) -> str:
        """Return the hash of all answers and ratings: figures are of these, or out of date."""
        files = [*(self.path / "answers").glob("*.jsonl"), self.judgements.rows.path]
        return resources.digest(path for path in files if path.is_file())

    @property
    def conditions(self) -> list[str]:
        """Return the conditions that have answers, in the order of the run."""
        named = [name for name in self.manifest["conditions"] if self._has_answers(name)]
        rest = sorted(path.stem for path in (self.path / "answers").glob("*.jsonl"))
        return list(dict.fromkeys([*named, *rest]))

    def _has_answers(self, condition: str) -> bool:
        return self.answers(condition).rows.path.exists()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Return what ``manifest.json`` says; raises NesyError N723 where the folder is no run."""
        path = self.path / "manifest.json"
        if not path.is_file():
            what, why = f"{self.path.name} is not a run", "it has no manifest.json"
            fix = "name the folder of a run: nesy bench run TASK -o FOLDER"
            raise NesyError(Diagnostic("N723", what, why, fix, str(self.path)))
        found = strict_json.loads(strict_json.read_text(path), file=str(path))
        if not isinstance(found, dict) or found.get("schema") != manifest.SCHEMA:
            what, why = "this is not the manifest of a run", f"its schema is not {manifest.SCHEMA}"
            fix = "name another folder"
            raise NesyError(Diagnostic("N723", what, why, fix, str(path)))
        return found

    def exists(self) -> bool:
        """Tell whether the run was begun."""
        return (self.path / "manifest.json").is_file()

    def tell(self, **parts: Any) -> None:
        """Put these parts into the manifest."""
        told = {**(self.manifest if self.exists() else {"schema": manifest.SCHEMA}), **parts}
        store.replace(
            self.path / "manifest.json", strict_json.dumps(told, indent=2).encode() + b"\n"
        )
        self.__dict__.pop("manifest", None)

    @property
    def inputs(self) -> Path:
        """Return the folder of the files of the user that the run goes by."""
        return self.path / "inputs"

    def take(self, setup: Setup) -> Setup:
        """Copy the user's files into the run, and return the setup that reads them there."""
        weights = self._copied(setup.weights) if setup.weights else None
        return replace(setup, weights=weights, ontology=tuple(map(self._copied, setup.ontology)))

    def _copied(self, path: Path) -> Path:
        inside = self.inputs / path.name
        if path.resolve() != inside.resolve():
            with store.writing(inside):
                shutil.copyfile(path, inside)
        return inside

    @property
    def tasks(self) -> list[Task]:
        """Return the tasks, as the manifest keeps them."""
        kept = self.manifest["tasks"]
        return [validate(Task, task, file=str(self.path / "manifest.json")) for task in kept]

    def samples(self) -> dict[str, list[Sample]]:
        """Return the samples of each task, with pictures that open from here."""
        found: dict[str, list[Sample]] = {task.name: [] for task in self.tasks}
        base = self.path.resolve()
        for held in Rows(self.path / "samples.jsonl", Held).read():
            found.setdefault(held.task, []).append(_opened(held, base))
        return found

    def hold(self, samples: Iterable[tuple[str, Sequence[Sample]]]) -> None:
        """Write down the samples of each task."""
        rows = Rows(self.path / "samples.jsonl", Held)
        rows.rewrite(self._closed(task, each) for task, some in samples for each in some)

    def _closed(self, task: str, sample: Sample) -> Held:
        told = sample.model_dump()
        image = sample.case.image
        if image is not None:
            told["case"]["image"] = Path(os.path.relpath(image, self.path)).as_posix()
        return Held(**told, task=task)


def _opened(held: Held, base: Path) -> Sample:
    """Return a sample whose picture opens from anywhere."""
    told = {**dict(held), **(held.model_extra or {})}
    told.pop("task")
    if held.case.image is not None:
        image = os.path.normpath(base / held.case.image)
        told["case"] = held.case.model_copy(update={"image": image})
    return Sample.model_validate(told)
