"""Tell what a survey found: diagnostics for what fails, lines and figures for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import clingo

from nesy.diagnostics import Diagnostic
from nesy.explain import tell
from nesy.explain.why_not.whynot import WhyNot
from nesy.testing.expect import ANYTHING, Expectation
from nesy.testing.mutants import CHANGES, Change, Mutant
from nesy.testing.run import Outcome
from nesy.testing.survey import Survey

_SHOWN = 4
NOUNS: dict[Change, str] = {"rule": "rules", "condition": "conditions", "bound": "bounds"}
_COVERED: dict[Change, str] = {
    "rule": "fire in a case",
    "condition": "alone keep their rule from firing in a case",
    "bound": "are met exactly in a case",
}


def failures(found: Survey) -> list[Diagnostic]:
    """Return an N342 for each expectation unmet, and for each case that cannot be solved.

    What something rests on is not told where it does not hold.
    """
    told = [
        _unmet(outcome, e)
        for outcome in found.failed
        for e in outcome.unmet
        if e.about not in outcome.unmet
    ]
    for case, error in found.refused:
        for fault in error.diagnostics:
            what = f"{case.name} cannot be solved: {fault.what}"
            told.append(Diagnostic("N342", what, fault.why, fault.fix, case.file, case.line))
    return told


def _unmet(outcome: Outcome, expectation: Expectation) -> Diagnostic:
    what = f"{outcome.case.name}: {expectation.text} is not so"
    if expectation.kind == "atom" and not expectation.is_positive:
        what = f"{outcome.case.name}: {expectation.of['atom']} holds"
    why = "; ".join(_instead(outcome, expectation))
    fix = "mend the rule, or what the case expects"
    return Diagnostic("N342", what, why, fix, outcome.case.file, expectation.line)


def _instead(outcome: Outcome, expectation: Expectation) -> Iterator[str]:
    """Yield what holds in place of what was expected, and the rule that was nearest to it."""
    of, about = expectation.of, expectation.about
    if expectation.kind == "why" and about is not None:
        grounds = outcome.told(about)
        yield f"{about.text} rests on {', '.join(sorted(grounds.rules)) or 'no rule'}"
    elif expectation.kind in ("top", "reads"):
        reads = sorted(outcome.reads.items(), key=lambda pair: (-pair[1], pair[0]))
        face = [f"{e} {p}" for (f, e), p in reads if f == of["face"] and p][:_SHOWN]
        yield f"{of['face']} reads as {', '.join(face)}" if face else f"{of['face']} is not read"
        if expectation.kind == "top" and not any(e == of["emotion"] for _, e in outcome.reads):
            yield from _nearest(outcome, f"evidence({of['face']},{of['emotion']},_)")
    elif expectation.kind == "verdict":
        yield f"the verdict is {outcome.status}"
    elif expectation.kind == "act":
        yield f"the reply does {', '.join(outcome.acts)}"
    elif expectation.kind == "says":
        said = [f"{v.rule} {v.face} {v.emotion} {v.strength}" for v in outcome.voices]
        same = [text for text in said if text.startswith(f"{of['rule']} ")]
        yield f"said is {', '.join((same or said)[:_SHOWN])}" if said else "no rule for evidence"
    elif expectation.is_positive:
        symbol = expectation.pattern.symbol
        alike = sorted(
            (a for a in outcome.atoms if a.name == symbol.name),
            key=lambda a: (_unlike(a, symbol), a),
        )[:_SHOWN]
        held = f"of {symbol.name} holds {', '.join(map(str, alike))}"
        yield held if alike else f"no {symbol.name} holds"
        yield from _nearest(outcome, str(of["atom"]))
    else:
        fitting = sorted(a for a in outcome.atoms if expectation.pattern.fits(a))
        derived = [a for a in fitting if a in outcome.explainer.derivation.instances]
        for atom in derived[:1]:
            rule = outcome.explainer.why(atom).rule
            yield f"{atom} is derived by {rule.id} ({rule.place})" if rule else f"{atom} holds"
        if not derived:
            yield f"{fitting[0]} is a fact of the case"


def _unlike(atom: clingo.Symbol, wanted: clingo.Symbol) -> tuple[bool, ...]:
    """Return in which terms two atoms differ, so that those alike in the first ones come first."""
    return tuple(a != w for a, w in zip(atom.arguments, wanted.arguments, strict=False))


def _nearest(outcome: Outcome, atom: str) -> Iterator[str]:
    """Yield, in one line, which rule came nearest to an atom and what it lacks."""
    text = atom.replace(" ", "").replace(f",{ANYTHING}", ',"_"').replace(f"({ANYTHING}", '("_"')
    wanted = clingo.parse_term(text)
    node = WhyNot(outcome.stages, outcome.engine).why_not(wanted)
    told = tell.tell(node, outcome.engine)
    for miss in told.because[:1]:
        lacks = "; ".join(below.sentence for below in miss.because[:2])
        place = f"{miss.rule} ({miss.place}) came nearest: " if miss.rule else ""
        yield f"{place}{miss.sentence}" + (f": {lacks}" if lacks else "")


def unnoticed(mutants: Iterable[Mutant]) -> Iterator[Diagnostic]:
    """Yield an N345 for each change to a rule that no case notices."""
    for m in mutants:
        why = "every case holds all the same, so nobody would notice if it were wrong"
        fix = "write a case in which it decides, or take it out"
        yield Diagnostic("N345", f"{m.what} unnoticed", why, fix, m.rule.file, m.line, m.column)


def uncovered(mutants: Iterable[Mutant]) -> Iterator[Diagnostic]:
    """Yield an N344 for each rule that no case fires, and each condition that decides none."""
    for m in mutants:
        what = f"no case fires {m.rule.id}"
        fix = "write a case with the facts it asks for"
        if m.change != "rule":
            what = f"no case meets all of {m.rule.id} but {m.text}"
            fix = "write a case in which it alone is missing, expecting `- …`"
        why = "what no case shows may be wrong"
        yield Diagnostic("N344", what, why, fix, m.rule.file, m.line, m.column)


def figures(found: Iterable[Survey], *, coverage: bool, mutated: bool) -> Iterator[str]:
    """Yield one line a figure."""
    surveys = list(found)
    cases = sum(len(s.suite.cases) for s in surveys)
    failed = sum(len(s.failed) + len(s.refused) for s in surveys)
    noun = "case" if cases == 1 else "cases"
    yield f"{cases} {noun}, {failed} failed" if failed else f"{cases} {noun}, all as expected"
    for change in CHANGES:
        every = sum(len(s.of(change)) for s in surveys)
        if coverage and every:
            left = sum(len(s.uncovered(change)) for s in surveys)
            yield f"{every - left} of {every} {NOUNS[change]} {_COVERED[change]}"
        if mutated and every:
            tried = sum(n in s.tried for s in surveys for n, _ in s.of(change))
            left = sum(len(s.survivors(change)) for s in surveys)
            done = "be moved by one" if change == "bound" else "be dropped"
            rest = f" ({every - tried} not tried)" if tried < every else ""
            yield f"{tried - left} of {tried} {NOUNS[change]} cannot {done} unnoticed{rest}"


def as_json(found: Iterable[Survey], *, coverage: bool, mutated: bool) -> dict[str, Any]:
    """Return all of it as plain data."""
    surveys = list(found)
    value: dict[str, Any] = {
        "schema": "nesy.test.v1",
        "cases": [
            {
                "name": outcome.case.name,
                "file": outcome.case.file,
                "line": outcome.case.line,
                "ok": not outcome.unmet,
                "unmet": [e.text for e in outcome.unmet],
            }
            for s in surveys
            for outcome in s.outcomes
        ],
        "failures": [fault.as_json() for s in surveys for fault in failures(s)],
    }
    for name, wanted, left in (
        ("coverage", coverage, Survey.uncovered),
        ("mutation", mutated, Survey.survivors),
    ):
        if wanted:
            value[name] = {
                NOUNS[change]: {
                    "of": sum(len(s.of(change)) for s in surveys),
                    "left": [_place(m) for s in surveys for m in left(s, change)],
                }
                for change in CHANGES
                if any(s.of(change) for s in surveys)
            }
    return value


def _place(m: Mutant) -> dict[str, Any]:
    return {
        "rule": m.rule.id,
        "text": m.text,
        "file": m.rule.file,
        "line": m.line,
        "column": m.column,
    }
