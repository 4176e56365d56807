"""Read the text inside a picture with Tesseract and set it against the line (an option).

What it says stands in place of the model's own word on the caption; both are in the Trace. The text
is a quotation: nothing but whether it is that of the line reaches the rules.

Source: Smith 2007, An overview of the Tesseract OCR engine. The cut of 0.7 is a house one: on 8
shipped faces in the paper's form the line's own letters matched at 0.92 and more, another's at 0.47
and less, and on the pictures without a caption nothing was found.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.shown import picture_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from nesy.observation import Case, Observation
    from nesy.perceive import Perceiver

SAME = 0.7
LEAST_CONFIDENCE = 60  # of a word, in per cent
LEAST_LETTERS = 3
LONGEST = 300  # of the text, as the Trace keeps it
SECONDS = 60
# A printed line in a small picture is read more surely when it is twice as large.
SMALL = 1200


class CaptionReader:
    """A Perceiver that looks as another does, and has Tesseract read the caption as well."""

    def __init__(self, perceiver: Perceiver) -> None:
        if importlib.util.find_spec("pytesseract") is None or shutil.which("tesseract") is None:
            what = "Tesseract is not installed here"
            why = "the text inside pictures is read with it"
            fix = "apt install tesseract-ocr; pip install 'nesy[ocr]'"
            raise MissingError(Diagnostic("N185", what, why, fix))
        self.perceiver = perceiver

    def describe(self) -> dict[str, Any]:
        """Return what the perceiver is that looks."""
        return self.perceiver.describe()

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield what the perceiver reports, with the caption as Tesseract reads it."""
        answers = self.perceiver.perceive(cases, seed=seed)
        for case, answer in zip(cases, answers, strict=True):
            if isinstance(answer, NesyError) or case.image is None:
                yield answer
                continue
            try:
                yield _told(case, answer)
            except NesyError as error:
                yield error


def _told(case: Case, seen: Observation) -> Observation:
    # The picture's own text: a line printed here by the paper's form says nothing new.
    plain = case.model_copy(update={"picture_form": None})
    text = text_in(picture_of(plain))
    found = {"by": "tesseract", "text": text[:LONGEST], "perceiver": seen.caption}
    told = seen.model_dump() | {"caption": against(text, case.line), "caption_read": found}
    return type(seen).model_validate(told)


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


def against(text: str, line: str) -> Literal["same", "differs"] | None:
    """Tell whether a text is that of the line; None where there is none, or no line.

    >>> against("I'm tine", "I'm fine.")
    'same'
    """
    one, other = _letters(text), _letters(line)
    if len(one.replace(" ", "")) < LEAST_LETTERS or not other:
        return None
    alike = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return "same" if alike >= SAME else "differs"


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
