"""Write a first rule and its cases: labelled, sourced, and true as they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from nesy.diagnostics import Diagnostic, NesyError
from nesy.rule_file import read_pack
from nesy.testing.case import read_cases

_NAME = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")

_RULE = """\
%! {name} "{{Face}} bites the lip while the words are hedged"
%  source: say where this comes from
evidence(Face, uncertainty, 500) :- speaker(Face), cue(hedge, _),
    expression(Face, lip_bite, Confidence), Confidence >= 500.
"""

_CASES = """\
# {short}
speaker(f1). cue(hedge, 900). expression(f1, lip_bite, 500).

+ evidence(f1, uncertainty, 500)
  why: {name}

What the rule is for, in the words of who saw it.

# {short}: nobody speaks
cue(hedge, 900). expression(f1, lip_bite, 500).

- evidence(f1, uncertainty, 500)

# {short}: without the words
speaker(f1). expression(f1, lip_bite, 500).

- evidence(f1, uncertainty, 500)

# {short}: hardly seen
speaker(f1). cue(hedge, 900). expression(f1, lip_bite, 499).

- evidence(f1, uncertainty, 500)
"""


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written or grew."""

    rules: Path
    cases: Path


def rule(name: str, file: Path | None = None) -> Written:
    """Add a rule of this name to a rule file, and its cases to the file beside it.

    Without a file, ``mine.unsure`` goes to ``mine.lp``. Raises NesyError N313 (no name), N346
    (such a rule or such a case is there already) and N300-N313 where the file cannot be read.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        what, why = f"{name[:60]!r} names no rule", "a rule is named by its pack and a word"
        raise NesyError(Diagnostic("N313", what, why, "write it as mine.unsure"))
    rules = file or Path(f"{match[1]}.lp")
    cases = rules.with_suffix(".txt")
    if rules.suffix != ".lp":
        what, why = f"{rules} is no rule file", "its cases are looked for beside a file .lp"
        raise NesyError(Diagnostic("N346", what, why, "write -o mine.lp"))
    for found in read_pack(rules).rules if rules.exists() else ():
        if found.id == name:
            raise _there(f"there is a rule {name}", str(rules), found.line)
    for case in read_cases(cases) if cases.exists() else ():
        if case.name == f"{cases.stem}: {match[2]}":
            raise _there(f"there is a case {match[2]}", str(cases), case.line)
    title = f"%% {match[1].capitalize()}: say what these rules are about\n\n"
    _add(rules, _RULE.format(name=name), title)
    _add(cases, _CASES.format(name=name, short=match[2]), "")
    return Written(rules, cases)


def _there(what: str, file: str, line: int) -> NesyError:
    why, fix = "what stands there would be lost", "take another name, or another file with -o"
    return NesyError(Diagnostic("N346", what, why, fix, file, line))


def _add(path: Path, text: str, opening: str) -> None:
    """Add text to a file behind a blank line; a new file begins with its opening."""
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else opening
        if before.strip():
            before = before.rstrip("\n") + "\n\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(before + text, encoding="utf-8")
    except OSError as error:
        what, why = f"{path} cannot be written", error.strerror or str(error)
        raise NesyError(Diagnostic("N150", what, why, "name another file with -o")) from error
