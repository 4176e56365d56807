"""From a task to its samples: shipped rows, a loader's, a user's table, data the user fetched."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from nesy import resources, strict_json, vocabulary
from nesy.benchmarks.samples import Sample, Task
from nesy.diagnostics import Diagnostic, MissingError, NesyError, nearest
from nesy.trace import validate
from nesy.vocabulary import Vocabulary

from . import definition, loaders, own

Forms = tuple[tuple[str, ...], ...]


class Loader(Protocol):
    """A module of ``loaders/``: what files it reads, in which forms, and how they become samples.

    ``FORMS`` names the files of each form, the published one first.
    """

    FORMS: Forms

    def samples(self, files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:
        """Yield the samples that files hold; raises NesyError where one is not of the form."""


def load(
    name_or_path: str | Path, data: Path | None = None, words: Vocabulary | None = None
) -> tuple[Task, list[Sample]]:
    """Return a task and its samples; ``data`` is where the user keeps what is not shipped.

    The task's ``sha256`` is of the rows that were read, and its ``limits`` say where these are not
    the published ones. A picture's path opens from where the program runs.

    Raises NesyError N730 (no such task), N731 (``task.toml``), N732 (changed rows), N734 (a row),
    MissingError N733 (data that is not shipped).
    """
    words = words or vocabulary.load()
    path = Path(name_or_path)
    if path.suffix.lower() in own.SUFFIXES and path.is_file():
        return own.load(path, words)
    at = definition.place(name_or_path)
    task = definition.read(name_or_path)
    if data is None:
        definition.require_unchanged(task, at)
        files = definition.row_files(task, at)
        if not files:
            raise _not_here(task)
        limits = task.limits
    else:
        files = _found(task, data)
        limits = (*task.limits, *_said(task, files, data))
    digest = definition.digest(task.version, files)
    if task.loader is None:
        made: Iterable[Sample] = _listed(files[0], at)
    else:
        made = _loader(task, at).samples(files, words)
    found = _different(made, files[0])
    if task.split is not None and data is None:
        found = [sample for sample in found if sample.split == task.split]
    if task.dealt:
        found.sort(key=lambda sample: hashlib.sha256(f"{task.name} {sample.id}".encode()).digest())
    return task.model_copy(update={"sha256": digest, "limits": limits}), found


def _listed(file: Path, at: Path) -> Iterator[Sample]:
    """Yield the samples of a JSON Lines file; pictures are found from the task's folder."""
    for line, value in strict_json.lines(file):
        yield _with_picture(validate(Sample, value, file=str(file), line=line), at)


def _with_picture(sample: Sample, at: Path) -> Sample:
    image = sample.case.image
    if image is None or Path(image).is_absolute():
        return sample
    case = sample.case.model_copy(update={"image": str((at / image).resolve())})
    return sample.model_copy(update={"case": case})


def _different(samples: Iterable[Sample], file: Path) -> list[Sample]:
    """Return samples, of which there are some and no two of one id."""
    found = list(samples)
    seen: set[str] = set()
    for sample in found:
        if sample.id in seen:
            raise own.wrong(f"two rows are called {sample.id!r}", "a score would be of both", file)
        seen.add(sample.id)
    if not found:
        raise own.wrong("it holds no row", "nothing can be asked", file, 1)
    return found


def _loader(task: Task, at: Path) -> Loader:
    known = [module.name for module in pkgutil.iter_modules(loaders.__path__)]
    if task.loader in known:
        module: Loader = importlib.import_module(f"{loaders.__name__}.{task.loader}")
        return module
    what, fix = f"unknown loader {task.loader}", nearest(task.loader or "", known)
    file = resources.shown(at / definition.FILE)
    raise NesyError(Diagnostic("N731", what, "no module of loaders/ has this name", fix, file))


def _forms(task: Task) -> Forms:
    at = definition.folder() / task.name
    return _loader(task, at).FORMS if task.loader else ((task.rows or "",),)


def _found(task: Task, data: Path) -> tuple[Path, ...]:
    """Return the files of the first form that is there: in the folder, or in one of its own."""
    forms = _forms(task)
    if data.is_file() and any(len(form) == 1 for form in forms):
        return (data,)
    for form in forms:
        for folder in (data / task.name, data):
            for files in (
                tuple(folder / name for name in form),
                tuple(folder / Path(name).name for name in form),
            ):
                if all(file.is_file() for file in files):
                    return files
    raise _not_here(task, data)


def _said(task: Task, files: Sequence[Path], data: Path) -> tuple[str, ...]:
    """Return what a report has to say of data the user brought, if they are not the published."""
    digest = definition.content(files)
    published = task.needs.sha256 if task.needs else None
    if digest == published:
        return ()
    named = ", ".join(file.name for file in files)
    which = "not the published data" if published else "given by the user"
    return (f"read from {named} in {data.name}: sha256 {digest[:12]}…, {which}",)


def _not_here(task: Task, data: Path | None = None) -> MissingError:
    needs = task.needs
    what = f"the data of {task.name} are not shipped"
    why = f"licence: {needs.licence}" if needs else f"no rows lie beside its {definition.FILE}"
    named = " or ".join(", ".join(form) for form in _forms(task))
    if data is not None:
        what, why = f"the data of {task.name} are not in {data}", f"looked for {named}"
    fix = "; ".join(needs.fetch) if needs else f"give a folder with {named}"
    return MissingError(Diagnostic("N733", what, why, fix))
