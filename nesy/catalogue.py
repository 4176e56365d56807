"""The catalogue of codes: what each fault is, why it is bad, what to do (``nesy help CODE``)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def cards() -> dict[str, dict[str, str]]:
    """Return every code with its card: title, why, example, fix."""
    text = (Path(__file__).parent / "catalogue.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
