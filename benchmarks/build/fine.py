"""Make the task `fine`, the paper's demonstration: ``python -m nesy.benchmarks.build.fine``.

One line, "I'm fine.", with every face of the demo that says it, and without one. What a face is to
mean is a template of Table 1, as in a built set.
"""

from __future__ import annotations

from pathlib import Path

from nesy import resources, strict_json, vocabulary
from nesy.benchmarks.demo.cases import extra, load
from nesy.benchmarks.samples import Reference, Sample
from nesy.trace import Case
from nesy.vocabulary import Vocabulary

from . import about, photos
from .cases import reference
from .faces import Face, Repertoire, meant
from .lines import Line

LINE = Line("fine", "I'm fine.", "template", "test", "neutral", "fine", "fine", act="statement")
PICTURES = "../../demo"


def samples(words: Vocabulary) -> list[Sample]:
    """Return the samples, the words alone first."""
    known = Repertoire(words)
    given = {f"faces/{f.photo.name}": f for f in photos.shipped(words) if f.photo}
    asked = [case for case in load() if case.line == LINE.text]
    return [_sample(case, given.get(case.image or ""), known) for case in asked]


def _sample(case: Case, photo: Face | None, known: Repertoire) -> Sample:
    face = photo or _drawn(case, known)
    said = Reference(origin="authors", expected={"line_valence": LINE.tone, "line_act": LINE.act})
    slices = {"face": "none" if face is None else "picture" if photo else "drawn"}
    if face is not None:
        said = reference(face, LINE, known)
        slices |= {"expressions": "+".join(face.wanted) or "none", **face.facts}
    image = f"{PICTURES}/{case.image}" if case.image else None
    return Sample(
        id=case.id,
        case=Case(
            id=case.id, image=image, line=case.line, declared=case.declared, source=case.source
        ),
        reference=said,
        groups={"face": face.group if face else "none", "line": LINE.group},
        slices=slices,
    )


def _drawn(case: Case, known: Repertoire) -> Face | None:
    units = extra(case, "drawn")
    if not isinstance(units, list):
        return None
    shown = dict.fromkeys((int(unit) for unit in units), 1.0)
    face = Face(f"drawn_{case.id}", "test", (), "drawn by nesy", shown)
    return Face(face.group, face.split, meant(face.shown, known.words), face.source, shown)


def main() -> None:
    """Write the rows of the task."""
    made = samples(vocabulary.load())
    text = "".join(strict_json.dumps(sample.model_dump()) + "\n" for sample in made)
    about.write(Path(resources.folder("benchmarks")) / "tasks" / "fine" / "samples.jsonl", text)


if __name__ == "__main__":
    main()
