"""The language that explanations are told in: English, or one that is translated in files.

A language is two files: ``languages/<code>.toml``, its words and sentences, and
``ontology/languages/<code>.ttl``, its names for the terms. What neither of them has is told in
English and marked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, NesyError, nearest

if TYPE_CHECKING:
    from nesy.reason.engine import Engine

FOLDER = Path(__file__).with_name("languages")


@dataclass(frozen=True)
class Language:
    """The words of one language by their key, and its sentences by the English ones.

    ``capitals`` tells that the names of things keep their capital letter inside a sentence.
    """

    code: str
    capitals: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, english: str) -> str:
        """Return a sentence with its slots; the English one, marked, where there is no other."""
        if self.code == ENGLISH.code or not english:
            return english
        return self.sentences.get(english) or self.words["untranslated"].format(sentence=english)

    def name(self, label: str) -> str:
        """Return the name of a term as it stands inside a sentence."""
        return label if self.capitals else label.lower()


ENGLISH = Language("en")
_told: ContextVar[Language] = ContextVar("language", default=ENGLISH)


class Words(Mapping[str, str]):
    """The words of the language in force, of the English table where it lacks one."""

    def __init__(self, english: Mapping[str, str]) -> None:
        self.english = english

    def __getitem__(self, key: str) -> str:
        return current().words.get(key) or self.english[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.english)

    def __len__(self) -> int:
        return len(self.english)


def current() -> Language:
    """Return the language that explanations are told in now."""
    return _told.get()


def known() -> tuple[str, ...]:
    """Return the codes of the languages there are, English first."""
    return (ENGLISH.code, *sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache(maxsize=8)
def load(code: str) -> Language:
    """Read a language; raises NesyError N509 where there is none of this code."""
    if code not in known():
        what = f"there is no language {code[:40]!r}"
        why = f"explanations are told in {', '.join(known())}"
        raise NesyError(Diagnostic("N509", what, why, nearest(code, known())))
    if code == ENGLISH.code:
        return ENGLISH
    read = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    return Language(code, read["capitals"], read["words"], read["sentences"])


def speak(code: str, engine: Engine, ontology: Iterable[Path] = ()) -> Engine:
    """Tell explanations in a language from now on; return the engine with its names for terms.

    ``ontology`` are the user's Turtle files the engine was loaded with. Raises NesyError N509.
    """
    from nesy import turtle

    language = load(code)
    _told.set(language)
    if language is ENGLISH:
        return engine
    return replace(engine, vocabulary=turtle.load(tuple(ontology), code))
