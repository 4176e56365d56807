"""What a case says and nothing knows: with a misspelt word it would hold whatever the rules say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nesy.check import kinds, names
from nesy.check.program import Program
from nesy.diagnostics import Diagnostic
from nesy.reason import asp
from nesy.reason.engine import Engine
from nesy.rule_file import Pack, Rule, parse_pack
from nesy.testing.case import RuleCase
from nesy.testing.expect import Expectation

(_NO_HEAD,) = (rule.head for rule in asp.parsed(":- #true."))


def unknown(cases: Sequence[RuleCase], engine: Engine) -> list[Diagnostic]:
    """Return what a check says of the words and predicates in cases, by file and place."""
    stated = _program([_looked_at(fact) for case in cases for fact in case.stated], engine)
    asked = _program([rule for case in cases for rule in _asked(case)], engine)
    found = [*names.unknown(stated), *names.unknown(asked), *kinds.words(asked)]
    # A case may state a norm that there is not: the order of norms has to meet that as well.
    found += kinds.words(stated, free=("norm",))
    return sorted(found, key=lambda fault: (fault.file or "", fault.line or 0, fault.column or 0))


def _program(rules: Sequence[Rule], engine: Engine) -> Program:
    pack = Pack("cases", "cases", Path("cases"), tuple(rules), None)
    return Program(engine.rulebook, engine.vocabulary, [pack])


def _looked_at(fact: Rule) -> Rule:
    """Return a constraint with a fact as its condition: names are looked up in conditions."""
    statement = fact.statement.update(head=_NO_HEAD, body=[fact.statement.head])
    return replace(fact, statement=statement)


def _asked(case: RuleCase) -> tuple[Rule, ...]:
    """Return a constraint on each atom that a line expects, its words where they are written."""
    lines = [""] * (max((each.line for each in case.expectations), default=0) + 1)
    for each in case.expectations:
        before, atom = _atom(each)
        lines[each.line - 1] += before
        lines[each.line] += " " * (each.column - 1) + atom
    # The first of these lines stands for no line of the file; a file begins with facts.
    return parse_pack("\n".join(lines[1:]), Path(case.file)).rules


def _atom(expected: Expectation) -> tuple[str, str]:
    """Return what stands on the line above, and the line, of as many letters before each word."""
    of = expected.of
    begin = " " * (expected.text.find(" ") + 1)
    match expected.kind:
        case "atom":
            return "", f":-{of['atom']}."
        case "top" | "reads":
            return " :- reads(", f"{begin}{of['face']},{of['emotion']},_)."
        case "says":
            rule = " " * (len(of["rule"] or "") + 1)
            return " :- evidence(", f"{begin}{rule}{of['face']},{of['emotion']},_)."
        case "act":
            begin += " " * 4 if of["not"] else ""
            return " :- reply_act(", f"{begin}{of['act']})."
        case _:
            return "", ""
