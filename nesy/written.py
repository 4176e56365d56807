"""The shipped vocabulary as JSON, so that a process that reasons need not read Turtle first.

Turtle is what counts: the JSON is used only while it was written from the very files that are
there. ``NESY_ACCEPT=1 pytest tests/test_written.py`` writes it anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from nesy import resources
from nesy.vocabulary import Pair, Term, Vocabulary

FILE = "vocabulary.json"


def sources() -> list[Path]:
    """Return the Turtle files of the vocabulary, sorted."""
    every = sorted(resources.folder("ontology").glob("*.ttl"))
    return [path for path in every if path.name != "shapes.ttl"]


@lru_cache(maxsize=1)
def load() -> Vocabulary | None:
    """Return the vocabulary as it was written, None where the Turtle files are others."""
    path = resources.folder("ontology") / FILE
    if not path.is_file():
        return None
    known = json.loads(path.read_text(encoding="utf-8"))
    if known["sources"] != _digest():
        return None
    terms = {kind: {row["id"]: _term(row) for row in rows} for kind, rows in known["terms"].items()}
    pairs = tuple(Pair(**row) for row in known["pairs"])
    return Vocabulary(terms, pairs, resources.digest(sources()))


def text(vocabulary: Vocabulary) -> str:
    """Write a vocabulary as JSON, one term a line."""
    kinds = [f"{json.dumps(k)}: {_lines(of.values())}" for k, of in vocabulary.terms.items()]
    terms = "{\n" + ",\n".join(kinds) + "\n}"
    pairs = _lines(vocabulary.pairs)
    return f'{{"sources": "{_digest()}",\n"terms": {terms},\n"pairs": {pairs}}}\n'


def _lines(of: Iterable[Term | Pair]) -> str:
    return "[\n" + ",\n".join(json.dumps(asdict(each), ensure_ascii=False) for each in of) + "\n]"


def _term(row: dict[str, Any]) -> Term:
    properties = {name: tuple(values) for name, values in row.pop("properties").items()}
    return Term(**row, properties=properties)


def _digest() -> str:
    sha = hashlib.sha256()
    for path in sources():
        content = path.read_bytes()
        sha.update(f"{path.name} {len(content)}\n".encode() + content)
    return sha.hexdigest()
