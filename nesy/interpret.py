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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from operator import attrgetter, itemgetter
from typing import cast

import clingo
from clingo import ast

from nesy.companions import binding_terms, heads, unpooled
from nesy.diagnostics import Diagnostic, NesyError
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.asp import AnswerSet
from nesy.reason.rows import Atoms, Row, Value, groups, symbol, text
from nesy.rulebook import Rule, Rulebook, Signature, signature
from nesy.stratify import is_stratified
from nesy.trace import FaceReading
from nesy.weights import Weights

NULL_HYPOTHESIS = "neutral"
EVIDENCE = "_evidence"
VOICE = (EVIDENCE, 6)
FULL = 1000

# Probabilities below this are not handed to the norms.
LEAST_READ = 10
READS = ("reads", 3)
SPEAKER = ("speaker", 1)
# As clingo orders atoms: by the number of their arguments, then by name.
_ORDER = itemgetter(1, 0)


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


@dataclass(frozen=True)
class Interpretation:
    """The outcome for one case: marginals per face, the voices behind them, and derived atoms."""

    marginals: Mapping[str, Mapping[str, float]]
    voices: tuple[Voice, ...]
    atoms: frozenset[clingo.Symbol]

    @cached_property
    def answer(self) -> AnswerSet:
        """Return the derived atoms, to be asked for by name."""
        return AnswerSet(self.atoms)

    def derived(self) -> Iterator[tuple[Signature, Collection[Row]]]:
        """Yield what norms are told of the derived atoms: rows by signature, these in order."""
        for of in sorted(filter(_is_told, self.answer.signatures), key=_ORDER):
            yield of, self.answer.rows(*of)

    def reads(self) -> Atoms:
        """Return the marginals as facts for the norms, in thousandths."""
        found: list[Row] = []
        for face, distribution in self.marginals.items():
            for emotion, probability in distribution.items():
                permille = round(1000 * probability)
                if permille >= LEAST_READ:
                    found.append((face, emotion, permille))
        return Atoms({READS: frozenset(found)} if found else {})


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
    return sorted(text(face) for (face,) in groups(facts).get(SPEAKER, ()))


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
    for number, bound, weighed, face, emotion, strength in _said(found, rules):
        rule, terms = rules[number].id, tuple(map(text, weighed))
        share = weights.of(rule, terms) * strength / FULL
        bindings = tuple(map(text, bound))
        voices.append(Voice(face, emotion, rule, strength, share, bindings, terms))
    return sorted(voices, key=_VOICE_ORDER)


# Comparing voices themselves takes long.
_VOICE_ORDER = attrgetter(*(field.name for field in fields(Voice)))
_Said = tuple[int, Row, Row, str, str, int]


def _said(found: AnswerSet, rules: Sequence[Rule]) -> Collection[_Said]:
    """Return what the voices of an answer set say; raises NesyError N317 for one of another form.

    Each is the rule's number, its bindings, what it is weighed by, face, emotion and strength.
    """
    said = cast(Collection[_Said], found.rows(*VOICE))
    if wrong := [row for row in said if not _is_evidence(*row[3:])]:
        of: Row = min(wrong, key=lambda row: tuple(map(symbol, row)))
        rule = rules[cast(int, of[0])]
        what = f"evidence({','.join(map(text, of[3:]))}) is no evidence"
        why = f"a strength is an integer 0-{FULL}, a face and an emotion are words"
        fix = "mend what the rule computes; divide by 1000 after multiplying confidences"
        raise NesyError(Diagnostic("N317", what, why, fix, rule.file, rule.line, rule.column))
    return said


def _is_evidence(face: Value, emotion: Value, strength: Value) -> bool:
    words = isinstance(face, str) and isinstance(emotion, str)
    return words and isinstance(strength, int) and 0 <= strength <= FULL


def _contributions(
    said: Iterable[_Said], rules: Sequence[Rule], weights: Weights
) -> Iterator[tuple[str, str, float]]:
    """Yield the face, the emotion and the share in log-odds of each voice."""
    for number, _, weighed, face, emotion, strength in said:
        weight = weights.of(rules[number].id, tuple(map(text, weighed)) if weighed else ())
        yield face, emotion, weight * strength / FULL


def log_scores(
    voices: Iterable[Voice], excluded: Iterable[tuple[str, ...]], faces: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return per face the summed contributions of each candidate emotion."""
    return _summed(((v.face, v.emotion, v.contribution) for v in voices), excluded, faces)


def _summed(
    contributions: Iterable[tuple[str, str, float]],
    excluded: Iterable[tuple[str, ...]],
    faces: Sequence[str],
) -> dict[str, dict[str, float]]:
    out = set(excluded)
    scores: dict[str, dict[str, list[float]]] = {
        face: ({} if (face, NULL_HYPOTHESIS) in out else {NULL_HYPOTHESIS: []}) for face in faces
    }
    for face, emotion, contribution in contributions:
        if face in scores and (face, emotion) not in out:
            scores[face].setdefault(emotion, []).append(contribution)
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


class _ClosedForm(Interpretation):
    """What the only answer set gives; what few ask for is made once it is asked for."""

    def __init__(
        self, found: AnswerSet, rules: Sequence[Rule], weights: Weights, faces: Sequence[str]
    ) -> None:
        shares = _contributions(_said(found, rules), rules, weights)
        scores = _summed(shares, found.words("excluded", 2), faces)
        marginals = {face: softmax(of) for face, of in scores.items()}
        vars(self).update(marginals=marginals, answer=found, _weighed_by=(rules, weights))

    @cached_property
    def voices(self) -> tuple[Voice, ...]:
        """Return the voices, sorted."""
        return tuple(voices_in(self.answer, *vars(self)["_weighed_by"]))

    @cached_property
    def atoms(self) -> frozenset[clingo.Symbol]:
        """Return the derived atoms."""
        return _derived(self.answer)


def closed_form(
    found: AnswerSet, rules: Sequence[Rule], weights: Weights, faces: Sequence[str]
) -> Interpretation:
    """Return the interpretation that the only answer set gives: a softmax over its voices."""
    return _ClosedForm(found, rules, weights, faces)


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
        *(atoms for of, atoms in found.grouped.items() if _is_derived(of))
    )


@lru_cache(maxsize=2**12)
def _is_derived(of: Signature) -> bool:
    known = PREDICATES.get(of)
    given = known is not None and known.stratum in ("input", "ontology", "marginal")
    return not of[0].startswith("_") and not given


def _is_told(of: Signature) -> bool:
    # Norms look at what was read, not at each voice for it.
    return _is_derived(of) and of != ("evidence", 3)


def face_readings(
    interpretation: Interpretation, norms: AnswerSet | None
) -> dict[str, FaceReading]:
    """Return the reading as the Trace stores it."""
    ruled = norms or AnswerSet(())
    ambiguous = {face for (face,) in ruled.words("ambiguous", 1)}
    mixed: dict[str, set[str]] = defaultdict(set)
    for face, *parts in ruled.words("mixture", 3):
        mixed[face] |= set(parts)
    mismatches: dict[str, list[str]] = defaultdict(list)
    for face, kind in interpretation.answer.words("mismatch", 2):
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
