"""Checks of what stands over a rule and of its variables: label, source, sentence, single use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count

from nesy.check.clause import Clause, Signature
from nesy.check.names import renamed
from nesy.check.program import Program, fault, span
from nesy.check.spelling import one_edit
from nesy.diagnostics import Diagnostic, Edit, Fault, nearest
from nesy.predicates import INPUTS, PREDICATES
from nesy.rulebook import Rule

_SLOT = re.compile(r"\{([A-Za-z_]\w*)\}")
# What rules may derive and the engine looks at by itself.
_SHARED = PREDICATES.keys() - INPUTS
_WITH_A_SOURCE = frozenset({("evidence", 3), ("excluded", 2)})


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
    """Yield an N357 for a {Variable} of a sentence that the rule does not have."""
    for clause in program.checked:
        rule = clause.rule
        known = {term.text for term in clause.variables()}
        for name in _SLOT.findall(rule.sentence or ""):
            if name not in known:
                close = one_edit(name, known)
                what = f"the sentence names {{{name}}}, and the rule has no such variable"
                why = f"{{{name}}} would be told as it stands"
                fix = f"did you mean {{{close}}}?" if close else nearest(name, known)
                yield _in_label(rule, name, (what, why, fix), close)


def _in_label(rule: Rule, name: str, said: tuple[str, str, str], close: str | None) -> Fault:
    """Return the fault at its place in the sentence."""
    if rule.label is None:
        return Fault("N357", *said, rule.file, rule.line, rule.column, is_warning=True)
    line, column, *_ = span(rule.label)
    column += len(str(rule.label).split(f"{{{name}}}")[0].encode()) + 1
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
            others = {n for n, a in program.read_signatures | _SHARED if a == arity}
            close = one_edit(name, others)
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
            fix = f"did you mean {close}? else {fix}" if close else fix
            edits = renamed(head, close)
            yield fault("N359", (what, why, fix), clause, head, warning=True, edits=edits)
