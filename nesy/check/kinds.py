"""Checks of arguments: words the ontology lacks, words and numbers in the wrong place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from nesy.check.clause import Clause, Literal, Term
from nesy.check.program import Program, fault, replaced
from nesy.check.spelling import one_edit
from nesy.diagnostics import Diagnostic, Fault, nearest
from nesy.predicates import PREDICATES, Predicate, kind_of
from nesy.reason import asp
from nesy.vocabulary import Vocabulary

LARGEST_NUMBER = 1_000_000
WIDEST_INTERVAL = 10_000
PERMILLE = frozenset({"Confidence", "Strength", "Intensity", "Probability"})
_FACE = re.compile(r"f\d+")
_SWAPPED = "two arguments are swapped"
_NUMBERS = PERMILLE | {"Count", "Back", "Arousal", "Severity"}


def known_words(kind: str, words: Vocabulary) -> set[str]:
    """Return the words, or the codes of units, that an argument of a kind can be."""
    if kind == "unit":
        return {str(code) for code in words.units}
    return set(words.terms[kind])


def places(literal: Literal) -> Iterator[tuple[Predicate, str, Term]]:
    """Yield each argument of an atom with its name in the contract; a pool gives its parts."""
    predicate = PREDICATES.get(literal.signature) if literal.kind == "atom" else None
    if predicate is None:
        return
    for name, term in zip(predicate.arguments, literal.terms, strict=True):
        for part in term.arguments if term.kind == "pool" else (term,):
            yield predicate, name, part


def words(program: Program, free: Collection[str] = ()) -> Iterator[Diagnostic]:
    """Yield an N307 for a word the ontology lacks, an N319 for one of another kind.

    Words of the ``free`` kinds may be any.
    """
    for clause in program.checked:
        for literal in clause.literals():
            for predicate, name, term in places(literal):
                kind = kind_of(predicate, name)
                found: list[Fault] = []
                if kind in free:
                    continue
                if kind and term.kind in ("word", "number"):
                    found = list(_of_kind(kind, term, literal, clause, program.words))
                elif name in _NUMBERS and term.kind == "word" and not term.text.startswith("#"):
                    found = [_no_number(name, term, literal, predicate, clause)]
                elif name == "Face" and term.kind == "word" and not _FACE.fullmatch(term.text):
                    found = [_no_face(term, literal, clause)]
                yield from found
                if any(_SWAPPED in fault.fix for fault in found):
                    break


def _of_kind(
    kind: str, term: Term, literal: Literal, clause: Clause, words: Vocabulary
) -> Iterator[Fault]:
    word = term.text
    if word in known_words(kind, words):
        return
    others = [k for k in words.terms if k not in (kind, "unit") and word in words.terms[k]]
    if others or term.kind == "number":
        yield _misplaced(kind, others, term, literal, clause, words)
    else:
        yield _unknown(kind, term, clause, words)


def _unknown(kind: str, term: Term, clause: Clause, words: Vocabulary) -> Fault:
    """Return the fault of a word that the ontology does not have at all, or not in quotes."""
    known, bare = known_words(kind, words), term.text.strip("'\"")
    what = f"unknown {kind} {term.text}"
    if bare in known:
        why = "in quotes it is another word; the words of the ontology have none"
        said, mend = (what, why, f"write {bare}, without quotes"), bare
        return fault("N307", said, clause, term, edits=replaced(term, mend))
    why = f"the ontology has no {kind} of this name, so nothing will ever match it"
    close = one_edit(term.text, known)
    fix = f"did you mean {close}?" if close else nearest(term.text, known)
    edits = replaced(term, close) if close else ()
    return fault("N307", (what, why, fix), clause, term, edits=edits)


def _misplaced(
    kind: str, others: list[str], term: Term, literal: Literal, clause: Clause, words: Vocabulary
) -> Fault:
    """Return the fault of a word that is one, and belongs elsewhere."""
    predicate = PREDICATES[literal.signature]
    if kind == "unit" and term.kind == "number":
        why = "the ontology has no FACS unit of this code, so nothing will ever match it"
        known = ", ".join(map(str, sorted(words.units)))
        return fault(
            "N307", (f"unknown unit {term.text}", why, f"use one of: {known}"), clause, term
        )
    it_is = "a number" if term.kind == "number" else _a(others[0])
    what = f"{term.text} is {it_is}, and {literal.text} asks for {_a(kind)} here"
    why = f"the arguments are {predicate}"
    fix = nearest(term.text, known_words(kind, words))
    if swapped := _swapped(literal, predicate, words):
        fix = f"{_SWAPPED}: write {swapped}"
    return fault("N319", (what, why, fix), clause, term)


def _swapped(literal: Literal, predicate: Predicate, words: Vocabulary) -> str | None:
    """Return the atom with two arguments swapped, where each then fits its place."""
    for one in range(len(literal.terms)):
        for other in range(one + 1, len(literal.terms)):
            terms = list(literal.terms)
            terms[one], terms[other] = terms[other], terms[one]
            fits = map(_fits, terms, predicate.arguments, [(predicate, words)] * len(terms))
            if {terms[one].kind, terms[other].kind} <= {"word", "number"} and all(fits):
                return f"{predicate.name}({', '.join(map(str, terms))})"
    return None


def _fits(term: Term, name: str, of: tuple[Predicate, Vocabulary]) -> bool:
    """Tell whether a term can stand for an argument of this name."""
    predicate, words = of
    kind = kind_of(predicate, name)
    if term.kind == "number":
        return name in _NUMBERS or (kind == "unit" and int(term.text) in words.units)
    if term.kind == "word":
        return name not in _NUMBERS and (kind is None or term.text in known_words(kind, words))
    return True


def _no_number(
    name: str, term: Term, literal: Literal, predicate: Predicate, clause: Clause
) -> Fault:
    range_ = "an integer 0-1000" if name in PERMILLE else "an integer"
    what = f"{term.text} is a word, and {literal.text} asks for a number here ({name})"
    why = f"the arguments are {predicate}; {name} is {range_}"
    fix = "write a number, a variable that begins with a capital letter, or _ for any"
    return fault("N319", (what, why, fix), clause, term)


def _no_face(term: Term, literal: Literal, clause: Clause) -> Fault:
    what = f"{term.text} is a word, and {literal.text} asks for a face here"
    why = "what begins with a small letter is a word; faces are called f1, f2 and so on"
    said = term.text[:1].upper() + term.text[1:]
    fix = f"write {said} for any face" if said.isidentifier() else "write Face for any face"
    return fault("N319", (what, why, fix), clause, term)


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def variables(program: Program) -> Iterator[Diagnostic]:
    """Yield an N319 for a variable that stands for two kinds that share no word."""
    for clause in program.checked:
        seen: dict[str, tuple[str, str]] = {}
        for literal in clause.literals():
            for predicate, name, term in places(literal):
                kind = "number" if name in _NUMBERS else kind_of(predicate, name)
                kind = "face" if name == "Face" else kind
                if term.kind != "variable" or term.text == "_" or kind is None:
                    continue
                before, where = seen.setdefault(term.text, (kind, literal.text))
                if before != kind and not _share(before, kind, program.words):
                    what = (
                        f"{term.text} is {_a(before)} in {where} and {_a(kind)} in {literal.text}"
                    )
                    why = f"nothing is both, so the two never match; {literal.text} is {predicate}"
                    fix = "use two variables, or look at the order of the arguments"
                    yield fault("N319", (what, why, fix), clause, term)


def compared(program: Program) -> Iterator[Diagnostic]:
    """Yield an N307 for a word that a variable is compared with and can never be."""
    for clause in program.checked:
        kinds: dict[str, dict[str, None]] = {}
        for literal in clause.literals():
            for predicate, name, term in places(literal):
                if term.kind == "variable" and (kind := kind_of(predicate, name)):
                    kinds.setdefault(term.text, {})[kind] = None
        for literal in clause.literals():
            if literal.kind != "comparison" or literal.text not in ("=", "!="):
                continue
            for one, other in (literal.terms, literal.terms[::-1]):
                asked = kinds.get(one.text, {}) if one.kind == "variable" else {}
                for term in other.arguments if other.kind == "pool" else (other,):
                    known = term.text in {w for k in asked for w in known_words(k, program.words)}
                    if asked and not known and term.kind in ("word", "number"):
                        yield _unknown(next(iter(asked)), term, clause, program.words)


def _share(one: str, other: str, words: Vocabulary) -> bool:
    if {one, other} & {"face", "number"}:
        return {one, other} == {"number", "unit"}
    return bool(known_words(one, words) & known_words(other, words))


def terms(program: Program) -> Iterator[Diagnostic]:
    """Yield what is wrong with functions and numbers, each at its place: N305, N306, N316."""
    for clause in program.checked:
        for literal in clause.literals():
            for term in (t for outer in literal.terms for t in _wrong(outer)):
                if said := _said(term):
                    yield fault(said[0], said[1], clause, term)


def _wrong(term: Term) -> Iterator[Term]:
    """Yield the outermost parts of a term that something is wrong with."""
    if _said(term):
        yield term
    else:
        for argument in term.arguments:
            yield from _wrong(argument)


def _said(term: Term) -> tuple[str, tuple[str, str, str]] | None:
    """Return the code of what is wrong with a term, what it is, why and the mend."""
    if term.kind == "function" and term.text.startswith("@") and term.text[1:] not in asp.FUNCTIONS:
        why = "rules may call a closed set of functions only"
        fix = f"use one of: {', '.join('@' + name for name in asp.FUNCTIONS)}"
        return "N306", (f"unknown function {term.text}", why, fix)
    if term.kind == "interval":
        low, high = (argument.number for argument in term.arguments)
        if low is not None and high is not None and high - low > WIDEST_INTERVAL:
            why = f"clingo writes every value out, and {WIDEST_INTERVAL} are the most allowed"
            fix = "compare: 0 <= X, X <= 1000"
            return "N316", (f"the interval {term} is too wide", why, fix)
    if term.text in ("/", "\\") and term.kind == "operation" and term.arguments[1].number == 0:
        why = "clingo drops the rule without a word"
        return "N305", (f"{term} divides by zero", why, "divide by a number that is not 0")
    number = term.number
    if (number is not None and abs(number) > LARGEST_NUMBER) or term.text == "**":
        return "N305", overflow(str(term))
    return None


def strengths(program: Program) -> Iterator[Diagnostic]:
    """Yield an N317 for a strength that is written down and out of 0-1000."""
    for clause in program.checked:
        for head in clause.heads:
            number = head.terms[2].number if head.signature == ("evidence", 3) else None
            if number is not None and not 0 <= number <= 1000:
                what = f"the strength is {number}"
                why = "a strength is an integer from 0 to 1000; what a rule is worth is its weight"
                fix = "write a number from 0 to 1000"
                yield fault("N317", (what, why, fix), clause, head.terms[2])


def overflow(text: str) -> tuple[str, str, str]:
    """Return what is said of a number that may overflow."""
    why = "clingo's integers wrap silently beyond 2147483647"
    fix = "confidences and strengths are 0-1000; keep numbers below a million"
    return f"{text} may overflow", why, fix
