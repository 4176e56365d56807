"""Answer ``nesy why --not`` and ``nesy why --rather-than``: what is not so, and why not instead."""

from __future__ import annotations

import clingo

from nesy.diagnostics import Diagnostic, NesyError
from nesy.explain.english import WORDS
from nesy.explain.outcome import absent, acts_told, holding, stages_and_engine
from nesy.explain.question import ANYTHING, DoesNotHold, Holds, known_pattern, matches
from nesy.explain.tell import of_atom
from nesy.explain.why.justify import Node
from nesy.explain.why_not import contrast, denial
from nesy.explain.why_not.whynot import WhyNot
from nesy.govern import FORCES
from nesy.reason.engine import Engine, Stages
from nesy.trace import Trace


def why_not(trace: Trace, engine: Engine, atom: str | None = None, *, every: bool = False) -> Node:
    """Return why an atom of a trace does not hold, or why its reply was not released.

    ``every`` tells of each rule that could conclude the atom, not of the nearest alone. Raises
    NesyError N501 (not an atom), N502 (nothing is called so), N503 (nothing to explain yet), N507
    (it holds).
    """
    stages, engine = stages_and_engine(trace, engine)
    of = WhyNot(stages, engine, every=every)
    verdict = denial.verdict_of(of, trace.verdict)
    if atom is None:
        if verdict.status == "release":
            raise Holds("the reply was released", "nesy why")
        return denial.release(of, verdict)
    wanted = known_pattern(atom, engine)
    if wanted.name == "reply_act":
        if str(wanted.arguments[0]) in _done(trace, stages):
            raise Holds(f"{atom} holds", f"nesy why '{atom}'")
        return denial.act(of, str(wanted.arguments[0]), verdict)
    if wanted.name == "reads" and ANYTHING not in wanted.arguments[:2]:
        found = denial.reading(of, *map(str, wanted.arguments[:2]))
        if found is None:
            what = f"{wanted.arguments[0]} is read as {wanted.arguments[1]}"
            raise Holds(what, f"nesy why '{atom}'")
        return found
    withheld = {fact.atom for fact in stages.facts if fact.withheld}
    held = [h for h in holding(stages, engine) if matches(wanted, h) and str(h) not in withheld]
    if held:
        raise Holds(f"{held[0]} holds", f"nesy why '{atom}'")
    return of.why_not(wanted)


def rather_than(trace: Trace, engine: Engine, atom: str, other: str) -> Node:
    """Return why an atom of a trace holds and another does not.

    The other may be a word, which then stands in the place of the atom's last word. Raises
    NesyError N501, N502 (the atom does not hold), N503, N507 (the other holds as well), N508 (the
    two cannot be set against each other).
    """
    stages, engine = stages_and_engine(trace, engine)
    of = WhyNot(stages, engine)
    one = known_pattern(atom, engine)
    foil = known_pattern(_foil(one, other), engine)
    if "reply_act" in (one.name, foil.name):
        return _acts_apart(trace, of, one, foil)
    if one.name == foil.name == "reads":
        return _readings_apart(of, one, foil)
    held = [h for h in holding(stages, engine) if matches(one, h)]
    if not held:
        raise DoesNotHold(absent(atom, holding(stages, engine)))
    if also := [h for h in holding(stages, engine) if matches(foil, h)]:
        if before := _precedence(of, held[0], also[0]):
            return before
        raise Holds(f"{held[0]} and {also[0]} hold both", f"nesy why '{also[0]}'")
    return contrast.atoms(of, held[0], foil)


def _done(trace: Trace, stages: Stages) -> tuple[str, ...]:
    return trace.response.acts if trace.response else stages.draft.acts


def _foil(one: clingo.Symbol, other: str) -> str:
    """Return the other atom; a bare word stands in the place of the last word of the one."""
    if "(" in other or not one.arguments:
        return other
    words = [n for n, a in enumerate(one.arguments) if a.type == clingo.SymbolType.Function]
    arguments = list(map(str, one.arguments))
    arguments[words[-1] if words else -1] = other
    return f"{one.name}({','.join(arguments)})".replace('"_"', "_")


def _acts_apart(trace: Trace, of: WhyNot, one: clingo.Symbol, foil: clingo.Symbol) -> Node:
    """Return why the reply does one act and not another."""
    done = _done(trace, of.stages)
    if one.name != foil.name:
        what = f"{one} and {foil} are not of a kind"
        raise NesyError(Diagnostic("N508", what, "an act is set against an act", "name two acts"))
    act, other = str(one.arguments[0]), str(foil.arguments[0])
    if act not in done:
        why_ = f"it does: {', '.join(done) or 'nothing'}"
        what = f"the reply does not {act}"
        raise DoesNotHold(Diagnostic("N502", what, why_, "ask about an act that it does"))
    if other in done:
        raise Holds(f"the reply does both {act} and {other}", f"nesy why 'reply_act({other})'")
    told = tuple(acts_told((act,), of.stages, of.explainer, of.engine))
    verdict = denial.verdict_of(of, trace.verdict)
    text = WORDS["acts_apart"].format(
        act=of.engine.vocabulary.phrase("reply act", act),
        other=of.engine.vocabulary.phrase("reply act", other),
    )
    return Node("contrast", "", text=text, because=(*told, denial.act(of, other, verdict)))


def _readings_apart(of: WhyNot, one: clingo.Symbol, foil: clingo.Symbol) -> Node:
    """Return why a face reads as one emotion rather than another."""
    (face, emotion), (its, other) = map(str, one.arguments[:2]), map(str, foil.arguments[:2])
    marginals = of.stages.interpretation.marginals
    if face != its or face not in marginals or emotion == other or ANYTHING in one.arguments[:2]:
        what = f"{one} and {foil} are no two readings of one face"
        fix = "name the face and two emotions: --rather-than 'reads(f1, joy)'"
        raise NesyError(Diagnostic("N508", what.replace('"_"', "_"), "they do not compete", fix))
    shares = marginals[face]
    if shares.get(emotion, 0.0) <= shares.get(other, 0.0):
        what = f"{face} does not read as {emotion} rather than {other}"
        why_ = f"{emotion} has {shares.get(emotion, 0):.1%}, {other} {shares.get(other, 0):.1%}"
        fix = f"ask it the other way round: 'reads({face}, {other})' --rather-than {emotion}"
        raise DoesNotHold(Diagnostic("N502", what, why_, fix))
    return contrast.readings(of, face, emotion, other)


def _precedence(of: WhyNot, one: clingo.Symbol, other: clingo.Symbol) -> Node | None:
    """Return why one norm on an act came before another that gave way to it."""
    if one.name not in FORCES or other.name not in FORCES:
        return None
    (act, norm), (its, beaten) = one.arguments, other.arguments
    lost = clingo.Function("overridden", [its, beaten, norm])
    if act != its or of.stages.norms is None or lost not in of.stages.norms.atoms:
        return None
    text = WORDS["instead"].format(one=of_atom(one, of.lexicon), other=of_atom(other, of.lexicon))
    because = (of.against(lost), of.explainer.why(one), of.explainer.why(other))
    return Node("contrast", "", text=text, because=because)
