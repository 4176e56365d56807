"""The reply loop: brief, draft, read again, govern, and once more while a norm is broken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nesy.diagnostics import NesyError
from nesy.explain.citation import citation
from nesy.govern import Norms
from nesy.reason.rows import Atoms, Known, grouped
from nesy.reply import reader
from nesy.reply.compose import TEMPLATES, safe
from nesy.reply.draft import Draft
from nesy.reply.reader import ReplyReader
from nesy.reply.writers import Writer
from nesy.trace import Brief, ReplyReading, Round, Violation
from nesy.vocabulary import Vocabulary

Judge = Callable[[Atoms], Generator[Any, Any, Norms | None]]
Briefed = Callable[[Norms, tuple[Violation, ...]], Brief]
FEELING = "feeling"


@dataclass(frozen=True, slots=True)
class Task:
    """Who writes the reply to a line, and who reads it beside the lexical reader.

    ``recorded`` are readings of further readers by round: they are not asked again.
    """

    line: str
    writer: Writer
    readers: tuple[ReplyReader, ...] = ()
    recorded: tuple[tuple[ReplyReading, ...], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the loop ended: the last draft and its norms (None: no verdict), and every round."""

    norms: Norms | None
    facts: Atoms
    draft: Draft
    rounds: tuple[Round, ...]
    brief: Brief


def replied(
    seen: Atoms, norms: Norms, task: Task, judge: Judge, briefed: Briefed, words: Vocabulary
) -> Generator[Any, Any, Outcome]:
    """Return the way from norms to a reply; ``judge`` returns the norms over further facts.

    A draft without a verdict ends the loop: nothing after it could be told to be better.
    """
    first = brief = briefed(norms, ())
    rounds: list[Round] = []
    ended: Norms | None = None
    facts, draft = seen, safe("hold")
    while True:
        written = task.writer.write(brief, rounds)
        if written is None:
            return Outcome(ended, facts, draft, tuple(rounds), first)
        if isinstance(written, Round):
            rounds.append(written)
            continue
        draft = written
        readings = _read(draft, task, len(rounds), words)
        facts = seen.with_(grouped(drafted(draft, readings, words)).items())
        ended = yield from judge(facts)
        broken = tuple(_broken(draft, readings, ended, task.line, words)) if ended else ()
        rounds.append(_round(draft, readings, broken))
        if ended is None or not (broken or ended.held_by):
            return Outcome(ended, facts, draft, tuple(rounds), first)
        brief = briefed(ended, broken)


def _read(draft: Draft, task: Task, round_: int, words: Vocabulary) -> tuple[ReplyReading, ...]:
    found = [reader.read(draft.text, line=task.line)]
    if task.recorded:
        found += task.recorded[round_] if round_ < len(task.recorded) else ()
    # The templates are ours, and tested against the norms; a model that sees ghosts there would
    # leave a person in danger without a reply.
    for other in task.readers if draft.author != TEMPLATES else ():
        try:
            found.append(reader.in_vocabulary(other.read(draft.text, line=task.line), words))
        except NesyError:
            name = str(other.describe().get("name", type(other).__name__))
            found.append(ReplyReading(reader=name, unread=("failed",)))
    return tuple(found)


def drafted(draft: Draft, readings: Sequence[ReplyReading], words: Vocabulary) -> list[Known]:
    """Return the facts of a draft: what readers find in it, and what its author says of it.

    Only what is found can meet a demand; what is said can break one. A text is unread where no
    reader could read it, or where one of them failed.
    """
    found: list[Known] = [(("drafted", 0), ())]

    def state(name: str, *terms: str) -> None:
        found.append(((name, len(terms)), terms))

    known = words.terms["reply act"]
    for act in sorted({act for reading in readings for act in reading.acts} & set(known)):
        state("reply_act", act)
    for tone in sorted({tone for reading in readings for tone in reading.tones}):
        state("reply_tone", tone)
    claims = {(c.emotion, c.modality) for reading in readings for c in reading.claims}
    for emotion, modality in sorted(claims):
        if emotion in words.emotions:
            state("reply_claims", FEELING, emotion, modality)
    for act in sorted(set(draft.acts) & set(known)):
        state("says_act", act)
    if draft.tone is not None:
        state("says_tone", draft.tone)
    for claim in sorted({(c.emotion, c.modality) for c in draft.claims}):
        state("says_claim", FEELING, *claim)
    for why in sorted(_unread(readings)):
        state("reply_unread", why)
    return found


def _unread(readings: Sequence[ReplyReading]) -> set[str]:
    """Return why a draft counts as unread.

    A language is read where any reader reads it; what hides is hidden from all.
    """
    found = {why for reading in readings for why in reading.unread}
    if any(
        "language" not in reading.unread and "failed" not in reading.unread for reading in readings
    ):
        found.discard("language")
    return found


def _broken(
    draft: Draft,
    readings: Sequence[ReplyReading],
    norms: Norms,
    line: str,
    words: Vocabulary,
) -> Iterator[Violation]:
    done = {act for reading in readings for act in reading.acts}
    places = reader.find(draft.text, line).acts
    for norm, act in norms.violations:
        term = words.norms.get(norm)
        by, quote, start, end = "leaves_out", None, None, None
        if norm in norms.acts("forbidden").get(act, ()):
            by = "does" if act in done else "says"
            if act in places:
                start, end = places[act]
                quote = draft.text[start:end].strip()
        yield Violation.model_validate(
            {
                "norm": norm.upper(),
                "act": act,
                "by": by,
                "cites": citation(norm, words) if term else "",
                "change": term.one("repair") if term else "",
                "quote": quote,
                "start": start,
                "end": end,
            }
        )


def _round(
    draft: Draft, readings: tuple[ReplyReading, ...], broken: tuple[Violation, ...]
) -> Round:
    return Round(
        acts=draft.acts,
        text=draft.text,
        author=draft.author,
        tone=draft.tone,
        claims=draft.claims,
        found=readings,
        violations=tuple(f"{v.norm} {v.act}" for v in broken),
        broken=broken,
    )
