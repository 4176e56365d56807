"""Say of a syntax error what was probably meant: clingo says what it saw, and where it gave up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nesy.diagnostics import Diagnostic, Edit, Fault

_TOKEN = re.compile(
    r'%\*.*?\*%|%[^\n]*|"(?:\\[\\"n]|[^"\\\n])*"|[_\']*[A-Za-z][A-Za-z0-9_\']*|_+|\d+|'
    r":-|:=|<-|->|=>|<=|>=|!=|==|<>|=<|&&|\|\||\\\+|//|\.\.|#[a-z]+|\S",
    re.DOTALL,
)
_OPEN, _CLOSED = {"(": ")", "[": "]", "{": "}"}, {")": "(", "]": "[", "}": "{"}
Said = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int
    column: int
    percent: bool = False  # a comment begins right behind it, as in 50%

    @property
    def end(self) -> int:
        return self.column + len(self.text)

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum() or self.text[0] in "_'\""


@dataclass(frozen=True, slots=True)
class _Place:
    """The token clingo stumbled over, those before it in its statement, and the ones after."""

    at: _Token
    before: Sequence[_Token]
    after: Sequence[_Token]
    around: Sequence[_Token]

    @property
    def previous(self) -> _Token:
        return self.before[-1] if self.before else _Token(".", self.at.line, self.at.column)


@dataclass(frozen=True, slots=True)
class _Found:
    said: Said
    token: _Token
    mend: str | None = None  # what the token is to be replaced with, where that is sure
    behind: bool = False  # the fault is the gap behind the token


def explained(found: Sequence[Diagnostic], text: str) -> Iterator[Diagnostic]:
    """Yield syntax errors of clingo in words that tell what to do; what is not known stays.

    ``text`` is the file; columns are in bytes, as clingo counts.
    """
    tokens = _tokens(text)
    told: set[tuple[int, int]] = set()
    for diagnostic in found:
        if diagnostic.code != "N300" or diagnostic.line is None or diagnostic.column is None:
            yield diagnostic
            continue
        place = _place(tokens, diagnostic.line, diagnostic.column)
        hint = next((said for look in _LOOKS if (said := look(place)) is not None), None)
        if hint is None:
            at = place.at
            what = f"{at.text} cannot stand here" if at.text else "the file ends too early"
            why = "clingo cannot read this rule from here on"
            fix = "compare with a rule that works: conclusion :- condition, condition."
            hint = _Found((what, why, fix), at)
        if (hint.token.line, hint.token.column) not in told:
            told.add((hint.token.line, hint.token.column))
            yield _fault(hint, diagnostic.file)


def _fault(hint: _Found, file: str | None) -> Fault:
    token = hint.token
    line, column, end = token.line, token.column, max(token.end, token.column + 1)
    edits: tuple[Edit, ...] = ()
    if hint.behind:
        column, end = token.end, token.end + 1
        edits = (Edit(line, column, line, column, hint.mend),) if hint.mend else ()
    elif hint.mend is not None:
        edits = (Edit(line, column, line, end, hint.mend),)
    return Fault("N300", *hint.said, file, line, column, line, end, edits=edits)


def _tokens(text: str) -> list[_Token]:
    found = []
    line, begin, at = 1, 0, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        begin = text.rfind("\n", 0, match.start()) + 1
        at = match.start()
        if not match[0].startswith("%"):
            column = len(text[begin:at].encode()) + 1
            percent = text[match.end() : match.end() + 1] == "%"
            found.append(_Token(match[0], line, column, percent))
    return found


def _place(tokens: Sequence[_Token], line: int, column: int) -> _Place:
    at = next(
        (n for n, token in enumerate(tokens) if (token.line, token.end - 1) >= (line, column)),
        len(tokens),
    )
    begin = max((n + 1 for n, token in enumerate(tokens[:at]) if token.text == "."), default=0)
    stumbled = tokens[at] if at < len(tokens) else _Token("", line, column)
    end = next((n for n in range(at, len(tokens)) if tokens[n].text == "."), len(tokens))
    return _Place(
        stumbled, tokens[begin:at], tokens[at + 1 : end + 1], tokens[max(0, at - 3) : at + 3]
    )


def _arrow(place: _Place) -> _Found | None:
    wrong = {":=": ":-", "<-": ":-", "=:": ":-", "->": ":-"}
    for token in (place.at, place.previous):
        if token.text in wrong:
            what = f"{token.text} is not how a rule is written"
            said = (what, "the conclusion and its conditions are joined by :-", "write :-")
            return _Found(said, token, ":-")
    return None


_SIGNS = {
    "&&": (",", "conditions are joined by a comma"),
    "&": (",", "conditions are joined by a comma"),
    "||": (None, "alternatives are two rules with the same conclusion"),
    "!": ("not ", "what must be absent is written with `not`"),
    "\\+": ("not ", "`\\+` is Prolog; here it is `not`"),
    "~": ("not ", "what must be absent is written with `not`"),
    "=>": (">=", "at least is written >="),
    "=<": ("<=", "at most is written <="),
    "<>": ("!=", "different is written !="),
    "//": (None, "a comment begins with %"),
    "#": (None, "a comment begins with %"),
}
_WORDS = {
    "and": (",", "conditions are joined by a comma"),
    "or": (None, "alternatives are two rules with the same conclusion"),
    "if": (":-", "the conclusion comes first, then :- and the conditions"),
    "is": ("=", "a value is given with ="),
}


def _sign(place: _Place) -> _Found | None:
    for token in (place.at, place.previous):
        known = _SIGNS.get(token.text) or _WORDS.get(token.text.lower())
        if known is None or (token is place.previous and not place.before):
            continue
        mend, why = known
        follow = "write % before it" if "comment" in why else "write the rule twice"
        fix = f"write {mend.strip()}" if mend else follow
        return _Found((f"{token.text} is no part of a rule", why, fix), token, mend)
    return None


def _quote(place: _Place) -> _Found | None:
    if place.at.text != '"':
        return None
    said = (
        "the quote is not closed on its line",
        "a text in quotes ends on its line",
        'close it with ", or leave the quotes out: words of the ontology have none',
    )
    return _Found(said, place.at)


def _decimal(place: _Place) -> _Found | None:
    tokens = place.around
    for one, dot, other in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if one.text.isdigit() and dot.text == "." and other.text.isdigit():
            value = f"{one.text}.{other.text}"
            permille = round(float(value) * 1000)
            said = (
                f"{value} is no number here",
                "numbers are integers; a confidence is 0-1000",
                f"write {permille}",
            )
            return _Found(said, one)
    return None


def _capital(place: _Place) -> _Found | None:
    """Find a capital letter where a predicate must stand: Emotion(F), A :- b."""
    token = place.previous
    calls = place.at.text == "(" or (place.at.text in (":-", ".") and len(place.before) == 1)
    if calls and place.before and token.text[0].isupper():
        small = token.text[0].lower() + token.text[1:]
        what = f"{token.text} begins with a capital letter"
        why = "so it is a variable, and a predicate begins with a small one"
        return _Found((what, why, f"write {small}"), token, small)
    return None


def _bracket(place: _Place) -> _Found | None:
    """Find a bracket that is not closed, or that closes nothing."""
    opened: list[_Token] = []
    for token in place.before:
        if token.text in _OPEN:
            opened.append(token)
        elif token.text in _CLOSED and opened:
            opened.pop()
    closes = place.at.text in _CLOSED
    if closes and (not opened or _OPEN[opened[-1].text] != place.at.text):
        what = f"{place.at.text} closes nothing"
        why = "no bracket before it in this rule is open"
        if opened:
            why = f"the {opened[-1].text} before it asks for {_OPEN[opened[-1].text]}"
        return _Found((what, why, "take it out, or open one before"), place.at)
    if opened and place.at.text in (":-", ".", "not", ""):
        token = opened[-1]
        if place.at.text == "not" or place.before[place.before.index(token) - 1].text in (
            ":-",
            ",",
        ):
            what = "conditions stand in brackets"
            why = "only the arguments of a predicate do; conditions are joined by commas"
            return _Found((what, why, "take the brackets out"), token)
        what = f"the bracket {token.text} is not closed"
        why = f"{place.at.text or 'the end of the file'} comes before its {_OPEN[token.text]}"
        return _Found((what, why, f"write {_OPEN[token.text]} where it ends"), token)
    return None


def _comma(place: _Place) -> _Found | None:
    """Find a comma too many."""
    at, previous = place.at, place.previous
    if previous.text in (",", ";") and at.text in (".", ",", ";", ")", ":-", ""):
        if at.text in (":-", "") or (at.text == "." and at.line > previous.line):
            what = "the rule ends with a comma"
            return _Found((what, "a rule ends with a full stop", "write ."), previous, ".")
        what = f"nothing stands between {previous.text} and {at.text}"
        why = "a comma joins two conditions or two arguments"
        return _Found((what, why, "take the comma out"), previous, "")
    if at.text == ":-" and (begin := _line_begin(place)) is not None:
        comma = place.before[begin - 1]
        if comma.text == ",":
            what = "the rule ends with a comma"
            return _Found((what, "a rule ends with a full stop", "write ."), comma, ".")
    return None


def _line_begin(place: _Place) -> int | None:
    """Return where the line of the stumbled-over token begins among those before it."""
    lines = [token.line for token in place.before]
    return next((n for n in range(1, len(lines)) if lines[n - 1] < lines[n] == place.at.line), None)


def _stop(place: _Place) -> _Found | None:
    """Find a full stop or a comma left out between two rules or two conditions."""
    at, previous = place.at, place.previous
    if not place.before:
        return None
    if at.text in ("", ":-"):
        if previous.percent and previous.text.isdigit():
            what = f"{previous.text}% is no number here"
            why = "% begins a comment, so the rest of the line is lost; a confidence is 0-1000"
            return _Found((what, why, f"write {int(previous.text) * 10}"), previous)
        what = "the rule has no full stop at its end"
        begin = _line_begin(place)
        if at.text == "" or begin is None:
            end = previous if at.text == "" else None
        else:
            end = place.before[begin - 1]
        if end is None:
            what = "a second :- in one rule"
            why = "the rule before it may lack its full stop"
            return _Found((what, why, "end the rule before with a full stop"), at)
        said = (what, "a rule ends with a full stop", f"write . after {end.text}")
        return _Found(said, end, ".", behind=True)
    if (at.is_word or at.text == "#") and (previous.is_word or previous.text in (")", "}")):
        heads = at.line > previous.line and (at.column == 1 or ":-" in _rest_of_line(place))
        if heads:
            said = (
                "the rule has no full stop at its end",
                "a rule ends with a full stop",
                f"write . after {previous.text}",
            )
            return _Found(said, previous, ".", behind=True)
        if previous.text == "not":
            return None
        what = f"no comma between {previous.text} and {at.text}"
        said = (what, "conditions are joined by commas", "write , between them")
        return _Found(said, previous, ",", behind=True)
    return None


def _rest_of_line(place: _Place) -> list[str]:
    return [token.text for token in place.after if token.line == place.at.line]


def _condition(place: _Place) -> _Found | None:
    """Find a term where a condition must stand: not (c), or a variable alone."""
    texts = [token.text for token in place.before[-8:]]
    for n, text in enumerate(texts[:-1]):
        if text == "not" and texts[n + 1] == "(":
            token = place.before[-8:][n + 1]
            said = (
                "`not` is followed by a bracket",
                "`not` stands before a predicate",
                "write not name(…), without brackets around it",
            )
            return _Found(said, token)
    if place.at.text in (".", ",", ";") and place.previous.text[0].isupper():
        said = (
            f"{place.previous.text} is a variable and no condition",
            "a condition is a predicate or a comparison, such as C >= 500",
            "compare it with something, or begin a predicate with a small letter",
        )
        return _Found(said, place.previous)
    return None


_LOOKS: tuple[Callable[[_Place], _Found | None], ...] = (
    _quote,
    _arrow,
    _decimal,
    _capital,
    _comma,
    _sign,
    _bracket,
    _stop,
    _condition,
)
