"""A part of a report: what it asks, its tables, its plots, its examples."""

from __future__ import annotations

from dataclasses import dataclass

from .table import Table


@dataclass(frozen=True)
class Plot:
    """A drawing as SVG text; ``note`` says how it is to be read."""

    title: str
    svg: str
    note: str = ""


@dataclass(frozen=True)
class Example:
    """One sample as it went through each condition, with the explanation of the last."""

    title: str
    picture: str | None
    line: str
    said: str
    rows: tuple[tuple[str, str], ...]
    why: str


@dataclass(frozen=True)
class Section:
    """One question and its answers; a section with nothing to show says why in its ``intro``."""

    key: str
    heading: str
    intro: str
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    examples: tuple[Example, ...] = ()
    points: tuple[str, ...] = ()

    def named_tables(self) -> list[tuple[str, Table]]:
        """Return the tables with the names of their files, less the ending."""
        return [(f"{self.key}-{number}", table) for number, table in enumerate(self.tables, 1)]

    def named_plots(self) -> list[tuple[str, Plot]]:
        """Return the plots with the names of their files, less the ending."""
        return [(f"{self.key}-{number}", plot) for number, plot in enumerate(self.plots, 1)]
