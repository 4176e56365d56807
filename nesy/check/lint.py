"""Check rules before they are believed: one check a function, all of them in two tables.

An error keeps a file from being used; a warning is told by ``nesy check`` and in the editor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from nesy import exemption
from nesy.check import cycles, kinds, names, unsafe
from nesy.check.program import Program
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.reason import asp
from nesy.rulebook import Pack, Rulebook, everything
from nesy.vocabulary import Vocabulary

Check = Callable[[Program], Iterable[Diagnostic]]

ERRORS: tuple[Check, ...] = (
    names.unknown,
    names.no_head,
    names.forged,
    names.weighed,
    names.lifted,
    names.exceptions,
    kinds.words,
    kinds.compared,
    kinds.variables,
    kinds.terms,
    kinds.strengths,
    cycles.norms,
    cycles.absent_norms,
    cycles.endless,
)


def warnings() -> tuple[Check, ...]:
    """Return the checks that only warn; they are loaded when they are wanted."""
    from nesy.check import firing, labels, twins

    return (
        firing.never,
        firing.idle,
        firing.strengths,
        firing.overflows,
        firing.constraints,
        firing.choices,
        firing.intervals,
        twins.repeated,
        twins.muscles,
        cycles.absent_readings,
        labels.empty,
        labels.notes,
        labels.unlabelled,
        labels.slots,
        labels.single,
        labels.unused,
    )


def check(
    rulebook: Rulebook, vocabulary: Vocabulary, packs: Collection[Pack] | None = None
) -> list[Diagnostic]:
    """Return every error of the rules in force, or of some packs, in the order of their files."""
    return _errors(Program(rulebook, vocabulary, rulebook.packs if packs is None else packs))


def faults(
    rulebook: Rulebook, vocabulary: Vocabulary, packs: Collection[Pack] | None = None
) -> list[Diagnostic]:
    """Return every error and warning, in the order of their files and places."""
    program = Program(rulebook, vocabulary, rulebook.packs if packs is None else packs)
    errors = _errors(program)
    warned = [fault for check in warnings() for fault in check(program)]
    every = dict.fromkeys([*errors, *_further(warned, errors, program)])
    return in_order(every, rulebook)


def require_sound(rulebook: Rulebook, vocabulary: Vocabulary) -> None:
    """Raise NesyError with every error of the files a user added; the shipped ones are tested."""
    if rulebook.foreign and (faults := check(rulebook, vocabulary, rulebook.foreign)):
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


def in_order(faults: Iterable[Diagnostic], rulebook: Rulebook) -> list[Diagnostic]:
    """Return faults in the order of their files, lines and columns; columns count characters."""
    files = [pack.rules[0].file if pack.rules else str(pack.path) for pack in rulebook.packs]
    order = {file: at for at, file in reversed(list(enumerate(files)))}
    last = len(files)
    return sorted(faults, key=lambda f: (order.get(f.file or "", last), f.line or 0, f.column or 0))


def _errors(program: Program) -> list[Diagnostic]:
    """Return the errors of the packs checked; clingo is asked only where nothing else is wrong."""
    found = [fault for check in ERRORS for fault in check(program)]
    theirs = (clause.rule for clause in program.checked if program.is_foreign(clause))
    found = found or [fault for rule in theirs for fault in exemption.unsourced(rule)]
    found = found or list(_refused_by_clingo(program))
    return in_order(found, program.rulebook)


def _refused_by_clingo(program: Program) -> Iterator[Diagnostic]:
    """Ground the rules over the ontology, without a case: clingo finds unsafe variables."""
    for pack in program.packs:
        statements = [*(rule.statement for rule in pack.rules), *pack.others]
        name = pack.rules[0].file if pack.rules else str(pack.path)
        try:
            if pack.stratum is None:
                asp.require_end(statements, asp.symbols(program.words.facts), files=name)
            else:
                asp.ground(statements, name=name)
        except NesyError as error:
            yield from unsafe.explained(error.diagnostics, program)


def _further(
    warned: list[Diagnostic], errors: list[Diagnostic], program: Program
) -> Iterator[Diagnostic]:
    """Yield the warnings of rules without an error, and one alone of two votes of one rule."""
    wrong = {program.rule_at(fault) for fault in errors}
    twice = {program.rule_at(fault) for fault in warned if fault.code == "N353"}
    for fault in warned:
        rule = program.rule_at(fault)
        if rule not in wrong and not (fault.code == "N354" and rule in twice):
            yield fault
