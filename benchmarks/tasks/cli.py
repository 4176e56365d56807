"""``nesy bench check``: are tasks whole, and a table of the user's own without a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def check(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(help="Shipped tasks by name, folders with task.toml, or tables of yours."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Where data that are not shipped lie.")
    ] = None,
    ontology: Annotated[
        list[Path] | None, typer.Option("--ontology", help="Turtle with further terms; may repeat.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Write the tasks as JSON.")] = False,
) -> None:
    """Check tasks and tables; tell what each holds. Without a name, all shipped tasks.

    Every fault is told with its place; exit 2 where there is one, 3 where a named task's data are
    not here.
    """
    from nesy import strict_json, vocabulary
    from nesy.diagnostics import MissingError, NesyError

    from . import definition, load

    words = vocabulary.load(ontology or ())
    found: list[dict[str, Any]] = []
    errors: list[NesyError] = []
    for name in tasks or definition.names():
        try:
            task, samples = load(name, data, words)
            found.append(_told(task.model_dump(mode="json"), samples))
        except MissingError as error:
            if tasks:
                errors.append(error)
                continue
            found.append({**definition.read(name).model_dump(mode="json"), "samples": None})
        except NesyError as error:
            errors.append(error)
    if json_:
        print(strict_json.dumps(found, indent=2))
    else:
        _print(found)
    if errors:
        raise _all(errors)


def _all(errors: list[Any]) -> Any:
    """Return every fault as one error; wrong input comes before what is missing."""
    from nesy.diagnostics import MissingError, NesyError

    faults = [fault for error in errors for fault in error.diagnostics]
    missing = all(isinstance(error, MissingError) for error in errors)
    return MissingError(faults) if missing else NesyError(faults)


def _told(task: dict[str, Any], samples: list[Any]) -> dict[str, Any]:
    """Return a task with how many samples hold what."""
    references = [s.reference for s in samples if s.reference is not None]
    kinds = ("votes", "emotions", "texts", "units", "expressions", "ratings", "expected")
    held = {k: sum(getattr(r, k) is not None for r in references) for k in kinds}
    return {
        **task,
        "samples": len(samples),
        "pictures": sum(s.case.image is not None for s in samples),
        "observed": sum(s.observation is not None for s in samples),
        "references": {kind: n for kind, n in held.items() if n},
        "templates": sum(r.texts_origin == "template" for r in references),
        "groups": len({s.groups.get(task["cluster"], s.id) for s in samples}),
    }


def _print(found: list[dict[str, Any]]) -> None:
    for task in found:
        head = f"{task['name']} v{task['version']}  {task['title']}"
        if task["samples"] is None:
            print(f"{head}\n  not shipped ({task['needs']['licence']}): give it with --data")
            continue
        held = ", ".join(f"{kind} {n}" for kind, n in task["references"].items()) or "none"
        print(
            f"{head}\n  {task['samples']} samples in {task['groups']} groups by {task['cluster']}, "
            f"{task['pictures']} pictures, {task['observed']} observed; references: {held}"
        )
