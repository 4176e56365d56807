"""The brief: what the norms ask of a reply before it is written, as data and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nesy.govern import Norms
from nesy.reason.rows import Groups
from nesy.trace import Asserted, Brief, Violation
from nesy.vocabulary import Vocabulary

# What the words express counts from here (norm E108).
EXPRESSED = 500


def brief_of(
    norms: Norms,
    seen: Groups,
    conditions: Sequence[str],
    crises: Iterable[str],
    broken: tuple[Violation, ...] = (),
) -> Brief:
    """Return the brief; ``conditions`` choose between variants of a text."""
    return Brief(
        obligatory=norms.acts("obligatory"),
        forbidden=norms.acts("forbidden"),
        preferred=norms.acts("preferred"),
        warned=norms.acts("warned"),
        tones=norms.tones(),
        claims=tuple(_claims(seen)),
        crisis=tuple(sorted(crises)),
        conditions=tuple(conditions),
        broken=broken,
    )


def _claims(seen: Groups) -> list[Asserted]:
    """Return the feelings a reply may speak of: stated ones, and those the words express."""
    found = {str(emotion): "certain" for (emotion,) in seen.get(("stated", 1), ())}
    for emotion, confidence in seen.get(("line_emotion", 2), ()):
        if int(str(confidence)) >= EXPRESSED:
            found.setdefault(str(emotion), "possible")
    return [Asserted(emotion=e, modality=m) for e, m in sorted(found.items()) if e != "neutral"]


def in_words(brief: Brief, vocabulary: Vocabulary) -> str:
    """Return the brief as sentences for a writer, a person or a model."""
    must_not = [act for act in brief.forbidden if act not in brief.obligatory]
    parts = [
        _acts("It has to be a reply that", brief.obligatory, vocabulary),
        _acts("Preferably it is one that", brief.preferred, vocabulary),
        _acts("It must not be one that", must_not, vocabulary),
        _acts("With care, if at all, one that", brief.warned, vocabulary),
    ]
    if brief.tones:
        names = (vocabulary.phrase("tone", tone) for tone in brief.tones)
        parts.append(f"It has {' or '.join(names)}.")
    for claim in brief.claims:
        emotion = vocabulary.phrase("emotion", claim.emotion)
        how = vocabulary.phrase("modality", claim.modality)
        parts.append(f"It may speak of {emotion}, {how}.")
    if not brief.claims:
        parts.append("It states no feeling of the person; it may ask.")
    for violation in brief.broken:
        shown = f" (“{violation.quote}”)" if violation.quote else ""
        act = vocabulary.phrase("reply act", violation.act)
        did = "left out what is asked: " if violation.by == "leaves_out" else ""
        parts.append(
            f"The draft before broke {violation.norm}: it {did}{act}{shown}. {violation.change}"
        )
    return "\n".join(filter(None, parts))


def _acts(opening: str, acts: Mapping[str, object] | Sequence[str], words: Vocabulary) -> str:
    if not acts:
        return ""
    listed = "; ".join(f"{words.phrase('reply act', act)} [{act}]" for act in acts)
    return f"{opening}: {listed}."
