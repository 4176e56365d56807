"""Lines that people gave an emotion, or called sarcastic, from files that the user names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rdflib

from nesy import resources, strict_json
from nesy.line import plain
from nesy.trace import Case, Turn
from nesy.turtle import NESY
from nesy.vocabulary import Vocabulary

from .tables import refused, rows

# The part of a set, dealt by a hash of the words, that the head of MiniLM was never trained on.
PARTS, HELD_OUT = 5, 0
SARCASTIC, SINCERE = "sarcastic", "sincere"


@dataclass(frozen=True, slots=True)
class Line:
    """A line in its dialogue: the labels people gave it, and what was sampled together with it."""

    case: Case
    labels: frozenset[str]
    group: str
    split: str
    sentiment: str = ""


def meld(path: Path, part: str | None = None) -> Iterator[Line]:
    """Yield MELD's utterances with the turns of their dialogue before them (Poria et al. 2019).

    The published tables are of one ``part`` each; without it a column ``meld_split`` names it.
    """
    needed = ("Dialogue_ID", "Utterance_ID", "Speaker", "Utterance", "Emotion", "Sentiment")
    said: dict[str, list[Turn]] = {}
    for number, row in rows(path, needed if part else ("meld_split", *needed)):
        split = part or row["meld_split"]
        dialogue = f"{split}/{row['Dialogue_ID']}"
        before = said.setdefault(dialogue, [])
        name, text = row["Speaker"] or "nobody", row["Utterance"]
        case = Case(id=f"l{number}", line=text, speaker=name, turns=tuple(before))
        labels = frozenset({row["Emotion"]})
        yield Line(case, labels, dialogue, split, row["Sentiment"])
        before.append(Turn(speaker=name, line=text))


def mustard(path: Path) -> Iterator[Line]:
    """Yield MUStARD's utterances with their context; a group is a speaker (Castro et al. 2019).

    Read as published, one JSON object by id, or as one object a line with its id in it.
    """
    for number, value in _by_line(path):
        try:
            pairs = zip(value["context_speakers"], value["context"], strict=True)
            turns = tuple(Turn(speaker=name, line=text) for name, text in pairs)
            name, label = value["speaker"], SARCASTIC if value["sarcasm"] else SINCERE
            case = Case(id=str(value["id"]), line=value["utterance"], speaker=name, turns=turns)
            yield Line(case, frozenset({label}), f"{value['show']}/{name}", value["show"])
        except (KeyError, TypeError, ValueError) as error:
            raise refused(path, number, str(error)) from error


def _by_line(path: Path) -> Iterator[tuple[int, Any]]:
    for number, value in strict_json.lines(path):
        if isinstance(value, dict) and "utterance" not in value:
            for name, item in value.items():
                yield number, {"id": name, **item} if isinstance(item, dict) else item
        else:
            yield number, value


def was_trained_on(text: str) -> bool:
    """Tell whether a line of XED or GoEmotions is in a part the head of MiniLM learned from."""
    return int(hashlib.sha256(plain(text).encode()).hexdigest(), 16) % PARTS != HELD_OUT


def labelled(path: Path) -> Iterator[Line]:
    """Yield lines of XED or GoEmotions; ``test`` are those the head of MiniLM never saw."""
    for number, row in rows(path, ("text", "emotions")):
        split = "train" if was_trained_on(row["text"]) else "test"
        if row["text"].strip():
            case = Case(id=f"l{number}", line=row["text"])
            yield Line(case, frozenset(row["emotions"].split("|")), f"l{number}", split)


# Where a scheme of theory stands behind the labels of a set.
_THEORY = {"meld": "ekman", "plutchik8": "plutchik", "goemotions": "goemotions"}


def label_of(scheme: str, labels: Sequence[str], words: Vocabulary) -> dict[str, str]:
    """Return for each emotion of the ontology the label of a set it comes nearest to.

    In this order: its alias in the set; an item of the theory behind the set; the label of the
    nearest kind above it that has one; the only label among its kind's other emotions; Parrott's
    primary emotion; else ``neutral``.
    """
    items = _alignments()
    direct: dict[str, str] = {}
    for emotion in words.emotions.values():
        named = [a.partition(":")[2] for a in emotion.all("alias") if a.startswith(f"{scheme}:")]
        named += items.get((emotion.id, _THEORY[scheme]), [])
        direct.update((emotion.id, label) for label in named[:1] if label in labels)
    found: dict[str, str] = {}
    for emotion_id in words.emotions:
        above = words.broader("emotion", emotion_id)
        kind = {
            direct[e]
            for e in words.emotions
            if above[-1] in words.broader("emotion", e) and e in direct
        }
        primary = [i.split("/")[0] for i in items.get((emotion_id, "parrott"), [])]
        primary = ["joy" if p == "love" and p not in labels else p for p in primary]
        nearest = [direct[e] for e in above if e in direct]
        nearest += list(kind) if len(kind) == 1 else []
        nearest += [p for p in primary if p in labels]
        found[emotion_id] = next(iter(nearest), "neutral")
    return found


def _alignments() -> dict[tuple[str, str], list[str]]:
    """Return the items of foreign schemes that each emotion is aligned with, exact ones first."""
    graph = rdflib.Graph().parse(resources.folder("ontology") / "emotions.ttl")
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for emotion, node in graph.subject_objects(NESY.alignment):
        name = str(graph.value(emotion, NESY.id))
        scheme = str(graph.value(node, NESY.scheme)).rpartition(".")[2]
        match, item = graph.value(node, NESY.match), graph.value(node, NESY.item)
        found.setdefault((name, scheme), []).append((str(match), str(item)))
    return {key: [item for _, item in sorted(pairs)] for key, pairs in found.items()}
