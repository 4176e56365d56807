"""Tell what would be: changes of facts, and what comes of them, in conditional sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import clingo

from nesy.explain import language
from nesy.explain.english import WORDS
from nesy.explain.tell import Lexicon, of_atom
from nesy.explain.what_if.changes import MOST, Changes, is_intensity, least_of, numbers_of
from nesy.explain.what_if.flips import Edit
from nesy.explain.what_if.supposed import Asked, Outcome, Supposing
from nesy.explain.what_if.whatif import Alternative, Answer
from nesy.predicates import DECLARABLE
from nesy.reason import asp
from nesy.reason.engine import Engine

# FACS intensity B begins here; what is weaker is a trace.
TRACE = 300
# What an argument of a fact is a word of, by the fact's predicate.
_NOUN = {
    "expression": "expression",
    "claim": "emotion",
    "line_valence": "valence",
    "turn_valence": "valence",
    "line_emotion": "emotion",
    "turn_emotion": "emotion",
    "line_act": "line act",
    "turn_act": "line act",
    "cue": "cue",
    "turn_cue": "cue",
    **{name: name for name in DECLARABLE},
}


def sentence(one: Alternative, answer: Answer) -> str:
    """Return an alternative as a sentence: were these facts others, this would come of it."""
    became = WORDS["if_and"].join(_outcome(one, answer))
    return _capital(WORDS["if_then"].format(changes=_changes(one, answer), outcome=became))


def _changes(one: Alternative, answer: Answer) -> str:
    engine = answer.supposing.engine
    told = (change(edit, engine, turning=edit in one.turning) for edit in one.edits)
    return WORDS["if_and"].join(told)


def _outcome(one: Alternative, answer: Answer) -> list[str]:
    case = answer.supposing
    return outcome(answer.asked, case.now, one.outcome, case.engine)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def change(edit: Edit, engine: Engine, *, turning: bool = False) -> str:
    """Return a change in words; ``turning`` tells that less of it would not do."""
    new, old = _first(edit.added, edit), _first(edit.removed, edit)
    if edit.kind == "gone" and old is not None:
        word = "if_undeclared" if old.name in DECLARABLE else "if_gone"
        return WORDS[word].format(fact=noun(old, engine))
    if new is None:
        return str(edit.slot)
    if edit.kind == "swap" and old is not None:
        return WORDS["if_swap"].format(new=noun(new, engine), fact=noun(old, engine))
    if edit.kind == "added" or old is None:
        return _added(new, engine, turning)
    place = next(n for n in numbers_of(new) if new.arguments[n] != old.arguments[n])
    less = new.arguments[place].number < old.arguments[place].number
    word = "if_number" if not turning else "if_less" if less else "if_more"
    return WORDS[word].format(
        fact=noun(old, engine),
        new=_percent(new, place),
        old=_percent(old, place),
        strong=WORDS["if_strong" if is_intensity(new, place) else "if_sure"],
    )


def _added(new: clingo.Symbol, engine: Engine, turning: bool) -> str:
    places = numbers_of(new)
    if not places:
        return WORDS["if_added"].format(fact=noun(new, engine))
    sure = new.arguments[places[-1]].number
    word = "if_added_from" if turning and sure > least_of(new) else "if_added"
    if not is_intensity(new, places[0]):
        strong = ""
    elif new.arguments[places[0]].number < TRACE:
        strong = WORDS["if_trace"]
    elif new.arguments[places[0]].number < MOST:
        strong = WORDS["if_intensity"].format(strong=_percent(new, places[0]))
    else:
        strong = ""
    return WORDS[word].format(fact=noun(new, engine), new=_percent(new, places[-1])) + strong


def _first(atoms: Iterable[clingo.Symbol], edit: Edit) -> clingo.Symbol | None:
    """Return the fact that a change is about: of a declaration, the value that was meant."""
    named = {edit.slot.rpartition(" ")[2], edit.way.rpartition(" ")[2]}
    meant = [a for a in atoms if a.name in DECLARABLE and str(a.arguments[0]) in named]
    return min(meant or atoms, key=lambda a: (a.name == "au_side", str(a)), default=None)


def _percent(atom: clingo.Symbol, place: int) -> str:
    return f"{atom.arguments[place].number / 10:g} %"


def noun(atom: clingo.Symbol, engine: Engine) -> str:
    """Return what a fact is about as a noun."""
    words = engine.vocabulary
    numbers = numbers_of(atom)
    terms = [str(a) for n, a in enumerate(atom.arguments) if n not in numbers]
    if atom.name == "au":
        unit = words.units[int(terms[1])]
        phrase = f"AU{terms[1]} ({language.current().name(unit.label)})"
    else:
        phrase = words.phrase(_NOUN.get(atom.name, atom.name), terms[-1])
    back = terms[0] if atom.name.startswith("turn_") else ""
    return WORDS[f"noun_{atom.name}"].format(phrase=phrase, face=terms[0], back=back)


def outcome(asked: Asked, now: Outcome, then: Outcome, engine: Engine) -> list[str]:
    """Return what would come of a change, in what it differs from what there is."""
    if asked.of_reading:
        return _reading(asked, now, then, engine)
    if asked.pattern is not None:
        lexicon = Lexicon.of(engine)
        held, holds = asked.matching(now), asked.matching(then)
        word = "would_hold" if holds else "would_not_hold"
        return [WORDS[word].format(sentence=of_atom(a, lexicon)) for a in (holds or held)[:1]]
    if asked.status is not None or now.status != then.status:
        return [WORDS[f"would_be_{then.status}"]]
    return _reply(now, then, engine)


def _reading(asked: Asked, now: Outcome, then: Outcome, engine: Engine) -> list[str]:
    before, found = now.tops(), []
    for face, (emotion, share) in then.tops().items():
        was = before.get(face, ("", 0.0))[0]
        if was != emotion and asked.face in (None, face):
            told = engine.vocabulary.phrase("emotion", emotion)
            phrase = engine.vocabulary.phrase("emotion", was)
            word = "would_read" if was else "would_read_first"
            found.append(
                WORDS[word].format(
                    face=face, emotion=told, share=f"{100 * share:.0f} %", was=phrase
                )
            )
    return found or [WORDS["would_read_nothing"]]


def _reply(now: Outcome, then: Outcome, engine: Engine) -> list[str]:
    def told(word: str, acts: Iterable[str]) -> list[str]:
        phrases = [engine.vocabulary.phrase("reply act", act) for act in acts]
        joined = WORDS["if_and"].join(phrases)
        return [WORDS[word].format(act=joined)] if phrases else []

    more = told("would_act", (act for act in then.acts if act not in now.acts))
    return more + told("would_not_act", (act for act in now.acts if act not in then.acts))


def as_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain data.

    ``asked``, ``holds`` (None where several values are possible), ``now`` and ``alternatives``:
    each with its ``changes`` (``removed`` and ``added`` facts), the ``outcome`` and a ``sentence``;
    ``searched`` says how many sets were solved, up to which size all of them, and what stopped it;
    ``fixed`` names the facts that no change touches.
    """
    case = answer.supposing
    now = case.answer(case.now)
    return {
        "schema": "nesy.what_if.v1",
        "case": case.trace.case.id,
        "asked": answer.asked.text,
        "holds": now if isinstance(now, bool) else None,
        "now": _told(case.now),
        "alternatives": [_alternative(one, answer) for one in answer.alternatives],
        "searched": {
            "tried": answer.tried,
            "size": answer.whole,
            "stopped": answer.stopped,
            "unshown": answer.unshown,
            "declared": answer.declared,
        },
        "fixed": [str(atom) for atom in fixed(answer)],
    }


def _alternative(one: Alternative, answer: Answer) -> dict[str, Any]:
    engine = answer.supposing.engine
    return {
        "sentence": sentence(one, answer),
        "changes": [
            {
                "kind": edit.kind,
                "about": edit.slot,
                "removed": sorted(map(str, edit.removed)),
                "added": sorted(map(str, edit.added)),
                "turns_here": edit in one.turning,
                "words": change(edit, engine, turning=edit in one.turning),
            }
            for edit in one.edits
        ],
        "outcome": _told(one.outcome),
    }


def _told(found: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data; verdict and reply where the question goes as far."""
    of = {"top": {face: list(top) for face, top in found.tops().items()}}
    if found.status is None:
        return of
    return {**of, "status": found.status, "acts": list(found.acts)}


def fixed(answer: Answer) -> list[clingo.Symbol]:
    """Return the facts that no change touched: signs of a crisis, and what was declared."""
    case = answer.supposing
    changes = Changes(case.facts, case.engine.vocabulary, case.turns_at)
    return sorted(
        atom
        for atom in case.facts
        if changes.is_fixed(atom) or (atom.name in DECLARABLE and not answer.declared)
    )


def as_text(answer: Answer, mended: Sequence[str] = ()) -> str:
    """Return an answer as lines: what there is, what would flip it, and how far was searched.

    ``mended`` are lines on the reply itself.
    """
    case = answer.supposing
    lines = [now_told(case), *mended]
    became = [tuple(_outcome(one, answer)) for one in answer.alternatives]
    if len(became) > 1 and len(set(became)) == 1:
        lines.append(_capital(WORDS["if_and"].join(became[0])))
        changes = (_changes(one, answer) for one in answer.alternatives)
        lines += [f"- {WORDS['if_with'].format(changes=told)}" for told in changes]
    else:
        lines += [f"- {sentence(one, answer)}" for one in answer.alternatives]
    if not answer.alternatives:
        lines.append(WORDS["if_none" if answer.tried else "if_no_fact"])
    for atom in fixed(answer):
        if asp.signature(atom)[0] in ("cue", "turn_cue"):
            lines.append(WORDS["if_crisis"].format(fact=noun(atom, case.engine)))
    if any(e.slot.split(" ")[0] in DECLARABLE for one in answer.alternatives for e in one.edits):
        lines.append(WORDS["if_true"])
    lines.append(_searched(answer))
    return "\n".join(lines) + "\n"


def now_told(case: Supposing) -> str:
    """Return what is asked about as it is now."""
    words = case.engine.vocabulary
    if case.asked.of_reading:
        return " ".join(_now_reads(case))
    if case.asked.pattern is not None:
        lexicon = Lexicon.of(case.engine)
        held = case.asked.matching(case.now)
        if held:
            return WORDS["now_holds"].format(sentence=of_atom(held[0], lexicon))
        return WORDS["now_not"].format(asked=case.asked.text)
    acts = ", ".join(words.phrase("reply act", act) for act in case.now.acts)
    return WORDS[f"now_{case.now.status}"].format(acts=acts)


def _now_reads(case: Supposing) -> Iterator[str]:
    """Yield the most probable reading of each face, and what is as probable."""
    words = case.engine.vocabulary
    for face, (emotion, share) in case.now.tops().items():
        if case.asked.face in (None, face):
            of = case.now.marginals[face].items()
            level = [words.phrase("emotion", e) for e, p in of if e != emotion and p == share]
            yield WORDS["now_tied" if level else "now_reads"].format(
                face=face,
                emotion=words.phrase("emotion", emotion),
                share=f"{100 * share:.0f} %",
                others=", ".join(level),
            )


def _searched(answer: Answer) -> str:
    told = WORDS["if_searched"].format(tried=answer.tried)
    if answer.unshown:
        told += WORDS["if_unshown"].format(unshown=answer.unshown)
    if answer.stopped == "time":
        told += WORDS["if_stopped"].format(size=answer.whole + 1)
    if not answer.declared:
        told += WORDS["if_declared"]
    return told
