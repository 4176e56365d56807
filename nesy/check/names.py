"""Check names: predicates nothing knows, a wrong number of arguments, heads no rule may have."""

from __future__ import annotations

from collections.abc import Iterator

from clingo import ast

from nesy import exemption
from nesy.check.clause import Clause, Literal
from nesy.check.program import Program, fault, span
from nesy.check.spelling import one_edit
from nesy.companions import heads, variables
from nesy.diagnostics import Diagnostic, Edit, Fault, nearest
from nesy.predicates import INPUTS, PREDICATES, Predicate, kind_of

# What a norm may conclude. What else the shipped norms derive decides between norms.
_RULINGS = frozenset(
    {
        ("forbidden", 2),
        ("obligatory", 2),
        ("preferred", 2),
        ("warned", 2),
        ("preferred_tone", 2),
        ("hold", 1),
    }
)


def unknown(program: Program) -> Iterator[Diagnostic]:
    """Yield an N301 for each condition on a predicate that nothing states, declares or derives."""
    for clause in program.checked:
        for literal in clause.conditioning():
            if literal.kind == "atom" and literal.signature not in program.known:
                yield _unknown(literal, clause, program)


def _unknown(literal: Literal, clause: Clause, program: Program) -> Fault:
    name, arity = literal.signature
    what = f"unknown predicate {name}/{arity}"
    if same := sorted(a for n, a in program.known if n == name):
        predicate = program.documented.get((name, same[0]))
        wanted = "no argument" if not same[0] else f"{same[0]} argument{'s'[: same[0] != 1]}"
        what = f"{name} takes {wanted}, not {arity}"
        why = f"it is {predicate}: {_plain(predicate.meaning)}" if predicate else "as it is derived"
        fix = f"write {_filled(literal, predicate)}" if predicate else f"write {name}/{same[0]}"
        return fault("N301", (what, why, fix), clause, literal)
    if kinds := [kind for kind, terms in program.words.terms.items() if name in terms]:
        why = f"{name} is no predicate but a word: {_of(kinds[0])}"
        fix = f"write {_holding(kinds[0], name)}"
        return fault("N301", (what, why, fix), clause, literal)
    known = {n for n, a in program.known if a == arity} or {n for n, _ in program.known}
    why = "no rule, fact or #defined declares it, so nothing will ever match it"
    close = one_edit(name, known)
    hint = f"did you mean {close}?" if close else nearest(name, {n for n, _ in program.known})
    fix = f"{hint} or add `#defined {name}/{arity}.`"
    return fault("N301", (what, why, fix), clause, literal, edits=renamed(literal, close))


def renamed(literal: Literal, close: str | None) -> tuple[Edit, ...]:
    """Return the edit that gives an atom another name, which begins it; none without one."""
    if close is None or literal.node is None or literal.negated:
        return ()
    node = literal.node
    symbol = node.atom.symbol if node.ast_type == ast.ASTType.Literal else node
    line, column, *_ = span(symbol)
    return (Edit(line, column, line, column + len(literal.text), close),)


def _plain(meaning: str) -> str:
    """Return a predicate's sentence without its braces."""
    return meaning.replace("{", "").replace("}", "")


def _of(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _filled(literal: Literal, predicate: Predicate) -> str:
    """Return the atom with as many arguments as it takes, those missing as `_`."""
    given = [str(term) for term in literal.terms]
    wanted = len(predicate.arguments)
    if len(given) > wanted or not given:
        return str(predicate)
    return f"{predicate.name}({', '.join([*given, *'_' * (wanted - len(given))])})"


def _holding(kind: str, word: str) -> str:
    """Return an atom in which a word of this kind can stand."""
    for predicate in PREDICATES.values():
        kinds = [kind_of(predicate, argument) for argument in predicate.arguments]
        if kind in kinds and predicate.stratum in ("input", "interpret", "marginal"):
            shown = [
                word if k == kind else argument
                for k, argument in zip(kinds, predicate.arguments, strict=True)
            ]
            return f"{predicate.name}({', '.join(shown)})"
    return f"a predicate that takes {_of(kind)}"


def forged(program: Program) -> Iterator[Diagnostic]:
    """Yield an N304 for a head that the engine alone states, an N315 for a negated one."""
    for clause in program.checked:
        for head in clause.heads:
            name, arity = head.signature
            if (name, arity) in INPUTS:
                origin = PREDICATES[name, arity].origin
                why = f"only the engine states it (channel: {origin}); no text may make it true"
            elif name.startswith("_"):
                why = "names that begin with _ are the engine's own"
            else:
                continue
            fix = "derive a predicate of your own instead"
            yield fault("N304", (f"a rule may not derive {name}/{arity}", why, fix), clause, head)
        for head in clause.heads:
            if head.negated:
                what = "a rule may not derive a classical negation"
                why = "it is a hidden constraint: where both sides hold, nothing holds at all"
                fix = "use a predicate of your own, such as no_smile(Face), and `not`"
                yield fault("N315", (what, why, fix), clause, head)


def no_head(program: Program) -> Iterator[Diagnostic]:
    """Yield an N324 where a comparison stands in the place of a head: `a <- b` is one."""
    for clause in program.checked:
        if clause.form == "comparison":
            what = f"{clause.rule.text.rstrip('.')} derives nothing"
            why = (
                "a comparison stands where the conclusion belongs; clingo reads `a <- b` as a < -b"
            )
            fix = "write the conclusion, then :- and the conditions"
            yield fault("N324", (what, why, fix), clause)


def weighed(program: Program) -> Iterator[Diagnostic]:
    """Yield an N318 where the note `weigh` fits no evidence of its rule."""
    for clause in program.checked:
        rule = clause.rule
        if not rule.weighed:
            continue
        choice = (literal for _, held in heads(rule.statement.head) for literal in held)
        bound = set(variables([*rule.statement.body, *choice]))
        if set(rule.weighed) - bound or ("evidence", 3) not in rule.heads:
            what = f"the note `weigh: {rule.notes['weigh']}` fits no evidence of this rule"
            why = f"the rule binds {', '.join(sorted(bound)) or 'no variable'}"
            fix = "name variables of its body, in a rule for evidence(Face, Emotion, Strength)"
            yield fault("N318", (what, why, fix), clause)


def lifted(program: Program) -> Iterator[Diagnostic]:
    """Yield an N314 where a user's rule derives what decides between the shipped norms."""
    packs = [pack for pack in program.rulebook.packs if pack.stratum == "govern"]
    rules = (program.clause(rule) for pack in packs for rule in pack.rules)
    norms = {head.signature for clause in rules for head in clause.heads}
    deciding = norms - _RULINGS - {exemption.EXEMPT}
    for clause in filter(program.is_foreign, program.checked):
        for head in clause.heads:
            if head.signature in deciding:
                what = f"a rule of yours may not derive {head.text}/{len(head.terms)}"
                why = "the shipped norms decide by it, and they hold whatever is added"
                fix = "derive forbidden, obligatory, preferred, warned or hold, by a norm of yours"
                yield fault("N314", (what, why, fix), clause, head)


def exceptions(program: Program) -> Iterator[Diagnostic]:
    """Yield an N610 for each exception to a norm that is not in its form."""
    for clause in program.checked:
        foreign = program.is_foreign(clause)
        yield from exemption.faults(clause.rule, program.words, foreign=foreign)
