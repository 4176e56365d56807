"""Read one rule file: each rule with its id, its sentence, its source and its place.

The id, the sentence and the notes are comments that clingo's own parser returns with their place,
so a file with them still runs in plain clingo::

    %! sarcasm.eye_roll_on_praise "{Face} rolls the eyes while the words are friendly"
    %  source: Hossain et al., Table 1
    evidence(Face, sarcasm, 800) :- expression(Face, eye_roll, C), line_valence(positive, _).
"""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import clingo
from clingo import ast

from nesy import resources, rule_syntax
from nesy.companions import heads
from nesy.diagnostics import Diagnostic, NesyError
from nesy.predicates import Predicate
from nesy.rule_text import LARGEST_FILE, refuse_unsafe, translate
from nesy.strict_json import read_text

Signature = tuple[str, int]
Strata = Literal["interpret", "govern"]

_LABEL = re.compile(r'^%!\s*([a-z][A-Za-z0-9_.]*)\s+"(.*)"\s*$')
_NOTE = re.compile(r"^%\s+([a-z_]+):\s*(.+?)\s*$")
_TITLE = re.compile(r"^%%\s*(.+?)\s*$")
_PREDICATE = re.compile(r"^%\*!\s*([a-z_]\w*)(?:\(([^)]*)\))?\s+(.*?)\s*\*%$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a file. ``id`` is its label, or ``file:line`` where it has none.

    ``noted`` are the comments that the notes stand in.
    """

    id: str
    sentence: str | None
    notes: dict[str, str]
    file: str
    line: int
    column: int
    statement: ast.AST = field(repr=False, compare=False, hash=False)
    label: ast.AST | None = field(default=None, repr=False, compare=False, hash=False)
    noted: dict[str, ast.AST] = field(default_factory=dict, repr=False, compare=False, hash=False)

    @property
    def place(self) -> str:
        """Return ``file:line``."""
        return f"{self.file}:{self.line}"

    @property
    def text(self) -> str:
        """Return the rule as clingo prints it."""
        return str(self.statement)

    @property
    def weighed(self) -> tuple[str, ...]:
        """Return the variables by whose values this rule is weighed, from its note ``weigh``."""
        return tuple(
            name.strip() for name in self.notes.get("weigh", "").split(",") if name.strip()
        )

    @property
    def is_normal(self) -> bool:
        """Tell whether the head is one atom: no choice, no disjunction, no constraint."""
        head = self.statement.head
        return bool(
            head.ast_type == ast.ASTType.Literal
            and head.sign == ast.Sign.NoSign
            and head.atom.ast_type == ast.ASTType.SymbolicAtom
        )

    @property
    def negates(self) -> bool:
        """Tell whether the head holds a classical negation, as in ``-smiles(Face)``."""
        atoms = (atom for atom, _ in heads(self.statement.head))
        return any(atom.symbol.ast_type == ast.ASTType.UnaryOperation for atom in atoms)

    @property
    def heads(self) -> frozenset[Signature]:
        """Return the signatures this rule can derive."""
        return frozenset(signature(atom.symbol) for atom, _ in heads(self.statement.head))

    @property
    def body_signatures(self) -> frozenset[Signature]:
        """Return the signatures this rule looks at, conditions of its head included."""
        found = set()
        for literal in self.statement.body:
            found |= set(_signatures(literal))
        for _, condition in heads(self.statement.head):
            for literal in condition:
                found |= set(_signatures(literal))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Pack:
    """A rule file: its name is the file's, its title the first ``%%`` comment.

    A pack with the note ``%  default: off`` above its rules is used only when it is named.
    """

    name: str
    title: str
    path: Path = field(repr=False)
    rules: tuple[Rule, ...] = field(repr=False)
    stratum: Strata | None
    others: tuple[ast.AST, ...] = field(default=(), repr=False)
    predicates: tuple[Predicate, ...] = field(default=(), repr=False)
    notes: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_default(self) -> bool:
        """Tell whether the pack is used when no pack is named."""
        return self.notes.get("default") != "off"

    @property
    def defined(self) -> frozenset[Signature]:
        """Return the signatures the file declares by ``#defined``."""
        return frozenset(
            (o.name, o.arity) for o in self.others if o.ast_type == ast.ASTType.Defined
        )


# A syntax tree that outlives clingo's own module complains when Python tears modules down; at the
# end of the process there is nothing left to release.
@atexit.register
def _keep_quiet() -> None:
    del ast.AST.__del__


def read_pack(path: Path, stratum: Strata | None = None) -> Pack:
    """Parse one rule file; raises NesyError N300 (syntax) or N302 (refused) with the place."""
    return parse_pack(read_text(path, most=4 * LARGEST_FILE), path, stratum)


def parse_pack(text: str, path: Path, stratum: Strata | None = None) -> Pack:
    """Parse the text of a rule file, saved or not; raises as :func:`read_pack` does."""
    name = resources.shown(path)
    refuse_unsafe(text, name)
    statements: list[ast.AST] = []
    messages: list[str] = []
    try:
        ast.parse_string(
            text, statements.append, logger=lambda _, message: messages.append(message)
        )
    except RuntimeError as error:
        found = [m for message in messages for m in translate(message, name)]
        if not found:
            what = "clingo cannot read this file"
            found = [Diagnostic("N300", what, str(error), "mend the syntax", name)]
        raise NesyError(rule_syntax.explained(found, text)) from error
    return _assemble(path, name, stratum, statements)


def _assemble(path: Path, name: str, stratum: Strata | None, statements: Sequence[ast.AST]) -> Pack:
    title = path.stem
    label: tuple[str, str] | None = None
    labelled: ast.AST | None = None
    notes: dict[str, str] = {}
    noted: dict[str, ast.AST] = {}
    of_pack: dict[str, str] = {}
    rules: list[Rule] = []
    others: list[ast.AST] = []
    faults: list[Diagnostic] = []
    predicates: list[Predicate] = []
    for statement in statements:
        kind = statement.ast_type
        if kind == ast.ASTType.Comment:
            text = str(statement)
            if documented := _PREDICATE.match(text):
                predicates.append(_documented(documented))
            if found := _LABEL.match(text):
                faults += _no_rule_below(labelled, name)
                label, labelled, notes, noted = (found[1], found[2]), statement, {}, {}
            elif text.startswith("%!"):
                faults.append(_not_a_label(statement, name))
            elif (note := _NOTE.match(text)) and label:
                notes[note[1]], noted[note[1]] = note[2], statement
            elif note and not rules:
                of_pack[note[1]] = note[2]
            elif (heading := _TITLE.match(text)) and title == path.stem:
                title = heading[1]
        elif kind == ast.ASTType.Rule:
            begin = statement.location.begin
            place = f"{name}:{begin.line}"
            if not label and rules and rules[-1].line == begin.line:
                place = f"{place}:{begin.column}"
            if "&" in str(statement) and (theory := _theory(statement, name)):
                faults.append(theory)
            rule_id, sentence = label or (place, None)
            at = name, begin.line, begin.column
            rules.append(Rule(rule_id, sentence, notes, *at, statement, labelled, noted))
            label, labelled, notes, noted = None, None, {}, {}
        elif kind == ast.ASTType.Defined:
            others.append(statement)
        elif kind != ast.ASTType.ShowSignature and not _is_base(statement):
            faults.append(_statement_refused(statement, name))
    faults += [*_no_rule_below(labelled, name), *labels_twice(rules)]
    if faults:
        raise NesyError(faults)
    kept = (tuple(rules), stratum, tuple(others), tuple(predicates), of_pack)
    return Pack(path.stem, title, path, *kept)


def _documented(found: re.Match[str]) -> Predicate:
    """Return a pack's own predicate from its comment: its arguments, its sentence."""
    arguments = tuple(a.strip() for a in (found[2] or "").split(",") if a.strip())
    meaning = " ".join(found[3].split()).rstrip(".")
    meaning = meaning[:1].lower() + meaning[1:]
    return Predicate(found[1], arguments, "interpret", "derived", meaning)


def _is_base(statement: ast.AST) -> bool:
    return bool(statement.ast_type == ast.ASTType.Program and statement.name == "base")


# Why a statement cannot stand in a rule file, by what it would do.
_REFUSED = {
    "Definition": ("it would rename words in the shipped rules too", "write the value itself"),
    "Program": ("its rules would never be used", "leave the #program line out"),
    "External": ("facts come from the case, nothing else", "use `#defined name/arity.`"),
}
_WRITTEN = {
    "Definition": "#const",
    "Program": "#program",
    "External": "#external",
    "Minimize": "a weak constraint (:~, #minimize or #maximize)",
    "ShowTerm": "#show of a term",
    "ProjectAtom": "#project",
    "ProjectSignature": "#project",
    "Heuristic": "#heuristic",
    "Edge": "#edge",
    "TheoryDefinition": "#theory",
}
_WEIGHED = (
    "readings are weighed by weights.json and norms by their order, not by the solver",
    "write evidence(Face, Emotion, Strength) or a norm instead",
)


def _statement_refused(statement: ast.AST, name: str) -> Diagnostic:
    begin = statement.location.begin
    kind = statement.ast_type.name
    why, fix = _REFUSED.get(kind, _WEIGHED)
    what = f"{_WRITTEN.get(kind, kind)} cannot stand in a rule file"
    return Diagnostic("N302", what, why, fix, name, begin.line, begin.column)


def _theory(rule: ast.AST, name: str) -> Diagnostic | None:
    """Return the fault of a theory atom, as in ``&sum { X } > 3``, which no theory here defines."""
    atoms = [rule.head, *(getattr(literal, "atom", literal) for literal in rule.body)]
    if all(atom.ast_type != ast.ASTType.TheoryAtom for atom in atoms):
        return None
    begin = rule.location.begin
    why, fix = "no theory is defined here", "write #sum { ... } or a predicate of your own"
    what = "a theory atom cannot stand in a rule file"
    return Diagnostic("N302", what, why, fix, name, begin.line, begin.column)


def _not_a_label(comment: ast.AST, name: str) -> Diagnostic:
    begin = comment.location.begin
    what = f"{str(comment)[:60]} is no label"
    fix = 'write %! pack.name "the sentence, with {Variables} of the rule"'
    why = "the rule below it would have no name and no sentence"
    return Diagnostic("N313", what, why, fix, name, begin.line, begin.column)


def _no_rule_below(label: ast.AST | None, name: str) -> list[Diagnostic]:
    """Return a fault for a label that the next label, or the file's end, comes before a rule."""
    if label is None:
        return []
    begin = label.location.begin
    what, why = f"no rule stands below {str(label)[:60]}", "it names nothing"
    fix = "write its rule below it, or take it out"
    return [Diagnostic("N313", what, why, fix, name, begin.line, begin.column)]


def labels_twice(rules: Sequence[Rule]) -> list[Diagnostic]:
    """Return a fault for each label that stands over more than one rule."""
    seen: dict[str, Rule] = {}
    faults = []
    for rule in rules:
        if rule.id in seen:
            what = f"two rules are called {rule.id}"
            why = (
                f"the other is at {seen[rule.id].place}; weights and explanations name rules by id"
            )
            fix = "give this one an id of its own"
            faults.append(Diagnostic("N312", what, why, fix, rule.file, rule.line, rule.column))
        seen[rule.id] = rule
    return faults


def _signatures(node: ast.AST) -> Iterable[Signature]:
    """Return the signatures of all atoms below a node."""
    return [signature(atom.symbol) for atom in _atoms(node)]


def _atoms(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []

    class _Atoms(ast.Transformer):
        def visit_SymbolicAtom(self, atom: ast.AST) -> ast.AST:
            found.append(atom)
            return atom

    _Atoms()(node)
    return found


def signature(term: ast.AST) -> Signature:
    """Return the signature of an atom's term, a classical negation or a pool included."""
    if term.ast_type == ast.ASTType.UnaryOperation:
        return signature(term.argument)
    if term.ast_type == ast.ASTType.Pool:
        return signature(term.arguments[0])
    if term.ast_type == ast.ASTType.SymbolicTerm:
        symbol: clingo.Symbol = term.symbol
        return symbol.name, len(symbol.arguments)
    return term.name, len(term.arguments)
