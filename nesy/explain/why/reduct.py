"""Rules as a justification uses them: ``not`` asks what it says is absent, not what is derived.

What is left has no negation, so leaves and rules derive what they derive whatever else may hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import clingo
from clingo import ast

from nesy.companions import unpooled
from nesy.explain.why.instrument import ANYTHING, apart
from nesy.reason import asp

_ABSENT, _HELD, _MAY, _DONE = "_absent", "_held", "_may", "_done"
_DEFINED = " ".join(f"#defined {name}/1." for name in (_ABSENT, _HELD, _MAY))


def derived(
    statements: Iterable[ast.AST],
    facts: Iterable[clingo.Symbol],
    *,
    absent: Iterable[clingo.Symbol] = (),
    held: Iterable[clingo.Symbol] = (),
    among: Collection[clingo.Symbol] = (),
    extra: str = "",
) -> frozenset[clingo.Symbol]:
    """Return what rules derive from facts and absent atoms, in heads that are ``among`` these.

    ``held`` are atoms under ``not not`` that need not be derived. A choice or a disjunction derives
    each of its atoms that is among those allowed; constraints and what costs are left out. Raises
    LookupError where recursion through an aggregate leaves open what is derived.
    """
    program, more = reduced(statements)
    known = given(facts, absent=absent, held=held, among=among)
    found = solved(program, known, more + extra, most=2)
    if len(found) != 1:
        raise LookupError("recursion through an aggregate: these leaves derive no one set of atoms")
    return frozenset(atom for atom in found[0] if not atom.name.startswith("_"))


def reduced(statements: Iterable[ast.AST]) -> tuple[list[ast.AST], str]:
    """Return rules with nothing in them negated, and what else they need, in clingo's syntax."""
    reducing = _Reduced()
    found = [rule for statement in statements for rule in reducing.rules(statement)]
    return found, reducing.doubly + _DEFINED


def concluded(
    statements: Iterable[ast.AST],
    facts: Iterable[clingo.Symbol],
    *,
    absent: Iterable[clingo.Symbol] = (),
    held: Iterable[clingo.Symbol] = (),
    among: Collection[clingo.Symbol] = (),
) -> frozenset[clingo.Symbol]:
    """Return what rules derive in one step: nothing that they derive counts in a body."""
    program, more = reduced(statements)
    known = given(facts, absent=absent, held=held, among=among)
    (found,) = solved(map(_done, program), known, more)
    return frozenset(atom.arguments[0] for atom in found if atom.match(_DONE, 1))


def solved(
    program: Iterable[ast.AST], facts: Iterable[clingo.Symbol], extra: str, most: int = 0
) -> list[frozenset[clingo.Symbol]]:
    """Return the answer sets of reduced rules, at most ``most`` where it is not 0."""
    control = asp.ground(program, facts, extra=extra, models=most, name="replay")
    found: list[frozenset[clingo.Symbol]] = []
    control.solve(on_model=lambda model: found.append(frozenset(model.symbols(atoms=True))))
    return found


def given(
    facts: Iterable[clingo.Symbol],
    *,
    absent: Iterable[clingo.Symbol] = (),
    held: Iterable[clingo.Symbol] = (),
    among: Iterable[clingo.Symbol] = (),
) -> list[clingo.Symbol]:
    """Return facts as they are, and what else is given under the name it is asked by."""
    others = ((_ABSENT, absent), (_HELD, held), (_MAY, among))
    named = [clingo.Function(name, [atom]) for name, atoms in others for atom in atoms]
    return [*facts, *named]


class _Reduced(ast.Transformer):
    """Write ``not p`` as ``_absent(p)`` and ``not not p`` as ``_held(p)``, which p derives."""

    def __init__(self) -> None:
        self.doubly = ""

    def rules(self, statement: ast.AST) -> Iterable[ast.AST]:
        """Yield a rule for each atom that a rule can derive."""
        if statement.ast_type == ast.ASTType.Definition:
            yield statement
        if statement.ast_type != ast.ASTType.Rule:
            return
        for alternative in unpooled(statement):
            for atom, condition in apart(alternative):
                body = [self(literal) for literal in (*alternative.body, *condition)]
                head = ast.Literal(atom.symbol.location, ast.Sign.NoSign, atom)
                yield alternative.update(head=head, body=[*body, _asked(_MAY, atom)])

    def visit_Literal(self, node: ast.AST) -> ast.AST:
        atom = node.atom
        if atom.ast_type != ast.ASTType.SymbolicAtom or node.sign == ast.Sign.NoSign:
            return node.update(**self.visit_children(node))
        if node.sign == ast.Sign.Negation:
            return _asked(_ABSENT, _Anything()(atom))
        term = atom.symbol
        sign = "-" if term.ast_type == ast.ASTType.UnaryOperation else ""
        name, arity = _signature(term.argument if sign else term)
        of = f"{sign}{name}({','.join(f'V{n}' for n in range(arity))})" if arity else sign + name
        self.doubly += f"{_HELD}({of}) :- {of}. "
        return _asked(_HELD, atom)


def _signature(term: ast.AST) -> tuple[str, int]:
    if term.ast_type == ast.ASTType.SymbolicTerm:
        return term.symbol.name, 0
    return term.name, len(term.arguments)


class _Anything(ast.Transformer):
    """Write anonymous variables as the constant that stands for anything in absent atoms."""

    def visit_Variable(self, node: ast.AST) -> ast.AST:
        return ast.SymbolicTerm(node.location, ANYTHING) if node.name == "_" else node


def _asked(name: str, atom: ast.AST) -> ast.AST:
    """Return the literal that an atom, written as a term, is among those of a name."""
    term = ast.Function(atom.symbol.location, name, [atom.symbol], 0)
    return ast.Literal(atom.symbol.location, ast.Sign.NoSign, ast.SymbolicAtom(term))


def _done(rule: ast.AST) -> ast.AST:
    if rule.ast_type != ast.ASTType.Rule:
        return rule
    return rule.update(head=_asked(_DONE, rule.head.atom))
