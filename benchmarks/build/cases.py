"""Write a case as a sample: what is known of it, and where each part comes from.

No person ever read line and face together. The interpretation is a *template* of Table 1; the units
are what was *drawn*, a photograph's pose what the person was asked for, and XED's labels are what
people said of the line alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from nesy.benchmarks.samples import Origin, Reference, Sample
from nesy.observation import Case

from .faces import Face, Repertoire
from .lines import Line
from .plan import OPPOSITE, Pairing

PICTURES = "pictures"
# What the caller declares in every case, so that norms are the same for all.
DECLARED = {
    "context": ("support",),
    "jurisdiction": ("eu",),
    "notice": ("ai", "emotion_recognition"),
}
XED = "XED (Öhman et al. 2020), CC BY 4.0"


def sample(pairing: Pairing, known: Repertoire) -> Sample:
    """Return the sample of a case; its picture is named from the folder of the set."""
    face, line = pairing.face, pairing.line
    whose = XED if line.source == "xed" else "a template of nesy"
    case = Case(
        id=pairing.id,
        image=f"{PICTURES}/{pairing.id}.png",
        line=line.text,
        declared=DECLARED,
        source=f"face: {face.source}; line: {whose}, {line.id}",
    )
    return Sample(
        id=pairing.id,
        case=case,
        reference=reference(face, line, known),
        groups={"face": face.group, "line": line.group},
        slices=slices(face, line, known),
        split=pairing.split,
    )


def reference(face: Face, line: Line, known: Repertoire) -> Reference:
    """Return what is known of a face with a line, each part with its origin."""
    emotions = known.emotions(face.wanted)
    seen: Origin = "drawn" if face.drawn else "posed"
    expected = {"line_valence": line.tone}
    origins: dict[str, Origin] = {"expressions": seen}
    origins["line_valence"] = "people" if line.emotions else "authors"
    if face.drawn:
        origins["units"] = seen
    else:
        expected["pose"], origins["pose"] = face.pose, "posed"
    if line.emotions:
        expected["line_emotions"], origins["line_emotions"] = ",".join(line.emotions), "people"
    if line.act:
        expected["line_act"], origins["line_act"] = line.act, "authors"
    return Reference(
        origin="template",
        emotions=emotions,
        texts=texts(face, line, emotions, known),
        texts_origin="template",
        units=tuple(sorted(face.units)) if face.units is not None else None,
        expressions=face.shown,
        expected=expected,
        origins=origins,
    )


def texts(face: Face, line: Line, emotions: Sequence[str], known: Repertoire) -> tuple[str, ...]:
    """Return the interpretation in words, short as in the paper and as sentences."""
    words = known.words
    named = either([words.phrase("emotion", name) for name in emotions], words="or")
    shown = either([words.phrase("expression", name) for name in face.wanted], words="and")
    told = f"The words sound {line.tone}. The face shows {shown or 'no expression'}"
    told += f", which may mean {named}." if face.wanted else "."
    if pairing_of(face, line, known) == "conflict":
        told += " The words and the face do not agree."
    return named, told


def either(names: Sequence[str], *, words: str) -> str:
    """Return names as a sentence lists them: ``joy, friendliness or politeness``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {words} {names[-1]}"


def pairing_of(face: Face, line: Line, known: Repertoire) -> str:
    """Return conflict for opposite tones, agree for the same one, else open."""
    tone = known.tone(face.wanted)
    if OPPOSITE.get(tone) == line.tone:
        return "conflict"
    return "agree" if tone == line.tone and tone in OPPOSITE else "open"


def slices(face: Face, line: Line, known: Repertoire) -> dict[str, str]:
    """Return what figures are also told by."""
    found = {
        "face": "drawn" if face.photo is None else "picture",
        "kind": face.kind,
        "pairing": pairing_of(face, line, known),
        "expressions": "+".join(face.wanted) or "none",
        "face_tone": known.tone(face.wanted),
        "length": line.length,
        "line": line.source,
        "domain": line.domain,
        "line_tone": line.tone,
    }
    if face.strength:
        found["strength"] = face.strength
    return found | face.facts
