"""Make the picture of a case: as in the paper (grey, with the line as its caption), or plain."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from nesy.adapters.embedded.faces import render
from nesy.adapters.embedded.faces.scene import sample_scene
from nesy.picture_form import SIZE, STRIP, captioned, fitted

from .faces import Face

Form = Literal["paper", "plain"]
FORMS: tuple[Form, ...] = ("paper", "plain")
COMPRESSION = 6  # 9 is six times slower and saves 6 % of the bytes
COLOURS = 128  # of a plain picture, as the demo's


def draw(face: Face, seed: int, line: str, form: Form) -> Image.Image:
    """Return the picture of a face with a line; the same arguments draw the same pixels."""
    grey = form == "paper"
    room = (SIZE[0], SIZE[1] - STRIP) if grey else SIZE
    if face.photo is not None:
        with Image.open(face.photo) as opened:
            picture = fitted(opened, room)
    else:
        # Grain of a camera would make each file ten times as large and tell nothing of the face.
        scene = sample_scene(np.random.default_rng([37, seed]), SIZE, grey)
        scene = replace(scene, noise=0.0, grey=grey)
        picture = render(face.units or {}, face.identity, size=SIZE, seed=seed, scene=scene)
    return captioned(picture, line) if grey else picture.convert("RGB").quantize(COLOURS)


def write(picture: Image.Image, path: Path) -> int:
    """Write a PNG file, whole or not at all; return its bytes."""
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=COMPRESSION)
    part = path.with_suffix(".part")
    part.write_bytes(data.getvalue())
    part.replace(path)
    return len(data.getvalue())
