"""What of each picture is looked at, and whose face is the speaker's: ``nesy run --box --face``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nesy.perceive import Perceiver
    from nesy.trace import Case
    from nesy.vocabulary import Vocabulary


def looked_at(
    cases: Sequence[Case], form: str | None, face: str | None, box: str | None
) -> list[Case]:
    """Return the cases with what these options say; what they leave open, the case says.

    Raises NesyError N184 for a face or a box that is none.
    """
    said: dict[str, Any] = {}
    if form is not None:
        said["picture_form"] = form
    if face is not None:
        said["speaker_face"] = _face(face)
    if box is not None:
        said["box"] = _box(box)
    return [case.model_copy(update=said) if case.image is not None else case for case in cases]


def looking(spec: str, vocabulary: Vocabulary) -> Perceiver:
    """Return a perceiver by name that has Tesseract read the caption; raises MissingError N185."""
    from nesy import registry
    from nesy.caption import CaptionReader, tesseract

    reader = tesseract()
    return CaptionReader(registry.perceiver(spec, vocabulary), reader)


def _face(text: str) -> str | int:
    given = text.strip().lower()
    if given in ("left", "right"):
        return given
    if given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= 99:
        return int(given)
    why = "left and right are those of the picture, as you look at it"
    what, fix = f"{text[:40]!r} is no face", "write --face left, --face right or --face 2"
    raise NesyError(Diagnostic("N184", what, why, fix))


def _box(text: str) -> tuple[int, ...]:
    sides = [part.strip() for part in text.split(",")]
    if len(sides) == 4 and all(s.isascii() and s.isdigit() and len(s) <= 5 for s in sides):
        return tuple(map(int, sides))
    why = "it is the upper left corner, the width and the height, in pixels"
    what, fix = f"{text[:40]!r} is no box", "write --box 120,40,200,260"
    raise NesyError(Diagnostic("N184", what, why, fix))
