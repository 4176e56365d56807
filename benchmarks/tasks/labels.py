"""Read the labels of others as emotions of the ontology, by its aliases and no second table."""

from __future__ import annotations

from functools import lru_cache

from nesy.diagnostics import nearest
from nesy.vocabulary import Vocabulary


@lru_cache(maxsize=4)
def aliases(words: Vocabulary) -> dict[str, str]:
    """Return ``scheme:label`` (lower case) -> emotion; near aliases where no exact one is."""
    found: dict[str, str] = {}
    for kind in ("alias", "nearAlias"):
        for emotion in words.emotions.values():
            for alias in emotion.all(kind):
                found.setdefault(alias.lower(), emotion.id)
    return found


def emotion(text: str, words: Vocabulary, scheme: str | None = None) -> str | None:
    """Return the emotion that a label names: an alias in its scheme, else one of our own words.

    ``text`` may name the scheme itself: ``fer2013:angry``.
    """
    known = aliases(words)
    given = text.strip().lower()
    named = f"{scheme}:{given}" if scheme else given
    if named in known:
        return known[named]
    word = given.replace(" ", "_").replace("-", "_")
    return word if word in words.emotions else None


def meant(text: str, words: Vocabulary) -> str:
    """Say which emotion was probably meant by a label that names none."""
    given = text.strip().lower()
    for alias, found in sorted(aliases(words).items()):
        if alias.partition(":")[2] == given:
            return f"write {found}, or name the scheme of the label: {alias}"
    return nearest(given[:80], words.emotions)
