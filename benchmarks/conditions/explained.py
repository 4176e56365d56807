"""How good the explanation of an answer is, as figures: sound, complete, short."""

from __future__ import annotations

from nesy.diagnostics import NesyError
from nesy.explain.outcome import stages_and_engine
from nesy.explain.tell import Told, tell
from nesy.explain.why.justify import Explainer
from nesy.explain.why.replay import holds
from nesy.pipeline import reason
from nesy.reason.engine import Engine
from nesy.trace import Trace

# What could be seen at all, and that there is a face, is no sign of anything.
_NO_SIGN = ("observable(", "face(", "faces(")
# Where what a case is made of comes from: what a caller declares is no observation.
_SEEN = frozenset({"line", "image", "model", "caption"})


def explained(trace: Trace, engine: Engine) -> dict[str, float] | None:
    """Return figures on the justifications of a case's main conclusions; None where it has none.

    Explained are the likeliest reading and every mismatch. ``sound`` is 1 where the leaves and
    rules of each derive it again; ``coverage`` is the share of signs in words and picture that
    some justification rests on; ``leaves``, ``rules`` and ``words`` are counts over all of them.
    """
    reasoned = trace if trace.facts is not None else reason(trace, engine=engine)
    try:
        stages, dated = stages_and_engine(reasoned, engine)
    except NesyError:
        return None
    explainer = Explainer(stages, dated)
    reads = sorted(stages.interpretation.reads(), key=lambda a: (-a.arguments[2].number, str(a)))
    wrong = [a for a in sorted(stages.interpretation.atoms) if a.match("mismatch", 2)]
    told = [explainer.why(atom) for atom in (*reads[:1], *wrong)]
    if not told:
        return None
    every = [node for root in told for node in root.walk()]
    leaves = {(n.kind, n.atom) for n in every if n.kind in ("fact", "ontology", "absent")}
    used = {n.atom for n in every if n.kind == "fact"}
    admitted = (f.atom for f in stages.facts if f.origin in _SEEN and f.withheld is None)
    seen = {atom for atom in admitted if not atom.startswith(_NO_SIGN)}
    return {
        "sound": float(all(holds(root, dated) for root in told)),
        "coverage": len(seen & used) / len(seen) if seen else 1.0,
        "leaves": float(len(leaves)),
        "rules": float(len({n.rule.id for n in every if n.rule is not None})),
        "words": float(sum(_words(tell(root, dated)) for root in told)),
    }


def _words(told: Told) -> int:
    return len(told.sentence.split()) + sum(map(_words, told.because))
