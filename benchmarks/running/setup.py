"""How a run is made: which model, decoding, rules and seeds, and in how many processes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nesy import vocabulary
from nesy.vocabulary import Vocabulary

from ..samples import Task

if TYPE_CHECKING:
    from ..conditions import Settings

Engine = Literal["local", "ray"]


@dataclass(frozen=True)
class Setup:
    """What a run's records depend on, and below it what only says how fast they are made.

    ``temperature`` and ``max_tokens`` are of free text; under constraint a model is greedy.
    ``today`` is the day that exceptions to norms are held against.
    """

    model: str = "embedded"
    conditions: str = "all"
    seed: int = 0
    temperature: float = 0.8
    max_tokens: int = 512
    prompt: str | None = None
    packs: tuple[str, ...] | None = None
    weights: Path | None = None
    reader: str | None = None
    ontology: tuple[Path, ...] = ()
    today: date | None = None
    explain_every: int = 0
    jobs: int = field(default=1, compare=False)
    engine: Engine = field(default="local", compare=False)
    batch: int | None = field(default=None, compare=False)
    gpus: float | None = field(default=None, compare=False)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Return the words of the run."""
        return vocabulary.load(self.ontology)

    def settings(self, task: Task) -> Settings:
        """Return how conditions use rules: packs and weights of the user, else of the task."""
        from .. import tasks
        from ..conditions import Settings

        return Settings(
            task=task.name,
            packs=task.packs if self.packs is None else self.packs,
            weights=self.weights or tasks.weights(task),
            reader=self.reader,
            ontology=self.ontology,
            today=self.today,
            explain_every=self.explain_every,
            jobs=self.jobs,
        )

    def generated_by(self) -> dict[str, Any]:
        """Return what must be the same in all of a run, as JSON: other values are another run's."""
        names = ("model", "seed", "temperature", "max_tokens", "prompt")
        return {name: getattr(self, name) for name in names}

    def as_json(self) -> dict[str, Any]:
        """Return all that records depend on, as a manifest keeps it."""
        rest = {
            "conditions": self.conditions,
            "packs": list(self.packs) if self.packs is not None else None,
            "weights": self.weights.name if self.weights else None,
            "reader": self.reader,
            "ontology": [path.name for path in self.ontology],
            "today": self.today.isoformat() if self.today else None,
            "explain_every": self.explain_every,
        }
        return {**self.generated_by(), **rest}

    @classmethod
    def of_json(cls, kept: dict[str, Any], inputs: Path) -> Setup:
        """Return what a manifest keeps, its files found in a run's ``inputs``."""
        known = {name: kept[name] for name in ("conditions", "reader", "explain_every")}
        packs, day = kept["packs"], kept["today"]
        return replace(
            cls(**{name: kept[name] for name in cls().generated_by()}, **known),
            packs=tuple(packs) if packs is not None else None,
            weights=inputs / kept["weights"] if kept["weights"] else None,
            ontology=tuple(inputs / name for name in kept["ontology"]),
            today=date.fromisoformat(day) if day else None,
        )
