"""Answer ``nesy why``: for one atom, or for the whole outcome when nothing is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import clingo

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.explain.english import WORDS
from nesy.explain.opinions import opinions_of
from nesy.explain.question import DoesNotHold, known_pattern, matches, pattern_of
from nesy.explain.why.justify import Explainer, Node
from nesy.govern import FORCES, INFER_FROM_FACE
from nesy.predicates import PREDICATES
from nesy.reason.engine import Engine, Stages, conclude, stages_of
from nesy.reply.compose import TEMPLATES
from nesy.trace import Trace

# So many justifications of one atom are told.
MOST_WAYS = 12

__all__ = [
    "DoesNotHold",
    "absent",
    "acts_told",
    "holding",
    "pattern_of",
    "stages_and_engine",
    "why",
]


def why(trace: Trace, engine: Engine, atom: str | None = None, *, every: bool = False) -> Node:
    """Return the justification of an atom of a trace, or of its response.

    With ``every``, each minimal justification of an atom, at most ``MOST_WAYS`` of them. Raises
    NesyError N501 (not an atom), N502 (it does not hold), N503 (nothing to explain yet).
    """
    stages, engine = stages_and_engine(trace, engine)
    explainer = Explainer(stages, engine)
    if atom is None:
        return _response(trace, stages, explainer, engine)
    holding = explainer.holding()
    found = [held for held in holding if matches(pattern_of(atom), held)]
    if not found:
        wanted = known_pattern(atom, engine)
        found = sorted(known for known in engine.static if matches(wanted, known))
    if not found:
        raise DoesNotHold(absent(atom, holding))
    told = partial(_ways, explainer) if every else explainer.why
    nodes = tuple(told(held) for held in found)
    return nodes[0] if len(nodes) == 1 else Node("group", "", text=atom, because=nodes)


def _ways(explainer: Explainer, atom: clingo.Symbol) -> Node:
    """Return every minimal justification of an atom, as far as they are told."""
    found = tuple(explainer.all(atom, MOST_WAYS + 1))
    if len(found) == 1:
        return found[0]
    key = "ways" if len(found) <= MOST_WAYS else "ways_more"
    text = WORDS[key].format(count=min(len(found), MOST_WAYS))
    return Node("group", str(atom), text=text, because=found[:MOST_WAYS])


def stages_and_engine(trace: Trace, engine: Engine) -> tuple[Stages, Engine]:
    """Return the stages of a Trace that has facts, and the engine on its day; raises N503."""
    if trace.facts is None:
        what = f"the trace of case {trace.case.id} has no facts yet"
        fix = "pipe it through `nesy reason` first"
        raise NesyError(Diagnostic("N503", what, "there is nothing to explain", fix))
    dated = engine.dated(trace)
    return stages_of(trace, dated), dated


def holding(stages: Stages, engine: Engine) -> list[clingo.Symbol]:
    """Return every atom that holds in a case, sorted."""
    norms = stages.norms.atoms if stages.norms else frozenset()
    found = {*stages.final_facts, *stages.admitted, *stages.interpretation.atoms, *norms}
    return sorted(a for a in found | set(engine.static) if not a.name.startswith("_"))


def absent(atom: str, holding: list[clingo.Symbol]) -> Diagnostic:
    """Return what is wrong with asking why an atom holds that does not."""
    symbol = pattern_of(atom)
    same = [str(h) for h in holding if h.name == symbol.name]
    known = {name for name, _ in PREDICATES} | {h.name for h in holding}
    if symbol.name not in known:
        why_ = f"no rule and no fact speaks of {symbol.name}"
        return Diagnostic("N502", f"{atom} does not hold", why_, nearest(symbol.name, known))
    why_ = (
        f"what holds of {symbol.name}: {', '.join(same[:6])}"
        if same
        else (f"nothing holds of {symbol.name} in this case")
    )
    return Diagnostic(
        "N502", f"{atom} does not hold", why_, f"ask why not: nesy why '{atom}' --not"
    )


def _response(trace: Trace, stages: Stages, explainer: Explainer, engine: Engine) -> Node:
    verdict = trace.verdict or conclude(stages)
    acts = trace.response.acts if trace.response else stages.draft.acts
    text = trace.response.text if trace.response else stages.draft.text
    children = (
        list(acts_told(acts, stages, explainer, engine)) if verdict.status == "release" else []
    )
    if readings := tuple(_readings(stages, explainer)):
        children.append(Node("group", "", text="reading", because=readings))
    if opinions := tuple(opinions_of(trace, engine.vocabulary)):
        children.append(Node("group", "", text="opinions", because=opinions))
    if drafts := tuple(_drafts(stages, engine)):
        children.append(Node("group", "", text="drafts", because=drafts))
    children += _forbidden(stages, explainer)
    head = f"{WORDS[verdict.status]} “{text}”"
    return Node("reply", "", text=head, because=tuple(children))


def _drafts(stages: Stages, engine: Engine) -> Iterator[Node]:
    """Yield the drafts that were not released: what was struck, by which norm, and why."""
    words = engine.vocabulary
    for round_ in stages.rounds:
        unread = sorted({why for found in round_.found for why in found.unread})
        if not (round_.broken or unread or round_.error):
            continue
        reasons = [WORDS["unread"].format(reason=why) for why in unread]
        if round_.error is not None:
            reasons.append(WORDS["undrafted"])
        for broken in round_.broken:
            act = words.phrase("reply act", broken.act)
            said = WORDS[broken.by].format(act=act, quote=broken.quote or "", norm=broken.norm)
            reasons.append(f"{said}, {broken.cites}")
        nodes = tuple(Node("condition", "", text=reason) for reason in reasons)
        text = f"{round_.author}: “{round_.text}”"
        yield Node("reply", "", text=text, because=nodes)


def acts_told(
    acts: tuple[str, ...], stages: Stages, explainer: Explainer, engine: Engine
) -> Iterator[Node]:
    """Yield why the reply does each of its acts."""
    atoms = stages.norms.atoms if stages.norms else frozenset()
    for act in acts:
        asked = sorted(
            a
            for a in atoms
            if a.name in FORCES[1:3] and len(a.arguments) == 2 and str(a.arguments[0]) == act
        )
        phrase = engine.vocabulary.phrase("reply act", act)
        reasons = tuple(explainer.why(a) for a in asked)
        why_else = "unasked" if stages.draft.author == TEMPLATES else "chosen"
        unasked = (Node("condition", "", text=why_else),)
        yield Node("reply", "", text=WORDS["acts"].format(act=phrase), because=reasons or unasked)


def _forbidden(stages: Stages, explainer: Explainer) -> Iterator[Node]:
    """Yield what was struck, with its reasons; what gave way; briefly, what no reply may do.

    Struck is what a draft did, what a weaker norm asked for, and reading the face. A prohibition
    that a stronger norm asks to break keeps nothing out.
    """
    atoms = stages.norms.atoms if stages.norms else frozenset()
    every = sorted(a for a in atoms if a.match("forbidden", 2))
    weaker = sorted(a for a in atoms if a.match("overridden", 3))
    asked = {tuple(a.arguments) for a in every}
    lost = {tuple(w.arguments[:2]) for w in weaker}
    forbidden = [a for a in every if tuple(a.arguments) not in lost]
    wanted = {str(w.arguments[0]) for w in weaker}
    wanted |= {broken.act for round_ in stages.rounds for broken in round_.broken}
    wanted.add(INFER_FROM_FACE)
    struck = tuple(explainer.why(a) for a in forbidden if str(a.arguments[0]) in wanted)
    if struck:
        yield Node("group", "", text="struck", because=struck)
    if gave_way := tuple(explainer.why(w) for w in weaker if tuple(w.arguments[:2]) in asked):
        yield Node("group", "", text="gave_way", because=gave_way)
    standing = [explainer.why(a) for a in forbidden if str(a.arguments[0]) not in wanted]
    if standing:
        brief = tuple(replace(node, brief=True) for node in standing)
        yield Node("group", "", text="standing", because=brief)


def _readings(stages: Stages, explainer: Explainer) -> Iterator[Node]:
    tops: dict[str, clingo.Symbol] = {}
    for atom in stages.interpretation.reads():
        face = str(atom.arguments[0])
        best = tops.get(face)
        if best is None or atom.arguments[2].number > best.arguments[2].number:
            tops[face] = atom
    for atom in tops.values():
        yield explainer.why(atom)
    for atom in sorted(stages.norms.atoms if stages.norms else ()):
        if atom.match("mixture", 3):
            yield explainer.why(atom)
    for atom in sorted(stages.interpretation.atoms):
        if atom.match("mismatch", 2) or atom.match("crisis", 1):
            yield explainer.why(atom)
