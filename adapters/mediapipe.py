"""MediaPipe's FaceLandmarker, looking at each picture here: needs its package and its model file.

Its blendshapes become units as those of a file do (shapes.py). It has been run here up to loading
a model, and not with its model, which no package carries.

Source: MediaPipe Tasks, vision.FaceLandmarker (FaceLandmarkerOptions, FaceLandmarkerResult).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.shown import picture_of
from nesy.trace import Case, Face, Observation

from .shapes import Found, faces_of, known_shapes
from .tool_files import boxed

if TYPE_CHECKING:
    from nesy.observation import Box
    from nesy.vocabulary import Vocabulary

NAME = "mediapipe"
# Of the faces in a picture; who speaks among more, no --face could tell.
MOST_FACES = 10


def create(model: str | None, vocabulary: Vocabulary) -> Landmarker:
    """Load the model file FACE_LANDMARKER.task.

    Raises MissingError N901 (no such file) and N902 (no package), NesyError N180 (not a model).
    """
    if importlib.util.find_spec("mediapipe") is None:
        what = "the adapter mediapipe needs a package that is not installed"
        why, fix = "MediaPipe looks at the picture", "pip install 'nesy[mediapipe]'"
        raise MissingError(Diagnostic("N902", what, why, fix))
    file = Path(model or "")
    if not model or not file.is_file():
        what = "the adapter mediapipe needs MediaPipe's model file"
        why = f"{model} is not a file" if model else "its package does not carry it"
        fix = "fetch face_landmarker.task from Google and write --with mediapipe:FILE.task"
        raise MissingError(Diagnostic("N901", what, why, fix))
    return Landmarker(_loaded(file), file.name, vocabulary)


def _loaded(file: Path) -> Any:
    # Untyped where it is installed, and absent where this is checked.
    from mediapipe.tasks.python import (  # type: ignore[import-not-found, unused-ignore]
        BaseOptions,
        vision,
    )

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(file.resolve())),
        output_face_blendshapes=True,
        num_faces=MOST_FACES,
    )
    try:
        return vision.FaceLandmarker.create_from_options(options)
    except (OSError, RuntimeError, ValueError) as error:
        what = "MediaPipe cannot load this as a face landmarker"
        why = " ".join(str(error).split())[:200]
        fix = "name face_landmarker.task, as Google publishes it"
        raise NesyError(Diagnostic("N180", what, why, fix, str(file))) from error


class Landmarker:
    """A Perceiver over MediaPipe's FaceLandmarker."""

    def __init__(self, task: Any, name: str, vocabulary: Vocabulary) -> None:
        self.task = task
        self.name = name
        self.vocabulary = vocabulary
        self.known = known_shapes(vocabulary)

    def describe(self) -> dict[str, Any]:
        """Return what this perceiver is."""
        return {
            "name": NAME,
            "model": self.name,
            "licence": "Apache-2.0",
            "needs": ["mediapipe"],
            "reports": ["faces", "action_units"],
        }

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield what MediaPipe finds in each picture, or what is wrong with the picture."""
        del seed  # it draws nothing at random
        for case in cases:
            try:
                yield self._seen(case)
            except NesyError as error:
                yield error

    def _seen(self, case: Case) -> Observation:
        import mediapipe  # type: ignore[import-not-found, unused-ignore]

        image = picture_of(case)
        pixels = np.ascontiguousarray(image)
        shown = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        found = self.task.detect(shown)
        corner = case.box[:2] if case.box is not None and case.picture_form != "paper" else (0, 0)
        return observed(found, self.vocabulary, self.known, image.size, corner)


def observed(
    result: Any,
    words: Vocabulary,
    known: frozenset[str],
    size: tuple[int, int],
    corner: tuple[int, int] = (0, 0),
) -> Observation:
    """Return a FaceLandmarkerResult as an Observation; of several faces none is bound to the line.

    ``size`` is the picture's in pixels, ``corner`` where it was cut out of a larger one.
    """
    listed = [
        [{"categoryName": each.category_name, "score": each.score} for each in shapes]
        for shapes in result.face_blendshapes
    ]
    # Its floats of 32 bit may end a hair above 1.
    for each in (category for shapes in listed for category in shapes):
        each["score"] = min(1.0, max(0.0, float(each["score"])))
    records = [Found(shapes, number, 1) for number, shapes in enumerate(listed, 1)]
    faces = faces_of(words, known, records, NAME)
    if len(faces) < len(records):
        what, why = "MediaPipe found a face and told no shape of it", "its answer is not whole"
        raise NesyError(Diagnostic("N180", what, why, "name a face_landmarker.task with them"))
    boxes = [_box(points, size, corner) for points in result.face_landmarks]
    told: list[Face] = []
    for number, face in enumerate(faces, 1):
        box = boxes[number - 1] if len(boxes) == len(faces) else None
        known_of = {"id": f"f{number}", "speaker": len(faces) == 1, "box": box}
        told.append(face.model_copy(update=known_of))
    return Observation(perceiver=NAME, faces=tuple(told))


def _box(points: Sequence[Any], size: tuple[int, int], corner: tuple[int, int]) -> Box | None:
    """Return the smallest box around landmarks, which are shares of the picture's sides."""
    if not points:
        return None
    across, down = ([getattr(point, axis) for point in points] for axis in ("x", "y"))
    left, top = min(across) * size[0], min(down) * size[1]
    wide, high = max(across) * size[0] - left, max(down) * size[1] - top
    return boxed((left + corner[0], top + corner[1], wide, high))
