"""Generators of what flows: observations in the vocabulary, hostile strings, small rule packs."""

from hypothesis import strategies as st

from nesy import vocabulary
from nesy.trace import (
    ActionUnit,
    Case,
    Claim,
    Face,
    LineAct,
    LineCue,
    LineEmotion,
    LineReading,
    LineValence,
    Observation,
    SeenExpression,
)

WORDS = vocabulary.load()
permille = st.integers(0, 1000)


def term(kind):
    return st.sampled_from(sorted(WORDS.terms[kind]))


def few(each, most=4):
    return st.lists(each, max_size=most).map(tuple)


units = st.builds(
    ActionUnit, unit=st.sampled_from(WORDS.reported_units), intensity=permille, confidence=permille
)
expressions = st.builds(SeenExpression, expression=term("expression"), confidence=permille)
claims = st.builds(Claim, emotion=term("emotion"), confidence=permille)


def faces(name="f1", speaker=None):
    return st.builds(
        Face,
        id=st.just(name),
        speaker=st.booleans() if speaker is None else st.just(speaker),
        action_units=few(units),
        unobservable=few(st.sampled_from(WORDS.reported_units)),
        expressions=few(expressions),
        claims=few(claims),
    )


lines = st.builds(
    LineReading,
    valence=few(st.builds(LineValence, valence=term("valence"), confidence=permille), 2),
    emotions=few(st.builds(LineEmotion, emotion=term("emotion"), confidence=permille), 2),
    acts=few(st.builds(LineAct, act=term("line act"), confidence=permille), 2),
    cues=few(st.builds(LineCue, cue=term("cue"), confidence=permille), 3),
)


@st.composite
def observations(draw, speaker=None):
    count = draw(st.integers(0, 2))
    return Observation(
        perceiver="generated",
        faces=tuple(draw(faces(f"f{n + 1}", speaker)) for n in range(count)),
        line=draw(st.none() | lines),
        caption=draw(st.sampled_from([None, "same", "differs"])),
    )


DECLARABLE = ("context", "purpose", "notice", "consent", "jurisdiction", "person", "session")
declarations = st.dictionaries(st.sampled_from(DECLARABLE), st.just(()), max_size=4).flatmap(
    lambda keys: st.fixed_dictionaries(
        {key: st.lists(term(key), min_size=1, max_size=2).map(tuple) for key in keys}
    )
)
cases = st.builds(
    Case, id=st.just("c1"), image=st.sampled_from([None, "face.png"]), declared=declarations
)

# What strangers write where a word belongs.
HOSTILE = (
    "f1). forbidden(x",
    "smile). reads(f1,joy,1000",
    'x"',
    "#include",
    "a\nb",
    "Joy",
    "_",
    "f(x)",
    "@log_odds(1)",
    "smile;frown",
    "1..9",
    "\u0441mile",
    "",
    "a" * 65,
    "%*",
)
hostile = st.sampled_from(HOSTILE) | st.text(max_size=30).filter(
    lambda text: not any(text in terms for terms in WORDS.terms.values())
)
