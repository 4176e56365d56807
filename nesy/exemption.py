"""Exceptions to norms: rules with an owner and a last day; one that has run out lifts nothing.

An exception derives ``exempt(Norm)`` and says who answers for it and until when::

    %! mine.e101_lift "{Purpose} is a reason of safety, agreed with the works council"
    %  source: our agreement of 3 May 2026, section 2
    %  exception: e101
    %  owner: safety officers
    %  until: 2027-05-31
    exempt(e101) :- purpose(Purpose), Purpose = safety.

After its last day it derives ``lapsed(Norm)`` in place of ``exempt(Norm)``: the norm holds, and the
Trace says that an exception to it ran out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic
from nesy.predicates import PREDICATES

if TYPE_CHECKING:
    from nesy.rule_file import Rule
    from nesy.vocabulary import Vocabulary

EXEMPT = ("exempt", 1)
LAPSED = ("lapsed", 1)
# Companion atoms: norm, rule, owner, last day, and whether it applies or ran out.
EXCEPTION = ("_exception", 5)
SPARED = "_spared"
NOTES = ("exception", "owner", "until")

_EXEMPTED = re.compile(r"not exempt\((\w+)\)")
_DECLARED = frozenset(s for s, p in PREDICATES.items() if p.origin == "declared")
_RULINGS = frozenset(
    (name, 2) for name in ("forbidden", "obligatory", "preferred", "warned", "preferred_tone")
) | {("hold", 1)}


def machines_day() -> date:
    """Return the day it is on this machine."""
    return datetime.now(UTC).astimezone().date()


def exceptions(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that lift a norm, those that ran out included."""
    return tuple(rule for rule in rules if rule.heads & {EXEMPT, LAPSED})


def last_day(rule: Rule) -> date | None:
    """Return the last day on which an exception applies; None where it names none."""
    try:
        return date.fromisoformat(rule.notes.get("until", ""))
    except ValueError:
        return None


def has_lapsed(rule: Rule, today: date) -> bool:
    """Tell whether an exception ran out before today; one without a readable date has."""
    last = last_day(rule)
    return EXEMPT in rule.heads and (last is None or last < today)


def lapsing(rule: Rule) -> Rule:
    """Return an exception that ran out: it derives that it did, and lifts nothing."""
    head = rule.statement.head
    symbol = head.atom.symbol.update(name=LAPSED[0])
    lowered = head.update(atom=head.atom.update(symbol=symbol))
    return replace(rule, statement=rule.statement.update(head=lowered))


def companions(rules: Iterable[Rule]) -> str:
    """Return the companion rules that keep which exceptions spared a reply a norm.

    An exception counts where its norm would have decided something without it.
    """
    import clingo  # what day it is, which each command asks, needs no solver

    every = tuple(rules)
    lines = [line for rule in every for line in _sparing(rule)]
    for rule in exceptions(every):
        norm = rule.notes.get("exception", "")
        said = [clingo.String(rule.id), *(clingo.String(rule.notes.get(n, "")) for n in NOTES[1:])]
        status = "lapsed" if LAPSED in rule.heads else "applied"
        body = "; ".join([*map(str, rule.statement.body), f"{SPARED}({norm})"])
        lines.append(f"{EXCEPTION[0]}({norm},{','.join(map(str, said))},{status}) :- {body}.")
    return " ".join(lines)


def _sparing(rule: Rule) -> Iterator[str]:
    """Yield when a rule would decide something, whatever is excepted."""
    body = list(map(str, rule.statement.body))
    for at, literal in enumerate(body):
        if lifted := _EXEMPTED.fullmatch(literal):
            rest = "; ".join([*body[:at], *body[at + 1 :]]) or "#true"
            yield f"{SPARED}({lifted[1]}) :- {rest}."


def faults(rule: Rule, vocabulary: Vocabulary, *, foreign: bool) -> Iterator[Diagnostic]:
    """Yield what keeps an exception from being one: N610; nothing of a rule that lifts no norm."""
    if EXEMPT not in rule.heads:
        if "exception" in rule.notes or "until" in rule.notes:
            what = "the notes of an exception stand over a rule that lifts no norm"
            yield _fault(rule, what, "a date on any other rule would change nothing")
        return
    lacking = [name for name in NOTES if not rule.notes.get(name)]
    if lacking:
        what = f"an exception without {' and '.join(lacking)}"
        yield _fault(rule, what, "a norm is lifted for a time, by somebody who answers for it")
        return
    norm = rule.notes["exception"].lower()
    if str(rule.statement.head) != f"exempt({norm})":
        what = f"the note says {rule.notes['exception']} and the rule derives {rule.statement.head}"
        yield _fault(rule, what, "an exception is to one norm, which its note names")
    if last_day(rule) is None:
        what = f"{rule.notes['until'][:40]!r} is no day"
        yield _fault(rule, what, "the last day is written as in 2027-01-31")
    known = vocabulary.norms.get(norm)
    if known is not None and not known.one("exception"):
        yield _fault(rule, f"{norm.upper()} has no exception", "its source leaves no room for one")
    if foreign and not rule.body_signatures & _DECLARED:
        why = "what somebody writes or a picture shows would lift a norm"
        yield _fault(rule, "the exception does not rest on what the caller declares", why)


def _fault(rule: Rule, what: str, why: str) -> Diagnostic:
    fix = "write %  exception: e101, %  owner: …, %  until: 2027-01-31 above exempt(e101) :- …"
    return Diagnostic("N610", what, why, fix, rule.file, rule.line, rule.column)


def ended(rules: Iterable[Rule], today: date) -> Iterator[Diagnostic]:
    """Yield an N611 for each exception that ran out before today."""
    for rule in rules:
        if EXEMPT in rule.heads and has_lapsed(rule, today):
            what = f"the exception {rule.id} ran out on {rule.notes.get('until', 'no day')}"
            why = f"{rule.notes.get('exception', 'its norm').upper()} holds without it"
            fix = f"take it out, or have {rule.notes.get('owner', 'its owner')} set another day"
            yield Diagnostic("N611", what, why, fix, rule.file, rule.line, rule.column)


def unsourced(rule: Rule) -> Iterator[Diagnostic]:
    """Yield an N612 where a rule decides on replies and names no source (E604)."""
    if rule.heads & (_RULINGS | {EXEMPT}) and not rule.notes.get("source"):
        what = "a norm without a source"
        why = "E604: what decides on a reply says where it comes from"
        fix = "write %  source: … under its label"
        yield Diagnostic("N612", what, why, fix, rule.file, rule.line, rule.column)
