"""A schema over single characters: how long an answer can be, and what text must come next.

It knows no tokenizer, so every backend is held against it: a keyword that was dropped when the
schema was compiled shows as a path longer than the certificate, or as a character off the path.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from nesy import schema
from nesy.diagnostics import Diagnostic, NesyError

from .backends.automaton import regex_of

# Outlines' engine is not annotated; this is the boundary to it.
_core: Any = importlib.import_module("outlines_core")

_BYTES = 256
Moves = dict[int, dict[int, int]]


class Characters:
    """The automaton of a schema over bytes; raises NesyError N133 where it is another language."""

    def __init__(self, report: schema.Schema, regex: str | None = None) -> None:
        self.most = schema.longest(report)
        by_byte = {bytes([byte]): [byte] for byte in range(_BYTES)}
        index = _core.Index(regex or regex_of(report), _core.Vocabulary(_BYTES, by_byte))
        self.start: int = index.get_initial_state()
        self.finals: frozenset[int] = frozenset(index.get_final_states())
        self.moves: Moves = {
            state: {byte: target for byte, target in options.items() if byte < _BYTES}
            for state, options in index.get_transitions().items()
        }
        self._forced: dict[int, str] = {}
        self._expected: dict[int, str] = {}
        longest = longest_path(self.moves, self.start)
        if longest != self.most:
            found = "without end" if longest is None else f"of {longest} bytes"
            what = "the decoding backend does not hold to this schema as it is written"
            why = f"its longest answer is {found}, and the schema's has {self.most}"
            fix = f"a keyword was dropped in compiling: look at {json.dumps(report)[:120]}"
            raise NesyError(Diagnostic("N133", what, why, fix))

    def after(self, state: int, text: str) -> int:
        """Return the state after a text; raises NesyError N136 where it may not come here."""
        here = state
        for byte in text.encode():
            options = self.moves.get(here, {})
            if byte not in options:
                what = "the decoding backend let through what the schema does not allow"
                why = f"{text[:40]!r} cannot come at this place of an answer"
                raise NesyError(Diagnostic("N136", what, why, "use another backend, and tell us"))
            here = options[byte]
        return here

    def forced(self, state: int) -> str:
        """Return the text that every answer goes on with from here."""
        if state not in self._forced:
            self._forced[state] = self._follow(state)
        return self._forced[state]

    def expect(self, answer: str) -> None:
        """Take it that from each place of this answer on the rest of it follows.

        Raises NesyError N136 where it is no answer.
        """
        state = self.start
        for at, character in enumerate(answer):
            self._expected[state] = answer[at:]
            state = self.after(state, character)

    def expected(self, state: int) -> str:
        """Return the text that will likely come from here: at least the forced one."""
        return self._expected.get(state) or self.forced(state)

    def _follow(self, state: int) -> str:
        text = bytearray()
        while state not in self.finals and len(options := self.moves.get(state, {})) == 1:
            ((byte, state),) = options.items()
            text.append(byte)
        return text.decode()


def longest_path(moves: Moves, start: int) -> int | None:
    """Return the length of the longest way from a state; None where ways have no end."""
    lengths: dict[int, int] = {}
    path: list[tuple[int, bool]] = [(start, False)]
    open_states: set[int] = set()
    while path:
        state, finished = path.pop()
        targets = set(moves.get(state, {}).values())
        if finished:
            open_states.discard(state)
            lengths[state] = max((1 + lengths[target] for target in targets), default=0)
        elif state not in lengths:
            if not targets.isdisjoint(open_states | {state}):
                return None
            open_states.add(state)
            path.append((state, True))
            path.extend((target, False) for target in targets)
    return lengths[start]
