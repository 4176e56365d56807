"""Shorten: what an explanation can leave out where a screen is all there is."""

from __future__ import annotations

from dataclasses import replace

from nesy.explain.english import WORDS
from nesy.explain.tell import Told

# So many lines that say what is not there are told; more are counted.
ABSENT = 2
# That a norm is in force is told in a sentence, that nothing lifts it goes without saying.
_IN_FORCE, _LIFTED = "in_force(", "exempt("


def short(told: Told) -> Told:
    """Return an explanation without calculations, and long lists of one kind as their number.

    What is equal stays equal, so that what is told twice is still found.
    """
    if told.because and all(child.kind == "brief" for child in told.because):
        number = WORDS["counted"].format(sentence=told.sentence, count=len(told.because))
        return replace(told, sentence=number, because=(), more="nesy why --depth 9")
    if told.atom.startswith(_IN_FORCE):
        return Told(sentence=told.sentence, kind=told.kind, atom=told.atom)
    because = [short(child) for child in told.because if not _goes_without_saying(child)]
    absent = [child for child in because if child.kind == "absent" and not child.because]
    if len(absent) > ABSENT and told.kind in ("rule", "voice"):
        because = [child for child in because if child not in absent]
        text = WORDS["counted_absent"].format(count=len(absent))
        asked = f"nesy why '{told.atom}'" if told.atom else None
        because.append(_line(text, asked))
    return replace(told, because=tuple(because), small=True)


def cut(told: Told, depth: int) -> Told:
    """Return an explanation down to a depth; what lies deeper is asked for by its atom."""
    if told.because and depth <= 0:
        more = f"nesy why '{told.atom}'" if told.atom else None
        return replace(told, because=(), more=more)
    return replace(told, because=tuple(cut(child, depth - 1) for child in told.because))


def _goes_without_saying(told: Told) -> bool:
    lifted = told.kind == "absent" and told.atom.startswith(_LIFTED) and not told.because
    return told.kind == "compared" or lifted


def _line(sentence: str, more: str | None) -> Told:
    return Told(sentence=sentence, kind="group", atom="", more=more)
