"""What holds in the cases of Traces, as facts for Prolog: reasoned over only as far as asked.

Facts come from the Trace. So do readings and norms, where it was made with the same rules; all else
is what clingo derives when the case is reasoned over again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import clingo

from nesy.ask import stored
from nesy.diagnostics import Diagnostic, NesyError
from nesy.govern import NEEDED
from nesy.ground import checked, ground
from nesy.predicates import PREDICATES
from nesy.reason import asp
from nesy.reason.bulk import CHUNK, Bulk, chunks, raised, together
from nesy.reason.engine import Engine, Stages, conclude, staged, task_of
from nesy.reason.terms import compound, name_text, string_text, symbol_text
from nesy.rulebook import Signature
from nesy.trace import Fact, Trace

# What is asked of the Trace itself, with what it means.
OF_TRACE: Mapping[Signature, str] = {
    ("line", 1): "line(Text): the line is Text, a string",
    ("origin", 2): "origin(Atom, Origin): a fact comes from the line, an image …",
    ("picture", 1): "picture(File): the picture is in File, a string",
    (
        "verdict",
        1,
    ): "verdict(Status): the reply was released, blocked or held (release, block, hold)",
    ("voted", 2): "voted(Emotion, Votes): so many people voted for Emotion",
    ("withheld", 2): "withheld(Atom, Norm): Norm keeps a fact from the reading",
}

Atoms = Iterable[clingo.Symbol]
Grouped = Mapping[Signature, list[clingo.Symbol]]


@dataclass(eq=False)
class Archive:
    """Traces and what is believed of them; ``progress`` is told how many are reasoned over."""

    traces: Sequence[Trace]
    engine: Engine
    progress: Callable[[int, int], None] = field(default=lambda _done, _all: None)

    def __post_init__(self) -> None:
        if not any(map(_is_read, self.traces)):
            what, why = "no Trace here has facts or an observation", "there is nothing to ask about"
            raise NesyError(Diagnostic("N503", what, why, "pipe it through `nesy reason` first"))

    @cached_property
    def ids(self) -> list[str]:
        """Return the name of each case; one that was there before gets ~2, then ~3."""
        seen: dict[str, int] = defaultdict(int)
        found = []
        for trace in self.traces:
            seen[trace.case.id] += 1
            again = seen[trace.case.id]
            found.append(trace.case.id if again == 1 else f"{trace.case.id}~{again}")
        return found

    @cached_property
    def signatures(self) -> frozenset[Signature]:
        """Return every predicate that can be asked about."""
        book = self.engine.rulebook
        heads = book.heads("interpret") | book.heads("govern")
        own = {p.signature for pack in book.packs for p in pack.predicates}
        found = heads | own | set(PREDICATES) | set(OF_TRACE)
        return frozenset(s for s in found if not s[0].startswith("_"))

    @cached_property
    def static(self) -> Grouped:
        """Return the ontology's atoms by predicate: the same in every case."""
        return _grouped(self.engine.static)

    def facts(self, of: Signature) -> Iterator[str]:
        """Yield the facts of one predicate as Prolog reads them, under their cases' numbers."""
        if of in self.static:
            for atom in self.static[of]:
                yield compound(f"s_{of[0]}", [_term(a) for a in atom.arguments])
            return
        for at in range(len(self.traces)):
            for arguments in self._rows(of, at):
                yield compound(f"f_{of[0]}", [str(at + 1), *arguments])

    def late(self) -> Iterator[str]:
        """Yield the atoms that the interpretation did not see, of those that its rules look at."""
        looked_at = {s for r in self.engine.rulebook.rules("interpret") for s in r.body_signatures}
        for of in sorted(looked_at & self.signatures - self.static.keys()):
            for at, stages in enumerate(self._stages):
                if stages is not None:
                    hidden = set(self.atoms(of, at))
                    hidden -= {*self._admitted[at].get(of, ()), *self._readings[at].get(of, ())}
                    yield from (f"late({at + 1}, {_term(atom)})" for atom in sorted(hidden))

    def atoms(self, of: Signature, at: int) -> Atoms:
        """Return the atoms of one predicate in one case, sorted; as few rules as can be are run."""
        if _is_input(of):
            return self._stated[at].get(of, ())
        if self._is_stored and of in stored.SIGNATURES:
            return stored.atoms(of, self.traces[at])
        stages = self._stages[at]
        if stages is None:
            return ()
        book = self.engine.rulebook
        found = set(self._final[at].get(of, ()))
        if of in book.heads("interpret"):
            found.update(self._readings[at].get(of, ()))
        if of in book.heads("govern"):
            norms = self._judged if of in NEEDED else self._norms
            found.update(norms[at].get(of, ()))
        return sorted(found)

    def _rows(self, of: Signature, at: int) -> Iterable[list[str]]:
        if of not in OF_TRACE:
            return ([_term(a) for a in atom.arguments] for atom in self.atoms(of, at))
        case, people = self.traces[at].case, self.traces[at].people
        match of[0]:
            case "line":
                return [[string_text(case.line)]] if case.line else []
            case "picture":
                return [[string_text(str(case.image))]] if case.image else []
            case "voted":
                votes = people.votes if people else {}
                return [[name_text(emotion), f"{count:g}"] for emotion, count in votes.items()]
            case "verdict" if self._is_stored and (verdict := self.traces[at].verdict):
                return [[verdict.status]]
        stages = self._stages[at]
        return _of_case(of, stages) if stages is not None else []

    @cached_property
    def _is_stored(self) -> bool:
        read = [trace for trace in self.traces if _is_read(trace)]
        return all(stored.is_current(trace, self.engine) for trace in read)

    @cached_property
    def _facts(self) -> list[tuple[Fact, ...]]:
        return [_facts_of(trace, self.engine) for trace in self.traces]

    @cached_property
    def _stated(self) -> list[Grouped]:
        symbols = (asp.symbols([fact.atom for fact in facts]) for facts in self._facts)
        return [_grouped(sorted(set(atoms))) for atoms in symbols]

    @cached_property
    def _stages(self) -> list[Stages | None]:
        """Return the stages of each case, by the rules as they are; None for one without facts."""
        found: list[Stages | None] = [None] * len(self.traces)
        ready = [at for at, trace in enumerate(self.traces) if _is_read(trace)]
        done = 0
        for some in chunks(ready, CHUNK):
            engines = [self.engine.dated(self.traces[at]) for at in some]
            ways = [
                (staged(self._facts[at], engine, task_of(self.traces[at], engine)), engine)
                for at, engine in zip(some, engines, strict=True)
            ]
            for at, stages in zip(some, together(ways), strict=True):
                found[at] = stages
            done += len(some)
            self.progress(done, len(ready))
        return found

    @cached_property
    def _final(self) -> list[Grouped]:
        """Return what the norms of each case are told."""
        return [_grouped(stages.final_facts) if stages else {} for stages in self._stages]

    @cached_property
    def _admitted(self) -> list[Grouped]:
        """Return the facts of each case that its interpretation was told."""
        return [_grouped(stages.admitted) if stages else {} for stages in self._stages]

    @cached_property
    def _judged(self) -> list[Grouped]:
        """Return what decided on the reply of each case."""
        judged = [stages.norms if stages else None for stages in self._stages]
        return [_grouped(norms.atoms) if norms else {} for norms in judged]

    @cached_property
    def _readings(self) -> list[Grouped]:
        """Return everything that the interpretation of each case derives."""
        return self._all(
            lambda bulk, many: [
                raised(r).atoms for r in bulk.interpret([stages.admitted for stages in many])
            ]
        )

    @cached_property
    def _norms(self) -> list[Grouped]:
        """Return everything that the norms derive of each case."""
        return self._all(
            lambda bulk, many: [
                found.atoms if (found := raised(n)) is not None else frozenset()
                for n in bulk.govern([stages.final_facts for stages in many])
            ]
        )

    def _all(
        self, derive: Callable[[Bulk, list[Stages]], list[frozenset[clingo.Symbol]]]
    ) -> list[Grouped]:
        found: list[Grouped] = [{} for _ in self.traces]
        by_engine: dict[Engine, list[tuple[int, Stages]]] = defaultdict(list)
        for at, stages in enumerate(self._stages):
            if stages is not None:
                by_engine[self.engine.dated(self.traces[at])].append((at, stages))
        for engine, cases in by_engine.items():
            bulk = Bulk(engine.rulebook, engine.weights, engine.static)
            for some in chunks(cases, CHUNK):
                atoms = derive(bulk, [stages for _, stages in some])
                for (at, _), of_case in zip(some, atoms, strict=True):
                    found[at] = _grouped(sorted(of_case))
        return found


def _of_case(of: Signature, stages: Stages) -> list[list[str]]:
    if of == ("verdict", 1):
        return [[conclude(stages).status]]
    pairs = list(zip(stages.all_facts, stages.facts, strict=True))
    if of == ("withheld", 2):
        return [[_term(a), name_text(f.withheld.lower())] for a, f in pairs if f.withheld]
    drafted = [[_term(a), "draft"] for a in stages.final_facts if _origin(a) == "draft"]
    return [*([_term(a), name_text(f.origin)] for a, f in pairs), *drafted]


def _is_read(trace: Trace) -> bool:
    return trace.facts is not None or trace.observation is not None


def _is_input(of: Signature) -> bool:
    known = PREDICATES.get(of)
    return known is not None and known.stratum == "input" and known.origin != "draft"


def _origin(atom: clingo.Symbol) -> str | None:
    known = PREDICATES.get(asp.signature(atom))
    return known.origin if known is not None else None


def _facts_of(trace: Trace, engine: Engine) -> tuple[Fact, ...]:
    if trace.observation is not None:
        return tuple(ground(trace.case, trace.observation, engine.vocabulary))
    return tuple(checked(trace.facts or (), engine.vocabulary))


def _grouped(atoms: Atoms) -> Grouped:
    found: dict[Signature, list[clingo.Symbol]] = defaultdict(list)
    for atom in atoms:
        found[asp.signature(atom)].append(atom)
    return found


_term = lru_cache(maxsize=2**16)(symbol_text)
