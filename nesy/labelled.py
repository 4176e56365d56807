"""Labelled cases: what people said, or what was drawn, is there in a picture.

One JSON object a line: a case (``image``, ``line``) with the columns of a benchmark's table of
your own: ``units``, ``expressions``, ``emotions`` or ``votes``, ``group``. Further, for this use:
``units`` as an object gives letters (``{"12": "C"}``), ``faces``, ``valence``, ``act``, ``cues``
label the other fields. Traces with ``people``, which `nesy learn` reads, label the emotion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from nesy import schema, strict_json
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.observation import Name, Term, Votes
from nesy.trace import Case, parse_trace

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

# The values that make an event, and the share of people who say that it is so.
Label = dict[tuple[str, ...], float]
_PRESENT, _ABSENT = tuple(schema.INTENSITY), (schema.ABSENT, schema.UNSEEN)
_Unit = Annotated[int, Field(ge=0, le=99, strict=True)]
_Letter = Literal["0", "A", "B", "C", "D", "E"]


class Labels(BaseModel):
    """What is there; a list is whole, so what it does not name is not there."""

    units: tuple[_Unit, ...] | dict[_Unit | str, _Letter] | None = None
    expressions: tuple[Term, ...] | None = None
    emotions: tuple[Term, ...] | None = None
    votes: Votes | None = None
    faces: Literal["none", "one", "several"] | None = None
    valence: Term | None = None
    act: Term | None = None
    cues: tuple[Term, ...] | None = None
    group: Name | None = None


# A frame of a film or of an animated picture is named beside the fields of a case.
_KEYS = frozenset({*Case.model_fields, *Labels.model_fields, "frame"})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A case with its labels; cases of one ``cluster`` (a person, a group) belong together."""

    case: Case
    labels: Labels
    cluster: str

    def of(self, values: Mapping[schema.Path, Sequence[str]]) -> dict[schema.Path, Label]:
        """Return the label of each of these fields that is labelled."""
        found: dict[schema.Path, Label] = {}
        for path, known in values.items():
            if label := self._label(path, known):
                found[path] = label
        return found

    def _label(self, path: schema.Path, known: Sequence[str]) -> Label | None:
        said = self.labels
        match path:
            case ("action_units", code):
                return _unit(said, int(code.removeprefix("au")))
            case ("expressions", name):
                return _yes(said.expressions, name)
            case ("line", "cues", name):
                return _yes(said.cues, name)
            case ("emotion",):
                return _choice(_shares(said), known)
            case ("faces",):
                return _choice({said.faces: 1.0} if said.faces else {}, known)
            case ("line", "valence"):
                return _choice({said.valence: 1.0} if said.valence else {}, known)
            case ("line", "act"):
                return _choice({said.act: 1.0} if said.act else {}, known)
        return None


def _unit(said: Labels, code: int) -> Label | None:
    if said.units is None:
        return None
    if isinstance(said.units, dict):
        given = {int(unit): letter for unit, letter in said.units.items()}.get(code, schema.ABSENT)
        letters = ((schema.ABSENT, schema.UNSEEN), *((letter,) for letter in schema.INTENSITY))
        return {event: float(given in event) for event in letters}
    return {_ABSENT: float(code not in said.units), _PRESENT: float(code in said.units)}


def _yes(named: tuple[str, ...] | None, name: str) -> Label | None:
    if named is None:
        return None
    return {("no",): float(name not in named), ("yes",): float(name in named)}


def _shares(said: Labels) -> dict[str, float]:
    if said.votes:
        return dict(said.votes)
    return dict.fromkeys(said.emotions or (), 1.0)


def _choice(shares: Mapping[str, float], known: Sequence[str]) -> Label | None:
    """Return the shares of those values that could be chosen; None where there is none."""
    total = math.fsum(share for value, share in shares.items() if value in known)
    if total <= 0:
        return None
    return {(value,): shares.get(value, 0.0) / total for value in known}


def read(
    file: Path, vocabulary: Vocabulary, *, tell: Callable[[str], None] | None = None
) -> list[Labelled]:
    """Return the labelled cases of a file; raises NesyError N166 for every fault of a line.

    ``tell`` is told how many rows have no label, if any.
    """
    found: list[Labelled] = []
    faults: list[Diagnostic] = []
    bare = 0
    for line, value in strict_json.lines(file):
        trace = parse_trace(value, file=str(file), line=line)
        case = trace.case
        given = case.model_extra or {}
        faults += [_no_key(key, file, line) for key in given if key not in _KEYS]
        try:
            labels = Labels.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            faults.append(_fault(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", file, line))
            continue
        if trace.people is not None:
            said = {"votes": trace.people.votes, "group": trace.people.group or labels.group}
            labels = labels.model_copy(update=said)
        faults += _unknown(labels, vocabulary, file, line)
        image = case.image
        if image is not None and not Path(image).is_absolute():
            case = case.model_copy(update={"image": (file.parent / image).as_posix()})
        if labels.model_dump(exclude={"group"}, exclude_none=True):
            found.append(Labelled(case, labels, labels.group or f"row {line}"))
        else:
            bare += 1
    if faults:
        raise NesyError(faults)
    if not found:
        raise NesyError(_fault("no row has a label", file, 1))
    if bare and tell is not None:
        tell(f"{file}: {bare} of {bare + len(found)} rows have no label and are left out")
    return found


def _unknown(labels: Labels, words: Vocabulary, file: Path, line: int) -> list[Diagnostic]:
    """Return a N201 for each label that the ontology has no word for."""
    named = [("unit", f"au{unit}") for unit in labels.units or ()]
    named += [("expression", name) for name in labels.expressions or ()]
    named += [("emotion", name) for name in (*(labels.emotions or ()), *(labels.votes or ()))]
    named += [("valence", labels.valence)] if labels.valence else []
    named += [("line act", labels.act)] if labels.act and labels.act != "none" else []
    named += [("cue", name) for name in labels.cues or ()]
    return [
        fault
        for kind, term in named
        for fault in words.lacking(kind, term, file=str(file), line=line)
    ]


def _no_key(key: str, file: Path, line: int) -> Diagnostic:
    what, why = f"{key[:40]!r} is no key of a labelled case", "what it says would be ignored"
    return Diagnostic("N166", what, why, nearest(key[:40], _KEYS), str(file), line)


def _fault(why: str, file: Path, line: int) -> Diagnostic:
    what = "these are no labelled cases"
    fix = 'write {"image": "a.png", "units": [6, 12], "expressions": ["smile"], "group": "ann"}'
    return Diagnostic("N166", what, why, fix, str(file), line)
