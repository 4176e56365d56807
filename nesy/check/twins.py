"""Checks of rules against each other: the same twice, one within another, one muscle two votes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from nesy.check import ranges
from nesy.check.clause import Clause, Literal, Signature, Term
from nesy.check.firing import stated
from nesy.check.program import Program, fault
from nesy.diagnostics import Diagnostic
from nesy.predicates import PREDICATES, kind_of
from nesy.vocabulary import Vocabulary

_EVIDENCE = ("evidence", 3)
# Whether one rule covers another can take as long as one likes: what is not found soon is not told.
MOST_STEPS = 10_000
MOST_COMPARED = 500
Binding = Mapping[str, Term]


def repeated(program: Program) -> Iterator[Diagnostic]:
    """Yield an N353 for a rule that another one makes needless: the same, or a more general one."""
    earlier: dict[Signature, list[Clause]] = {}
    checked = set(map(id, program.checked))
    for clause in program.every:
        if clause.form != "rule" or len(clause.heads) != 1:
            continue
        same_head = earlier.setdefault(clause.heads[0].signature, [])
        if id(clause) in checked:
            yield from _repeats(clause, same_head, program.is_foreign)
        same_head.append(clause)


def _repeats(
    clause: Clause, earlier: list[Clause], foreign: Callable[[Clause], bool]
) -> Iterator[Diagnostic]:
    ours = _needs(clause)
    for other in earlier[:MOST_COMPARED]:
        within = _needs(other) <= ours and covers(other, clause)
        around = ours <= _needs(other) and covers(clause, other)
        if not (within or around):
            continue
        votes = clause.heads[0].signature == _EVIDENCE
        fix = "leave one of them out"
        if not foreign(other):
            fix = "leave this one out; what that one is worth is its weight"
        name = _called(other)
        if within and around:
            what = f"this is the same rule as {name}"
            why = "the evidence counts twice" if votes else "it derives nothing more"
        elif votes:
            # A stronger case may rightly be worth more: a further voice, and meant as one.
            continue
        elif within:
            what = f"{name} derives this already"
            why = "its conditions are among the conditions here, so this rule adds nothing"
        else:
            what = f"this rule makes {name} needless"
            why = "its conditions are among the conditions there, so that rule adds nothing"
        yield fault("N353", (what, why, fix), clause, warning=True)
        return


def _called(clause: Clause) -> str:
    rule = clause.rule
    return f"{rule.id} ({rule.place})" if rule.sentence else rule.place


def _needs(clause: Clause) -> set[tuple[Signature, int]]:
    """Return the signatures a rule looks at, and how: a quick look before a long one."""
    return {(lit.signature, lit.sign) for lit in clause.body if lit.kind == "atom"}


def covers(general: Clause, special: Clause) -> bool:
    """Tell whether one rule derives all that another does (theta-subsumption)."""
    bound = _match(general.heads[0], special.heads[0], {})
    if bound is None:
        return False
    # `_` of the special rule is a value of its own; a variable there is a constant here.
    fixed = _fixed(special)
    known = ranges.values(fixed)
    order = {"atom": 0, "other": 1, "comparison": 2}
    body = sorted(general.body, key=lambda lit: (order[lit.kind], lit.sign))
    return _covered(body, fixed, bound, known, iter(range(MOST_STEPS)))


def _covered(
    body: list[Literal],
    special: Clause,
    bound: Binding,
    values: ranges.Values,
    steps: Iterator[int],
) -> bool:
    if not body:
        return True
    first, rest = body[0], body[1:]
    for literal in special.body:
        if next(steps, None) is None:
            return False
        if (found := _match(first, literal, bound)) is not None and _covered(
            rest, special, found, values, steps
        ):
            return True
    if first.kind == "comparison":
        put = replace(first, terms=tuple(_put(term, bound) for term in first.terms))
        return values.holds(put) is True and _covered(rest, special, bound, values, steps)
    return False


def _put(term: Term, bound: Binding) -> Term:
    if term.kind == "variable":
        return bound.get(term.text, term)
    return replace(term, arguments=tuple(_put(argument, bound) for argument in term.arguments))


def _fixed(clause: Clause) -> Clause:
    """Return a rule whose every `_` is a variable of its own, so that it matches nothing else."""
    count = iter(range(10_000))

    def term(of: Term) -> Term:
        if of.kind == "variable" and of.text == "_":
            return replace(of, text=f"_{next(count)}")
        return replace(of, arguments=tuple(map(term, of.arguments)))

    def literal(of: Literal) -> Literal:
        # Under `not`, a `_` says that there is none at all, and matches only such another.
        terms = of.terms if of.sign else tuple(map(term, of.terms))
        return replace(of, terms=terms)

    body = tuple(map(literal, clause.body))
    return replace(clause, body=body)


def _match(one: Literal, other: Literal, bound: Binding) -> Binding | None:
    """Return the binding that makes one literal another; None where there is none."""
    if (one.kind, one.sign, one.text, one.negated) != (
        other.kind,
        other.sign,
        other.text,
        other.negated,
    ) or (len(one.terms), len(one.inner)) != (len(other.terms), len(other.inner)):
        return None
    found: Binding | None = bound
    for left, right in zip(one.terms, other.terms, strict=True):
        found = found if found is None else _unify(left, right, found, strict=one.sign > 0)
    for inner, theirs in zip(one.inner, other.inner, strict=True):
        found = found if found is None else _match(inner, theirs, found)
    return found


def _unify(one: Term, other: Term, bound: Binding, *, strict: bool) -> Binding | None:
    if one.kind == "variable":
        if one.text == "_":
            return bound if not strict or other.text == "_" else None
        if one.text in bound:
            return bound if bound[one.text] == other else None
        return {**bound, one.text: other}
    if (one.kind, one.text, len(one.arguments)) != (other.kind, other.text, len(other.arguments)):
        return None
    found: Binding | None = bound
    for left, right in zip(one.arguments, other.arguments, strict=True):
        found = found if found is None else _unify(left, right, found, strict=strict)
    return found


# ── One muscle votes once ───────────────────────────────────────────────────────────────────────


def muscles(program: Program) -> Iterator[Diagnostic]:
    """Yield an N354 where a user's rule lets a unit vote for an emotion it has voted for already.

    Both rules rest on the face alone: with words beside it a unit says something else.
    """
    voted: dict[tuple[str, int], list[tuple[int, Clause]]] = {}
    checked = set(map(id, program.checked))
    for clause in program.every:
        for emotion, units in _votes(clause, program):
            again = [unit for unit in sorted(units) if (emotion, unit) in voted]
            if again and program.is_foreign(clause) and id(clause) in checked:
                # Of several, the one that rests on the fewest units is the most alike.
                every = (pair for unit in again for pair in voted[emotion, unit])
                _, other = min(every, key=lambda pair: pair[0])
                names = " and ".join(f"AU{unit}" for unit in again)
                what = f"{names} votes for {emotion} twice, here and in {_called(other)}"
                why = "one muscle votes once: each rule that fires is a voice of its own"
                fix = "leave this rule out and give that one another weight, or rest on other units"
                yield fault("N354", (what, why, fix), clause, clause.heads[0], warning=True)
                break
            for unit in units:
                voted.setdefault((emotion, unit), []).append((len(units), clause))


def _votes(clause: Clause, program: Program) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield each emotion a rule of the face alone speaks for, with the units it rests on."""
    heads = [head for head in clause.heads if head.signature == _EVIDENCE]
    if not heads or not all(_of_the_face(lit, program) for lit in clause.body):
        return
    emotion = heads[0].terms[1]
    named = [part.text for part in emotion.arguments or (emotion,) if part.kind == "word"]
    if named:
        seen = frozenset(u for lit in clause.body for u in _units(lit, program, {}))
        yield from ((name, seen) for name in named)
        return
    for literal in clause.body:
        for row in stated(literal, program.words) or () if literal.kind == "atom" else ():
            bound = {
                term.text: value
                for term, value in zip(literal.terms, row, strict=True)
                if term.kind == "variable"
            }
            if emotion.text in bound:
                units = {u for lit in clause.body for u in _units(lit, program, bound)}
                yield bound[emotion.text], frozenset(units)


def _of_the_face(literal: Literal, program: Program) -> bool:
    if literal.kind != "atom" or literal.sign:
        return True
    predicate = program.documented.get(literal.signature)
    if predicate is None:
        return False
    if predicate.signature in PREDICATES:
        return predicate.origin in ("image", "ontology") or predicate.name == "speaker"
    return bool({"Unit", "Expression"} & set(predicate.arguments))


def _units(literal: Literal, program: Program, bound: Mapping[str, str]) -> Iterator[int]:
    """Yield the units that a positive condition on a face rests on."""
    predicate = program.documented.get(literal.signature)
    if literal.kind != "atom" or literal.sign or predicate is None:
        return
    if predicate.stratum == "ontology" or predicate.name == "observable":
        return
    for name, term in zip(predicate.arguments, literal.terms, strict=True):
        kind = kind_of(predicate, name)
        word = bound.get(term.text, "") if term.kind == "variable" else term.text
        if kind == "unit" and word.isdigit():
            yield int(word)
        elif kind == "expression":
            yield from _moved_by(word, program.words)


def _moved_by(expression: str, words: Vocabulary) -> frozenset[int]:
    """Return the units of the shortest ways to make an expression: a smile is AU12 alone."""
    term = words.expressions.get(expression)
    formula = term.one("formula") if term else ""
    ways = [frozenset(map(int, w.split("+"))) for w in formula.split(" | ") if w]
    return frozenset().union(*(way for way in ways if not any(other < way for other in ways)))
