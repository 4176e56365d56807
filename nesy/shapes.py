"""Validate the ontology, and what users add to it, by its SHACL shapes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nesy import resources
from nesy.diagnostics import Diagnostic

if TYPE_CHECKING:
    import rdflib


def check(extra: Iterable[Path] = ()) -> list[Diagnostic]:
    """Return one diagnostic for each violation of ``ontology/shapes.ttl``.

    Raises NesyError N202 where a file is not Turtle.
    """
    import rdflib

    from nesy.turtle import parsed

    folder = resources.folder("ontology")
    data = rdflib.Graph()
    shipped = (path for path in sorted(folder.glob("*.ttl")) if path.name != "shapes.ttl")
    for path in [*shipped, *extra]:
        parsed(path, into=data)
    fix = "see ontology/README.md for the form of each term"
    found = violations(data, folder / "shapes.ttl")
    return [Diagnostic("N204", f"{term}: {message}", why, fix) for term, message, why in found]


def violations(data: rdflib.Graph, shapes: Path) -> list[tuple[str, str, str]]:
    """Return (term, message, why) of each violation of a file of shapes, sorted."""
    import pyshacl
    import rdflib
    from rdflib.namespace import SH

    wanted = rdflib.Graph().parse(shapes, format="turtle")
    conforms, report, _ = pyshacl.validate(data, shacl_graph=wanted, advanced=True)
    if conforms or not isinstance(report, rdflib.Graph):
        return []
    found = []
    for result in report.subjects(SH.resultSeverity, SH.Violation):
        term = str(report.value(result, SH.focusNode)).rsplit("#", 1)[-1]
        value = report.value(result, SH.value)
        why = f"its value is {value}" if value is not None else "a required value is missing"
        found.append((term, str(report.value(result, SH.resultMessage)), why))
    return sorted(found)
