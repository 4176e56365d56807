"""Write a data set: its pictures in several processes, then its rows, statistics and licences.

What was written stays when a build is stopped, and the same command goes on from there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import PIL

import nesy
from nesy import picture_form, resources, strict_json
from nesy.benchmarks.samples import Sample
from nesy.benchmarks.tasks import digest
from nesy.diagnostics import Diagnostic, NesyError
from nesy.reason.workers import spread
from nesy.vocabulary import Vocabulary

from . import about, lines, pictures, plots
from .cases import PICTURES, sample
from .plan import PHOTOS, Pairing, Plan
from .statistics import described

CHUNK = 20  # pictures a process makes at a time, under half a second of work
RENDERER = "embedded/faces"
SETTINGS, SAMPLES = "build.json", "samples.jsonl"


@dataclass(frozen=True, slots=True)
class Order:
    """What to build: how many cases, from which seed, in which form, with whose faces.

    ``photos`` is the share of cases, 0-1, that show a photograph or another picture of ``faces``.
    """

    folder: Path
    count: int = 10_000
    seed: int = 0
    form: pictures.Form = "paper"
    photos: float = PHOTOS
    faces: Path | None = None
    jobs: int = 1
    quiet: bool = False

    def settings(self, words: Vocabulary) -> dict[str, Any]:
        """Return all that decides a picture, but the number of cases: a larger set goes on."""
        labels = [path for path in (self.faces or Path()).glob("labels.*") if self.faces]
        return {
            "seed": self.seed,
            "form": self.form,
            "photos": self.photos,
            "faces": about.content(labels) if self.faces else None,
            "lines": lines.version(),
            "program": _program(),
            "ontology": words.digest,
            "nesy": nesy.__version__,
            "pillow": PIL.__version__,
            "numpy": np.__version__,
        }


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: the samples, and what it took."""

    samples: tuple[Sample, ...]
    drawn: int
    megabytes: float
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return counts for people and programs."""
        faces = {s.groups["face"] for s in self.samples}
        return {
            "cases": len(self.samples),
            "persons": len(faces),
            "lines": len({s.case.line for s in self.samples}),
            "pictures_drawn_now": self.drawn,
            "megabytes": round(self.megabytes, 1),
            "seconds": round(self.seconds, 1),
        }


def build(order: Order, words: Vocabulary) -> Built:
    """Build a data set, or what is missing of it.

    Raises NesyError N151 where the folder cannot be written, N701 where another set lies in it.
    """
    started = time.monotonic()
    plan = Plan(words, order.seed, share=order.photos, faces=order.faces)
    try:
        _settle(order, order.settings(words))
        planned = [plan.pairing(number) for number in range(order.count)]
        samples = tuple(sample(pairing, plan.repertoire) for pairing in planned)
        # First what is quick: where a package is missing, nobody waits to be told.
        _describe(order, samples, words)
        missing = [p for p in planned if not _picture(order, p).is_file()]
        _draw(order, missing)
        # The task comes last: a folder that has one is whole.
        sha256 = digest(about.VERSION, [order.folder / SAMPLES])
        text = about.task(order.form, samples, sha256, order.faces)
        about.write(order.folder / "task.toml", text)
    except OSError as error:
        what, why = "this folder cannot be written", error.strerror or str(error)
        place = str(error.filename or order.folder)
        raise NesyError(Diagnostic("N151", what, why, "name another folder", place)) from error
    size = sum(_picture(order, pairing).stat().st_size for pairing in planned)
    return Built(samples, len(missing), size / 1e6, time.monotonic() - started)


def _picture(order: Order, pairing: Pairing) -> Path:
    return order.folder / PICTURES / f"{pairing.id}.png"


def _program() -> str:
    """Return the hash of the program text that decides cases and pictures."""
    base = Path(__file__).parent
    ours = [base / f"{name}.py" for name in ("lines", "faces", "photos", "plan", "pictures")]
    ours.append(Path(picture_form.__file__))
    return about.content([*ours, *sorted((resources.folder("adapters") / RENDERER).glob("*.py"))])


def _settle(order: Order, settings: dict[str, Any]) -> None:
    """Write down what decides the pictures, or make sure that those here were made by it."""
    (order.folder / PICTURES).mkdir(parents=True, exist_ok=True)
    file = order.folder / SETTINGS
    if not file.is_file():
        about.write(file, strict_json.dumps(settings, indent=1) + "\n")
        return
    before = strict_json.loads(strict_json.read_text(file), file=str(file))
    known = before if isinstance(before, dict) else {}
    changed = [name for name, value in settings.items() if known.get(name) != value]
    if changed:
        what = f"another data set lies in {order.folder}"
        name = changed[0]
        why = f"its {name} is {str(known.get(name))[:60]}, this one's {str(settings[name])[:60]}"
        fix = "name another folder, or remove that one"
        raise NesyError(Diagnostic("N701", what, why, fix, str(file)))
    (order.folder / "task.toml").unlink(missing_ok=True)


def _draw(order: Order, missing: Sequence[Pairing]) -> None:
    """Make pictures, in as many processes as asked, and say how far it is."""
    tell = _Progress(len(missing), quiet=order.quiet)
    chunks = _chunks(missing)
    if order.jobs == 1 or len(missing) <= CHUNK:
        for chunk in chunks:
            tell.more(_drawn(order, chunk))
    else:
        for count in spread(_drawn, order, chunks, jobs=order.jobs):
            tell.more(count)
    tell.end()


def _drawn(order: Order, chunk: Sequence[Pairing]) -> int:
    for pairing in chunk:
        picture = pictures.draw(pairing.face, pairing.scene, pairing.line.text, order.form)
        pictures.write(picture, _picture(order, pairing))
    return len(chunk)


def _chunks(given: Iterable[Pairing]) -> Iterator[list[Pairing]]:
    rest = iter(given)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _describe(order: Order, samples: Sequence[Sample], words: Vocabulary) -> None:
    """Write rows, statistics, plots and licences."""
    folder = order.folder
    rows = "".join(strict_json.dumps(s.model_dump()) + "\n" for s in samples)
    about.write(folder / SAMPLES, rows)
    statistics = described(samples, words)
    about.write(folder / "statistics.json", strict_json.dumps(asdict(statistics), indent=1) + "\n")
    (folder / "plots").mkdir(exist_ok=True)
    for name, svg in plots.drawn(statistics).items():
        about.write(folder / "plots" / f"{name}.svg", svg + "\n")
    about.write(folder / "ATTRIBUTION.md", about.attribution(samples, order.faces))


class _Progress:
    """How many pictures are made, and how long the rest will take, on standard error."""

    def __init__(self, count: int, *, quiet: bool) -> None:
        self._count, self._done, self._quiet = count, 0, quiet or not count
        self._started = self._told = time.monotonic()

    def more(self, count: int) -> None:
        """Count pictures; say so every five seconds, on a terminal every time."""
        self._done += count
        now = time.monotonic()
        if self._quiet or (now - self._told < 5 and not sys.stderr.isatty()):
            return
        self._told = now
        left = (now - self._started) / self._done * (self._count - self._done)
        end = "\r" if sys.stderr.isatty() else "\n"
        said = f"drew {self._done} of {self._count} pictures, about {left:.0f} s to go  "
        print(said, end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Say that all are there."""
        if not self._quiet:
            print(f"drew {self._done} of {self._count} pictures" + " " * 24, file=sys.stderr)
