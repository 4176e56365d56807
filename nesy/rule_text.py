"""Rule files as text: what is refused before clingo sees it, and clingo's messages as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nesy.diagnostics import Diagnostic, NesyError
from nesy.strict_json import LARGEST_INTEGER

LARGEST_FILE = 1_000_000
DEEPEST = 200
MOST_RULES = 2000
LONGEST_RULE = 5000
MOST_ALTERNATIVES = 1000

_ACTS = "it acts while the file is read: it opens files or runs a program"
_WHERE_IT_ENDS = "readers of rules do not agree where such a comment ends"
_NOT_ASCII = "names are of the letters a-z; one that looks like them is another name"


def refuse_unsafe(text: str, name: str) -> None:
    """Refuse what acts while clingo parses, before clingo sees it.

    ``#include`` opens any file and ``#script`` is program text, both at parse time; very deep terms
    crash the parser, and it stops reading at a NUL. Control characters and those that turn the
    direction of writing show a reader, or a terminal, another text. Raises NesyError N302.
    """

    def refuse(
        what: str, why: str, fix: str, at: int | None = None, code: str = "N302"
    ) -> NesyError:
        place = (None, None) if at is None else place_of(text, at)
        return NesyError(Diagnostic(code, what, why, fix, name, *place))

    if len(text) > LARGEST_FILE:
        why = f"the limit is {LARGEST_FILE} characters"
        raise refuse("this rule file is too large", why, "split the file")
    if hidden := _HIDDEN.search(text):
        what = f"the character U+{ord(hidden[0]):04X}"
        why = "it is not seen, and changes what is seen or where clingo stops reading"
        raise refuse(what, why, "remove it", hidden.start())
    level = operators = begin = rules = 0
    alternatives, groups = 1, [1]
    for match in _TOKENS.finditer(text):
        token = match.group()
        if token in ("#include", "#script"):
            fix = "put the rules into the file itself, or name both files with --rules"
            raise refuse(f"{token} is not allowed in a rule file", _ACTS, fix, match.start())
        if token[0] == "%":
            # To clingo a % in a block comment begins a comment of its own, which swallows a *%.
            if token[1:2] == "*" and (token == "%*" or "%" in token[2:-2]):
                what, why = "a comment in a comment, or one without an end", _WHERE_IT_ENDS
                raise refuse(what, why, "end each %* by *% before the next %", match.start())
            continue
        if not token[0].isascii():
            what = f"the character {token} (U+{ord(token):04X}) outside a string"
            fix = "write it with letters a-z, or in quotes"
            raise refuse(what, _NOT_ASCII, fix, match.start(), "N300")
        if token[0].isdigit() and (len(token) > 12 or int(token, 0) > LARGEST_INTEGER):
            what = f"{token if len(token) <= 20 else f'{token[:12]}…'} overflows"
            why = f"clingo's integers wrap silently beyond {LARGEST_INTEGER}"
            fix = "confidences and strengths are 0-1000; keep numbers below a million"
            raise refuse(what, why, fix, match.start(), "N305")
        if token == ".":
            if match.start() - begin > LONGEST_RULE:
                what, why = "this rule is too long", f"the limit is {LONGEST_RULE} characters"
                raise refuse(what, why, "write several rules, or facts to look up", begin)
            begin, rules = match.end(), rules + 1
            if rules > MOST_RULES:
                what, why = f"more than {MOST_RULES} rules", "every check looks at each of them"
                fix = "write rules with variables, and look words up in facts of the ontology"
                raise refuse(what, why, fix, match.start())
            operators, alternatives, groups = 0, 1, [1]
        elif token == ";":
            groups[-1] += 1
        elif token in _OPENING:
            level += 1
            groups.append(1)
        elif token in _CLOSING:
            level -= 1
            number = groups.pop() if len(groups) > 1 else 1
            # Alternatives stand in round brackets; in others `;` parts conditions.
            alternatives *= number if token == ")" else 1
        elif token[0] in _OPERATORS:
            operators += 1
        if alternatives > MOST_ALTERNATIVES:
            what = f"a rule with more than {MOST_ALTERNATIVES} alternatives"
            why = "every (a;b) in it multiplies the rules that it stands for"
            fix = "state the alternatives as facts, and look them up"
            raise refuse(what, why, fix, match.start())
        if max(level, operators) > DEEPEST:
            why = "such terms crash the parser"
            raise refuse(f"nested deeper than {DEEPEST}", why, "flatten it", match.start())


def place_of(text: str, at: int) -> tuple[int, int]:
    """Return the line and column of a position."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


# Strings as clingo reads them: on one line, with three escapes. A quote that opens none is skipped,
# as its own reader does; anything laxer would take an #include between two quotes for text.
_TOKENS = re.compile(
    r'%\*.*?\*%|%\*|%[^\n]*|"(?:\\[\\"n]|[^"\\\n])*"|#include|#script'
    r"|(?<![A-Za-z0-9_'])(?:0x[0-9A-Fa-f]{8,}|0o[0-7]{11,}|0b[01]{32,}|[1-9][0-9]{9,})"
    r"|[()\[\]{};]|\.\.|\.|[-+*/\\&?^|~@]|[^\0-\x7f]",
    re.DOTALL,
)
# Control characters but tab and line ends, and what Unicode has for the direction of writing, for
# joining and for separating without being seen.
_HIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]|\r(?!\n)"
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
