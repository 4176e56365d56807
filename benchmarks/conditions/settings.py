"""What all conditions share in a run: packs, weights, reader, day; and the engines made of it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from nesy import resources, rulebook, vocabulary, weights
from nesy.benchmarks.records import content_key
from nesy.diagnostics import NesyError
from nesy.pipeline import engine_for
from nesy.reason.engine import Engine
from nesy.vocabulary import Vocabulary

Weighing = Literal["house", "learned"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How rules are used in a run; ``task`` is the name that answers carry.

    ``packs`` are as for ``--packs`` (None: the default ones), ``weights`` a file of learned weights
    (None: rules/weights.json), ``reader`` who reads lines (None: the perceiver, else the lexical
    reader), ``today`` the day that exceptions are held against. Every ``explain_every``-th sample
    is explained too (0: none); ``jobs`` is how many processes reason.
    """

    task: str
    packs: tuple[str, ...] | None = None
    weights: Path | None = None
    reader: str | None = None
    ontology: tuple[Path, ...] = ()
    today: date | None = None
    explain_every: int = 0
    jobs: int = 1

    @property
    def vocabulary(self) -> Vocabulary:
        """Return the words of the run."""
        return vocabulary_of(self.ontology)

    def without(self, pack: str) -> Settings:
        """Return these settings with one pack off; off already, they are the same."""
        active = active_packs(self.packs)
        kept = tuple(name for name in active if name != pack)
        return self if kept == active else replace(self, packs=kept)

    def engine(self, weighing: Weighing, rules: str | None = None) -> Engine:
        """Return the engine of a condition, with a stranger's rules where a sample brings some.

        Raises NesyError where packs, weights or those rules are refused.
        """
        found = _engine(self.packs, self.weights, self.ontology, self.today, weighing, rules)
        if isinstance(found, NesyError):
            raise found
        return found

    def digest(self, weighing: Weighing | None) -> dict[str, Any]:
        """Return what answers depend on beside sample and generation; without rules, the words."""
        return dict(_digest(self, weighing))


@lru_cache(maxsize=64)
def _digest(settings: Settings, weighing: Weighing | None) -> dict[str, Any]:
    known: dict[str, Any] = {"ontology": settings.vocabulary.digest, "reader": settings.reader}
    if weighing is None:
        return known
    known |= {"rules": settings.engine(weighing).rulebook.digest}
    known |= {"weights": _weights_digest(settings, weighing)}
    known["packs"] = sorted(active_packs(settings.packs))
    return known | {"today": settings.today.isoformat() if settings.today else None}


def active_packs(packs: Sequence[str] | None) -> tuple[str, ...]:
    """Return the interpret packs that are on, as ``--packs`` names them, sorted."""
    loaded = rulebook.load(packs).packs
    return tuple(sorted(pack.name for pack in loaded if pack.stratum != "govern"))


def _weights_digest(settings: Settings, weighing: Weighing) -> str:
    shipped = resources.folder("rules") / "weights.json"
    if weighing == "house":
        return f"house of {resources.digest([shipped])}"
    return resources.digest([settings.weights or shipped])


@lru_cache(maxsize=4)
def vocabulary_of(ontology: tuple[Path, ...]) -> Vocabulary:
    """Return the words of the ontology and of these files."""
    return vocabulary.load(ontology)


@lru_cache(maxsize=32)
def _engine(
    packs: tuple[str, ...] | None,
    weights_file: Path | None,
    ontology: tuple[Path, ...],
    today: date | None,
    weighing: Weighing,
    rules: str | None,
) -> Engine | NesyError:
    """Return an engine, or why there is none: rules that are refused are refused every time."""
    try:
        found = _loaded(packs, weights_file, ontology, today, rules)
    except NesyError as error:
        return error
    if weighing == "house":
        return Engine(found.vocabulary, found.rulebook, weights.load().house(), found.today)
    return found


def _loaded(
    packs: tuple[str, ...] | None,
    weights_file: Path | None,
    ontology: tuple[Path, ...],
    today: date | None,
    rules: str | None,
) -> Engine:
    more: dict[str, Any] = {"weights_file": weights_file, "ontology": ontology, "today": today}
    if rules is None:
        return engine_for(packs, **more)
    path = Path(_strangers(), content_key(rules=rules), "stranger.lp")
    path.parent.mkdir(exist_ok=True)
    path.write_text(rules, encoding="utf-8")
    return engine_for(packs, **more, rules=[path])


@lru_cache(maxsize=1)
def _strangers() -> str:
    """Return a folder for rule files of samples: an engine reads its files as long as it lives."""
    folder = tempfile.mkdtemp(prefix="nesy-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def refused(error: NesyError) -> str:
    """Return why a rule file is refused: its codes, which are the same on every machine."""
    codes = sorted({fault.code for fault in error.diagnostics})
    return f"{' '.join(codes)} the rule file is refused"
