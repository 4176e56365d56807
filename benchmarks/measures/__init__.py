"""Measures of answers: what each takes from a sample, and figures with intervals (README.md).

``MEASURES`` holds all of them by name; it is made when it is first asked for.
"""

from __future__ import annotations

from typing import Any

from .measure import Difference, Figure, Measure, compare, corrected

__all__ = ["MEASURES", "Difference", "Figure", "Measure", "compare", "corrected", "named"]


def __getattr__(name: str) -> Any:
    # Who defines a measure elsewhere imports this package; the registry must not wait for them.
    if name in ("MEASURES", "named"):
        from . import registry

        return getattr(registry, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
