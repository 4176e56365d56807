"""A session of questions: what a goal calls is looked up first, then it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from nesy.ask import faults
from nesy.ask.archive import OF_TRACE, Archive
from nesy.ask.worker import GRACE, Worker
from nesy.diagnostics import NesyError
from nesy.predicates import PREDICATES, kind_of
from nesy.reason.process import EndedError
from nesy.reason.terms import compound, name_text, string_text
from nesy.reason.translate import Program, stratum
from nesy.rulebook import Rulebook, Signature

SECONDS = 10.0
LIMIT = 1000
INFERENCES = 1_000_000_000
READING = 5.0
# What a goal may ask of the case it is asked of, besides predicates of rules and Trace.
BUILT_IN: Mapping[Signature, str] = {
    ("case", 1): "case(Id): Id is the case that is asked",
    ("holds", 1): "holds(Atom): Atom, or any, holds",
    ("in", 2): "in(Id, Goal): Goal holds in the case Id, or in any",
    ("why", 2): "why(Atom, Proof): Proof proves Atom by the rules",
}
_OF_A_CASE = frozenset({("case", 1), ("holds", 1), ("why", 2)})
_PERMILLE = frozenset({"Confidence", "Strength", "Probability", "Intensity"})
_EVERYTHING = frozenset({("holds", 1), ("why", 2)})


Call = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The case an answer is of (None where the goal is asked once), and a value a variable."""

    case: str | None
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a goal has for answers; ``more`` says that there are others than these.

    ``count`` is set where they were only counted, ``printed`` is what the goal wrote, ``kinds``
    the kind of word that a variable stands for, where the goal shows it.
    """

    variables: tuple[str, ...]
    answers: tuple[Answer, ...]
    more: bool = False
    printed: str = ""
    count: int | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.count or self.answers)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal that was read and found safe; ``each`` says that it is asked of each case."""

    text: str
    variables: tuple[str, ...]
    each: bool
    needs: frozenset[Signature]
    kinds: Mapping[str, str]


class Session:
    """Questions over one archive, with a vocabulary of the user's own if there is one."""

    def __init__(
        self,
        archive: Archive,
        *,
        vocabulary: tuple[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.archive = archive
        self._vocabulary = vocabulary
        self._seconds = seconds
        self._worker = Worker()
        # A goal is read by one request and asked by another: between them nobody else's comes.
        self._lock = threading.RLock()
        self._stated: set[Signature] = set()
        self._proves = False
        self._clauses: list[dict[str, Any]] = []
        self._own: frozenset[Signature] = frozenset()

    def close(self) -> None:
        """End the process that answers."""
        self._worker.close()

    def ask(self, text: str, *, limit: int = LIMIT, skip: int = 0, count: bool = False) -> Answers:
        """Return the answers to a goal, or how many there are.

        Raises NesyError N307 or N410-N415: with what is wrong in the goal, at its place, or why it
        was stopped.
        """
        with self._lock:
            return self._ask(text, limit, skip, count)

    def _ask(self, text: str, limit: int, skip: int, count: bool) -> Answers:
        goal = self.read(text)
        self._state(goal.needs)
        mode = "each" if goal.each else "once"
        mode = f"count({mode})" if count else mode
        limits = f"{limit}, {skip}, {self._seconds}, {INFERENCES}"
        reply = self._request(f"ask({mode}, {limits})", self._seconds + GRACE)
        if "error" in reply:
            raise NesyError(faults.stopped(reply, self._seconds))
        if count:
            return Answers(goal.variables, (), printed=reply["printed"], count=reply["count"])
        ids = self.archive.ids
        found = tuple(
            Answer(ids[number - 1] if number else None, tuple(values))
            for number, *values in reply["answers"]
        )
        answers = Answers(goal.variables, found, reply["more"], reply["printed"], None, goal.kinds)
        return _bound(answers)

    def read(self, text: str) -> Goal:
        """Return a goal, read and checked; raises NesyError N307 or N410-N414."""
        self.start()
        plain = text.strip().removesuffix(".").rstrip()
        reply = self._request(f"goal({string_text(plain)})", READING)
        if "error" in reply:
            raise NesyError(faults.unreadable(reply))
        said = faults.Said(plain, "<goal>", self.known, self.archive.engine.vocabulary)
        said.require_sound(reply["faults"], reply.get("calls", ()))
        needs = {(c["name"], c["arity"]) for c in self._reached(reply["calls"])}
        here = {(c["name"], c["arity"]) for c in self._reached(reply["calls"], across=False)}
        each = any(map(self._asks_of_case, here))
        kinds = _kinds(reply["calls"])
        return Goal(plain, tuple(reply["variables"]), each, frozenset(needs), kinds)

    @property
    def known(self) -> frozenset[Signature]:
        """Return every predicate a goal can name, Prolog's own left out."""
        return self.archive.signatures | self._own | set(BUILT_IN)

    def start(self) -> None:
        """Start the process, or another where it has ended, with the vocabulary.

        Raises NesyError N307 or N410-N414 with what is wrong in it, MissingError N910.
        """
        if self._worker.alive:
            return
        self._stated.clear()
        self._proves = False
        self._worker.start()
        self._worker.request(f"program({string_text(self._program())})", READING)
        ids = (f"case_id({n}, {name_text(i)})" for n, i in enumerate(self.archive.ids, start=1))
        self._worker.state([*ids, *self._predicates()])
        if self._vocabulary is not None:
            try:
                self._load(*self._vocabulary)
            except NesyError:
                self._worker.close()
                raise

    def _load(self, text: str, name: str) -> None:
        reply = self._request(f"vocabulary({string_text(text)})", READING)
        if "error" in reply:
            raise NesyError(faults.unreadable(reply, name))
        self._clauses = reply["clauses"]
        self._own = frozenset((c["name"], c["arity"]) for c in self._clauses)
        said = faults.Said(text, name, self.known, self.archive.engine.vocabulary)
        calls = [call for clause in self._clauses for call in clause["calls"]]
        said.require_sound(reply["faults"], calls)

    def _program(self) -> str:
        """Return the predicates of rules and Trace as Prolog: looked up under the case asked."""
        lines = [":- module(nesy_case, []).", ":- multifile sandbox:safe_primitive/1."]
        for name, arity in sorted(self.archive.signatures):
            inside = [f"A{n}" for n in range(arity)]
            head = compound(name, inside)
            is_static = (name, arity) in self.archive.static
            stored = f"s_{name}" if is_static else f"f_{name}"
            goal = compound(stored, inside if is_static else ["Case", *inside])
            body = (
                f"nesy_facts:{goal}" if is_static else f"nesy_server:now(Case), nesy_facts:{goal}"
            )
            of = arity if is_static else arity + 1
            lines += [
                f":- dynamic nesy_facts:{name_text(stored)}/{of}.",
                # A name that Prolog itself uses stays Prolog's; holds/1 finds the atoms.
                f":- if(\\+ catch(predicate_property(system:{head}, defined), _, fail)).",
                f"{head} :- {body}.",
                f"sandbox:safe_primitive(nesy_case:{head}).",
                ":- endif.",
            ]
        return "\n".join(lines) + "\n"

    def _predicates(self) -> Iterator[str]:
        for name, arity in sorted(self.archive.signatures):
            kind = "static" if (name, arity) in self.archive.static else "case"
            kind = "trace" if (name, arity) in OF_TRACE else kind
            yield f"predicate({name_text(name)}, {arity}, {kind})"

    def _state(self, needs: frozenset[Signature]) -> None:
        """State the facts that a goal needs and that were not stated before."""
        proves = bool(needs & _EVERYTHING)
        wanted = self.archive.signatures if proves else needs & self.archive.signatures
        try:
            for of in sorted(wanted - self._stated):
                self._worker.state(self.archive.facts(of))
                self._stated.add(of)
            if ("why", 2) in needs and not self._proves:
                self._worker.state([*self.archive.late(), *rules(self.archive)])
                self._proves = True
        except EndedError as error:
            raise NesyError(faults.ended(error.why, self._seconds)) from error

    def _request(self, request: str, seconds: float) -> dict[str, Any]:
        try:
            return self._worker.request(request, seconds)
        except EndedError as error:
            raise NesyError(faults.ended(error.why, min(seconds, self._seconds))) from error

    def _reached(self, calls: Sequence[Call], *, across: bool = True) -> list[Call]:
        """Return calls with those of every clause of the vocabulary they reach.

        Without ``across``, what is asked of a case that ``in`` names is left out.
        """
        found: list[Call] = []
        pending, seen = list(calls), set[Signature]()
        while pending:
            call = pending.pop()
            if call["inside"] and not across:
                continue
            found.append(call)
            of = (call["name"], call["arity"])
            if of in self._own and of not in seen:
                seen.add(of)
                own = (c for c in self._clauses if (c["name"], c["arity"]) == of)
                pending += [inner for clause in own for inner in clause["calls"]]
        return found

    def _asks_of_case(self, of: Signature) -> bool:
        """Tell whether what a predicate says depends on the case it is asked of."""
        return of in _OF_A_CASE or of in self.archive.signatures - self.archive.static.keys()


def rules(archive: Archive) -> Iterable[str]:
    """Yield the rules in force, of every day that a Trace records, translated for proofs."""
    books = {archive.engine.dated(trace).rulebook for trace in archive.traces}
    lines = (line for book in books for line in _rules(book))
    return dict.fromkeys(lines)


@lru_cache(maxsize=4)
def _rules(book: Rulebook) -> tuple[str, ...]:
    found = []
    for of, program in _programs(book):
        for clause in program.clauses:
            names = ", ".join(f"{name_text(n)}={v}" for n, v in clause.variables)
            place = f"{name_text(clause.rule.id)}, {string_text(clause.rule.place)}"
            body = ", ".join(clause.goals) or "true"
            found.append(f"rule({clause.head}, ({body}), {of}, {place}, [{names}])")
    return tuple(found)


def _programs(book: Rulebook) -> Iterator[tuple[str, Program]]:
    yield "interpret", stratum(book, "interpret")
    yield "govern", stratum(book, "govern")


def _bound(found: Answers) -> Answers:
    """Return answers without the variables that none of them binds."""
    kept = [
        at
        for at in range(len(found.variables))
        if any(answer.values[at] is not None for answer in found.answers)
    ]
    if len(kept) == len(found.variables):
        return found
    return replace(
        found,
        variables=tuple(found.variables[at] for at in kept),
        answers=tuple(Answer(a.case, tuple(a.values[at] for at in kept)) for a in found.answers),
    )


def _kinds(calls: Sequence[Call]) -> dict[str, str]:
    """Return the kind of word that each variable stands for, by the first place it has."""
    found: dict[str, str] = {}
    for call in calls:
        for at, argument in enumerate(call["arguments"]):
            kind = kind_of_place(call["name"], call["arity"], at)
            if argument["kind"] == "variable" and kind is not None:
                found.setdefault(argument["text"], kind)
    return found


def kind_of_place(name: str, arity: int, at: int) -> str | None:
    """Return the kind of word that a place of a predicate holds: a term's, or ``permille``."""
    predicate = PREDICATES.get((name, arity))
    if predicate is None:
        return None
    argument = predicate.arguments[at]
    return "permille" if argument in _PERMILLE else kind_of(predicate, argument)
