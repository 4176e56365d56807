"""What a case expects: one line each, read once and asked of what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import clingo

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.interpret import Voice

Kind = Literal["atom", "top", "reads", "says", "verdict", "act", "why"]

_FACE_EMOTION = r"(?P<face>[a-z]\w*) (?P<emotion>[a-z]\w*)"
FORMS: tuple[tuple[Kind, str], ...] = (
    ("top", rf"top {_FACE_EMOTION}"),
    ("reads", rf"reads {_FACE_EMOTION} (?P<sign>>=|<=) (?P<bound>\d{{1,4}})"),
    ("says", rf"says (?P<rule>\S+) {_FACE_EMOTION} (?P<strength>\d{{1,4}})"),
    ("verdict", r"verdict (?P<status>release|block|hold)"),
    ("act", r"(?P<not>no )?act (?P<act>[a-z]\w*)"),
    ("why", r'why: (?:"(?P<words>.+)"|(?P<rule>[a-z][\w.]*))'),
    ("atom", r"(?P<sign>[+-]) (?P<atom>.+)"),
)
_FORMS = tuple((kind, re.compile(form)) for kind, form in FORMS)
_WORDS = ("+", "-", *(kind for kind, _ in FORMS if kind != "atom"), "no act")
ANYTHING = "_"


class Found(Protocol):
    """What the rules gave for a case."""

    @property
    def atoms(self) -> frozenset[clingo.Symbol]:
        """What holds."""

    @property
    def reads(self) -> Mapping[tuple[str, str], int]:
        """The marginals in thousandths."""

    @property
    def voices(self) -> Sequence[Voice]:
        """The instances of evidence rules."""

    @property
    def status(self) -> str:
        """The verdict."""

    @property
    def acts(self) -> Sequence[str]:
        """What the reply does."""

    def told(self, about: Expectation) -> Grounds:
        """Return what the outcome named by an expectation rests on."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a justification names: its rules by id, and its sentences."""

    rules: frozenset[str] = frozenset()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expectation:
    """One line of what is expected. ``about`` is the line that a ``why:`` stands under.

    ``column`` is where its text begins, from 1.
    """

    kind: Kind
    text: str
    line: int
    of: Mapping[str, str | None] = field(repr=False, hash=False, compare=False)
    about: Expectation | None = field(default=None, repr=False)
    column: int = 1

    @property
    def is_positive(self) -> bool:
        """Tell whether something has to hold, so that there is something to justify."""
        return self.of.get("sign") != "-" and not self.of.get("not")

    def holds(self, found: Found) -> bool:
        """Tell whether what was found is what is expected."""
        of = {name: value or "" for name, value in self.of.items()}
        if self.kind == "atom":
            return any(self.pattern.fits(atom) for atom in found.atoms) == self.is_positive
        if self.kind == "top":
            ranked = sorted((p, e) for (f, e), p in found.reads.items() if f == of["face"])
            return [e for p, e in ranked if p == ranked[-1][0]] == [of["emotion"]]
        if self.kind == "reads":
            value, bound = found.reads.get((of["face"], of["emotion"]), 0), int(of["bound"])
            return value >= bound if of["sign"] == ">=" else value <= bound
        if self.kind == "says":
            return any(map(self.is_said_by, found.voices))
        if self.kind == "verdict":
            return found.status == of["status"]
        if self.kind == "act":
            return (of["act"] in found.acts) == self.is_positive
        if self.about is None:
            raise AssertionError("a `why:` is read under a line it is about")
        grounds = found.told(self.about)
        if of["rule"]:
            return of["rule"] in grounds.rules
        return any(of["words"] in sentence for sentence in grounds.sentences)

    def is_said_by(self, voice: Voice) -> bool:
        """Tell whether a line ``says RULE FACE EMOTION STRENGTH`` speaks of a voice."""
        of = self.of["rule"], self.of["face"], self.of["emotion"], self.of["strength"]
        return of == (voice.rule, voice.face, voice.emotion, str(voice.strength))

    @cached_property
    def pattern(self) -> AtomPattern:
        """Return the atoms that a line ``+ ATOM`` or ``- ATOM`` speaks of."""
        return AtomPattern.of(self.of["atom"] or "")


@dataclass(frozen=True, slots=True)
class AtomPattern:
    """The atoms of one predicate; a term ``_`` stands for anything."""

    symbol: clingo.Symbol

    @classmethod
    def of(cls, text: str) -> AtomPattern:
        """Read ``name(term, _, term)``; raises RuntimeError where it is no atom."""
        return cls(clingo.parse_term(re.sub(r"(?<=[(,\s])_(?=\s*[,)])", '"_"', text)))

    def fits(self, atom: clingo.Symbol) -> bool:
        """Tell whether an atom is one of these."""
        wanted = self.symbol
        if not atom.match(wanted.name, len(wanted.arguments), wanted.positive):
            return False
        pairs = zip(wanted.arguments, atom.arguments, strict=True)
        return all(w in (a, _ANY) for w, a in pairs)


_ANY = clingo.String(ANYTHING)


def expectations(lines: Sequence[str], file: str, first: int) -> tuple[Expectation, ...]:
    """Read the second paragraph of a case; raises NesyError with each N341."""
    found: list[Expectation] = []
    faults: list[Diagnostic] = []
    above: Expectation | None = None
    for number, line in enumerate(lines, first):
        text, column = line.strip(), len(line) - len(line.lstrip()) + 1
        matches = ((kind, form.fullmatch(text)) for kind, form in _FORMS)
        kind, match = next(((k, m) for k, m in matches if m), (None, None))
        if kind is None or match is None or (kind == "atom" and not _is_atom(match["atom"])):
            faults.append(_unread(text, file, number))
            continue
        if kind == "why" and (above is None or not above.is_positive or above.kind == "reads"):
            what, why = f"{text} stands under nothing", "it says what the line above it rests on"
            fix = "write it below a line + ATOM, top, verdict or act"
            faults.append(Diagnostic("N341", what, why, fix, file, number))
            continue
        expected = Expectation(
            kind, text, number, match.groupdict(), above if kind == "why" else None, column
        )
        found.append(expected)
        above = above if kind == "why" else expected
    if faults:
        raise NesyError(faults)
    return tuple(found)


def _is_atom(text: str) -> bool:
    try:
        symbol = AtomPattern.of(text).symbol
        return symbol.type == clingo.SymbolType.Function and symbol.name != ""
    except RuntimeError:
        return False


def _unread(text: str, file: str, line: int) -> Diagnostic:
    what = f"{text[:60]!r} expects nothing that can be looked up"
    why = "a line is + ATOM, - ATOM, top FACE EMOTION, reads FACE EMOTION >= N, verdict STATUS, …"
    word = text.split(" ")[0]
    fix = "write it as in `+ evidence(f1, joy, _)` or `top f1 joy`, words in small letters"
    if word.isalpha() and word not in _WORDS:
        fix = nearest(word, _WORDS)
    return Diagnostic("N341", what, why, fix, file, line)
