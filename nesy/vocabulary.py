"""The ontology as a closed vocabulary: the only words the program knows.

From it come the schema a perceiver must fill, the static facts of the rules, and the words of
explanations. A term that is not in it is an error naming the nearest one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nesy.diagnostics import Diagnostic, NesyError, nearest


@dataclass(frozen=True)
class Term:
    """A word of the vocabulary. ``phrase`` is how a sentence names it."""

    id: str
    kind: str
    label: str
    phrase: str
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def one(self, name: str, default: str = "") -> str:
        """Return the first value of a property."""
        return next(iter(self.properties.get(name, ())), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a property, sorted."""
        return self.properties.get(name, ())

    @property
    def code(self) -> int:
        """Return the FACS code of a unit."""
        return int(self.one("code", "-1"))

    @property
    def claimable(self) -> bool:
        """Tell whether a perceiver may name this emotion."""
        return self.one("claimable") == "true"


@dataclass(frozen=True)
class Pair:
    """An expression that suggests an emotion, with the support the literature gives it.

    ``condition`` says in words what raises the support, ``evidence`` what it rests on.
    """

    expression: str
    emotion: str
    support: str
    from_paper: bool
    condition: str = ""
    evidence: str = ""


class Vocabulary:
    """Every term by kind; see the module's first line."""

    def __init__(
        self, terms: dict[str, dict[str, Term]], pairs: tuple[Pair, ...], digest: str
    ) -> None:
        self.terms = terms
        self.pairs = pairs
        self.digest = digest

    @property
    def expressions(self) -> dict[str, Term]:
        """Return the expressions by id."""
        return self.terms["expression"]

    @property
    def emotions(self) -> dict[str, Term]:
        """Return the emotions by id."""
        return self.terms["emotion"]

    @property
    def valences(self) -> dict[str, Term]:
        """Return the valences of a line by id."""
        return self.terms["valence"]

    @property
    def acts(self) -> dict[str, Term]:
        """Return the acts of a line by id."""
        return self.terms["line act"]

    @property
    def cues(self) -> dict[str, Term]:
        """Return the cues of a line by id."""
        return self.terms["cue"]

    @property
    def norms(self) -> dict[str, Term]:
        """Return the norms by id."""
        return self.terms["norm"]

    @cached_property
    def units(self) -> dict[int, Term]:
        """Return the FACS units by code."""
        return {t.code: t for t in sorted(self.terms["unit"].values(), key=lambda t: t.code)}

    @cached_property
    def reported_units(self) -> tuple[int, ...]:
        """Return the codes a perceiver is asked about, ascending."""
        return tuple(c for c, t in self.units.items() if t.one("reported") == "true")

    def require(
        self, kind: str, term: str, *, file: str | None = None, line: int | None = None
    ) -> Term:
        """Return a term; raises NesyError N201 naming the nearest one."""
        found = self.terms[kind].get(term)
        if found is None:
            raise NesyError(self.lacking(kind, term, file=file, line=line))
        return found

    def lacking(
        self, kind: str, term: str, *, file: str | None = None, line: int | None = None
    ) -> tuple[Diagnostic, ...]:
        """Return the N201 of a term that is not in the vocabulary, or nothing where it is."""
        known = self.terms[kind]
        if term in known:
            return ()
        what = f"unknown {kind} {term[:80]!r}"
        why = f"the ontology has {len(known)} terms of this kind"
        return (Diagnostic("N201", what, why, nearest(term[:80], known), file, line),)

    def phrase(self, kind: str, term: str) -> str:
        """Return how a sentence names a term, or the term itself."""
        found = self.terms.get(kind, {}).get(term)
        return found.phrase if found else term.replace("_", " ")

    def broader(self, kind: str, term: str) -> tuple[str, ...]:
        """Return a term with everything it is a kind of: recruitment is also workplace."""
        found: dict[str, None] = {}
        pending = [term]
        while pending:
            name = pending.pop()
            if name not in found and name in self.terms[kind]:
                found[name] = None
                pending += self.terms[kind][name].all("broader")
        return tuple(found)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Return the static ASP facts, as text of vocabulary ids and bounded integers."""
        lines = [f"unit({code})" for code in self.units]
        lines += [f"expression_name({x})" for x in self.expressions]
        for emotion in self.emotions.values():
            lines.append(f"emotion({emotion.id})")
            lines.append(
                f"emotion_valence({emotion.id},{_SIGNS[int(emotion.one('valence', '0'))]})"
            )
            lines.append(f"emotion_arousal({emotion.id},{int(emotion.one('arousal', '0'))})")
            lines.append(f"emotion_family({emotion.id},{self.broader('emotion', emotion.id)[-1]})")
            lines += [f"component({emotion.id},{part})" for part in emotion.all("component")]
        for face in self.terms["prototype"].values():
            # Of one emotion, a rule of its own says what the units are worth; of two, none votes.
            compound = self.emotions[face.one("emotion")]
            if compound.one("kind") == "compound" and not face.all("leftOut"):
                lines.append(f"prototype({face.id},{compound.id})")
                codes = face.one("units").split("+")
                lines += [f"prototype_unit({face.id},{code})" for code in codes]
        for pair in self.pairs:
            name = "table1" if pair.from_paper else "suggests"
            lines.append(f"{name}({pair.expression},{pair.emotion})")
            lines.append(f"support({pair.expression},{pair.emotion},{pair.support})")
        for code, unit in self.units.items():
            for other in unit.all("excludesUnit"):
                lines += [
                    f"excludes_unit({code},{other[2:]})",
                    f"excludes_unit({other[2:]},{code})",
                ]
        for cue in self.cues.values():
            lines += [f"cue_crisis({cue.id},{kind})" for kind in cue.all("crisis")]
        for norm in self.norms.values():
            lines.append(f"norm({norm.id},{norm.one('force')},{int(norm.one('severity', '1'))})")
            lines += [f"norm_jurisdiction({norm.id},{j})" for j in norm.all("jurisdiction")]
            lines += [f"norm_source({norm.id})"] if norm.one("source") else []
        return tuple(sorted({_atom(line) for line in lines}))


_SIGNS = {-1: "negative", 0: "neutral", 1: "positive"}
_FACT = re.compile(
    r"[a-z][a-z0-9_]*\((?:[a-z][a-z0-9_]*|-?[0-9]{1,6})(?:,(?:[a-z][a-z0-9_]*|-?[0-9]{1,6}))*\)"
)


def _atom(text: str) -> str:
    """Return a static fact; raises ValueError where a value is no word or number."""
    if not _FACT.fullmatch(text):
        raise ValueError(f"{text[:80]!r} cannot be a fact: its values must be words or numbers")
    return text


def load(extra: Iterable[Path] = ()) -> Vocabulary:
    """Read ``ontology/*.ttl`` and further Turtle files.

    Raises NesyError N202 where a file is not Turtle, N203 where a term lacks what every term needs.
    """
    from nesy import written

    files = tuple(Path(path) for path in extra)
    if not files and (found := written.load()) is not None:
        return found
    # What reads Turtle takes longer to import than a check of rules does: see nesy/check/store.py.
    from nesy import turtle

    return turtle.load(files)
