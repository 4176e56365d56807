"""A drafter and a reader of replies from outside: it says what a file says, one draft a line."""

import json
from pathlib import Path
from typing import Any

from nesy.reply.draft import Draft
from nesy.trace import Brief, ReplyReading


class Parrot:
    """The smallest Drafter: the draft of round n is line n of its file, then from the start."""

    def __init__(self, drafts: list[dict[str, Any]]) -> None:
        self.drafts = drafts

    def describe(self) -> dict[str, Any]:
        return {"name": "parrot", "model": None, "licence": "CC0-1.0", "needs": []}

    def draft(self, line: str, brief: Brief, *, seed: int) -> Draft:
        said = self.drafts[seed % len(self.drafts)]
        return Draft(tuple(said.get("acts", ())), said.get("tone"), said["text"])


class Suspicious:
    """The smallest ReplyReader: it finds one act in whatever it reads."""

    def __init__(self, act: str) -> None:
        self.act = act

    def describe(self) -> dict[str, Any]:
        return {"name": "suspicious", "model": self.act, "licence": "CC0-1.0", "needs": []}

    def read(self, reply: str, *, line: str) -> ReplyReading:
        return ReplyReading(reader="suspicious", acts=(self.act,))


def create_drafter(model: str | None, vocabulary: object) -> Parrot:
    lines = Path(model or "drafts.jsonl").read_text(encoding="utf-8").splitlines()
    return Parrot([json.loads(line) for line in lines])


def create_reply_reader(model: str | None, vocabulary: object) -> Suspicious:
    return Suspicious(model or "diagnose")
