"""Justify: the acyclic graph of rule instances behind an atom, down to facts with an origin.

A justification is sound: replaying its leaves through the rules it names derives its root
(:func:`nesy.explain.replay.holds`). Where several instances derive an atom, the one that rests on
the fewest leaves is shown; instances are ordered by a least fixpoint, so no atom rests on itself.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import clingo

from nesy.explain.instances import Instance, solve_instrumented
from nesy.interpret import NULL_HYPOTHESIS, READING_CHOICE, Voice, prepared
from nesy.predicates import PREDICATES
from nesy.reason.engine import Engine, Stages
from nesy.rulebook import Rule

Kind = Literal[
    "rule",
    "fact",
    "ontology",
    "absent",
    "condition",
    "marginal",
    "voice",
    "balance",
    "group",
    "reply",
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
        self._static = {str(atom) for atom in engine.static}
        rulebook = engine.rulebook
        extra = READING_CHOICE if prepared(rulebook)[2] else ""
        admitted = [*stages.admitted, *engine.static]
        found = solve_instrumented(rulebook, "interpret", admitted, extra=extra)
        fitting = [i for answer, i in found if stages.interpretation.atoms <= answer.atoms]
        best = (fitting or [found[0][1] if found else []])[0]
        final = [*stages.final_facts, *engine.static]
        ((_, judged), *_) = solve_instrumented(rulebook, "govern", final)
        self._instances: dict[clingo.Symbol, list[Instance]] = defaultdict(list)
        for instance in [*best, *judged]:
            self._instances[instance.head].append(instance)
        self._chosen = self._well_founded([*best, *judged])

    def _well_founded(self, instances: Sequence[Instance]) -> dict[clingo.Symbol, Instance]:
        """Choose one instance an atom: it rests on atoms proved before, on the fewest leaves."""
        leaves: dict[clingo.Symbol, frozenset[clingo.Symbol]] = {}
        for atom in (*self.stages.final_facts, *self.stages.admitted, *self.engine.static):
            if atom not in self._instances:
                leaves[atom] = frozenset([atom])
        chosen: dict[clingo.Symbol, Instance] = {}
        pending = list(instances)
        while pending:
            ready = [i for i in pending if all(g in leaves for g in _grounds(i))]
            if not ready:
                break
            new: dict[clingo.Symbol, tuple[int, Instance, frozenset[clingo.Symbol]]] = {}
            for instance in ready:
                under = frozenset().union(*(leaves[g] for g in _grounds(instance)))
                held = new.get(instance.head)
                if held is None or len(under) < held[0]:
                    new[instance.head] = (len(under), instance, under)
            for head, (_, instance, under) in new.items():
                if head not in leaves:
                    leaves[head] = under
                    chosen[head] = instance
            spent = set(map(id, ready))
            pending = [i for i in pending if id(i) not in spent]
        return chosen

    def holding(self) -> list[clingo.Symbol]:
        """Return every atom that can be asked about, sorted."""
        facts = {*self.stages.final_facts, *self.stages.admitted}
        named = {a for a in [*facts, *self._instances] if not a.name.startswith("_")}
        return sorted(named)

    def why(self, atom: clingo.Symbol) -> Node:
        """Return the justification of an atom that holds."""
        return self._node(atom, set())

    def _node(self, atom: clingo.Symbol, above: set[clingo.Symbol]) -> Node:
        if atom.match("reads", 3):
            return self._marginal(atom)
        instance = self._chosen.get(atom)
        if instance is None or atom in above:
            return self._leaf(atom)
        return self._of_instance(instance, {*above, atom})

    def _of_instance(
        self, instance: Instance, above: set[clingo.Symbol], voice: Voice | None = None
    ) -> Node:
        because = [self._node(g, above) for g in dict.fromkeys(_grounds(instance))]
        because += [Node("absent", str(atom)) for atom in instance.negative]
        because += [Node("condition", "", text=text) for text in instance.compared]
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
        if text in self._static:
            return Node("ontology", text, origin="ontology")
        if _is_draft(atom):
            return Node("fact", text, origin="draft")
        return Node("fact", text, origin=self._origins.get(text, "derived"))

    def _marginal(self, atom: clingo.Symbol) -> Node:
        """Return why a face reads so: the voices for it, then those for its rivals."""
        face, emotion = str(atom.arguments[0]), str(atom.arguments[1])
        voices = [v for v in self.stages.interpretation.voices if v.face == face]
        out = [a for a in self._chosen if a.match("excluded", 2) and str(a.arguments[0]) == face]
        excluded = {str(a.arguments[1]) for a in out}
        own = self._voices([v for v in voices if v.emotion == emotion])
        rivals = [v for v in voices if v.emotion != emotion and v.emotion not in excluded]
        because = [*self._balance(face, emotion), *own]
        if rivals:
            because.append(Node("group", "", text="rivals", because=tuple(self._voices(rivals))))
        if out:
            nodes = tuple(self._node(a, set()) for a in sorted(out))
            because.append(Node("group", "", text="excluded", because=nodes))
        if not own and emotion == NULL_HYPOTHESIS:
            because.insert(0, Node("condition", "", text=NULL_HYPOTHESIS))
        withheld = [f for f in self.stages.facts if f.withheld]
        if withheld and self.stages.norms is not None:
            act = clingo.Function("infer_from_face")
            norm = clingo.Function(str(withheld[0].withheld).lower())
            because.append(self._node(clingo.Function("forbidden", [act, norm]), set()))
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
        nodes = [self._voice(voice) for voice in ranked]
        return [*nodes[:TOLD_WHOLE], *(replace(node, brief=True) for node in nodes[TOLD_WHOLE:])]

    def _voice(self, voice: Voice) -> Node:
        """Return the rule instance a voice comes from."""
        for instance in self._by_rule(voice):
            return self._of_instance(instance, {instance.head}, voice)
        raise LookupError(f"no instance of {voice.rule} derives {voice.emotion}")

    def _by_rule(self, voice: Voice) -> list[Instance]:
        head = clingo.Function(
            "evidence",
            [
                clingo.Function(voice.face),
                clingo.Function(voice.emotion),
                clingo.Number(voice.strength),
            ],
        )
        return [
            i
            for i in self._instances.get(head, ())
            if i.rule.id == voice.rule and _named_bindings(i) == voice.bindings
        ]


def _grounds(instance: Instance) -> tuple[clingo.Symbol, ...]:
    return (*instance.positive, *instance.together)


def _named_bindings(instance: Instance) -> tuple[str, ...]:
    return tuple(str(value) for name, value in instance.bindings if not name.startswith("_W"))


def _is_draft(atom: clingo.Symbol) -> bool:
    known = PREDICATES.get((atom.name, len(atom.arguments)))
    return known is not None and known.origin == "draft"
