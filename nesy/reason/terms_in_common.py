"""Terms that two processes know by number, so that each is written out and read once."""

from __future__ import annotations

from collections.abc import Iterable

import clingo


class TermsInCommon:
    """One end of the table; both number terms in the order in which they are told.

    Requests and replies take turns, so what one end adds, the other learns before it adds any.
    """

    def __init__(self) -> None:
        self.terms: list[clingo.Symbol] = []
        self._numbers: dict[clingo.Symbol, int] = {}
        self._added: list[str] = []

    def number(self, term: clingo.Symbol) -> int:
        """Return the number of a term; a new one is told with what :meth:`added` returns."""
        found = self._numbers.get(term)
        if found is None:
            found = self._add(term)
            self._added.append(str(term))
        return found

    def added(self) -> list[str]:
        """Return the terms the other end has not been told, as text, and forget that."""
        found, self._added = self._added, []
        return found

    def learn(self, texts: Iterable[str]) -> None:
        """Add what the other end added."""
        for text in texts:
            self._add(clingo.parse_term(text))

    def _add(self, term: clingo.Symbol) -> int:
        number = self._numbers[term] = len(self.terms)
        self.terms.append(term)
        return number
