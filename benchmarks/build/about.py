"""What a built set says of itself: the task, whose lines and faces are in it, and its files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from nesy.benchmarks.samples import Sample

VERSION = 1
LIMITS = (
    "No person read line and face together: interpretations are templates of Table 1. The rules "
    "hold Table 1 too, so that rules come nearer to these templates than a model does is by "
    "construction, and shows only that they are applied.",
    "Units and expressions of drawn faces are known because they were drawn, not because people "
    "see them.",
    "The embedded model was trained on faces of the same renderer (other people, lines without "
    "sense): its figures here say nothing of photographs.",
    "The tone of XED's lines is what people said of the words alone; of templates, their author's.",
    "XED's lines in train were shown to the reader minilm and to the learned weights.",
)
MEASURES = (
    *("wheel_f1", "rouge1", "rouge2", "rougeL", "bleu4", "cosine"),
    *("sentiment_positive", "sentiment_neutral", "sentiment_negative"),
    *("unit_f1", "expression_f1"),
)
LONDON = """## Photographs

DeBruine, L. & Jones, B. (2017). *Face Research Lab London Set* (Version 5). figshare.
doi:10.6084/m9.figshare.5047666.v5. CC BY 4.0, https://creativecommons.org/licenses/by/4.0/

Changed: cropped to the head, resized, made grey in the paper's form, a caption added. "Neutral" and
"smiling" are what the people were asked to do, not what they felt. They never said these lines.
"""
XED = """## Lines of XED

Öhman, E., Pàmies, M., Kajava, K. & Tiedemann, J. (2020). XED: A Multilingual Dataset for Sentiment
Analysis and Emotion Detection. COLING. github.com/Helsinki-NLP/XED, commit
76666d251f147cf518071bef4f8415dab6b96115. CC BY 4.0, https://creativecommons.org/licenses/by/4.0/

Changed: everyday lines chosen, blanks before marks removed. The texts are film subtitles collected
by OPUS (opensubtitles.org).
"""


def attribution(samples: Sequence[Sample], faces: Path | None) -> str:
    """Return whose lines and faces a set holds, as Markdown."""
    parts = ["# Whose lines and faces these are\n"]
    sources = Counter((s.slices["face"], s.slices["line"]) for s in samples)
    if any(face == "picture" for face, _ in sources):
        parts.append(LONDON if faces is None else _own(faces))
    if any(face == "drawn" for face, _ in sources):
        parts.append("## Drawn faces\n\nDrawn by nesy: nobody's face. Apache-2.0.\n")
    if any(line == "xed" for _, line in sources):
        parts.append(XED)
    if any(line == "template" for _, line in sources):
        parts.append("## Lines of templates\n\nWritten for nesy. Apache-2.0.\n")
    parts.append("Each row of `samples.jsonl` names its face and its line in `case.source`.\n")
    return "\n".join(parts)


def _own(faces: Path) -> str:
    """Say whose the user's pictures are, as far as their folder says."""
    found = next((faces / n for n in ("SOURCE.md", "LICENSE") if (faces / n).is_file()), None)
    said = found.read_text(encoding="utf-8", errors="replace")[:20_000] if found else ""
    quoted = "".join(f"> {line}\n" for line in said.splitlines())
    return f"## Pictures of the folder {faces.name}\n\nIts own licence holds.\n\n{quoted}"


def task(form: str, samples: Sequence[Sample], sha256: str, faces: Path | None) -> str:
    """Return ``task.toml``."""
    shown = {"paper": "grey, with the line as a caption", "plain": "in colour, without a caption"}
    source = "nesy bench build" + (f" --faces {faces.name}" if faces else "")
    values = {
        "name": "built",
        "version": VERSION,
        "title": f"{len(samples)} lines with faces, {shown[form]}",
        "asks": "What does a person mean who says this line with this face?",
        "measures": MEASURES,
        "cluster": "face",
        "licence": "CC BY 4.0 and Apache-2.0; see ATTRIBUTION.md",
        "source": source,
        "procedures": ("P1", "P2", "P3", "P5", "P14", "P18"),
        "rows": "samples.jsonl",
        "sha256": sha256,
        "limits": LIMITS,
    }
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[\n" + "".join(f"  {_toml(one)},\n" for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def write(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def content(files: Iterable[Path]) -> str:
    """Return the hash of the bytes of files, in the order of their names."""
    sha = hashlib.sha256()
    for path in sorted(files):
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]
