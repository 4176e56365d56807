"""What the rules of an engine look at, read once for all cases: how facts influence conclusions."""

from __future__ import annotations

from functools import lru_cache

from nesy.explain.what_if.dependence import Dependence, ReadRule, read
from nesy.interpret import prepared
from nesy.reason.engine import Engine
from nesy.rulebook import Rulebook, Strata

# What influences a case besides its rules: norms may withhold a face, voices make readings, …
_LINKS = """
au(F,U,I,C) :- forbidden(infer_from_face,N). au_side(F,U,S) :- forbidden(infer_from_face,N).
expression(F,E,C) :- forbidden(infer_from_face,N). claim(F,E,C) :- forbidden(infer_from_face,N).
observable(F,U) :- forbidden(infer_from_face,N).
reads(F,E,P) :- evidence(F,O,S), speaker(F). reads(F,E,P) :- excluded(F,O).
"""
# … and templates write what the norms, the readings and the words ask for.
_WRITTEN = """
drafted :- _reply. reply_act(A) :- _reply. reply_tone(T) :- _reply. reply_claims(K,E,M) :- _reply.
says_act(A) :- _reply. says_tone(T) :- _reply. says_claim(K,E,M) :- _reply.
reply_unread(R) :- _reply. _reply :- forbidden(A,N). _reply :- obligatory(A,N).
_reply :- preferred(A,N). _reply :- warned(A,N). _reply :- preferred_tone(T,N).
_reply :- overridden(A,N,O). _reply :- mismatch(F,K). _reply :- crisis(K). _reply :- danger(K).
_reply :- line_unread(R). _reply :- line_valence(V,C). _reply :- line_emotion(E,C).
_reply :- jurisdiction(J). _reply :- stated(E). _reply :- reads(F,E,P). _reply :- hold(N).
"""


def has_many(engine: Engine) -> bool:
    """Tell whether packs choose between answer sets, so that everything may matter."""
    return prepared(engine.rulebook)[2]


@lru_cache(maxsize=8)
def on_case(engine: Engine, *, written: bool) -> Dependence:
    """Return what all rules look at; a reply that is ``written`` stands whatever they say."""
    book = engine.rulebook
    rules = (*_rules(book, "interpret"), *_rules(book, "govern"))
    return Dependence(rules, _LINKS + ("" if written else _WRITTEN), engine.static)


@lru_cache(maxsize=4)
def on_reading(engine: Engine) -> Dependence:
    """Return what the rules that interpret look at, and nothing else."""
    return Dependence(_rules(engine.rulebook, "interpret"), static=engine.static)


@lru_cache(maxsize=8)
def _rules(rulebook: Rulebook, stratum: Strata) -> tuple[ReadRule, ...]:
    return read(rulebook.statements(stratum))
