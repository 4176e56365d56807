"""Tell smiling from neutral faces of strangers by textbook methods: what the photographs allow.

    python -m nesy.adapters.embedded.strangers --photos DIR

Of the people that the embedded model learns from, a fifth at a time is left out; those kept apart
are not looked at. Histograms of oriented gradients: Dalal & Triggs 2005.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from nesy.diagnostics import Diagnostic, MissingError, NesyError

from .transfer import check_pictures, kept_apart, level, photographs

# What is looked at of a levelled photograph (left, top, right, bottom), how wide, by what cells.
VIEWS = {
    "face, 88 pixels": ((110, 240, 370, 544), 88, (8, 12)),
    "face, 130 pixels": ((110, 240, 370, 544), 130, (8, 12, 16)),
    "face, 176 pixels": ((110, 240, 370, 544), 176, (12, 16, 24)),
    "mouth, 88 pixels": ((150, 390, 326, 520), 88, (8, 12)),
}
FOLDS, DRAWS = 5, 6
ANGLES = 9
Method = Callable[[], Any]


def gradients(image: Image.Image, cell: int) -> np.ndarray:
    """Return the histograms of oriented gradients of a picture, in blocks of two by two cells."""
    grey = np.asarray(image.convert("L"), np.float32)
    along, across = np.gradient(grey)
    size = np.hypot(along, across)
    angle = (np.arctan2(along, across) % np.pi) / np.pi * ANGLES
    high, wide = grey.shape[0] // cell, grey.shape[1] // cell
    inside = np.s_[: high * cell, : wide * cell]
    rows, columns = np.mgrid[inside] // cell
    first, share = np.floor(angle).astype(int), angle - np.floor(angle)
    cells = np.zeros((high, wide, ANGLES), np.float32)
    np.add.at(cells, (rows, columns, first[inside] % ANGLES), (size * (1 - share))[inside])
    np.add.at(cells, (rows, columns, (first[inside] + 1) % ANGLES), (size * share)[inside])
    corners = (cells[:-1, :-1], cells[1:, :-1], cells[:-1, 1:], cells[1:, 1:])
    blocks = np.concatenate(corners, -1)
    for least in (1.0, 1e-3):  # clipped between, so that no single edge counts for most
        blocks = np.minimum(blocks / np.sqrt((blocks**2).sum(-1, keepdims=True) + least), 0.2)
    return blocks.ravel()


def seen(images: list[Image.Image], view: str) -> list[np.ndarray]:
    """Return what a view shows of levelled photographs, an array (n, features) for each cell."""
    box, wide, sizes = VIEWS[view]
    size = (wide, round(wide * (box[3] - box[1]) / (box[2] - box[0])))
    small = [image.crop(box).resize(size, Image.Resampling.BOX) for image in images]
    return [np.stack([gradients(image, cell) for image in small]) for cell in sizes]


def methods() -> dict[str, Method]:
    """Return the classifiers by name; raises NesyError N902 where scikit-learn is not there."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import SVC
    except ImportError as error:
        what, fix = "the classifiers need scikit-learn", "pip install 'nesy[bench]'"
        raise MissingError(Diagnostic("N902", what, str(error), fix)) from error
    return {
        "logistic": lambda: LogisticRegression(C=1.0, max_iter=3000),
        "logistic, C 0.1": lambda: LogisticRegression(C=0.1, max_iter=3000),
        "support vectors": lambda: SVC(C=3.0, gamma="scale"),
    }


def left_out(
    method: Method,
    views: list[tuple[np.ndarray, np.ndarray]],
    smiling: np.ndarray,
    people: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Return each photograph's score, above zero for a smile, learnt from other people's.

    ``views`` are arrays (n, features) with those of the mirrored photographs, which are learnt too.
    """
    order = np.random.default_rng(seed).permutation(np.unique(people))
    scores = np.zeros(len(smiling))
    for fold in range(FOLDS):
        out = np.isin(people, order[fold::FOLDS])
        for plain, mirrored in views:
            learnt = np.concatenate([plain[~out], mirrored[~out]])
            fitted = method().fit(learnt, np.tile(smiling[~out], 2))
            scores[out] += fitted.decision_function(plain[out])
    return scores


def table(photos: Path) -> dict[str, Any]:
    """Return how many of the photographs are told right, by view and method; raises N186, N902."""
    check_pictures(photos, None)
    ways = methods()
    rows = list(photographs(photos, lambda person: not kept_apart(person)))
    smiling = np.array([not row.known for row in rows])
    people = np.array([row.person for row in rows])
    count = len(np.unique(people))
    least = min(len(np.unique(people[smiling])), len(np.unique(people[~smiling])))
    if least <= -(-count // FOLDS):  # a fold could leave out all that smile
        what = f"{least} people are too few to learn a pose from, of {count}"
        why = f"a pose must be shown by more people than one of {FOLDS} folds leaves out"
        fix = "name a folder with more people, each smiling and neutral"
        raise NesyError(Diagnostic("N186", what, why, fix))
    images = level([row.image for row in rows])
    turned = [ImageOps.mirror(image) for image in images]
    found: dict[str, Any] = {"people": count, "photographs": len(rows)}
    for view in VIEWS:
        views = list(zip(seen(images, view), seen(turned, view), strict=True))
        for name, method in ways.items():
            draws = [left_out(method, views, smiling, people, seed) for seed in range(DRAWS)]
            right = [float(((scores > 0) == smiling).mean()) for scores in draws]
            missed = [float((scores[smiling] <= 0).mean()) for scores in draws]
            found[f"{view}: {name}"] = {
                "accuracy": round(float(np.mean(right)), 3),
                "lowest": round(min(right), 3),
                "highest": round(max(right), 3),
                "smiles_missed": round(float(np.mean(missed)), 3),
            }
            sys.stderr.write(f"{view}: {name}: {np.mean(right):.3f}\n")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the table goes to standard output as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.adapters.embedded.strangers", description=__doc__
    )
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photographs")
    try:
        found = table(parser.parse_args(arguments).photos)
    except NesyError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
