"""Packs of other distributions: entry points of the group ``nesy.packs``, found and not imported.

``mine = "my_package"`` names the file ``mine.lp`` in the folder of that package, or beside that
module. Nothing of the package is run: a pack is rules, and rules are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from nesy.diagnostics import Diagnostic, NesyError

GROUP = "nesy.packs"


@dataclass(frozen=True, slots=True)
class PackPoint:
    """A pack that a distribution brings: its name, who brings it, and its module."""

    name: str
    origin: str
    module: str

    @property
    def file(self) -> Path:
        """Return its rule file; raises NesyError N349 where there is none."""
        top, *rest = self.module.partition(":")[0].split(".")
        spec = find_spec(top)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if spec and spec.origin and not folders:
            folders = [str(Path(spec.origin).parent)]
        files = [Path(folder, *rest, f"{self.name}.lp") for folder in folders]
        for file in files:
            if file.is_file():
                return file
        what = f"the pack {self.name} of {self.origin} has no file {self.name}.lp"
        why = f"its entry point names {self.module}"
        why += f", whose folder is {folders[0]}" if folders else ", which is not installed"
        fix = f"put {self.name}.lp into that package, or install {self.origin} again"
        raise NesyError(Diagnostic("N349", what, why, fix))


def installed() -> dict[str, PackPoint]:
    """Return the packs of other distributions by name."""
    found = (
        PackPoint(entry.name, entry.dist.name if entry.dist else "unknown", entry.value)
        for entry in entry_points(group=GROUP)
    )
    return {point.name: point for point in sorted(found, key=lambda point: point.name)}
