"""Write the report of a run: one page, the same as Markdown, and each table to be taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nesy.benchmarks.running import store
from nesy.benchmarks.running.folder import Run

from . import behaviour, examples, forms, paper, procedures, ratings, scoreboard
from .found import Found
from .markdown import markdown
from .page import page
from .section import Section

ALWAYS = (
    "The shipped model is one of drawn faces: what it says of photographs measures nobody.",
    "A reading is an interpretation of an expression, never knowledge of what a person feels.",
    "A reference made by a template repeats a convention; only those said by people are people's.",
)
PARTS: tuple[Callable[[Found], Section], ...] = (
    scoreboard.worth,
    paper.overlap,
    paper.shifts,
    ratings.ratings,
    paper.correlation,
    behaviour.calibrated,
    behaviour.effects,
    behaviour.attacked,
    behaviour.explained,
    examples.examples,
)


def sections(found: Found) -> list[Section]:
    """Return all parts of a report, the question of what rules add first."""
    told = [part(found) for part in PARTS]
    conditions = Section("conditions", "Conditions", "", (scoreboard.changes(),))
    after = [conditions, paper.contradictions(), procedures.section(found)]
    return [told[0], *scoreboard.tasks(found), *told[1:], *after]


def write(run: Run, out: Path | None = None) -> Path:
    """Write ``index.html``, ``report.md``, ``tables/`` and ``plots/``; return the page's path.

    The same run gives the same bytes. Raises NesyError N750 where the run was not scored.
    """
    found = Found(run)
    folder = out or run.path / "report"
    told = sections(found)
    named = ", ".join(task.name for task in found.tasks)
    title = f"{model_of(found)}: {named}"
    count = sum(len(some) for some in found.samples.values())
    lead = (
        f"{count} samples of {len(found.tasks)} tasks under {len(found.conditions)} conditions: "
        "the model alone, and with rules, against what people said where people said it."
    )
    limits = [*ALWAYS, *dict.fromkeys(limit for task in found.tasks for limit in task.limits)]
    made = made_of(found)
    _put(folder / "index.html", page(title, lead, told, limits, made))
    _put(folder / "report.md", markdown(title, lead, told, limits, made))
    for section in told:
        for name, table in section.named_tables():
            _put(folder / "tables" / f"{name}.tex", forms.latex(table))
            _put(folder / "tables" / f"{name}.csv", forms.comma_separated(table))
        for name, plot in section.named_plots():
            _put(folder / "plots" / f"{name}.svg", plot.svg)
    return folder / "index.html"


def _put(path: Path, text: str) -> None:
    store.replace(path, text.encode())


def model_of(found: Found) -> str:
    """Return the name of the model that looked, as the run was asked for it."""
    return str(found.run.manifest["setup"].get("model", "no model"))


def made_of(found: Found) -> dict[str, str]:
    """Return what the figures depend on: no time of day, no machine."""
    manifest, versions = found.run.manifest, found.results["versions"]
    told = {name: str(versions[name]) for name in ("nesy", "rules", "ontology", "weights")}
    told["python"] = str(versions["python"])
    for name, value in manifest["setup"].items():
        if value not in (None, (), [], "") and name not in ("jobs", "engine", "batch"):
            told[name] = str(value)
    for task in found.tasks:
        told[f"task {task.name}"] = f"version {task.version}, rows {task.sha256 or 'not hashed'}"
    told["packages"] = ", ".join(f"{k} {v}" for k, v in versions["packages"].items())
    return told
