"""EmotionML 1.0: what any tool said of emotions, as claims; what nesy exported is read back.

A category's ``confidence`` is kept; one without is asserted, and counts as certain. ``value`` says
how strong an emotion is and not how sure, and is not read. A name of a foreign vocabulary must be
an emotion of the ontology, or an alias that means one emotion only. An emotion that was expressed
through other channels than the face is not this perceiver's to tell, and is left out.

Source: W3C, Emotion Markup Language (EmotionML) 1.0, Recommendation 22 May 2014.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree

from nesy import strict_json
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.export import emotionml
from nesy.trace import Claim, Face, Observation

from .tool_files import Shot, ToolFile, faces, files_of, permille

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nesy.trace import Case
    from nesy.vocabulary import Vocabulary

NAME = "emotionml"


def create(model: str | None, vocabulary: Vocabulary) -> ToolFile:
    """Read an EmotionML document, or a folder of them.

    Raises NesyError N103 (no file named), N112 (unreadable), N641 (not EmotionML), N147 (a name
    without counterpart).
    """
    files = files_of(NAME, model, ".xml")
    shots = [shot for file in files for shot in _shots(file, vocabulary)]
    described = {
        "name": NAME,
        "model": str(model),
        "licence": "that of the document",
        "needs": [],
        "reports": ["faces", "emotion"],
    }
    return ToolFile(described, shots, partial(_observe, vocabulary))


def cases(model: str | None, vocabulary: Vocabulary) -> Iterator[Case]:
    """Yield a case for each picture of the document."""
    return create(model, vocabulary).cases()


def _shots(file: Path, vocabulary: Vocabulary) -> Iterator[Shot]:
    """Yield the pictures that emotions refer to; those that refer to none are of one picture."""
    text = strict_json.read_text(file)
    read = _placed(file, text, vocabulary)
    aliases = _aliases(vocabulary)
    pictures: dict[str, list[dict[str, float]]] = defaultdict(list)
    emotions = ElementTree.fromstring(text).iter(f"{{{emotionml.NAMESPACE}}}emotion")
    for emotion, said in zip(emotions, read.values(), strict=True):
        through = emotion.get("expressed-through", "face").split()
        if said and "face" in through:
            named = {aliases.get(name.casefold(), name): share for name, share in said.items()}
            pictures[_picture(emotion) or ""].append(named)
    known = vocabulary.emotions
    if unknown := {n for found in pictures.values() for said in found for n in said} - set(known):
        raise NesyError(
            Diagnostic(
                "N147",
                f"no emotion is called {name[:40]!r}",
                "it is no emotion of the ontology, nor an alias of one alone",
                nearest(name, [*known, *aliases]),
                str(file),
            )
            for name in sorted(unknown)
        )
    for image, found in (pictures or {"": []}).items():
        yield Shot(str(file), image or str(file), None, tuple(found), bool(image))


def _placed(file: Path, text: str, vocabulary: Vocabulary) -> emotionml.Readings:
    """Return what a document says; its faults name the file."""
    try:
        return emotionml.read(text, vocabulary)
    except NesyError as error:
        raise NesyError(
            Diagnostic(fault.code, fault.what, fault.why, fault.fix, str(file))
            for fault in error.diagnostics
        ) from error


def _picture(emotion: ElementTree.Element) -> str | None:
    """Return the picture an emotion is expressed by, as its path."""
    for reference in emotion.iter(f"{{{emotionml.NAMESPACE}}}reference"):
        if reference.get("role", "expressedBy") == "expressedBy":
            return unquote(reference.get("uri", ""))
    return None


def _aliases(vocabulary: Vocabulary) -> dict[str, str]:
    """Return foreign name → emotion, of the names that mean the same in every scheme."""
    meant: dict[str, set[str]] = defaultdict(set)
    for emotion in vocabulary.emotions.values():
        meant[emotion.id.casefold()] = {emotion.id}
    for emotion in vocabulary.emotions.values():
        for alias in emotion.all("alias"):
            name = alias.partition(":")[2].casefold()
            if name not in vocabulary.emotions:
                meant[name].add(emotion.id)
    return {name: next(iter(ids)) for name, ids in meant.items() if len(ids) == 1}


def _observe(words: Vocabulary, shot: Shot) -> Observation:
    found = [
        Face(
            id="f1",
            unobservable=words.reported_units,
            claims=tuple(
                Claim(emotion=emotion, confidence=permille(share))
                for emotion, share in said.items()
            ),
        )
        for said in shot.records
    ]
    return Observation(perceiver=NAME, faces=faces(found, shot))
