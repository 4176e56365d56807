"""The fact contract: every predicate that rules and engine share, its meaning and who may state it.

``input`` predicates are stated by the engine alone, so no rule may derive them: that is what keeps
context, consent and age out of reach of a text or a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stratum = Literal["input", "interpret", "marginal", "govern", "ontology"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate ``name/arity`` with the sentence that names its arguments."""

    name: str
    arguments: tuple[str, ...]
    stratum: Stratum
    origin: str
    meaning: str

    @property
    def signature(self) -> tuple[str, int]:
        """Return (name, arity), as clingo names a predicate."""
        return self.name, len(self.arguments)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})" if self.arguments else self.name


def _table(stratum: Stratum, origin: str, text: str) -> list[Predicate]:
    """Read lines ``name(Arg, Arg): meaning; the phrase of an atom``."""
    found = []
    for line in text.strip().splitlines():
        head, meaning = line.strip().split(": ", 1)
        name, _, rest = head.partition("(")
        arguments = tuple(a.strip() for a in rest.rstrip(")").split(",")) if rest else ()
        found.append(Predicate(name, arguments, stratum, origin, meaning))
    return found


_ALL = [
    *_table(
        "input",
        "image",
        """
        face(Face): {Face} is in the picture
        au(Face, Unit, Intensity, Confidence): {Unit} was seen on {Face}
        au_side(Face, Unit, Side): {Unit} was seen on {Face}, on the person's own side: {Side}
        expression(Face, Expression, Confidence): {Face} shows {Expression}
        observable(Face, Unit): {Unit} could have been seen on {Face}
        faces(Count): the picture shows {Count} face(s)
        """,
    ),
    *_table(
        "input",
        "model",
        """
        claim(Face, Emotion, Confidence): the perceiver's own opinion of {Face} is {Emotion}
        """,
    ),
    *_table(
        "input",
        "line",
        """
        line_valence(Valence, Confidence): the line uses {Valence}
        line_emotion(Emotion, Confidence): the words express {Emotion}
        line_act(Act, Confidence): the speaker {Act}
        cue(Cue, Confidence): the line holds {Cue}
        line_unread(Reason): the words could not all be read ({Reason})
        turn(Back, Party): {Back} was by {Party}
        turn_valence(Back, Valence, Confidence): {Back} used {Valence}
        turn_emotion(Back, Emotion, Confidence): {Back} expressed {Emotion}
        turn_act(Back, Act, Confidence): in {Back} the one who spoke {Act}
        turn_cue(Back, Cue, Confidence): {Back} held {Cue}
        """,
    ),
    *_table(
        "input",
        "caption",
        """
        caption(Relation): text inside the picture set against the line: {Relation}
        """,
    ),
    *_table(
        "input",
        "declared",
        """
        speaker(Face): {Face} is the speaker
        context(Context): the declared context is {Context}
        purpose(Purpose): the declared purpose is {Purpose}
        notice(Notice): {Notice} was given
        consent(Consent): {Consent} was given
        jurisdiction(Jurisdiction): the law of {Jurisdiction} applies
        person(Person): the person is declared to be {Person}
        session(Session): this is the session's {Session}
        stated(Emotion): the person said they feel {Emotion}
        """,
    ),
    *_table(
        "interpret",
        "derived",
        """
        evidence(Face, Emotion, Strength): {Face} gives evidence of {Emotion}
        excluded(Face, Emotion): {Emotion} is ruled out for {Face}
        reading(Face, Emotion): {Face} is read as {Emotion}
        mismatch(Face, Kind): words and {Face} disagree as in {Kind}
        contrary(Face, Valence): the words are {Valence} and {Face} says the contrary
        crisis(Kind): there is a crisis of {Kind}
        """,
    ),
    *_table(
        "marginal",
        "derived",
        """
        reads(Face, Emotion, Probability): {Face} reads as {Emotion}
        """,
    ),
    *_table(
        "input",
        "draft",
        """
        drafted: a reply has been drafted
        reply_act(Act): the reply {Act}
        reply_tone(Tone): the tone of the reply is {Tone}
        reply_claims(Kind, Emotion, Modality): the reply claims {Emotion} ({Modality})
        says_act(Act): the author says that the reply {Act}
        says_tone(Tone): the author says that the tone of the reply is {Tone}
        says_claim(Kind, Emotion, Modality): the author says the reply claims {Emotion} ({Modality})
        reply_unread(Reason): the reply could not all be read ({Reason})
        """,
    ),
    *_table(
        "govern",
        "derived",
        """
        ambiguous(Face): {Face} can be read in more than one way
        mixture(Face, Emotion, Other): {Face} reads as {Emotion} and {Other} at once
        forbidden(Act, Norm): {Norm} forbids a reply that {Act}
        obligatory(Act, Norm): {Norm} asks for a reply that {Act}
        preferred(Act, Norm): {Norm} prefers a reply that {Act}
        warned(Act, Norm): {Norm} warns of a reply that {Act}
        hold(Norm): the reply is held by {Norm}
        exempt(Norm): an exception lifts {Norm} here
        lapsed(Norm): an exception to {Norm} ran out
        in_force(Norm): {Norm} is in force here
        overridden(Act, Norm, By): {Norm} on a reply that {Act} gives way to {By}
        violated(Norm, Act): the draft violates {Norm}: it {Act}
        """,
    ),
    *_table(
        "ontology",
        "ontology",
        """
        unit(Unit): {Unit} is a FACS unit
        excludes_unit(Unit, Other): {Unit} and {Other} cannot hold together
        expression_name(Expression): {Expression} is an expression
        emotion(Emotion): {Emotion} is an emotion
        emotion_valence(Emotion, Sign): {Emotion} is {Sign}
        emotion_arousal(Emotion, Arousal): {Emotion} has an arousal of {Arousal}
        emotion_family(Emotion, Family): {Emotion} is of the family of {Family}
        component(Compound, Emotion): {Compound} is made of {Emotion}
        prototype(Prototype, Compound): {Prototype} is a published face of {Compound}
        prototype_unit(Prototype, Unit): the published face {Prototype} has {Unit}
        table1(Expression, Emotion): Table 1 of the paper pairs {Expression} with {Emotion}
        suggests(Expression, Emotion): the ontology pairs {Expression} with {Emotion}
        support(Expression, Emotion, Support): {Expression} as {Emotion} has the support {Support}
        cue_crisis(Cue, Kind): a sign of a crisis of {Kind} lies in {Cue}
        norm(Norm, Force, Severity): {Norm} is a norm
        norm_jurisdiction(Norm, Jurisdiction): where {Norm} is in force: {Jurisdiction}
        norm_source(Norm): {Norm} cites its source
        """,
    ),
]

PREDICATES: dict[tuple[str, int], Predicate] = {p.signature: p for p in _ALL}

DECLARABLE = tuple(p.name for p in _ALL if p.origin == "declared" and p.name not in ("speaker",))
# What the engine alone states: observations, declarations, the ontology, and the reading itself.
INPUTS = frozenset(
    s
    for s, p in PREDICATES.items()
    if p.stratum in ("input", "ontology", "marginal") or p.name in ("reading", "lapsed")
)
GOVERN_HEADS = frozenset(s for s, p in PREDICATES.items() if p.stratum == "govern")
AFTER_INTERPRETATION = GOVERN_HEADS | frozenset(
    s for s, p in PREDICATES.items() if p.stratum == "marginal" or p.origin == "draft"
)

# Which kind of word an argument asks for, by its name; `Act` and `Kind` depend on the predicate.
_KIND_OF_ARGUMENT = {
    "Expression": "expression",
    "Emotion": "emotion",
    "Compound": "emotion",
    "Family": "emotion",
    "Prototype": "prototype",
    "Valence": "valence",
    "Cue": "cue",
    "Context": "context",
    "Purpose": "purpose",
    "Notice": "notice",
    "Consent": "consent",
    "Jurisdiction": "jurisdiction",
    "Person": "person",
    "Session": "session",
    "Party": "party",
    "Norm": "norm",
    "By": "norm",
    "Tone": "tone",
    "Modality": "modality",
    "Unit": "unit",
}
_KIND_OF_KIND = {"mismatch": "mismatch", "crisis": "crisis", "cue_crisis": "crisis"}


def kind_of(predicate: Predicate | None, argument: str) -> str | None:
    """Return the kind of word, as the vocabulary names it, that an argument asks for."""
    name = predicate.name if predicate else ""
    if argument == "Act":
        return "line act" if name in ("line_act", "turn_act") else "reply act"
    if argument == "Kind":
        return _KIND_OF_KIND.get(name)
    if argument == "Other":
        return "emotion" if name == "mixture" else None
    return _KIND_OF_ARGUMENT.get(argument)
