"""Rule files as text: what is refused before clingo sees it, and clingo's messages as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nesy.diagnostics import Diagnostic, NesyError

LARGEST_FILE = 1_000_000
DEEPEST = 200

_ACTS = "it acts while the file is read: it opens files or runs a program"
_NOT_ASCII = "names are of the letters a-z; one that looks like them is another name"


def refuse_unsafe(text: str, name: str) -> None:
    """Refuse what acts while clingo parses, before clingo sees it.

    ``#include`` opens any file and ``#script`` is program text, both at parse time; very deep terms
    crash the parser, and it stops reading at a NUL. Raises NesyError N302.
    """

    def refuse(
        what: str, why: str, fix: str, at: int | None = None, code: str = "N302"
    ) -> NesyError:
        place = (None, None) if at is None else place_of(text, at)
        return NesyError(Diagnostic(code, what, why, fix, name, *place))

    if len(text) > LARGEST_FILE:
        why = f"the limit is {LARGEST_FILE} characters"
        raise refuse("this rule file is too large", why, "split the file")
    level = operators = 0
    for match in _TOKENS.finditer(text):
        token = match.group()
        if token in ("#include", "#script"):
            fix = "put the rules into the file itself, or name both files with --rules"
            raise refuse(f"{token} is not allowed in a rule file", _ACTS, fix, match.start())
        if token == "\0":
            why = "clingo would stop reading there"
            raise refuse("a NUL character", why, "remove it", match.start())
        if not token[0].isascii():
            what = f"the character {token} (U+{ord(token):04X}) outside a string"
            fix = "write it with letters a-z, or in quotes"
            raise refuse(what, _NOT_ASCII, fix, match.start(), "N300")
        if token == ".":
            operators = 0
        elif token in _OPENING:
            level += 1
        elif token in _CLOSING:
            level -= 1
        elif token[0] in _OPERATORS:
            operators += 1
        if max(level, operators) > DEEPEST:
            why = "such terms crash the parser"
            raise refuse(f"nested deeper than {DEEPEST}", why, "flatten it", match.start())


def place_of(text: str, at: int) -> tuple[int, int]:
    """Return the line and column of a position."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


# Strings as clingo reads them: on one line, with three escapes. A quote that opens none is skipped,
# as its own reader does; anything laxer would take an #include between two quotes for text.
_TOKENS = re.compile(
    r'%\*.*?\*%|%[^\n]*|"(?:\\[\\"n]|[^"\\\n])*"|#include|#script|\0'
    r"|[()\[\]{}]|\.\.|\.|[-+*/\\&?^|~@]|[^\0-\x7f]",
    re.DOTALL,
)
_OPENING, _CLOSING, _OPERATORS = "([{", ")]}", "-+*/\\&?^|~@."
_MESSAGE = re.compile(r"^(.*?):(\d+):(\d+)(?:-[\d:]+)?: (error|info|warning): (.*)$", re.DOTALL)


_NOTE = re.compile(r"^<[a-z]+>:(\d+):(\d+)[-\d:]*: note: '(\w+)' is unsafe$", re.MULTILINE)


def translate(message: str, name: str) -> Iterator[Diagnostic]:
    """Turn one message of clingo into diagnostics of ours; its place is kept."""
    if unsafe := list(_NOTE.finditer(message)):
        for note in unsafe:
            what = f"the variable {note[3]} is unsafe"
            why = "nothing in the body says which values it can take"
            fix = f"use {note[3]} in a positive literal of the body"
            yield Diagnostic("N303", what, why, fix, name, int(note[1]), int(note[2]))
        return
    for block in re.split(r"\n(?=<[a-z]+>:)", message.strip()):
        if match := _MESSAGE.match(block):
            text = " ".join(match[5].split())
            fix = "a constant starts with a small letter, a statement ends with a full stop"
            at = int(match[2]), int(match[3])
            yield Diagnostic("N300", text, "clingo cannot read this rule", fix, name, *at)
