"""Checks of what stands over a rule and of its variables: label, source, sentence, single use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count

from nesy import exemption, overriding, resources
from nesy.check.clause import Clause, Signature
from nesy.check.names import renamed
from nesy.check.program import Program, fault, span
from nesy.check.spelling import one_edit
from nesy.diagnostics import Diagnostic, Edit, Fault, nearest
from nesy.predicates import INPUTS, PREDICATES
from nesy.rulebook import Rule

# What a note over a rule can be called to mean something.
NOTES = {
    "source",
    "support",
    "norm",
    "innocent",
    "prototype",
    "weigh",
    overriding.NOTE,
    *exemption.NOTES,
}
_SLOT = re.compile(r"\{([A-Za-z_]\w*)\}")
_STRAY = re.compile(r"\{\w*|\w*\}")
# What rules may derive and the engine looks at by itself.
_SHARED = PREDICATES.keys() - INPUTS
_WITH_A_SOURCE = frozenset({("evidence", 3), ("excluded", 2)})


def empty(program: Program) -> Iterator[Diagnostic]:
    """Yield an N360 for a file of a user that holds no rule."""
    for pack in program.packs:
        if pack.stratum is None and not pack.rules:
            what, why = "this file holds no rule", "with it and without it everything is the same"
            fix = "write a rule, as `nesy new rule NAME` does; a % begins a comment"
            file = resources.shown(pack.path)
            yield Fault("N360", what, why, fix, file, 1, 1, is_warning=True)


def notes(program: Program) -> Iterator[Diagnostic]:
    """Yield an N361 for a note whose name is a single slip away from one that says something."""
    for clause in program.checked:
        for name, comment in clause.rule.noted.items():
            if name not in NOTES and (meant := one_edit(name, NOTES)):
                line, column, *_ = span(comment)
                column += str(comment).index(name)
                end = line, column + len(name)
                what, why = f"unknown note {name}", "nothing looks at a note of this name"
                said = (what, why, f"did you mean {meant}?", clause.rule.file, line, column)
                edits = (Edit(line, column, *end, meant),)
                yield Fault("N361", *said, *end, is_warning=True, edits=edits)


def unlabelled(program: Program) -> Iterator[Diagnostic]:
    """Yield an N356 for a rule of a user without its label, or a weighed one without its source."""
    taken = {clause.rule.id for clause in program.every}
    for clause in filter(program.is_foreign, program.checked):
        rule = clause.rule
        if rule.sentence is None:
            what = "the rule has no label"
            why = f"`nesy why` can only call it {rule.id}, and weights have no name for it"
            named = (f"{_pack(clause)}.rule_{n}" for n in count(1))
            name = next(name for name in named if name not in taken)
            taken.add(name)
            stub = f'%! {name} "{_stub(clause)}"'
            fix = f"write above it: {stub}"
            edits = (Edit(rule.line, 1, rule.line, 1, f"{stub}\n"),) if rule.column == 1 else ()
            yield fault("N356", (what, why, fix), clause, warning=True, edits=edits)
        elif not rule.notes.get("source") and rule.heads & _WITH_A_SOURCE:
            what = f"{rule.id} has no source"
            why = "whoever asks why is told what a rule rests on"
            fix = "write %  source: … under its label: an article, a study, or house"
            yield fault("N356", (what, why, fix), clause, warning=True)


def _pack(clause: Clause) -> str:
    stem = re.split(r"[/\\]", clause.rule.file)[-1].removesuffix(".lp").lower()
    return re.sub(r"[^a-z0-9_]", "_", stem).lstrip("_0123456789") or "mine"


def _stub(clause: Clause) -> str:
    """Return the head's own sentence, with the rule's terms in place of its arguments."""
    if len(clause.heads) != 1:
        return "TODO"
    head = clause.heads[0]
    predicate = PREDICATES.get(head.signature)
    if predicate is None:
        return "TODO: say what {it} says".replace("{it}", f"{head.text}/{len(head.terms)}")
    values = {
        name: f"{{{term.text}}}" if term.kind == "variable" else str(term)
        for name, term in zip(predicate.arguments, head.terms, strict=True)
    }
    return "TODO: " + _SLOT.sub(lambda m: values[m[1]], predicate.meaning)


def slots(program: Program) -> Iterator[Diagnostic]:
    """Yield an N357 for a {Variable} of a sentence that the rule has not, or a stray brace."""
    for clause in program.checked:
        rule = clause.rule
        known = {term.text for term in clause.variables()}
        for name in _SLOT.findall(rule.sentence or ""):
            if name not in known:
                close = one_edit(name, known)
                what = f"the sentence names {{{name}}}, and the rule has no such variable"
                why = f"{{{name}}} would be told as it stands"
                fix = f"did you mean {{{close}}}?" if close else nearest(name, known)
                at = str(rule.label).find(f"{{{name}}}") + 1
                yield _in_label(rule, name, at, (what, why, fix), close)
        if stray := _STRAY.search(_SLOT.sub(lambda slot: " " * len(slot[0]), str(rule.label))):
            what = f"the brace in {stray[0]} names no variable"
            fix = "write {Variable}, with a brace on each side and nothing else between them"
            yield _in_label(
                rule, stray[0], stray.start(), (what, "it would be told as it stands", fix)
            )


def _in_label(
    rule: Rule, name: str, at: int, said: tuple[str, str, str], close: str | None = None
) -> Fault:
    """Return the fault of what stands at a place in the label."""
    if rule.label is None:
        return Fault("N357", *said, rule.file, rule.line, rule.column, is_warning=True)
    line, column, *_ = span(rule.label)
    column += len(str(rule.label)[:at].encode())
    end = column + len(name)
    edits = (Edit(line, column, line, end, close),) if close else ()
    return Fault("N357", *said, rule.file, line, column, line, end, True, edits)


def single(program: Program) -> Iterator[Diagnostic]:
    """Yield an N358 for a variable that occurs once, in the rule, its sentence and its notes."""
    for clause in program.checked:
        rule = clause.rule
        every = clause.variables()
        counts = Counter(term.text for term in every)
        told = {*_SLOT.findall(rule.sentence or ""), *rule.weighed}
        inside = {id(t) for part in clause.body if part.kind == "other" for t in part.walk()}
        for term in every:
            if counts[term.text] > 1 or term.text in told or term.text.startswith("_"):
                continue
            close = one_edit(term.text, counts)
            what = f"{term.text} occurs only once"
            why = "it compares with nothing"
            if ("evidence", 3) in rule.heads and id(term) not in inside:
                why = "it compares with nothing, and each value it can take is a voice of its own"
            fix = "write _ where any value will do, or name it in the sentence"
            fix = f"did you mean {close}? else {fix}" if close else fix
            yield fault("N358", (what, why, fix), clause, term, warning=True)


def unused(program: Program) -> Iterator[Diagnostic]:
    """Yield an N359 for a predicate of a user's that nothing reads and no comment explains."""
    told: set[Signature] = set()
    for clause in filter(program.is_foreign, program.checked):
        for head in clause.heads:
            signature = head.signature
            known = {*program.documented, *program.read_signatures, *told}
            if signature in known or head.text.startswith("_"):
                continue
            told.add(signature)
            name, arity = signature
            what = f"no rule looks at {name}/{arity}"
            why = "what it derives reaches no reading and no norm"
            if meant := next((PREDICATES[s] for s in sorted(_SHARED) if s[0] == name), None):
                what = f"{name} takes {len(meant.arguments)} arguments, not {arity}"
                said = (what, f"{why}, as no rule looks at {name}/{arity}", f"write {meant}")
                yield fault("N359", said, clause, head, warning=True)
                continue
            args = ", ".join(f"A{n}" for n in range(1, arity + 1))
            explained = f"%*! {name}({args}) and a sentence *%" if arity else f"%*! {name} …*%"
            fix = f"use it in another rule, or say what it is for: {explained}"
            others = (program.read_signatures | _SHARED) - INPUTS
            if close := one_edit(name, {n for n, a in others if a == arity}):
                fix = f"did you mean {close}? else {fix}"
            elif other := one_edit(name, {n for n, _ in others}):
                of = min(s for s in others if s[0] == other)
                fix = f"did you mean {PREDICATES.get(of) or f'{of[0]}/{of[1]}'}? else {fix}"
            edits = renamed(head, close)
            yield fault("N359", (what, why, fix), clause, head, warning=True, edits=edits)
