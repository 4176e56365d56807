"""Check rules before they are believed: unknown words, forged channels, silent overflow, cycles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from nesy import exemption
from nesy.companions import heads, variables
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.lint_terms import faults_of_terms
from nesy.predicates import INPUTS, PREDICATES
from nesy.reason import asp, guard
from nesy.rulebook import Pack, Rule, Rulebook, Signature, everything
from nesy.stratify import grows, negative_cycles
from nesy.vocabulary import Vocabulary

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


def check(rulebook: Rulebook, vocabulary: Vocabulary) -> list[Diagnostic]:
    """Return every fault of the rules in force, in the order of their files."""
    return _check(rulebook, vocabulary, rulebook.packs)


def require_sound(rulebook: Rulebook, vocabulary: Vocabulary) -> None:
    """Raise NesyError with every fault of the files a user added; the shipped ones are tested."""
    if rulebook.foreign and (faults := _check(rulebook, vocabulary, rulebook.foreign)):
        raise NesyError(faults)


def require_known(keys: Iterable[str], rulebook: Rulebook, file: Path | None) -> None:
    """Raise NesyError N331 for every weight of a file that stands under no rule there is."""
    if file is None:
        return
    known = {rule.id for pack in (*rulebook.packs, *everything().packs) for rule in pack.rules}
    faults = []
    for name in sorted({key.partition("(")[0] for key in keys} - known):
        what = f"no rule is called {name}"
        why = "a weight under no rule would change nothing"
        faults.append(Diagnostic("N331", what, why, nearest(name, known), str(file)))
    if faults:
        raise NesyError(faults)


def _check(rulebook: Rulebook, vocabulary: Vocabulary, packs: Collection[Pack]) -> list[Diagnostic]:
    """Return the faults of some packs, all of them in force."""
    faults: list[Diagnostic] = []
    known = _known(rulebook)
    norms = {s for p in rulebook.packs if p.stratum == "govern" for r in p.rules for s in r.heads}
    for pack in packs:
        for rule in pack.rules:
            faults += _unknown_predicates(rule, known)
            faults += _forged(rule)
            faults += faults_of_terms(rule, vocabulary)
            faults += _weighed(rule)
            foreign = pack in rulebook.foreign
            faults += exemption.faults(rule, vocabulary, foreign=foreign)
            if foreign:
                faults += _lifted(rule, norms - _RULINGS - {exemption.EXEMPT})
    ours = {id(rule) for pack in packs for rule in pack.rules}
    faults += _norms(rulebook, packs)
    faults += _without_end(rulebook, ours)
    theirs = (rule for pack in rulebook.foreign if pack in packs for rule in pack.rules)
    faults = faults or [fault for rule in theirs for fault in exemption.unsourced(rule)]
    return faults or _refused_by_clingo(packs)


def _known(rulebook: Rulebook) -> set[Signature]:
    declared = {s for pack in rulebook.packs for s in pack.defined}
    derived = {head for pack in rulebook.packs for rule in pack.rules for head in rule.heads}
    return {*PREDICATES, *declared, *derived}


def _unknown_predicates(rule: Rule, known: set[Signature]) -> Iterator[Diagnostic]:
    for name, arity in sorted(rule.body_signatures - known):
        same = [f"{n}/{a}" for n, a in sorted(known) if n == name]
        hint = nearest(name, {n for n, _ in known})
        fix = f"did you mean {same[0]}?" if same else f"{hint} or add `#defined {name}/{arity}.`"
        why = "no rule, fact or #defined declares it, so this rule can never fire"
        what = f"unknown predicate {name}/{arity}"
        yield Diagnostic("N301", what, why, fix, rule.file, rule.line, rule.column)


def _forged(rule: Rule) -> Iterator[Diagnostic]:
    for name, arity in sorted(rule.heads):
        if (name, arity) in INPUTS:
            origin = PREDICATES[name, arity].origin
            why = f"only the engine states it, from the channel {origin}; no text may make it true"
        elif name.startswith("_"):
            why = "names that begin with _ are the engine's own"
        else:
            continue
        what = f"a rule may not derive {name}/{arity}"
        fix = "derive a predicate of your own instead"
        yield Diagnostic("N304", what, why, fix, rule.file, rule.line, rule.column)
    if rule.negates:
        what = "a rule may not derive a classical negation"
        why = "it is a hidden constraint: where both sides hold, nothing holds at all"
        fix = "use a predicate of your own, such as no_smile(Face), and `not`"
        yield Diagnostic("N315", what, why, fix, rule.file, rule.line, rule.column)


def _weighed(rule: Rule) -> Iterator[Diagnostic]:
    if not rule.weighed:
        return
    bound = set(
        variables([*rule.statement.body, *(c for _, h in heads(rule.statement.head) for c in h)])
    )
    lacking = [name for name in rule.weighed if name not in bound]
    if lacking or ("evidence", 3) not in rule.heads:
        what = f"the note `weigh: {rule.notes['weigh']}` fits no evidence of this rule"
        why = f"the rule binds {', '.join(sorted(bound)) or 'no variable'}"
        fix = "name variables of the body, in a rule that derives evidence(Face, Emotion, Strength)"
        yield Diagnostic("N318", what, why, fix, rule.file, rule.line, rule.column)


def _lifted(rule: Rule, deciding: set[Signature]) -> Iterator[Diagnostic]:
    for name, arity in sorted(rule.heads & deciding):
        what = f"a rule of yours may not derive {name}/{arity}"
        why = "the shipped norms decide by it whether they hold, and they hold whatever is added"
        fix = "derive forbidden, obligatory, preferred, warned or hold, with a norm of your own"
        yield Diagnostic("N314", what, why, fix, rule.file, rule.line, rule.column)


def _norms(rulebook: Rulebook, packs: Collection[Pack]) -> Iterator[Diagnostic]:
    """Norms are normal, stratified rules: one verdict, no way to make the program unsatisfiable."""
    rules = rulebook.rules("govern")
    # A cycle that a user's file closes is that file's fault: the shipped rules alone have none.
    blamed = rulebook.foreign or packs
    ours = {id(rule) for pack in packs for rule in pack.rules}
    theirs = {id(rule) for pack in blamed for rule in pack.rules}
    for rule in rules:
        if id(rule) in ours and not rule.is_normal:
            what = "a norm must be a rule with one atom as its head"
            why = "a constraint that fails drops every norm with it, a choice leaves all open"
            fix = "derive forbidden(Act, Norm), obligatory(Act, Norm) or hold(Norm)"
            yield Diagnostic("N308", what, why, fix, rule.file, rule.line, rule.column)
    for part in negative_cycles(rules):
        names = ", ".join(f"{name}/{arity}" for name, arity in sorted(part))
        for rule in [r for r in rules if id(r) in theirs and r.heads & part][:1]:
            what = f"norms depend on their own absence: {names}"
            why = "such rules can have no verdict, or several"
            fix = "break the cycle through `not`"
            yield Diagnostic("N309", what, why, fix, rule.file, rule.line, rule.column)


def _without_end(rulebook: Rulebook, ours: set[int]) -> Iterator[Diagnostic]:
    rules = [rule for pack in rulebook.packs for rule in pack.rules]
    for rule in grows(rules):
        if id(rule) in ours:
            what = "the recursion builds ever longer terms"
            why = "its head wraps in a function what it takes from itself, so grounding never ends"
            fix = "recurse over words or numbers, with a bound"
            yield Diagnostic("N316", what, why, fix, rule.file, rule.line, rule.column)


def _refused_by_clingo(packs: Iterable[Pack]) -> list[Diagnostic]:
    """Ground the rules without a case: clingo finds unsafe variables."""
    faults: list[Diagnostic] = []
    for pack in packs:
        statements = [*(rule.statement for rule in pack.rules), *pack.others]
        name = pack.rules[0].file if pack.rules else str(pack.path)
        try:
            if pack.stratum is None:
                guard.require_end(statements, (), asp.ALL_DEFINED, name)
            asp.ground(statements, name=name)
        except NesyError as error:
            faults += error.diagnostics
    return faults
