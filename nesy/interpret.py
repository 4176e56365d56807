"""Interpret: from facts to a distribution over emotions, every number a sum of named rules.

P(reading) is proportional to exp(sum of weight(rule) * strength / 1000) over the evidence for what is
read. Evidence is counted per rule instance: the program is extended by one companion per evidence rule
that keeps the rule and its bindings, so two rules giving the same strength are two voices.

Candidates for a face are the emotions it has evidence for, and neutral, which needs none: what no
rule supports is not a candidate.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import clingo
from clingo import ast

from nesy.companions import binding_terms, unpooled
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.rulebook import Rule, Rulebook
from nesy.stratify import is_stratified
from nesy.trace import FaceReading
from nesy.weights import Weights

NULL_HYPOTHESIS = "neutral"
EVIDENCE = "_evidence"

# Probabilities below this are not handed to the norms.
LEAST_READ = 10


@dataclass(frozen=True, slots=True, order=True)
class Voice:
    """One instance of an evidence rule: what it says, how strongly, and its share in log-odds."""

    face: str
    emotion: str
    rule: str
    strength: int
    contribution: float
    bindings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The outcome for one case: marginals per face, the voices behind them, and derived atoms."""

    marginals: Mapping[str, Mapping[str, float]]
    voices: tuple[Voice, ...]
    atoms: frozenset[clingo.Symbol]

    def reads(self) -> list[clingo.Symbol]:
        """Return the marginals as facts for the norms, in thousandths."""
        found = []
        for face, distribution in self.marginals.items():
            for emotion, probability in distribution.items():
                permille = round(1000 * probability)
                if permille >= LEAST_READ:
                    arguments = [clingo.Function(face), clingo.Function(emotion)]
                    found.append(clingo.Function("reads", [*arguments, clingo.Number(permille)]))
        return sorted(found)


def interpret(
    rulebook: Rulebook,
    weights: Weights,
    facts: Sequence[clingo.Symbol],
    static: Sequence[clingo.Symbol],
) -> Interpretation:
    """Return the marginals of a case: in closed form where the packs allow it, else by enumeration."""
    rules = rulebook.rules("interpret")
    subjects = sorted({str(f.arguments[0]) for f in facts if f.match("speaker", 1)})
    companions = evidence_companions(rules)
    statements = rulebook.statements("interpret")
    name, guarded, known = "rules/interpret", bool(rulebook.foreign), [*facts, *static]
    if needs_enumeration(rules):
        extra = companions + READING_CHOICE
        found = asp.solve(statements, known, extra=extra, name=name, guarded=guarded)
        return _enumerated(found, rules, weights, subjects)
    (only,) = asp.solve(statements, known, extra=companions, name=name, guarded=guarded)
    return _closed_form(only, rules, weights, subjects)


def needs_enumeration(rules: Sequence[Rule]) -> bool:
    """Tell whether packs choose, constrain or look at readings, so that answer sets must be weighed."""
    if any(("reading", 2) in rule.body_signatures for rule in rules):
        return True
    return not is_stratified(rules)


def evidence_companions(rules: Sequence[Rule]) -> str:
    """Return the companion rules that keep each evidence instance with its rule and bindings."""
    lines = [asp.ALL_DEFINED]
    for number, rule in enumerate(rules):
        for statement in unpooled(rule.statement):
            head = statement.head
            if head.ast_type != ast.ASTType.Literal or ("evidence", 3) not in rule.heads:
                continue
            face, emotion, strength = head.atom.symbol.arguments
            bindings = binding_terms(statement)
            body = "; ".join(str(literal) for literal in statement.body)
            atom = f"{EVIDENCE}({number},({bindings}),{face},{emotion},{strength})"
            lines.append(f"{atom} :- {body}." if body else f"{atom}.")
    return "\n".join(lines) + "\n"


def voices_in(found: AnswerSet, rules: Sequence[Rule], weights: Weights) -> list[Voice]:
    voices = []
    for atom in found.named(EVIDENCE, 5):
        number, bindings, face, emotion, strength = atom.arguments
        rule = rules[number.number]
        share = weights.of(rule.id) * strength.number / 1000
        terms = tuple(str(t) for t in bindings.arguments)
        voices.append(Voice(str(face), str(emotion), rule.id, strength.number, share, terms))
    return sorted(voices)


def log_scores(
    voices: Iterable[Voice], excluded: Iterable[tuple[str, str]], faces: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return per face the summed contributions of each candidate emotion."""
    out = set(excluded)
    scores: dict[str, dict[str, list[float]]] = {
        face: ({} if (face, NULL_HYPOTHESIS) in out else {NULL_HYPOTHESIS: []}) for face in faces
    }
    for voice in voices:
        if voice.face in scores and (voice.face, voice.emotion) not in out:
            scores[voice.face].setdefault(voice.emotion, []).append(voice.contribution)
    return {
        face: {emotion: math.fsum(parts) for emotion, parts in of.items()}
        for face, of in scores.items()
    }


def softmax(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the distribution of log scores, most probable first, ties by name."""
    if not scores:
        return {}
    top = max(scores.values())
    parts = {emotion: math.exp(score - top) for emotion, score in scores.items()}
    total = math.fsum(parts.values())
    ordered = sorted(parts, key=lambda emotion: (-parts[emotion], emotion))
    return {emotion: parts[emotion] / total for emotion in ordered}


def _excluded(found: AnswerSet) -> list[tuple[str, str]]:
    pairs = (atom.arguments for atom in found.named("excluded", 2))
    return [(str(face), str(emotion)) for face, emotion in pairs]


def _closed_form(
    found: AnswerSet, rules: Sequence[Rule], weights: Weights, faces: Sequence[str]
) -> Interpretation:
    voices = voices_in(found, rules, weights)
    scores = log_scores(voices, _excluded(found), faces)
    marginals = {face: softmax(of) for face, of in scores.items()}
    return Interpretation(marginals, tuple(voices), _derived(found))


READING_CHOICE = """
_candidate(F, neutral) :- speaker(F), not excluded(F, neutral).
_candidate(F, E) :- speaker(F), evidence(F, E, _), not excluded(F, E).
1 { reading(F, E) : _candidate(F, E) } 1 :- speaker(F), _candidate(F, _).
"""


def _enumerated(
    found: Sequence[AnswerSet], rules: Sequence[Rule], weights: Weights, faces: Sequence[str]
) -> Interpretation:
    """Weigh every answer set; atoms that hold in all of them are handed on, voices of the best."""
    scored: list[tuple[float, dict[str, str], AnswerSet, list[Voice]]] = []
    for answer in found:
        voices = voices_in(answer, rules, weights)
        readings = {str(a.arguments[0]): str(a.arguments[1]) for a in answer.named("reading", 2)}
        said = [v.contribution for v in voices if readings.get(v.face) == v.emotion]
        scored.append((math.fsum(said), readings, answer, voices))
    if not scored:
        return Interpretation({face: {} for face in faces}, (), frozenset())
    top = max(score for score, *_ in scored)
    mass: dict[str, dict[str, list[float]]] = {face: defaultdict(list) for face in faces}
    for score, readings, _, _ in scored:
        for face, emotion in readings.items():
            if face in mass:
                mass[face][emotion].append(math.exp(score - top))
    logs = {f: {e: math.log(math.fsum(p)) for e, p in of.items()} for f, of in mass.items()}
    best = max(scored, key=lambda entry: (entry[0], sorted(map(str, entry[2].atoms))))
    common = frozenset.intersection(*(_derived(answer) for _, _, answer, _ in scored))
    return Interpretation({f: softmax(of) for f, of in logs.items()}, tuple(best[3]), common)


def _derived(found: AnswerSet) -> frozenset[clingo.Symbol]:
    """Return what the rules derived: contract predicates and a pack's own, not the engine's."""
    return frozenset(
        atom
        for atom in found.atoms
        if not atom.name.startswith("_") and not _is_input(atom)
    )


def _is_input(atom: clingo.Symbol) -> bool:
    known = PREDICATES.get((atom.name, len(atom.arguments)))
    return known is not None and known.stratum in ("input", "ontology", "marginal")


def face_readings(
    interpretation: Interpretation, verdict_atoms: Iterable[clingo.Symbol]
) -> dict[str, FaceReading]:
    """Return the reading as the Trace stores it."""
    ambiguous = {str(a.arguments[0]) for a in verdict_atoms if a.match("ambiguous", 1)}
    mismatches: dict[str, list[str]] = defaultdict(list)
    for atom in sorted(interpretation.atoms):
        if atom.match("mismatch", 2):
            mismatches[str(atom.arguments[0])].append(str(atom.arguments[1]))
    return {
        face: FaceReading(
            distribution=dict(distribution),
            ambiguous=face in ambiguous,
            mismatches=tuple(mismatches[face]),
        )
        for face, distribution in interpretation.marginals.items()
    }
