"""Interpret: from facts to a distribution over emotions, every number a sum of named rules.

P(reading) is proportional to exp(sum of weight(rule) * strength / 1000) over the evidence for what
is read. Evidence is counted per rule instance: the program is extended by one companion per
evidence rule that keeps the rule and its bindings, so two rules giving the same strength are two
voices. A rule with a note `%  weigh: Seen, Emotion` is weighed by what these variables stand for.

Candidates for a face are the emotions it has evidence for, and neutral, which needs none: what no
rule supports is not a candidate.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import clingo
from clingo import ast

from nesy.companions import binding_terms, heads, unpooled
from nesy.diagnostics import Diagnostic, NesyError
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.rulebook import Rule, Rulebook, signature
from nesy.stratify import is_stratified
from nesy.trace import FaceReading
from nesy.weights import Weights

NULL_HYPOTHESIS = "neutral"
EVIDENCE = "_evidence"
VOICE = (EVIDENCE, 6)
FULL = 1000

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
    weighed: tuple[str, ...] = ()


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
    """Return the marginals of a case: in closed form where packs allow it, else by enumeration."""
    rules, companions, has_many = prepared(rulebook)
    found = asp.solve(
        rulebook.statements("interpret"),
        [*facts, *static],
        extra=companions,
        name="rules/interpret",
        guarded=rulebook.strangers,
        show=rulebook.heads("interpret") | {VOICE, ("reading", 2)},
    )
    if has_many:
        return enumerated(found, rules, weights, subjects(facts))
    (only,) = found
    return closed_form(only, rules, weights, subjects(facts))


def subjects(facts: Iterable[clingo.Symbol]) -> list[str]:
    """Return whose reading is asked for: the faces that facts call speakers, sorted."""
    return sorted({asp.words(atom)[0] for atom in asp.named(facts, "speaker", 1)})


@lru_cache(maxsize=16)
def prepared(rulebook: Rulebook) -> tuple[tuple[Rule, ...], str, bool]:
    """Return what every case needs of the rules: them, their companions, how to weigh them."""
    rules = rulebook.rules("interpret")
    has_many = needs_enumeration(rules)
    return rules, evidence_companions(rules) + (READING_CHOICE if has_many else ""), has_many


def needs_enumeration(rules: Sequence[Rule]) -> bool:
    """Tell whether packs choose, constrain or look at readings, so that all answer sets count."""
    # What a rule looks at takes long to find; its text is at hand.
    named = (rule for rule in rules if "reading(" in rule.text)
    if any(("reading", 2) in rule.body_signatures for rule in named):
        return True
    return not is_stratified(rules)


def evidence_companions(rules: Sequence[Rule]) -> str:
    """Return the companion rules that keep each evidence instance with its rule and bindings."""
    lines = [asp.ALL_DEFINED]
    for number, rule in enumerate(rules):
        if ("evidence", 3) in rule.heads:
            for statement in unpooled(rule.statement):
                lines += _companions(statement, number, rule.weighed)
    return "\n".join(lines) + "\n"


def _companions(statement: ast.AST, number: int, weighed: Sequence[str]) -> Iterable[str]:
    """Yield a companion for each evidence atom of a head; one that is chosen must be chosen."""
    chosen = statement.head.ast_type != ast.ASTType.Literal
    for atom, condition in heads(statement.head):
        if signature(atom.symbol) == ("evidence", 3):
            literals = [*statement.body, *condition]
            body = [*map(str, literals), *([str(atom)] if chosen else [])]
            said = ",".join(map(str, atom.symbol.arguments))
            terms = "".join(f"{name}," for name in weighed)
            voice = f"{EVIDENCE}({number},({binding_terms(literals)}),({terms}),{said})"
            yield f"{voice} :- {'; '.join(body)}." if body else f"{voice}."


def voices_in(found: AnswerSet, rules: Sequence[Rule], weights: Weights) -> list[Voice]:
    """Return the voices of an answer set; raises NesyError N317 where one is not of the form."""
    voices = []
    for atom in found.named(*VOICE):
        number, bound, terms, said = _voice(atom)
        rule = rules[number]
        if said is None:
            what = f"evidence({','.join(map(str, atom.arguments[3:]))}) is no evidence"
            why = f"a strength is an integer 0-{FULL}, a face and an emotion are words"
            fix = "mend what the rule computes; divide by 1000 after multiplying confidences"
            raise NesyError(Diagnostic("N317", what, why, fix, rule.file, rule.line, rule.column))
        face, emotion, strength = said
        share = weights.of(rule.id, terms) * strength / FULL
        voices.append(Voice(face, emotion, rule.id, strength, share, bound, terms))
    return sorted(voices)


_Said = tuple[str, str, int]


# Most voices of one case are those of the next.
@lru_cache(maxsize=2**14)
def _voice(
    atom: clingo.Symbol,
) -> tuple[int, tuple[str, ...], tuple[str, ...], _Said | None]:
    """Return the rule's number, its bindings, what it is weighed by and what it says, if sound."""
    number, bindings, weighed, face, emotion, strength = atom.arguments
    sound = _is_word(face) and _is_word(emotion) and _is_strength(strength)
    said = (str(face), str(emotion), strength.number) if sound else None
    bound, terms = (tuple(map(str, of.arguments)) for of in (bindings, weighed))
    return number.number, bound, terms, said


def _is_word(term: clingo.Symbol) -> bool:
    return term.type == clingo.SymbolType.Function and bool(term.name) and not term.arguments


def _is_strength(term: clingo.Symbol) -> bool:
    return term.type == clingo.SymbolType.Number and 0 <= term.number <= FULL


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
    return _shares({emotion: [math.exp(score - top)] for emotion, score in scores.items()})


def _shares(parts: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return what share of all the mass each emotion has, the largest first, ties by name."""
    mass = {emotion: math.fsum(of) for emotion, of in parts.items()}
    total = math.fsum(mass.values())
    shares = {emotion: of / total for emotion, of in mass.items()}
    return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))


def _excluded(found: AnswerSet) -> list[tuple[str, str]]:
    pairs = (atom.arguments for atom in found.named("excluded", 2))
    return [(str(face), str(emotion)) for face, emotion in pairs]


def closed_form(
    found: AnswerSet, rules: Sequence[Rule], weights: Weights, faces: Sequence[str]
) -> Interpretation:
    """Return the interpretation that the only answer set gives: a softmax over its voices."""
    voices = voices_in(found, rules, weights)
    scores = log_scores(voices, _excluded(found), faces)
    marginals = {face: softmax(of) for face, of in scores.items()}
    return Interpretation(marginals, tuple(voices), _derived(found))


READING_CHOICE = """
_candidate(F, neutral) :- speaker(F), not excluded(F, neutral).
_candidate(F, E) :- speaker(F), evidence(F, E, _), not excluded(F, E).
1 { reading(F, E) : _candidate(F, E) } 1 :- speaker(F), _candidate(F, _).
"""


def enumerated(
    found: Sequence[AnswerSet], rules: Sequence[Rule], weights: Weights, faces: Sequence[str]
) -> Interpretation:
    """Weigh every answer set; atoms that hold in all of them are handed on, voices of the best.

    Raises NesyError N325 where there is none.
    """
    scored: list[tuple[float, dict[str, str], AnswerSet, list[Voice]]] = []
    for answer in found:
        voices = voices_in(answer, rules, weights)
        readings = {str(a.arguments[0]): str(a.arguments[1]) for a in answer.named("reading", 2)}
        said = [v.contribution for v in voices if readings.get(v.face) == v.emotion]
        scored.append((math.fsum(said), readings, answer, voices))
    if not scored:
        raise NesyError(_unsatisfied(rules))
    top = max(score for score, *_ in scored)
    mass: dict[str, dict[str, list[float]]] = {face: defaultdict(list) for face in faces}
    for score, readings, _, _ in scored:
        for face, emotion in readings.items():
            if face in mass:
                mass[face][emotion].append(math.exp(score - top))
    marginals = {face: _shares(of) for face, of in mass.items()}
    best = max(scored, key=lambda entry: (entry[0], sorted(map(str, entry[2].atoms))))
    common = frozenset.intersection(*(_derived(answer) for _, _, answer, _ in scored))
    return Interpretation(marginals, tuple(best[3]), common)


def _unsatisfied(rules: Sequence[Rule]) -> Diagnostic:
    """Return what to say where no answer set is left: without a reading there is no verdict."""
    what, why = "no reading of this case is left", "constraints exclude every answer set"
    fix = "let a rule derive excluded(Face, Emotion) in place of a constraint"
    for rule in rules:
        if not rule.heads:
            return Diagnostic("N325", what, why, fix, rule.file, rule.line, rule.column)
    return Diagnostic("N325", what, "the rules contradict themselves", fix)


def _derived(found: AnswerSet) -> frozenset[clingo.Symbol]:
    """Return what the rules derived: contract predicates and a pack's own, not the engine's."""
    return frozenset[clingo.Symbol]().union(
        *(
            atoms
            for of, atoms in found.grouped.items()
            if not of[0].startswith("_") and not _is_input(of)
        )
    )


def _is_input(of: tuple[str, int]) -> bool:
    known = PREDICATES.get(of)
    return known is not None and known.stratum in ("input", "ontology", "marginal")


def face_readings(
    interpretation: Interpretation, norms: AnswerSet | None
) -> dict[str, FaceReading]:
    """Return the reading as the Trace stores it."""
    ruled = norms or AnswerSet(())
    ambiguous = {asp.words(atom)[0] for atom in ruled.named("ambiguous", 1)}
    mixed: dict[str, set[str]] = defaultdict(set)
    for atom in ruled.named("mixture", 3):
        face, *parts = asp.words(atom)
        mixed[face] |= set(parts)
    mismatches: dict[str, list[str]] = defaultdict(list)
    for atom in sorted(asp.named(interpretation.atoms, "mismatch", 2)):
        face, kind = asp.words(atom)
        mismatches[face].append(kind)
    return {
        face: FaceReading(
            distribution=dict(distribution),
            ambiguous=face in ambiguous,
            mixture=tuple(emotion for emotion in distribution if emotion in mixed[face]),
            mismatches=tuple(mismatches[face]),
        )
        for face, distribution in interpretation.marginals.items()
    }
