"""Validate the ontology, and what users add to it, by its SHACL shapes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nesy import resources
from nesy.diagnostics import Diagnostic


def check(extra: Iterable[Path] = ()) -> list[Diagnostic]:
    """Return one diagnostic for each violation of ``ontology/shapes.ttl``.

    Raises NesyError N202 where a file is not Turtle.
    """
    import pyshacl
    import rdflib
    from rdflib.namespace import SH

    from nesy.vocabulary import parsed

    folder = resources.folder("ontology")
    data = rdflib.Graph()
    shipped = (path for path in sorted(folder.glob("*.ttl")) if path.name != "shapes.ttl")
    for path in [*shipped, *extra]:
        parsed(path, into=data)
    shapes = rdflib.Graph().parse(folder / "shapes.ttl", format="turtle")
    conforms, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=True)
    if conforms or not isinstance(report, rdflib.Graph):
        return []
    faults = []
    for result in report.subjects(SH.resultSeverity, SH.Violation):
        focus = str(report.value(result, SH.focusNode))
        message = str(report.value(result, SH.resultMessage))
        value = report.value(result, SH.value)
        why = f"its value is {value}" if value is not None else "a required value is missing"
        fix = "see ontology/README.md for the form of each term"
        faults.append(Diagnostic("N204", f"{focus.rsplit('#', 1)[-1]}: {message}", why, fix))
    return sorted(faults, key=str)
