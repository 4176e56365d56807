"""What several sets say of the people in them: ages as bands, for slices."""

from __future__ import annotations

UNKNOWN = "unknown"
_BANDS = ((30, "under 30"), (50, "30 to 49"), (200, "50 and over"))


def age_band(text: str) -> str:
    """Return the band of an age in years, ``unknown`` where none is given.

    >>> age_band("31.0"), age_band("")
    ('30 to 49', 'unknown')
    """
    try:
        age = float(text)
    except ValueError:
        return UNKNOWN
    return next((name for limit, name in _BANDS if 0 < age < limit), UNKNOWN)


def plain(text: str) -> str:
    """Return a set's own word for a group of people in one spelling."""
    return text.strip().lower().replace("_", " ") or UNKNOWN
