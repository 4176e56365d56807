"""Replay a justification: its leaves through the rules it names must derive its root again."""

from __future__ import annotations

import clingo

from nesy.explain.why.justify import Node
from nesy.explain.why.reduct import derived
from nesy.interpret import Voice, evidence_companions, log_scores, softmax, voices_in
from nesy.reason import asp
from nesy.reason.engine import Engine


def holds(root: Node, engine: Engine) -> bool:
    """Tell whether the leaves and rules of a justification derive its root.

    What is absent is so by its leaves alone: nothing counts as absent for not being derived.

    A marginal holds where the voices it names, each derived again, give its probability to the
    thousandth the norms see.
    """
    return all(_derived(node, engine) for node in _roots(root))


def _roots(root: Node) -> list[Node]:
    """Return what is to be replayed: the root, or for a reply each reason given for it."""
    if root.kind == "reply" or root.kind == "group":
        return [node for child in root.because for node in _roots(child)]
    return [root]


def _derived(root: Node, engine: Engine) -> bool:
    if root.kind in ("fact", "ontology", "absent", "condition"):
        return True
    nodes = list(root.walk())
    leaves = {n.atom for n in nodes if n.kind in ("fact", "ontology")}
    rules = list({n.rule.id: n.rule for n in nodes if n.rule is not None}.values())
    facts = asp.symbols(sorted(leaves))
    early = [r for r in rules if r in engine.rulebook.rules("interpret")]
    late = [r for r in rules if r in engine.rulebook.rules("govern")]
    absent, held, among = (
        asp.symbols(sorted({n.atom for n in nodes if n.kind in kinds and n.atom}))
        for kinds in (("absent",), ("assumed",), ("rule", "voice"))
    )
    atoms = set(facts)
    found_voices: list[Voice] = []
    if early:
        statements = [r.statement for r in early]
        (answer,) = asp.solve(
            statements,
            facts,
            extra=evidence_companions(early),
            models=1,
            guarded=engine.rulebook.strangers,
        )
        found_voices = voices_in(answer, early, engine.weights)
        atoms |= derived(statements, facts, absent=absent, held=held, among=among)
    for node in nodes:
        if node.kind == "marginal":
            symbol = clingo.parse_term(node.atom)
            if not _same_probability(symbol, node, found_voices, atoms):
                return False
            atoms.add(symbol)
    if root.kind == "marginal":
        return True
    if late:
        statements = [r.statement for r in late]
        known = sorted(atoms)
        atoms |= derived(statements, known, absent=absent, held=held, among=among)
    return clingo.parse_term(root.atom) in atoms


def _same_probability(
    symbol: clingo.Symbol, node: Node, voices: list[Voice], atoms: set[clingo.Symbol]
) -> bool:
    """Recompute a marginal from the voices the node names; each must have been derived again."""
    face, emotion, permille = symbol.arguments
    named = {n.voice for n in node.walk() if n.voice is not None}
    if not named <= set(voices):
        return False
    out = [(str(a.arguments[0]), str(a.arguments[1])) for a in atoms if a.match("excluded", 2)]
    scores = log_scores(sorted(named), out, [str(face)])
    return round(1000 * softmax(scores[str(face)]).get(str(emotion), 0.0)) == permille.number
