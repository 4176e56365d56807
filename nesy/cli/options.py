"""Options that several verbs share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from nesy.diagnostics import Diagnostic, NesyError

if TYPE_CHECKING:
    from nesy.reason.engine import Engine
    from nesy.trace import Trace
    from nesy.vocabulary import Vocabulary

Packs = Annotated[
    str | None,
    typer.Option(
        "--packs",
        help="Interpret packs, by commas: names, or +name and -name to change the default.",
    ),
]
Rules = Annotated[
    list[Path] | None, typer.Option("--rules", help="A rule file of yours; may be given again.")
]
WeightsFile = Annotated[Path | None, typer.Option("--weights", help="A weights file.")]
Ontology = Annotated[
    list[Path] | None, typer.Option("--ontology", help="Turtle with further terms; may repeat.")
]
Language = Annotated[
    str, typer.Option("--language", help="The language to tell it in, such as en or de.")
]
With = Annotated[
    str,
    typer.Option(
        "--with",
        help="ADAPTER[:MODEL][?OPTION=VALUE] that perceives; see `nesy list adapters`.",
    ),
]
BesideWith = Annotated[
    str | None,
    typer.Option(
        "--beside",
        help="A second ADAPTER[:MODEL] that looks as well; the Trace tells how far they agree.",
    ),
]
PictureForm = Annotated[
    Literal["plain", "paper"] | None,
    typer.Option(
        "--picture-form",
        help="How a picture is shown to a model: as it is, or as in the paper, grey, 536 x 373, "
        "with the line as its caption.",
    ),
]
ReadCaption = Annotated[
    bool,
    typer.Option(
        "--read-caption",
        help="Have Tesseract read the text in each picture and set it against the line.",
    ),
]
SpeakerFace = Annotated[
    str | None,
    typer.Option(
        "--face", help="Of several faces the speaker's: left, right, or its number from 1."
    ),
]
PictureBox = Annotated[
    str | None,
    typer.Option("--box", help="X,Y,WIDTH,HEIGHT in pixels: only this part is looked at."),
]
Reader = Annotated[
    str | None,
    typer.Option(
        "--reader",
        help="READER[:MODEL] that reads the words, in place of the adapter; without it `lexical` "
        "reads what the adapter left. See `nesy list readers`.",
    ),
]
DraftWith = Annotated[
    str | None,
    typer.Option(
        "--draft-with",
        help="DRAFTER[:MODEL] that writes replies; templates without it. See `nesy list drafters`.",
    ),
]
ReadReplyWith = Annotated[
    list[str] | None,
    typer.Option(
        "--read-reply-with",
        help="READER[:MODEL] that reads each reply as well, beside the lexical reader; may repeat.",
    ),
]
Declare = Annotated[
    list[str] | None,
    typer.Option("--declare", help="KEY=VALUE the caller vouches for; may be given again."),
]
Today = Annotated[
    str | None,
    typer.Option(
        "--today",
        help="The day, as 2027-01-31, that exceptions to norms are held against; without it the "
        "one a Trace records, else the machine's.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON (Lines) on stdout.")]
Seed = Annotated[int, typer.Option("--seed", help="Recorded in the Trace.", min=0)]
Jobs = Annotated[int, typer.Option("--jobs", help="Processes to reason in.", min=1, max=256)]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def engine(
    packs: str | None,
    rules: list[Path] | None,
    weights: Path | None,
    ontology: list[Path] | None,
    today: str | None = None,
) -> Engine:
    """Load the engine that these options name; what they leave open, ``nesy.toml`` says."""
    from nesy import project
    from nesy.pipeline import engine_for

    named = (
        [name.strip() for name in packs.split(",") if name.strip()] if packs is not None else None
    )
    ours = project.find()
    found = engine_for(
        named if named is not None else ours.packs,
        rules=ours.rules_and(rules or ()),
        weights_file=weights or ours.weights,
        ontology=tuple(ontology or ours.ontology),
    )
    return found.on(day(today)) if today is not None else found


def day(text: str | None) -> date:
    """Read a day, the machine's where none is named; raises NesyError N164."""
    from nesy.exemption import machines_day

    if text is None:
        return machines_day()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        what, why = f"{text[:40]!r} is no day", "the form is year, month, day"
        raise NesyError(Diagnostic("N164", what, why, "write it as 2027-01-31")) from error


def on_day(given: Iterable[Trace], today: str | None) -> list[Trace]:
    """Return Traces that record this day in place of their own; as they are where none is named."""
    if today is None:
        return list(given)
    named = {"today": day(today).isoformat()}
    return [trace.with_(versions={**trace.versions, **named}) for trace in given]


def declared(pairs: list[str] | None, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Read ``KEY=VALUE`` pairs; a key they do not name is as ``nesy.toml`` declares it.

    Raises NesyError with every N210 and N201 of them.
    """
    from nesy import project
    from nesy.ground import declarable

    found: dict[str, tuple[str, ...]] = {}
    faults: list[Diagnostic] = []
    for pair in pairs or ():
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not (separator and key and value):
            what = f"{pair[:80]!r} is no declaration"
            fix = "write KEY=VALUE, for example context=support"
            faults.append(Diagnostic("N210", what, "the form is KEY=VALUE", fix))
            continue
        faults += declarable(key, value, vocabulary)
        found[key] = (*found.get(key, ()), value)
    for key, values in project.find().declare.items():
        if key not in found:
            faults += [fault for value in values for fault in declarable(key, value, vocabulary)]
            found[key] = values
    if faults:
        raise NesyError(faults)
    return found


def is_file(path: Path) -> bool:
    """Tell whether a path is a file; a text too long for a path is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; a text too long for a path is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def traces(file: Path | None) -> list[Trace]:
    """Return the Traces of a file or of standard input; raises NesyError N114 for none."""
    from nesy import strict_json
    from nesy.trace import parse_trace

    with opened(file) as (name, stream):
        text = strict_json.decode(stream.read(), name)
    values = strict_json.parse_many(text, file=name)
    found = [parse_trace(value, file=name, line=number) for number, value in values]
    if not found:
        raise no_trace(name)
    return found


@contextmanager
def opened(file: Path | None) -> Iterator[tuple[str, IO[bytes]]]:
    """Give the name of a file or of standard input, and what to read it from.

    Raises NesyError N112 where it cannot be opened and N114 where somebody would have to type.
    """
    from nesy import strict_json

    if file is not None and str(file) != "-":
        with strict_json.opened(file) as stream:
            yield str(file), stream
        return
    if sys.stdin.isatty():
        what = "no Trace was given"
        fix = "name a file, or pipe one in: nesy run face.png --line … --json | nesy why"
        raise NesyError(Diagnostic("N114", what, "standard input is a terminal", fix))
    yield "<stdin>", sys.stdin.buffer


def no_trace(name: str) -> NesyError:
    """Return what to say of an input without a Trace."""
    what = "there is no Trace in the input"
    return NesyError(Diagnostic("N114", what, "it is empty", "pipe in a Trace", name))
