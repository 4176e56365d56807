"""Compare two sets of rules over the same cases: which readings and verdicts change, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nesy import pipeline, project, rulebook
from nesy.diagnostics import Diagnostic, NesyError, nearest
from nesy.explain.why.justify import Explainer
from nesy.govern import FORCES
from nesy.pipeline import engine_for
from nesy.reason.bulk import CHUNK, chunks
from nesy.reason.engine import Engine, Stages, stages_of
from nesy.trace import Trace

# Contributions that differ by less, in log-odds, are the same.
SAME = 0.005


@dataclass(frozen=True, slots=True)
class Moved:
    """One emotion of a face, before and after, in [0, 1]."""

    face: str
    emotion: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks otherwise: a rule's share in log-odds, or an atom of the norms (0 and 1)."""

    about: str
    rule: str
    place: str
    before: float
    after: float

    @property
    def only(self) -> str | None:
        """Return the side where alone it speaks, ``A`` or ``B``; None where both say it."""
        if not self.before:
            return "B"
        return "A" if not self.after else None


@dataclass(frozen=True, slots=True)
class Change:
    """How one case changes: tops of faces, probabilities, the verdict, and why."""

    case: str
    tops: tuple[tuple[str, str, str], ...]
    moved: tuple[Moved, ...]
    verdict: tuple[str, str] | None
    norms: tuple[tuple[str, str], ...]
    because: tuple[Reason, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the change as plain data."""
        return {
            "case": self.case,
            "tops": [{"face": f, "before": a, "after": b} for f, a, b in self.tops],
            "moved": [
                {"face": m.face, "emotion": m.emotion, "before": m.before, "after": m.after}
                for m in self.moved
            ],
            "verdict": {"before": self.verdict[0], "after": self.verdict[1]}
            if self.verdict
            else None,
            "norms": [{"side": side, "norm": norm} for side, norm in self.norms],
            "because": [
                {
                    "about": r.about,
                    "rule": r.rule,
                    "place": r.place,
                    "before": round(r.before, 4),
                    "after": round(r.after, 4),
                    "only": r.only,
                }
                for r in self.because
            ],
        }


def side(spec: str) -> Engine:
    """Return the engine that one side names.

    ``.`` is what is shipped; pack names, ``+name`` and ``-name`` choose packs; files and folders of
    rules are added; a ``nesy.toml`` is a whole setting. Commas join several.
    Raises NesyError N347, N311 and those of the files.
    """
    names: list[str] = []
    rules: list[Path] = []
    if Path(spec).suffix == ".toml":
        ours = project.read(Path(spec))
        more = {"weights_file": ours.weights, "ontology": ours.ontology}
        return engine_for(ours.packs, rules=ours.rules, **more)
    for part in (each.strip() for each in spec.split(",")):
        if part in ("", "."):
            continue
        if Path(part).is_dir():
            rules += sorted(Path(part).rglob("*.lp"))
        elif part.endswith(".lp") or Path(part).is_file():
            rules.append(Path(part))
        elif part.lstrip("+-") in rulebook.selectable():
            names.append(part)
        else:
            what, why = f"{part[:60]} is no pack and no rule file", "a side is . or packs or files"
            fix = nearest(part.lstrip("+-"), rulebook.selectable())
            raise NesyError(Diagnostic("N311", what, why, fix))
    return engine_for(names or None, rules=tuple(rules))


def changes(
    traces: Iterable[Trace], a: Engine, b: Engine, *, beyond: float
) -> Iterator[tuple[Trace, Change | None]]:
    """Yield each Trace with what changes between two engines: None where nothing does.

    A probability counts as changed where it moves by more than ``beyond``, in [0, 1].
    """
    for some in chunks(traces, CHUNK):
        fresh = [trace.with_(error=None) for trace in some]
        pairs = zip(
            pipeline.reason_many(fresh, engine=a),
            pipeline.reason_many(fresh, engine=b),
            strict=True,
        )
        for before, after in pairs:
            yield before, _change(before, after, a, b, beyond)


def _change(before: Trace, after: Trace, a: Engine, b: Engine, beyond: float) -> Change | None:
    moved = tuple(m for m in _moved(before, after) if abs(m.after - m.before) > beyond)
    tops = tuple(
        (face, one, other)
        for face, one in _tops(before).items()
        if (other := _tops(after).get(face, one)) != one
    )
    statuses = [trace.verdict.status if trace.verdict else "none" for trace in (before, after)]
    verdict = (statuses[0], statuses[1]) if statuses[0] != statuses[1] else None
    norms = tuple(
        [("A", norm) for norm in sorted(_norms(before) - _norms(after))]
        + [("B", norm) for norm in sorted(_norms(after) - _norms(before))]
    )
    if not (moved or tops or verdict or norms):
        return None
    told: tuple[Reason, ...] = ()
    if before.facts is not None and after.facts is not None:
        stages = stages_of(before, a.dated(before)), stages_of(after, b.dated(after))
        faces = {m.face for m in moved} | {face for face, *_ in tops}
        told = (*_voices(*stages, a, b, faces), *_rulings(*stages, a, b, norms))
    return Change(before.case.id, tops, moved, verdict, norms, told)


def _moved(before: Trace, after: Trace) -> Iterator[Moved]:
    for face, of in (before.reading or {}).items():
        now = (after.reading or {}).get(face)
        there = now.distribution if now else {}
        for emotion in dict.fromkeys([*of.distribution, *there]):
            p, q = of.distribution.get(emotion, 0.0), there.get(emotion, 0.0)
            yield Moved(face, emotion, p, q)


def _tops(trace: Trace) -> dict[str, str]:
    of = trace.reading or {}
    return {f: next(iter(r.distribution)) for f, r in of.items() if r.distribution}


def _norms(trace: Trace) -> set[str]:
    applied = trace.verdict.norms if trace.verdict else ()
    return {
        f"{n.force}({n.act}, {n.norm.lower()})" if n.act else f"{n.force}({n.norm.lower()})"
        for n in applied
        if n.overridden_by is None
    }


def _voices(one: Stages, other: Stages, a: Engine, b: Engine, faces: set[str]) -> list[Reason]:
    """Return the rules whose share in what a face reads as differs, the greatest first."""
    before, after = _shares(one, faces), _shares(other, faces)
    found = []
    for key in {*before, *after}:
        p, q = before.get(key, 0.0), after.get(key, 0.0)
        if abs(p - q) > SAME:
            rule = (b if key in after else a).rulebook.by_id(key[2])
            found.append(Reason(f"{key[1]} of {key[0]}", rule.id, rule.place, p, q))
    return sorted(found, key=lambda r: (-abs(r.after - r.before), r.about, r.rule))


def _shares(stages: Stages, faces: set[str]) -> dict[tuple[str, str, str], float]:
    found: dict[tuple[str, str, str], float] = defaultdict(float)
    for voice in stages.interpretation.voices:
        if voice.face in faces:
            found[voice.face, voice.emotion, voice.rule] += voice.contribution
    return found


def _rulings(
    one: Stages, other: Stages, a: Engine, b: Engine, norms: Sequence[tuple[str, str]]
) -> Iterator[Reason]:
    """Yield the rules that derive what the norms say on one side alone."""
    for name, stages, engine in (("A", one, a), ("B", other, b)):
        wanted = {norm.replace(" ", "") for side_, norm in norms if side_ == name}
        if not wanted or stages.norms is None:
            continue
        explainer = Explainer(stages, engine)
        for atom in sorted(stages.norms.atoms):
            if str(atom) in wanted and (atom.name in FORCES or atom.name == "hold"):
                rule = explainer.why(atom).rule
                if rule is not None:
                    on = (1.0, 0.0) if name == "A" else (0.0, 1.0)
                    yield Reason(str(atom), rule.id, rule.place, *on)
