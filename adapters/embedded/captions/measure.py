"""Measure the reader of captions on lines, faces, sizes and fonts that training never saw.

    python -m nesy.adapters.embedded.captions.measure [--weights DIR] [--count N]

Writes DIR/metrics.json and prints it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from nesy import picture, resources
from nesy.diagnostics import Diagnostic, NesyError
from nesy.picture_form import check_caption, paper
from nesy.same_text import against, distance

from ..faces import backdrop
from ..faces.render import render
from ..faces.sample import sample_case
from . import WEIGHTS, fonts
from .alphabet import written
from .drawing import HELD_OUT_SIZES, SIZES, caption
from .lines import held_out, lexicon, sampled, spoken
from .reading import Reader

FIRST = 910_000_000  # the first seed, of pictures and of lines; 900_000_000 was looked at before
PEOPLE = range(300_000, 301_000)  # drawn for nothing else
NOISE, FACES = 25.0, 40
FLIPPED = {
    "is": "isn't", "isn't": "is", "can't": "can", "do": "don't", "don't": "do", "was": "wasn't",
    "won't": "will", "didn't": "did", "did": "didn't", "have": "haven't", "never": "always",
    "all": "none", "any": "no", "nothing": "everything",
}  # fmt: skip

Drawing = Callable[[Image.Image, str, np.random.Generator], Image.Image]


def figures(reader: Reader, count: int) -> dict[str, Any]:
    """Return every figure, each of ``count`` lines or pictures."""
    faces = [_face(FIRST + at) for at in range(FACES)]
    found: dict[str, Any] = {"lines": count}
    ways: dict[str, Drawing] = {"paper's form": on_paper, "drawn caption": on_strip}
    for name, way in ways.items():
        for noise in (0.0, NOISE):
            key = f"{name}, noise {noise:.0f}" if noise else name
            found[key] = read(reader, faces, way, noise, count)
    sizes = [size for size in HELD_OUT_SIZES if size not in SIZES]
    found["sizes held out"] = rows(reader, [fonts.PILLOW], sizes, count)
    if names := [name for name in fonts.HELD_OUT if name in fonts.installed()]:
        found["fonts held out"] = rows(reader, names, list(SIZES), count)
    found["nothing printed"] = nothing(reader, count)
    return found


def read(
    reader: Reader, faces: list[Image.Image], way: Drawing, noise: float, count: int
) -> dict[str, float]:
    """Return how well lines printed this way are read and told from others."""
    rng = np.random.default_rng(FIRST)
    letters = wrong = exact = 0
    told: dict[str, list[bool]] = {}
    used = 0.0
    for at in range(count):
        line, shown = printed(rng, faces[at % len(faces)], way)
        shown = noisy(shown, noise, rng)
        before = time.process_time()
        said = reader(shown)
        used += time.process_time() - before
        letters, wrong = letters + len(line), wrong + distance(said, line)
        exact += said == line
        for kind, (other, true) in others(line, rng).items():
            told.setdefault(kind, []).append(against(said, other) == true)
    alike = {kind: round(float(np.mean(right)), 4) for kind, right in told.items()}
    answers = [each for right in told.values() for each in right]
    return {
        "character_error_rate": round(wrong / letters, 5),
        "exact": round(exact / count, 4),
        "told_right": round(float(np.mean(answers)), 4),
        **alike,
        "cpu_ms": round(1000 * used / count, 1),
    }


def printed(rng: np.random.Generator, face: Image.Image, way: Drawing) -> tuple[str, Image.Image]:
    """Return a line of words held out from training and a face with it, where it fits."""
    while True:
        line = written(spoken(rng))
        if not held_out(line) or len(line.split()) < 3:
            continue
        try:
            return line, way(face, line, rng)
        except NesyError:
            continue


def others(line: str, rng: np.random.Generator) -> dict[str, tuple[str, str]]:
    """Return lines to set the caption against, by kind, and what is true of each."""
    words = line.split()
    at = int(rng.integers(len(words)))
    before, after = words[:at], words[at + 1 :]
    found = {
        "same": (line, "same"),
        "another": (spoken(rng), "differs"),
        "one word changed": (" ".join([*before, str(rng.choice(lexicon())), *after]), "differs"),
        "negated": (negated(words, at), "differs"),
    }
    if sum(sign.isalnum() for sign in words[at]) > 1:
        found["one word dropped"] = (" ".join([*before, *after]), "differs")
    return found


def negated(words: list[str], at: int) -> str:
    """Return words that say the opposite: a verb turned, a "not" taken out or put in here."""
    turned = [FLIPPED.get(word.lower(), word) for word in words]
    if turned != words:
        return " ".join(turned)
    if "not" in words:
        return " ".join(word for word in words if word != "not")
    return " ".join([*words[:at], "not", *words[at:]])


def on_paper(face: Image.Image, line: str, rng: np.random.Generator) -> Image.Image:
    """Return a face in the paper's form; raises NesyError N181 where the line does not fit."""
    del rng
    return paper(face, line)


def on_strip(face: Image.Image, line: str, rng: np.random.Generator) -> Image.Image:
    """Return a face with the caption that the embedded model's renderer draws.

    That drawing cuts long lines off and has boxes for signs that Pillow's font lacks; raises
    NesyError N181 for a line that it cannot show.
    """
    del rng
    check_caption(line)
    shown = face.copy()
    backdrop.caption(shown, line)
    letters = fonts.font(fonts.PILLOW, backdrop.caption_points(face.size, line))
    if letters.getlength(line) > face.width - 8 or len(line) > backdrop.LONGEST:
        raise NesyError(Diagnostic("N181", "the line does not fit", "it is too long", "a shorter"))
    return shown


def noisy(shown: Image.Image, sigma: float, rng: np.random.Generator) -> Image.Image:
    """Return a picture with Gaussian noise on every channel."""
    if not sigma:
        return shown
    pixels = np.asarray(shown, dtype=np.float32)
    worn = pixels + sigma * rng.standard_normal(pixels.shape, dtype=np.float32)
    return Image.fromarray(np.clip(worn, 0, 255).astype(np.uint8))


def rows(reader: Reader, names: list[str], sizes: list[int], count: int) -> dict[str, float]:
    """Return how well any held-out line is read in these fonts and sizes, in one or two rows."""
    rng = np.random.default_rng(FIRST + 1)
    letters = wrong = exact = 0
    for _ in range(count):
        name, points = str(rng.choice(names)), int(rng.choice(sizes))
        drawn = caption(sampled(rng, learnt=False), name, points, 536, rng)
        line = " ".join(drawn.rows)
        said = reader(drawn.picture)
        letters, wrong = letters + len(line), wrong + distance(said, line)
        exact += said == line
    return {
        "character_error_rate": round(wrong / max(1, letters), 5),
        "exact": round(exact / count, 4),
    }


def nothing(reader: Reader, count: int) -> dict[str, float]:
    """Return the share of pictures without a caption in which nothing is read, by kind."""
    drawn = [reader(_face(FIRST + 10_000 + at)) == "" for at in range(count)]
    empty = [reader(backdrop.no_face((536, 373), FIRST + at)) == "" for at in range(count)]
    shipped = [reader(picture.open_picture(path)) == "" for path in _shipped()]
    return {
        "drawn faces": round(float(np.mean(drawn)), 4),
        "no face": round(float(np.mean(empty)), 4),
        f"the {len(shipped)} pictures that ship": round(float(np.mean(shipped)), 4),
    }


def _shipped() -> list[str]:
    """Return the shipped pictures: drawn faces and photographs, none with a caption."""
    base = resources.folder("benchmarks")
    folders = (base / "demo" / "faces", base / "tasks" / "darwin" / "pictures")
    found = [p for folder in folders for p in sorted(folder.iterdir())]
    return [str(path) for path in found if path.suffix in (".png", ".jpg")]


def _face(seed: int) -> Image.Image:
    case = sample_case(seed, PEOPLE)
    return render(case.units, case.identity, size=case.size, seed=seed, faces=case.faces)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.adapters.embedded.captions.measure", description=__doc__
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--count", type=int, default=500, help="lines, or pictures, of a figure")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    found = figures(Reader(given.weights / "model.safetensors"), given.count)
    text = json.dumps(found, indent=2) + "\n"
    (given.weights / "metrics.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
