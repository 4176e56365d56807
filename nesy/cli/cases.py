"""What ``nesy run`` and ``nesy perceive`` are given: a picture, a folder of pictures, or a case file."""

from __future__ import annotations

from pathlib import Path

from nesy.diagnostics import Diagnostic, NesyError
from nesy.journal import unique
from nesy.trace import Case, read_traces

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
CASES = frozenset({".json", ".jsonl"})


def cases_of(
    given: Path | None, line: str | None, declared: dict[str, tuple[str, ...]]
) -> list[Case]:
    """Return the cases; a picture named in a case file is found beside that file.

    Raises NesyError N116 (nothing to read) or what the file's own reader raises.
    """
    if given is None:
        if line is None:
            what = "there is neither a picture nor a line"
            fix = "nesy run face.png --line \"I'm fine\""
            raise NesyError(Diagnostic("N116", what, "there is nothing to read", fix))
        return [Case(id="line", line=line, declared=declared)]
    if given.is_dir():
        pictures = sorted(p for p in given.iterdir() if p.suffix.lower() in PICTURES)
        if not pictures:
            what = "this folder holds no picture"
            why = f"looked for {', '.join(sorted(PICTURES))}"
            raise NesyError(Diagnostic("N116", what, why, "name another folder", str(given)))
        return [
            Case(id=p.name, image=str(p), line=line or "", declared=declared) for p in pictures
        ]
    if given.suffix.lower() in CASES:
        found = [trace.case for trace in read_traces(given)]
        return unique([_beside(case, given.parent, line, declared) for case in found], str(given))
    return [Case(id=given.name, image=str(given), line=line or "", declared=declared)]


def _beside(
    case: Case, folder: Path, line: str | None, declared: dict[str, tuple[str, ...]]
) -> Case:
    image = case.image
    if image is not None and not Path(image).is_absolute():
        image = (folder / image).as_posix()
    return case.model_copy(
        update={
            "image": image,
            "line": case.line if line is None else line,
            "declared": {**case.declared, **declared},
        }
    )
