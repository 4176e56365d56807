"""Set the text inside a picture against the line: what a reader reads there, and what it makes.

The text is a quotation: nothing but whether it is that of the line reaches the rules. What
Tesseract reads (an option) stands in place of the model's own word; both are in the Trace.

Source: Smith 2007, An overview of the Tesseract OCR engine. The cut of 0.7 is a house one: on 8
shipped faces in the paper's form the line's own letters matched at 0.92 and more, another's at 0.47
and less, and on the pictures without a caption nothing was found.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.same_text import against
from nesy.shown import picture_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from nesy.observation import Case, Observation
    from nesy.perceive import Perceiver

LEAST_CONFIDENCE = 60  # of a word, in per cent
LONGEST = 300  # of the text, as the Trace keeps it
SECONDS = 60
# A printed line in a small picture is read more surely when it is twice as large.
SMALL = 1200


@dataclass(frozen=True, slots=True)
class TextReader:
    """Who reads the text in a picture: a name, and what it does.

    ``own`` is the model's own reader: where it reads nothing, nothing is said.
    """

    name: str
    read: Callable[[Image], str]
    own: bool = False

    def told(self, case: Case, seen: Observation) -> Observation:
        """Return an observation with the caption as it is read here; raises what `picture_of` does.

        It is the picture's own text: a line that nesy prints there by a form says nothing new.
        """
        text = self.read(picture_of(case.model_copy(update={"picture_form": None})))
        if self.own and not text:
            return seen
        found = {"by": self.name, "text": text[:LONGEST], "perceiver": seen.caption}
        told = {"caption": against(text, case.line), "caption_read": found}
        return seen.model_copy(update=told)

    def all_told(
        self, cases: Sequence[Case], answers: Iterator[Observation | NesyError]
    ) -> Iterator[Observation | NesyError]:
        """Yield what a perceiver reports of each case, with the caption as it is read here."""
        for case, answer in zip(cases, answers, strict=True):
            if isinstance(answer, NesyError) or case.image is None:
                yield answer
                continue
            try:
                yield self.told(case, answer)
            except NesyError as error:
                yield error


class CaptionReader:
    """A Perceiver that looks as another does, and has the caption read as well."""

    def __init__(self, perceiver: Perceiver, reader: TextReader) -> None:
        self.perceiver, self.reader = perceiver, reader

    def describe(self) -> dict[str, Any]:
        """Return what the perceiver is that looks, and who reads."""
        return self.perceiver.describe() | {"caption_reader": self.reader.name}

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield what the perceiver reports, with the caption as the reader reads it."""
        yield from self.reader.all_told(cases, self.perceiver.perceive(cases, seed=seed))


def tesseract() -> TextReader:
    """Return Tesseract; raises MissingError N185 where it is not installed."""
    if importlib.util.find_spec("pytesseract") is None or shutil.which("tesseract") is None:
        what = "Tesseract is not installed here"
        why = "the text inside pictures is read with it"
        fix = "apt install tesseract-ocr; pip install 'nesy[ocr]'"
        raise MissingError(Diagnostic("N185", what, why, fix))
    return TextReader("tesseract", text_in)


def text_in(image: Image) -> str:
    """Return the words in a picture that Tesseract is sure of, in its order."""
    import pytesseract  # type: ignore[import-untyped, import-not-found, unused-ignore]

    grey = image.convert("L")
    if max(grey.size) < SMALL:
        grey = grey.resize((2 * grey.width, 2 * grey.height))
    try:
        found = pytesseract.image_to_data(
            grey, config="--psm 3", output_type=pytesseract.Output.DICT, timeout=SECONDS
        )
    except (pytesseract.TesseractError, RuntimeError) as error:
        what, why = "Tesseract could not read the picture", " ".join(str(error).split())[:200]
        fix = "leave --read-caption out"
        raise NesyError(Diagnostic("N185", what, why, fix)) from error
    pairs = zip(found["text"], found["conf"], strict=True)
    return " ".join(word.strip() for word, sure in pairs if float(sure) >= LEAST_CONFIDENCE).strip()
