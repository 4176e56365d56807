"""Answer ``nesy why``: for one atom, or for the whole outcome when nothing is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import clingo

from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.explain.english import WORDS
from nesy.explain.instances import ANYTHING
from nesy.explain.justify import Explainer, Node
from nesy.govern import FORCES, INFER_FROM_FACE
from nesy.predicates import PREDICATES
from nesy.reason.engine import Engine, Stages, conclude, stages_of
from nesy.reply.compose import TEMPLATES
from nesy.trace import Trace

LONGEST_ATOM = 300
_ANONYMOUS = re.compile(r"(?<![A-Za-z0-9_\"])_(?![A-Za-z0-9_\"])")
_ATOM = re.compile(r"^[a-z][A-Za-z0-9_]*(\([^()]*\))?$")


def why(trace: Trace, engine: Engine, atom: str | None = None) -> Node:
    """Return the justification of an atom of a trace, or of its response.

    Raises NesyError N501 (not an atom), N502 (it does not hold), N503 (nothing to explain yet).
    """
    if trace.facts is None:
        what = f"the trace of case {trace.case.id} has no facts yet"
        fix = "pipe it through `nesy reason` first"
        raise NesyError(Diagnostic("N503", what, "there is nothing to explain", fix))
    engine = engine.dated(trace)
    stages = stages_of(trace, engine)
    explainer = Explainer(stages, engine)
    if atom is None:
        return _response(trace, stages, explainer, engine)
    holding = explainer.holding()
    found = [held for held in holding if _matches(pattern_of(atom), held)]
    if not found:
        raise DoesNotHold(_absent(atom, holding))
    nodes = tuple(explainer.why(held) for held in found)
    return nodes[0] if len(nodes) == 1 else Node("group", "", text=atom, because=nodes)


class DoesNotHold(NesyError):
    """The atom asked about does not hold: a true negative answer, exit code 1."""

    exit_code = 1


def pattern_of(text: str) -> clingo.Symbol:
    """Read an atom as a user writes it; `_` matches anything.

    ``reading(Face, Emotion)`` and ``reads(Face, Emotion)`` ask for ``reads(Face, Emotion, _)``.
    """
    if len(text) > LONGEST_ATOM or not text.isascii() or not _ATOM.match(text.strip()):
        what = f"{text[:60]!r} is not an atom"
        why_ = "an atom is a predicate with constants, numbers or _ in brackets"
        raise NesyError(Diagnostic("N501", what, why_, "write it as in 'reads(f1, joy, _)'"))
    try:
        symbol = clingo.parse_term(_ANONYMOUS.sub('"_"', text.strip()), logger=_silent)
    except RuntimeError as error:
        what = f"{text[:60]!r} is not an atom"
        fix = "write it as in 'reads(f1, joy, _)'"
        raise NesyError(Diagnostic("N501", what, "clingo cannot read it", fix)) from error
    if symbol.match("reading", 2) or symbol.match("reads", 2):
        return clingo.Function("reads", [*symbol.arguments, ANYTHING])
    return symbol


def _silent(_code: clingo.MessageCode, _text: str) -> None:
    """Keep clingo from writing to standard error what the diagnostic says."""


def _matches(pattern: clingo.Symbol, atom: clingo.Symbol) -> bool:
    if pattern == ANYTHING:
        return True
    if pattern.type != clingo.SymbolType.Function or not pattern.arguments:
        return pattern == atom
    return (
        atom.type == clingo.SymbolType.Function
        and pattern.name == atom.name
        and len(pattern.arguments) == len(atom.arguments)
        and all(map(_matches, pattern.arguments, atom.arguments))
    )


def _absent(atom: str, holding: list[clingo.Symbol]) -> Diagnostic:
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
    return Diagnostic("N502", f"{atom} does not hold", why_, "ask about an atom that does")


def _response(trace: Trace, stages: Stages, explainer: Explainer, engine: Engine) -> Node:
    verdict = trace.verdict or conclude(stages)
    acts = trace.response.acts if trace.response else stages.draft.acts
    text = trace.response.text if trace.response else stages.draft.text
    children = list(_acts(acts, stages, explainer, engine)) if verdict.status == "release" else []
    if readings := tuple(_readings(stages, explainer)):
        children.append(Node("group", "", text="reading", because=readings))
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


def _acts(
    acts: tuple[str, ...], stages: Stages, explainer: Explainer, engine: Engine
) -> Iterator[Node]:
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
    """Yield what was struck, with its reasons; then, briefly, what no reply may do.

    Struck is what a draft did, what a weaker norm asked for, and reading the face.
    """
    atoms = stages.norms.atoms if stages.norms else frozenset()
    forbidden = sorted(a for a in atoms if a.match("forbidden", 2))
    wanted = {str(a.arguments[0]) for a in atoms if a.match("overridden", 3)}
    wanted |= {broken.act for round_ in stages.rounds for broken in round_.broken}
    wanted.add(INFER_FROM_FACE)
    struck = tuple(explainer.why(a) for a in forbidden if str(a.arguments[0]) in wanted)
    if struck:
        yield Node("group", "", text="struck", because=struck)
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
