"""What one decision leaves in an audit log: names, hashes and versions, never the words or a face.

The words and the picture enter as keyed hashes, unless the caller asks for the words (``lines``).
A case's id is written as it is: give cases ids that name nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nesy import strict_json
from nesy.audit.log import Salted
from nesy.diagnostics import NesyError
from nesy.explain.why.instances import solve_instrumented
from nesy.interpret import READING_CHOICE, prepared
from nesy.reason.engine import Engine, Stages, stages_of
from nesy.trace import Trace


def fired(stages: Stages, engine: Engine) -> tuple[str, ...]:
    """Return the ids of all rules that fired in a case, interpreting and governing, sorted."""
    book = engine.rulebook
    extra = READING_CHOICE if prepared(book)[2] else ""
    passes = [
        *solve_instrumented(book, "interpret", [*stages.admitted, *engine.static], extra=extra),
        *solve_instrumented(book, "govern", [*stages.final_facts, *engine.static]),
    ]
    return tuple(sorted({instance.rule.id for _, found in passes for instance in found}))


def fired_in(trace: Trace, engine: Engine) -> tuple[str, ...]:
    """Return the rules that fired in a decided Trace; none where it went no further than facts."""
    if trace.facts is None or trace.verdict is None:
        return ()
    try:
        engine = engine.dated(trace)
        using = engine.dated(trace)
        return fired(stages_of(trace, using), using)
    except NesyError:
        # The reply is held for the same reason, and the record names its code.
        return ()


def decision(
    trace: Trace,
    *,
    verb: str,
    rules: tuple[str, ...] = (),
    at: datetime | None = None,
    operator: str | None = None,
    lines: bool = False,
) -> Callable[[Salted], Mapping[str, Any]]:
    """Return what makes the record of a decided Trace once it knows its place in the log.

    ``at`` is the time of the decision, now if none; ``rules`` are those that fired; ``operator``
    is who answers for the decision; ``lines`` writes the words and the reply themselves too.
    """
    when = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")

    def record(salted: Salted) -> dict[str, Any]:
        found = {
            "at": when.replace("+00:00", "Z"),
            "verb": verb,
            "operator": operator,
            "case": trace.case.id,
            "declared": {key: list(values) for key, values in trace.case.declared.items()},
            "input": {name: salted(name, data) for name, data in inputs(trace)},
            **_outcome(trace),
            "rules": list(rules),
            "versions": trace.versions,
        }
        if lines:
            found["line"] = trace.case.line
            found["text"] = trace.response.text if trace.response else None
            found["drafts"] = [r.text for r in trace.response.rounds] if trace.response else []
        return {key: value for key, value in found.items() if value not in (None, [], {})}

    return record


def inputs(trace: Trace) -> Iterator[tuple[str, bytes]]:
    """Yield what was decided on and what was replied, by name; a picture that is gone is left out.

    ``turns`` are hashed as JSON, a list of (speaker, line), and ``drafts`` as one of texts.
    """
    case = trace.case
    yield "line", case.line.encode()
    if case.turns:
        said = [[turn.speaker, turn.line] for turn in case.turns]
        yield "turns", strict_json.dumps(said).encode()
    picture = Path(case.image) if case.image is not None else None
    if picture is not None and picture.is_file():
        yield "image", picture.read_bytes()
    if trace.response is not None:
        yield "reply", trace.response.text.encode()
        if drafts := [round_.text for round_ in trace.response.rounds]:
            yield "drafts", strict_json.dumps(drafts).encode()


def _outcome(trace: Trace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if trace.verdict is not None:
        verdict = trace.verdict
        found["verdict"] = verdict.status
        found["crisis"] = list(verdict.crisis)
        found["norms"] = [norm.model_dump(mode="json") for norm in verdict.norms]
        found["exceptions"] = [met.model_dump(mode="json") for met in verdict.exceptions or ()]
    if trace.response is not None:
        found["acts"] = list(trace.response.acts)
        found["rounds"] = [
            {"author": round_.author, "violations": list(round_.violations)}
            for round_ in trace.response.rounds
        ]
    withheld = {fact.withheld for fact in trace.facts or () if fact.withheld}
    found["withheld"] = sorted(withheld)
    if trace.failure is not None:
        found["errors"] = [fault.code for fault in trace.failure.diagnostics]
    return found
