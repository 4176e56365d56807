"""The report a perceiver fills in: a JSON schema with finitely many answers, from the ontology.

Keys stand in the order evidence → conclusion, because a model writes them in that order.
Only enumerations and one bounded ASCII pattern are used: those are the parts of JSON Schema that
constrained decoding keeps exactly, so the longest answer is known before a model is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.trace import (
    ActionUnit,
    Claim,
    Face,
    LineAct,
    LineCue,
    LineReading,
    LineValence,
    Observation,
    SeenExpression,
)

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

Schema = dict[str, Any]
Path = tuple[str, ...]
Probabilities = Mapping[Path, Mapping[str, float]]

REPORTS = ("faces", "action_units", "expressions", "emotion", "line", "caption", "rationale")
# The mid-points of five equal fifths of 0-1000: FACS letters are ordered, not measured.
INTENSITY = {"A": 100, "B": 300, "C": 500, "D": 700, "E": 900}
ABSENT, UNSEEN = "0", "x"
WORST_UNIT, WORST_CLAIM, MOST_CLAIMS = 0.05, 0.02, 5

_RATIONALE = r"^[ -!#-\[\]-~]{0,160}$"
_PATTERN = re.compile(r"^\^\[(?P<set>(?:\\[\[\]\\^-]|[ -Z^-~])+)\]\{0,(?P<most>\d{1,4})\}\$$")
_PLAIN = re.compile(r"^[ -!#-\[\]-~]*$")


def report_schema(vocabulary: Vocabulary, reports: Sequence[str] = REPORTS) -> Schema:
    """Return the schema of a report with these keys; raises NesyError N106 for an unknown key."""
    if unknown := [key for key in reports if key not in REPORTS]:
        raise NesyError(
            Diagnostic("N106", f"no report is called {key!r}", "a schema has no such key", fix)
            for key in unknown
            for fix in [nearest(key, REPORTS)]
        )
    if not reports:
        what, fix = "no report is asked of the model", f"use some of: {', '.join(REPORTS)}"
        raise NesyError(Diagnostic("N106", what, "the list of reports is empty", fix))
    yes_no = one_of(("no", "yes"))
    line = {
        "valence": one_of(vocabulary.valences),
        "act": one_of([*vocabulary.acts, "none"]),
        "cues": all_of(dict.fromkeys(vocabulary.cues, yes_no)),
    }
    parts = {
        "faces": one_of(("none", "one", "several")),
        "action_units": all_of({f"au{c}": _LETTERS for c in vocabulary.reported_units}),
        "expressions": all_of(dict.fromkeys(vocabulary.expressions, yes_no)),
        "emotion": one_of([e for e, term in vocabulary.emotions.items() if term.claimable]),
        "line": all_of(line),
        "caption": one_of(("same", "differs", "none")),
        "rationale": {"type": "string", "pattern": _RATIONALE},
    }
    return all_of({key: parts[key] for key in REPORTS if key in reports})


def one_of(members: Iterable[str]) -> Schema:
    """Return the schema of one of these texts."""
    return {"type": "string", "enum": list(members)}


def all_of(properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object with exactly these properties, in this order."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_LETTERS = one_of((ABSENT, *INTENSITY, UNSEEN))


def longest(schema: Schema) -> int:
    """Return the certificate: the bytes of the longest answer, written without white space.

    Each token is at least a byte, so ``longest(schema) + 1`` tokens can never cut an answer off.
    Raises NesyError N104 where an answer could go on for ever, or could hold what is not ASCII.

    >>> longest({"type": "string", "enum": ["yes", "no"]})
    5
    """
    match schema:
        case {"type": "string", "enum": [_, *_] as members, **rest} if not rest:
            for member in members:
                if not isinstance(member, str) or not _PLAIN.match(member):
                    raise _unbounded(f"the member {member!r}", "it is not plain ASCII text")
            return max(len(member) for member in members) + 2
        case {"type": "string", "pattern": str(pattern), **rest} if not rest:
            if (found := _PATTERN.match(pattern)) and _is_plain(found["set"]):
                return int(found["most"]) + 2
            raise _unbounded(f"the pattern {pattern}", "it is not ^[printable ASCII]{0,N}$")
        case {"type": "object", "properties": dict(parts), **rest} if parts:
            if sorted(rest.get("required", ())) != sorted(parts):
                raise _unbounded("an object", "not every property is required")
            if rest.get("additionalProperties") is not False or len(rest) != 2:
                raise _unbounded("an object", "it may hold more than its properties")
            if bad := [key for key in parts if not _PLAIN.match(key)]:
                raise _unbounded(f"the key {bad[0]!r}", "it is not plain ASCII text")
            return 1 + sum(len(key) + 4 + longest(part) for key, part in parts.items())
    raise _unbounded(f"the part {json.dumps(schema)[:120]}", "its answers are not finitely many")


def _is_plain(characters: str) -> bool:
    """Tell whether a set of a pattern holds plain text only: no quotation mark, no other script."""
    try:
        allowed = re.compile(f"[{characters}]")
    except re.error:
        return False
    found = [chr(code) for code in range(0x100) if allowed.match(chr(code))]
    return bool(found) and all(map(_PLAIN.match, found))


def _unbounded(what: str, why: str) -> NesyError:
    fix = "use enumerations, ^[…]{0,N}$ and objects whose properties are all required"
    return NesyError(Diagnostic("N104", f"{what} has no termination certificate", why, fix))


def fields(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield each enumerated field with its values, in the order they are written."""
    if "properties" in schema:
        for key, part in schema["properties"].items():
            yield from fields(part, (*path, key))
    elif "enum" in schema:
        yield path, tuple(schema["enum"])


def spans(schema: Schema, report: Mapping[str, Any]) -> dict[Path, tuple[int, int]]:
    """Return where each field's value, quotes included, stands in the written report."""
    found: dict[Path, tuple[int, int]] = {}

    def walk(part: Schema, value: Any, path: Path, at: int) -> int:
        if "properties" not in part:
            end = at + len(write(value))
            found[path] = (at, end)
            return end
        for key, inner in part["properties"].items():
            at = walk(inner, value[key], (*path, key), at + len(key) + 4)
        return at + 1

    walk(schema, report, (), 0)
    return found


def write(report: object) -> str:
    """Write a report as the constraint does: no white space."""
    return json.dumps(report, separators=(",", ":"))


def known(
    values: Sequence[str], found: Mapping[str, float] | None, written: str
) -> dict[str, float]:
    """Complete a field's distribution where only one value is unknown; the rest stays unknown.

    Without any probability, the written value is taken as certain.

    >>> known(("no", "yes"), {"no": 0.75}, "no")
    {'no': 0.75, 'yes': 0.25}
    """
    if not found:
        return {written: 1.0}
    missing = [value for value in values if value not in found]
    rest = {missing[0]: max(0.0, 1.0 - sum(found.values()))} if len(missing) == 1 else {}
    return {**found, **rest}


def to_observation(
    report: Mapping[str, Any],
    probabilities: Probabilities,
    perceiver: str,
    *,
    vocabulary: Vocabulary,
    constraint_mass: float | None = None,
) -> Observation:
    """Turn a schema-valid report and its probabilities into an Observation, soft facts kept.

    A unit that was not asked about could not be seen, which is not the same as absent.
    """
    asked = report_schema(vocabulary, [key for key in REPORTS if key in report])
    chances: dict[Path, dict[str, float]] = {}
    for path, values in fields(asked):
        written: Any = report
        for key in path:
            written = written[key]
        chances[path] = known(values, probabilities.get(path), written)
    caption = report.get("caption", "none")
    captions: dict[str, Literal["same", "differs"]] = {"same": "same", "differs": "differs"}
    return Observation(
        perceiver=perceiver,
        faces=_faces(report, chances, vocabulary),
        line=_line(report["line"], chances) if "line" in report else None,
        caption=captions.get(caption),
        rationale=report.get("rationale") or None,
        constraint_mass=constraint_mass,
    )


def _permille(probability: float) -> int:
    return min(1000, max(0, round(1000 * probability)))


def _faces(
    report: Mapping[str, Any], chances: Mapping[Path, dict[str, float]], vocabulary: Vocabulary
) -> tuple[Face, ...]:
    """Return one face; none; or two of which neither is bound to the speaker."""
    count = report.get("faces", "one")
    unseen = tuple(vocabulary.reported_units)
    if count == "none":
        return ()
    if count == "several":
        return tuple(Face(id=i, speaker=False, unobservable=unseen) for i in ("f1", "f2"))
    units: list[ActionUnit] = []
    if "action_units" in report:
        letters = report["action_units"]
        unseen = tuple(c for c in vocabulary.reported_units if letters[f"au{c}"] == UNSEEN)
        for code in vocabulary.reported_units:
            chance = chances["action_units", f"au{code}"]
            present = {letter: chance.get(letter, 0.0) for letter in INTENSITY}
            if code not in unseen and sum(present.values()) >= WORST_UNIT:
                likely = max(present, key=lambda letter: present[letter])
                confidence = _permille(sum(present.values()))
                units.append(
                    ActionUnit(unit=code, intensity=INTENSITY[likely], confidence=confidence)
                )
    seen = {x: chances["expressions", x].get("yes", 0.0) for x in report.get("expressions", {})}
    claims = chances.get(("emotion",), {})
    best = sorted(claims, key=lambda emotion: (-claims[emotion], emotion))[:MOST_CLAIMS]
    return (
        Face(
            id="f1",
            action_units=tuple(units),
            unobservable=unseen,
            expressions=tuple(
                SeenExpression(expression=x, confidence=_permille(p))
                for x, p in seen.items()
                if p >= WORST_UNIT
            ),
            claims=tuple(
                Claim(emotion=e, confidence=_permille(claims[e]))
                for e in best
                if claims[e] >= WORST_CLAIM
            ),
        ),
    )


def _line(line: Mapping[str, Any], chances: Mapping[Path, dict[str, float]]) -> LineReading:
    def likely(*path: str) -> list[tuple[str, int]]:
        chance = chances[("line", *path)]
        return [(value, _permille(p)) for value, p in chance.items() if p >= WORST_UNIT]

    cues = {cue: chances["line", "cues", cue].get("yes", 0.0) for cue in line["cues"]}
    return LineReading(
        valence=tuple(LineValence(valence=v, confidence=c) for v, c in sorted(likely("valence"))),
        acts=tuple(LineAct(act=a, confidence=c) for a, c in sorted(likely("act")) if a != "none"),
        cues=tuple(
            LineCue(cue=cue, confidence=_permille(p)) for cue, p in cues.items() if p >= WORST_UNIT
        ),
    )
