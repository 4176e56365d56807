"""Say of a variable that clingo calls unsafe where it stands, and what would bind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nesy.check.clause import Clause, Literal
from nesy.check.kinds import PERMILLE, places
from nesy.check.program import Program, fault, replaced
from nesy.check.spelling import one_edit
from nesy.diagnostics import Diagnostic, Fault
from nesy.predicates import kind_of

_WHAT, _END = "the variable ", " is unsafe"


def explained(found: Iterable[Diagnostic], program: Program) -> Iterator[Diagnostic]:
    """Yield clingo's diagnostics, those of unsafe variables (N303) with what to do."""
    every = tuple(dict.fromkeys(found))  # each alternative of a pool is refused for itself
    for diagnostic in every:
        name = _name(diagnostic)
        place = diagnostic.file, diagnostic.line, diagnostic.column
        rule = program.rule_at(diagnostic)
        clause = next((c for c in program.checked if id(c.rule) == rule), None)
        if name is None or clause is None:
            yield diagnostic
        elif name.startswith("#Anon") or name == "_":
            why = "_ stands for any value, and no condition says which values there are"
            fix = "name it, and give it a condition that is not negated"
            yield Fault("N303", "the variable _ is unsafe", why, fix, *place)
        elif not _computed(name, clause, {_name(d) for d in every}):
            yield _unsafe(name, clause, diagnostic, program)


def _name(diagnostic: Diagnostic) -> str | None:
    what = diagnostic.what
    return what[len(_WHAT) : -len(_END)] if what.startswith(_WHAT) else None


def _computed(name: str, clause: Clause, unsafe: set[str | None]) -> bool:
    """Tell whether a variable is computed from another unsafe one: mending that mends both."""
    for literal in clause.body:
        if literal.kind == "comparison" and literal.text == "=":
            for one, other in (literal.terms, literal.terms[::-1]):
                if one.text == name and any(t.text in unsafe - {name} for t in other.walk()):
                    return True
    return False


def _unsafe(name: str, clause: Clause, at: Diagnostic, program: Program) -> Fault:
    every = clause.variables()
    here = next(
        (
            t
            for t in every
            if t.text == name and t.node is not None and t.node.location.begin.column == at.column
        ),
        next((t for t in every if t.text == name), None),
    )
    kinds = [
        (kind_of(predicate, argument), argument)
        for literal in clause.literals()
        for predicate, argument, term in places(literal)
        if term.text == name
    ]
    what = f"nothing says which values {name} can take"
    word = name.lower()
    for kind, _ in kinds:
        if kind in program.words.terms and word in program.words.terms[kind]:
            why = f"{name} begins with a capital letter, so it is a variable and no {kind}"
            said = (what, why, f"did you mean {word}?")
            return fault("N303", said, clause, here, edits=replaced(here, word))
    others = {term.text for term in every} - {name}
    if close := one_edit(name, others):
        said = (what, _why(name, clause), f"{name} and {close} look like one: spell them alike")
        return fault("N303", said, clause, here, edits=replaced(here, close))
    fix = f"add a condition that gives {name} its values, such as {_binding(name, kinds, clause)}"
    return fault("N303", (what, _why(name, clause), fix), clause, here)


def _why(name: str, clause: Clause) -> str:
    """Say where a variable stands that no condition binds."""
    body = [lit for lit in clause.body if any(t.text == name for t in lit.walk())]
    if not body:
        return f"{name} stands in the conclusion and in no condition"
    last = body[-1]
    if last.kind == "atom" and last.sign:
        return f"{name} stands only under `not`, and what is absent names nobody"
    if last.kind == "comparison":
        return f"{name} is only compared ({last}), and a comparison gives no value"
    return f"{last} gives {name} no value outside itself"


def _binding(name: str, kinds: list[tuple[str | None, str]], clause: Clause) -> str:
    """Return a condition that would bind a variable of this kind."""
    arguments = {argument for _, argument in kinds}
    if "Face" in arguments:
        return f"face({name})"
    if "emotion" in {kind for kind, _ in kinds}:
        return f"emotion({name})"
    for literal in clause.body:
        if literal.kind == "atom" and not literal.sign and (spare := _spare(literal, name)):
            return spare
    if arguments & PERMILLE:
        return f"expression({_face(clause)}, smile, {name})"
    kind = next((kind for kind, _ in kinds if kind), None)
    known = {"expression": f"expression_name({name})", "unit": f"unit({name})"}
    return known.get(kind or "", f"a predicate with {name} in it")


def _face(clause: Clause) -> str:
    """Return how the rule calls the face it is about."""
    faces = (t for lit in clause.literals() for _, argument, t in places(lit) if argument == "Face")
    return next((term.text for term in faces if term.kind == "variable"), "Face")


def _spare(literal: Literal, name: str) -> str | None:
    """Return an atom of the body with this variable in place of the `_` of a confidence."""
    for predicate, argument, term in places(literal):
        if argument in PERMILLE and term.text == "_":
            terms = [name if each is term else str(each) for each in literal.terms]
            return f"{predicate.name}({', '.join(terms)})"
    return None
