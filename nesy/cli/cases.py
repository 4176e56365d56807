"""What ``nesy run`` and ``nesy perceive`` are given: a picture, a folder, or a case file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nesy.cli import options
from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.trace import Case
    from nesy.vocabulary import Vocabulary

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"})
CASES = frozenset({".json", ".jsonl"})
Declared = dict[str, tuple[str, ...]]


def cases_of(given: Path | None, line: str | None, declared: Declared) -> list[Case]:
    """Return the cases; a picture named in a case file is found beside that file.

    Raises NesyError N116 (nothing to read), N113 (no case), or what the file's own reader raises.
    """
    if given is None:
        if line is None:
            what = "there is neither a picture nor a line"
            fix = 'nesy run face.png --line "I\'m fine"'
            raise NesyError(Diagnostic("N116", what, "there is nothing to read", fix))
        return [_case("line", None, line, declared)]
    if options.is_folder(given):
        return [_case(p.name, p, line, declared) for p in _pictures(given)]
    if given.suffix.lower() in CASES:
        return _listed(given, line, declared)
    return [_case(given.name, given, line, declared)]


def cases_for(
    given: Path | None, line: str | None, declared: Declared, with_: str, vocabulary: Vocabulary
) -> list[Case]:
    """Return the cases given; where none is, those that the adapter's own file holds, if any.

    Raises what `cases_of` raises, or the adapter.
    """
    from nesy import registry

    found = registry.listed(with_, vocabulary) if given is None else None
    if found is None:
        return cases_of(given, line, declared)
    said = {"line": line or "", "declared": declared}
    return [case.model_copy(update=said) for case in found]


def _case(name: str, image: Path | None, line: str | None, declared: Declared) -> Case:
    from nesy import strict_json
    from nesy.trace import Case, validate

    picture = None if image is None else str(image)
    value = {"id": name[:200], "image": picture, "line": line or "", "declared": declared}
    # Through JSON, because a Trace will be: bytes of a shell that are no text are refused here.
    return validate(Case, strict_json.loads(strict_json.dumps(value), file="<arguments>"))


def _pictures(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    except OSError as error:
        why, fix = error.strerror or str(error), "name another folder"
        what = "this folder cannot be read"
        raise NesyError(Diagnostic("N112", what, why, fix, str(folder))) from error
    if not found:
        what = "this folder holds no picture"
        why = f"looked for {', '.join(sorted(PICTURES))}"
        raise NesyError(Diagnostic("N116", what, why, "name another folder", str(folder)))
    return found


def _listed(file: Path, line: str | None, declared: Declared) -> list[Case]:
    """Return the cases a JSON (Lines) file lists."""
    from nesy import strict_json
    from nesy.journal import unique
    from nesy.trace import parse_trace

    found = [
        (number, parse_trace(value, file=str(file), line=number).case)
        for number, value in strict_json.lines(file)
    ]
    if not found:
        what = "this file lists no case"
        fix = 'write one object a line, such as {"line": "I\'m fine"}'
        raise NesyError(Diagnostic("N116", what, "it is empty", fix, str(file)))
    return [beside(case, file.parent, line, declared) for case in unique(found, str(file))]


def beside(case: Case, folder: Path, line: str | None, declared: Declared) -> Case:
    """Return a listed case with its picture found beside the file, and what the caller adds."""
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
