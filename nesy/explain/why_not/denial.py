"""Why not, of what is no atom of the rules alone: a reading, an act of the reply, its release."""

from __future__ import annotations

from collections.abc import Iterator

import clingo

from nesy.explain.english import WORDS
from nesy.explain.why.justify import Node
from nesy.explain.why_not import contrast
from nesy.explain.why_not.whynot import ANY, TOLD, WhyNot
from nesy.govern import INFER_FROM_FACE
from nesy.interpret import NULL_HYPOTHESIS
from nesy.reason import asp
from nesy.reason.engine import conclude
from nesy.trace import Verdict


def reading(of: WhyNot, face: str, emotion: str) -> Node | None:
    """Return why a face is not read as an emotion, None where that is its top reading."""
    marginals = of.stages.interpretation.marginals
    if face not in marginals:
        missing = of.why_not(clingo.Function("speaker", [clingo.Function(face)]))
        text = WORDS["no_reading"].format(face=face)
        return Node("contrast", "", text=text, because=(*_withheld(of), missing))
    shares = marginals[face]
    top = next(iter(shares), None)
    if top == emotion:
        return None
    phrase = of.engine.vocabulary.phrase
    share = 100 * shares.get(emotion, 0.0)
    slots = {"face": face, "emotion": phrase("emotion", emotion), "share": share}
    if top is None:
        return Node("contrast", "", text=WORDS["not_read"].format(**slots), because=())
    text = WORDS["outread"].format(**slots, top=phrase("emotion", top), first=100 * shares[top])
    because = [*_withheld(of)]
    excluded = clingo.Function("excluded", [clingo.Function(face), clingo.Function(emotion)])
    voices = [v for v in of.stages.interpretation.voices if (v.face, v.emotion) == (face, emotion)]
    if excluded in of.stages.interpretation.atoms:
        because.append(of.against(excluded))
    elif not voices and emotion != NULL_HYPOTHESIS:
        because.append(of.why_not(clingo.Function("evidence", [*excluded.arguments, ANY])))
    else:
        because.append(contrast.readings(of, face, top, emotion))
    return Node("contrast", "", text=text, because=tuple(because))


def _withheld(of: WhyNot) -> Iterator[Node]:
    """Yield the norm that keeps the face from being read: it is said first."""
    norms = sorted({f.withheld for f in of.stages.facts if f.withheld})
    for norm in norms:
        arguments = [clingo.Function(INFER_FROM_FACE), clingo.Function(norm.lower())]
        yield of.against(clingo.Function("forbidden", arguments))


def act(of: WhyNot, name: str, verdict: Verdict) -> Node:
    """Return why the reply does not do an act: what keeps it out, or what nobody asked for."""
    atoms = sorted(of.stages.norms.atoms if of.stages.norms else ())
    because = [*_stopped(of)] if verdict.status != "release" else []
    for force in ("forbidden", "warned"):
        rulings = [a for a in asp.named(atoms, force, 2) if str(a.arguments[0]) == name]
        because += [of.against(a) for a in rulings if not _beaten(a, atoms)]
    beaten = [a for a in asp.named(atoms, "overridden", 3) if str(a.arguments[0]) == name]
    because += [of.against(a) for a in beaten]
    asking = ("obligatory", "preferred")
    asked = [a for f in asking for a in asp.named(atoms, f, 2) if str(a.arguments[0]) == name]
    if not asked:
        near = [_asks(of, force, name) for force in asking]
        because += [node for node in near if node.because]
    else:
        left = [a for a in asked if not _beaten(a, atoms)]
        because += [
            Node("group", "", text=WORDS["asked_undone"], because=(of.explainer.why(a),))
            for a in left
        ]
    phrase = of.engine.vocabulary.phrase("reply act", name)
    text = WORDS["no_act"].format(act=phrase)
    return Node("contrast", f"reply_act({name})", text=text, because=tuple(because))


def _asks(of: WhyNot, force: str, name: str) -> Node:
    node = of.why_not(clingo.Function(force, [clingo.Function(name), ANY]))
    return Node(node.kind, node.atom, because=node.because[:TOLD])


def _beaten(ruling: clingo.Symbol, atoms: list[clingo.Symbol]) -> bool:
    """Tell whether a norm on an act gave way to another."""
    return any(a.arguments[:2] == ruling.arguments for a in asp.named(atoms, "overridden", 3))


def release(of: WhyNot, verdict: Verdict) -> Node:
    """Return why the reply was not released: the norms it breaks, those that hold it."""
    return Node("contrast", "", text=WORDS[verdict.status], because=tuple(_stopped(of)))


def _stopped(of: WhyNot) -> Iterator[Node]:
    norms = of.stages.norms
    if norms is None:
        yield Node("condition", "", text=WORDS["no_norms"])
        return
    for name, arity in (("violated", 2), ("hold", 1)):
        for atom in norms.answer.named(name, arity):
            yield of.against(atom)


def verdict_of(of: WhyNot, recorded: Verdict | None) -> Verdict:
    """Return the verdict of a Trace, or that of its stages."""
    return recorded or conclude(of.stages)
