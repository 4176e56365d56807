"""Checks of conditions: rules that can never fire, conditions that change nothing, overflow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

from nesy.check import ranges
from nesy.check.clause import Clause, Literal, Signature, Term
from nesy.check.kinds import PERMILLE, overflow, places
from nesy.check.program import Program, fault, span
from nesy.diagnostics import Diagnostic, Edit, Fault
from nesy.predicates import PREDICATES
from nesy.strict_json import LARGEST_INTEGER
from nesy.vocabulary import Vocabulary


def strengths(program: Program) -> Iterator[Diagnostic]:
    """Yield an N317, as a warning, where a computed strength can leave 0-1000."""
    for clause in program.checked:
        values = ranges.values(clause)
        for head in clause.heads:
            term = head.terms[2] if head.signature == ("evidence", 3) else None
            if term is None or term.kind == "number":
                continue
            low, high = values.range(term)
            beyond = [end for end in (low, high) if abs(end) < math.inf and not 0 <= end <= 1000]
            if values.empty is None and high < math.inf and beyond:
                what = f"the strength {term} can be {int(beyond[0])}"
                why = "a strength is an integer from 0 to 1000; a case beyond that is refused"
                fix = "divide by 1000 after multiplying two confidences, or bound it by comparisons"
                yield fault("N317", (what, why, fix), clause, term, warning=True)


def overflows(program: Program) -> Iterator[Diagnostic]:
    """Yield an N305 where a product of bounded numbers leaves 32 bit."""
    for clause in program.checked:
        values = ranges.values(clause)
        for literal in clause.literals():
            for term in (t for outer in literal.terms for t in outer.walk()):
                if term.kind == "operation" and term.text != "**":
                    low, high = values.range(term)
                    if high != math.inf and max(-low, high) > LARGEST_INTEGER:
                        yield fault("N305", overflow(str(term)), clause, term)
                        break


def never(program: Program) -> Iterator[Diagnostic]:
    """Yield an N350 for each rule that can never fire, with the reason."""
    dead = [(clause, _why_never(clause, program)) for clause in program.every]
    barren = {id(clause) for clause, reason in dead if reason}
    checked = set(map(id, program.checked))
    yield from (reason for clause, reason in dead if reason and id(clause) in checked)
    reached = _reachable(program, barren)
    for clause in program.checked:
        if id(clause) in barren:
            continue
        for literal in clause.body:
            signature = literal.signature
            if _is_plain(literal) and signature in program.derived and signature not in reached:
                rules = program.derived[signature]
                of = ", ".join(sorted({c.rule.place for c in rules})[:3])
                itself = all(signature in _positive(c) for c in rules)
                why = (
                    f"{_name(literal)} is derived only from itself ({of}), so it never begins"
                    if itself
                    else f"what derives {_name(literal)} can never fire itself ({of})"
                )
                fix = "give it a rule that rests on something else" if itself else "mend that first"
                yield _never(clause, literal, why, fix)
                break


def _reachable(program: Program, barren: set[int]) -> set[Signature]:
    """Return the signatures that can hold: stated, declared, or derived from such."""
    found: set[Signature] = {s for s in PREDICATES if s not in program.derived}
    found |= program.declared | {s for s, p in PREDICATES.items() if p.origin != "derived"}
    found |= {("reading", 2), ("reads", 3), ("lapsed", 1)}
    needs = [(_positive(c), c) for c in program.every if id(c) not in barren]
    while True:
        fired = [clause for needed, clause in needs if needed <= found]
        if not fired:
            return found
        needs = [(needed, clause) for needed, clause in needs if not needed <= found]
        found |= {head.signature for clause in fired for head in clause.heads}


def _positive(clause: Clause) -> set[Signature]:
    return {literal.signature for literal in clause.body if _is_plain(literal)}


def _is_plain(literal: Literal) -> bool:
    return literal.kind == "atom" and literal.sign == 0 and not literal.negated


def _name(literal: Literal) -> str:
    return f"{literal.text}/{len(literal.terms)}"


def _never(clause: Clause, at: Literal | Term, why: str, fix: str) -> Fault:
    return fault("N350", ("this rule can never fire", why, fix), clause, at, warning=True)


def _why_never(clause: Clause, program: Program) -> Fault | None:
    """Return why the conditions of one rule cannot hold together."""
    return _contradiction(clause) or _against_facts(clause, program.words)


def _contradiction(clause: Clause) -> Fault | None:
    compared = ranges.comparisons(clause)
    for at, literal in enumerate(compared):
        before = ranges.values(clause, compared[:at])
        if before.empty is None and (
            before.holds(literal) is False or ranges.values(clause, compared[: at + 1]).empty
        ):
            bounds = [str(c) for c in compared[:at] if _shared(c, literal)]
            if bounds:
                why = f"{literal} contradicts {' and '.join(bounds)}"
            else:
                names = sorted({t.text for t in literal.terms if t.kind == "variable"})
                why = f"{literal} cannot hold" + (": confidences are 0-1000" if names else "")
            return _never(clause, literal, why, "compare with other numbers, or leave one out")
    positive = {(c.text, c.terms): c for c in clause.body if _is_plain(c)}
    for literal in clause.body:
        denied = literal.kind == "atom" and literal.sign == 1
        if denied and (other := positive.get((literal.text, literal.terms))):
            why = f"it asks for {other} and for {literal}"
            return _never(clause, literal, why, "leave one of them out")
        for _, name, term in places(literal):
            number = term.number
            if name in PERMILLE and number is not None and not 0 <= number <= 1000:
                why = f"{name} is an integer from 0 to 1000"
                return _never(clause, term, why, "write a number from 0 to 1000, or a variable")
    return None


def _shared(one: Literal, other: Literal) -> bool:
    return bool(
        {t.text for t in one.walk() if t.kind == "variable"}
        & {t.text for t in other.walk() if t.kind == "variable"}
    )


def _against_facts(clause: Clause, words: Vocabulary) -> Fault | None:
    """Return what the ontology says against a condition, which no case can change."""
    for literal in clause.body:
        if literal.kind != "atom" or literal.negated or literal.sign > 1:
            continue
        if literal.text == "observable" and (code := _never_asked(literal, words)) is not None:
            why = f"no perceiver is asked about AU{code.text}, so it is never observable"
            return _never(clause, code, why, "leave the condition on `observable` out")
        found = stated(literal, words)
        if found is None:
            continue
        # A predicate with no fact at all is there for an ontology file of the user's to fill.
        if literal.sign == 0 and not found and literal.signature in _facts(words):
            why = f"the ontology states no {literal}"
            return _never(clause, literal, why, "see `nesy list` for what the ontology holds")
        if literal.sign == 1 and found and _is_closed(literal):
            atom = str(literal).removeprefix("not ")
            return _never(clause, literal, f"the ontology states {atom}", "leave the rule out")
    return None


def _never_asked(literal: Literal, words: Vocabulary) -> Term | None:
    """Return the unit of `observable` where it is one that no perceiver reports."""
    for _, name, term in places(literal) if literal.sign == 0 else ():
        if name == "Unit" and term.number is not None and term.number not in words.reported_units:
            return term
    return None


@lru_cache(maxsize=4)
def _facts(words: Vocabulary) -> dict[Signature, list[list[str]]]:
    found: dict[Signature, list[list[str]]] = {}
    for fact in words.facts:
        symbol = fact[:-1].split("(")
        arguments = symbol[1].split(",")
        found.setdefault((symbol[0], len(arguments)), []).append(arguments)
    return found


def stated(literal: Literal, words: Vocabulary) -> list[list[str]] | None:
    """Return the facts of the ontology that an atom matches; None for any other predicate."""
    predicate = PREDICATES.get(literal.signature)
    if predicate is None or predicate.stratum != "ontology":
        return None
    rows = _facts(words).get(literal.signature, [])
    if any(term.kind not in ("word", "number", "variable", "pool") for term in literal.terms):
        return rows
    return [row for row in rows if all(map(_matches, literal.terms, row))]


def _matches(term: Term, value: str) -> bool:
    if term.kind == "pool":
        return any(_matches(part, value) for part in term.arguments)
    return term.kind in ("variable", "operation") or term.text == value


def _is_closed(literal: Literal) -> bool:
    """Tell whether an atom has no variable but `_`."""
    return all(t.kind in ("word", "number") or t.text == "_" for t in literal.terms)


def idle(program: Program) -> Iterator[Diagnostic]:
    """Yield an N351 for each condition that changes nothing: repeated, implied, or always true."""
    for clause in program.checked:
        compared = ranges.comparisons(clause)
        if _contradiction(clause):
            continue
        told: list[Literal] = []
        for at, literal in enumerate(clause.body):
            if literal in clause.body[:at]:
                said = f"{literal} stands there twice", "it changes nothing"
                yield _idle(clause, literal, *said, sure=True)
                told.append(literal)
        for literal in compared:
            rest = [c for c in compared if c is not literal and c not in told]
            if literal in told or ranges.values(clause, rest).holds(literal) is not True:
                continue
            told.append(literal)
            by = [str(c) for c in rest if _shared(c, literal)]
            # An equation gives its variable a value, which no other condition may do.
            sure = literal.text != "="
            varies = any(term.kind == "variable" for term in literal.walk())
            why = "confidences are 0-1000" if varies else "nothing in it varies"
            why = f"{' and '.join(by)} says so already" if by else why
            yield _idle(clause, literal, f"{literal} is always true here", why, sure=sure)
        for literal in clause.body:
            found = stated(literal, program.words) if literal.kind == "atom" else None
            if found is not None and literal.sign == 0 and found and _is_closed(literal):
                why = "the ontology states it, whatever the case"
                yield _idle(clause, literal, f"{literal} is always true", why, sure=True)


def _idle(clause: Clause, literal: Literal, what: str, why: str, *, sure: bool) -> Fault:
    edits = _left_out(clause, literal) if sure else ()
    said = (what, why, "leave it out")
    return fault("N351", said, clause, literal, warning=True, edits=edits)


def _left_out(clause: Clause, literal: Literal) -> tuple[Edit, ...]:
    """Return the edit that takes one condition out with the comma before it, or after the first."""
    spans = [span(node) for node in clause.rule.statement.body]
    here = span(literal.node) if literal.node is not None else (0, 0, 0, 0)
    parts = sum(c.node is literal.node for c in clause.body)
    if here not in spans or len(spans) < 2 or parts > 1:
        return ()
    at = spans.index(here)
    line, column, end_line, end_column = here
    if at:
        *_, before_line, before_column = spans[at - 1]
        return (Edit(before_line, before_column, end_line, end_column, ""),)
    return (Edit(line, column, *spans[1][:2], ""),)


def intervals(program: Program) -> Iterator[Diagnostic]:
    """Yield an N350 for an interval without a number in it."""
    for clause in program.checked:
        for literal in clause.literals():
            for term in (t for outer in literal.terms for t in outer.walk()):
                if term.kind != "interval":
                    continue
                low, high = (end.number for end in term.arguments)
                if low is not None and high is not None and low > high:
                    what, why = f"the interval {term} is empty", "it stands for no number at all"
                    fix = f"write {high}..{low}, the smaller number first"
                    yield fault("N350", (what, why, fix), clause, term, warning=True)


def choices(program: Program) -> Iterator[Diagnostic]:
    """Yield an N362 for each choice or disjunction of a user: it has several answers."""
    what = "this rule leaves open what it derives"
    why = "every answer set of a case is enumerated and weighed, and Prolog derives none"
    fix = "write a rule with one atom as its head for each that is meant"
    yield from _of_form("choice", "N362", (what, why, fix), program)


def constraints(program: Program) -> Iterator[Diagnostic]:
    """Yield an N352 for each constraint on readings: a case may be left without any."""
    what = "this constraint can leave a case without any answer"
    why = "where nothing satisfies it, nothing is read and the reply is held"
    fix = "derive excluded(Face, Emotion) to rule a reading out, or state a norm"
    yield from _of_form("constraint", "N352", (what, why, fix), program)


def _of_form(
    form: str, code: str, said: tuple[str, str, str], program: Program
) -> Iterator[Diagnostic]:
    """Yield a warning for each rule of a user that has this form."""
    for clause in program.checked:
        if clause.form == form and program.is_foreign(clause):
            yield fault(code, said, clause, warning=True)
