"""What stands at a place of a rule file that may be half written: the word, the argument."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[A-Za-z_@][A-Za-z0-9_.]*|\d+")
_SKIPPED = re.compile(r'%\*.*?(?:\*%|\Z)|%[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a rule: the word there, the atom whose argument it is, head or body.

    ``at`` counts the arguments before it; ``predicate`` is None outside of brackets, and for the
    name of a predicate itself ``calls`` is how many arguments follow it.
    """

    word: str
    begin: int
    end: int
    predicate: str | None
    at: int
    arity: int
    calls: int
    in_head: bool
    in_comment: bool


def spot(text: str, offset: int) -> Spot:
    """Return what stands at an offset of a text."""
    begin, end, word = offset, offset, ""
    line = text.rfind("\n", 0, offset) + 1
    for match in _WORD.finditer(text, line):
        if match.start() > offset:
            break
        if match.start() <= offset <= match.end():
            begin, end = match.span()
            word = match[0]
    # Words end with a full stop as well; a rule's id has one inside, the end of a rule has not.
    if word.endswith("."):
        word, end = word[:-1], end - 1
    plain = _SKIPPED.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    in_comment = plain[begin : begin + 1] == " " and text[begin : begin + 1] not in (" ", "")
    start = _statement(plain, begin)
    before = plain[start:begin]
    predicate, at, opened = _argument(before)
    arity = at + 1
    if predicate is not None:
        arity = _arguments(plain, start + opened)
    follows = end if plain[end : end + 1] == "(" else None
    calls = _arguments(plain, follows) if follows is not None else 0
    head = ":-" not in before and not before.strip().startswith(("#",))
    return Spot(word, begin, end, predicate, at, arity, calls, head, in_comment)


def _statement(plain: str, offset: int) -> int:
    """Return where the statement around an offset begins: behind the full stop before it."""
    begin = 0
    for match in re.finditer(r"(?<!\.)\.(?![.\d])", plain[:offset]):
        begin = match.end()
    return begin


def _argument(before: str) -> tuple[str | None, int, int]:
    """Return the name of the innermost open atom, the arguments before its end, and where."""
    opened: list[tuple[int, int]] = []
    for at, sign in enumerate(before):
        if sign in "([{":
            opened.append((at, 0))
        elif sign in ")]}" and opened:
            opened.pop()
        elif sign == "," and opened:
            opened[-1] = (opened[-1][0], opened[-1][1] + 1)
    while opened:
        at, count = opened.pop()
        if name := re.search(r"([a-z_][A-Za-z0-9_]*)$", before[:at]):
            return name[1], count, at
    return None, 0, 0


def _arguments(plain: str, bracket: int) -> int:
    """Return how many arguments the bracket at an offset holds, as far as it is written."""
    level, count = 0, 1
    for sign in plain[bracket:]:
        if sign in "([{":
            level += 1
        elif sign in ")]}":
            level -= 1
            if level == 0:
                return count
        elif sign == "," and level == 1:
            count += 1
        elif sign == "\n" and level == 0:
            break
    return count
