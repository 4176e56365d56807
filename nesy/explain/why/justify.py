"""Justify: the acyclic graph of rule instances behind an atom, down to facts with an origin.

A justification is sound: replaying its leaves through the rules it names derives its root
(:func:`nesy.explain.why.replay.holds`). It is minimal: none of its leaves can go. ``all`` lists
every minimal one. See :mod:`nesy.explain.why.derivation` for the order that keeps atoms from
resting on themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

import clingo

from nesy.explain.english import WORDS
from nesy.explain.why import supports
from nesy.explain.why.derivation import Derivation, Step, Steps
from nesy.explain.why.instances import Instance, solve_instrumented
from nesy.interpret import NULL_HYPOTHESIS, READING_CHOICE, Voice, prepared
from nesy.predicates import PREDICATES
from nesy.reason.engine import Engine, Stages
from nesy.rulebook import Rule

Kind = Literal[
    "rule",
    "fact",
    "ontology",
    "absent",
    "assumed",
    "condition",
    "marginal",
    "voice",
    "balance",
    "group",
    "reply",
    "miss",
    "against",
    "contrast",
]
# So many voices for an emotion are told with their grounds; the weaker ones by their sentence.
TOLD_WHOLE = 5


@dataclass(frozen=True, slots=True)
class Node:
    """What holds (``atom``), by which rule or origin, and because of what.

    ``brief`` is told by its sentence alone. ``scores`` of a balance are the summed contributions
    of an emotion and of its nearest rival, in log-odds.
    """

    kind: Kind
    atom: str
    rule: Rule | None = None
    bindings: tuple[tuple[str, clingo.Symbol], ...] = ()
    origin: str | None = None
    voice: Voice | None = None
    text: str | None = None
    because: tuple[Node, ...] = field(default=())
    brief: bool = False
    scores: tuple[tuple[str, float], ...] = ()

    def walk(self) -> Iterable[Node]:
        """Yield this node and everything below it."""
        yield self
        for node in self.because:
            yield from node.walk()


class Explainer:
    """The rule instances of one case, solved again with instrumented rules when someone asks."""

    def __init__(self, stages: Stages, engine: Engine) -> None:
        self.stages = stages
        self.engine = engine
        self._origins = {fact.atom: fact.origin for fact in stages.facts}
        self._static = frozenset(engine.static)
        rulebook = engine.rulebook
        extra = READING_CHOICE if prepared(rulebook)[2] else ""
        admitted = [*stages.admitted, *engine.static]
        found = solve_instrumented(rulebook, "interpret", admitted, extra=extra)
        fitting = [i for answer, i in found if stages.interpretation.atoms <= answer.atoms]
        every = fitting or [instances for _, instances in found]
        best = min(every, key=self._apart, default=[])
        final = [*stages.final_facts, *engine.static]
        ((_, judged), *_) = solve_instrumented(rulebook, "govern", final)
        instances = [*best, *judged]
        derived = {instance.head for instance in instances}
        seen = {*stages.final_facts, *stages.admitted, *engine.static}
        facts = (seen - derived) | (seen & set(stages.all_facts))
        self.derivation = Derivation(instances, facts)

    def _apart(self, instances: Iterable[Instance]) -> int:
        """Count in how many voices an answer set differs from the one the reading tells of."""
        fired = {(i.rule.id, i.head, _bound(i)) for i in instances if i.head.match("evidence", 3)}
        voices = self.stages.interpretation.voices
        return len(fired ^ {(v.rule, _evidence(v), v.bindings) for v in voices})

    def holding(self) -> list[clingo.Symbol]:
        """Return every atom that can be asked about, sorted."""
        facts = {*self.stages.final_facts, *self.stages.admitted}
        atoms = [*facts, *self.derivation.instances]
        return sorted({atom for atom in atoms if not atom.name.startswith("_")})

    def why(self, atom: clingo.Symbol) -> Node:
        """Return the justification of an atom that holds: sound, and no leaf of it can go."""
        return self._node(atom, self.derivation.steps(atom), {})

    def all(self, atom: clingo.Symbol, limit: int) -> tuple[Node, ...]:
        """Return the minimal justifications of an atom, the smallest first, at most ``limit``.

        Ask for one more than you show: then you know whether there are more. What a face reads as
        is a sum over all that speaks, so it has one.
        """
        if atom.match("reads", 3):
            return (self.why(atom),)
        found = islice(supports.minimal(self.derivation, atom), limit)
        every = (self.derivation.derives(atom, leaves) for leaves in found)
        return tuple(self._node(atom, steps or {}, {}) for steps in every)

    def _node(self, atom: clingo.Symbol, steps: Steps, told: dict[clingo.Symbol, Node]) -> Node:
        if atom in told:
            return told[atom]
        if atom.match("reads", 3):
            node = self._marginal(atom)
        elif atom in steps:
            node = self._of_step(steps[atom], steps, told)
        else:
            node = self._leaf(atom)
        told[atom] = node
        return node

    def _of_step(
        self,
        step: Step,
        steps: Steps,
        told: dict[clingo.Symbol, Node],
        voice: Voice | None = None,
    ) -> Node:
        instance = step.instance
        because = [self._node(atom, steps, told) for atom in step.grounds]
        because += [Node("absent", str(atom)) for atom in step.absent]
        because += [_assumed(atom) for atom in step.assumed]
        because += [Node("condition", "", text=text) for text in instance.compared]
        if instance.chosen is not None:
            because.append(Node("condition", "", text=WORDS["choice"].format(of=instance.chosen)))
        kind: Kind = "voice" if voice else "rule"
        return Node(
            kind,
            str(instance.head),
            rule=instance.rule,
            bindings=instance.bindings,
            voice=voice,
            because=tuple(because),
        )

    def _leaf(self, atom: clingo.Symbol) -> Node:
        text = str(atom)
        if atom in self._static:
            return Node("ontology", text, origin="ontology")
        if _is_draft(atom):
            return Node("fact", text, origin="draft")
        return Node("fact", text, origin=self._origins.get(text, "derived"))

    def _marginal(self, atom: clingo.Symbol) -> Node:
        """Return why a face reads so: the voices for it, then those for its rivals."""
        face, emotion = str(atom.arguments[0]), str(atom.arguments[1])
        voices = [v for v in self.stages.interpretation.voices if v.face == face]
        out = [
            a
            for a in self.derivation.instances
            if a.match("excluded", 2) and str(a.arguments[0]) == face
        ]
        excluded = {str(a.arguments[1]) for a in out}
        own = self._voices([v for v in voices if v.emotion == emotion])
        rivals = [v for v in voices if v.emotion != emotion and v.emotion not in excluded]
        because = [*self._balance(face, emotion), *own]
        if rivals:
            because.append(Node("group", "", text="rivals", because=tuple(self._voices(rivals))))
        if out:
            nodes = tuple(self.why(a) for a in sorted(out))
            because.append(Node("group", "", text="excluded", because=nodes))
        if not own and emotion == NULL_HYPOTHESIS:
            because.insert(0, Node("condition", "", text=NULL_HYPOTHESIS))
        withheld = [f for f in self.stages.facts if f.withheld]
        if withheld and self.stages.norms is not None:
            act = clingo.Function("infer_from_face")
            norm = clingo.Function(str(withheld[0].withheld).lower())
            because.append(self.why(clingo.Function("forbidden", [act, norm])))
        return Node("marginal", str(atom), because=tuple(because))

    def _balance(self, face: str, emotion: str) -> Iterable[Node]:
        """Yield how an emotion stands against its nearest rival, where readings are sums."""
        if prepared(self.engine.rulebook)[2]:
            return
        marginals = self.stages.interpretation.marginals[face]
        rival = next((other for other in marginals if other != emotion), None)
        if rival is not None:
            voices = [v for v in self.stages.interpretation.voices if v.face == face]
            sums = tuple(
                (of, math.fsum(v.contribution for v in voices if v.emotion == of))
                for of in (emotion, rival)
            )
            yield Node("balance", "", scores=sums)

    def _voices(self, voices: Iterable[Voice]) -> list[Node]:
        """Return voices, the weightiest first; from a number on, each by its sentence alone."""
        ranked = sorted(voices, key=lambda v: (-abs(v.contribution), v))
        nodes = [self.voice(voice) for voice in ranked]
        return [*nodes[:TOLD_WHOLE], *(replace(node, brief=True) for node in nodes[TOLD_WHOLE:])]

    def voice(self, voice: Voice) -> Node:
        """Return the rule instance a voice comes from."""
        for instance in self._by_rule(voice):
            step, steps = self.derivation.through(instance)
            return self._of_step(step, steps, {}, voice)
        raise LookupError(f"no instance of {voice.rule} derives {voice.emotion}")

    def _by_rule(self, voice: Voice) -> list[Instance]:
        return [
            i
            for i in self.derivation.instances.get(_evidence(voice), ())
            if i.rule.id == voice.rule and _bound(i) == voice.bindings
        ]


def _evidence(voice: Voice) -> clingo.Symbol:
    """Return the atom that a voice is an instance of."""
    words = [clingo.Function(voice.face), clingo.Function(voice.emotion)]
    return clingo.Function("evidence", [*words, clingo.Number(voice.strength)])


def _bound(instance: Instance) -> tuple[str, ...]:
    return tuple(str(value) for _, value in instance.named_bindings)


def _assumed(atom: clingo.Symbol) -> Node:
    """Return what an answer set holds up by itself: an atom, or a condition as text."""
    if atom.type == clingo.SymbolType.String:
        return Node("assumed", "", text=atom.string)
    return Node("assumed", str(atom))


def _is_draft(atom: clingo.Symbol) -> bool:
    known = PREDICATES.get((atom.name, len(atom.arguments)))
    return known is not None and known.origin == "draft"
